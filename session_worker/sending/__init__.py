"""Sending: the way of a message from the ledger to WhatsApp, one at a time."""
