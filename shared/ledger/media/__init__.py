"""Bytes of received messages: what of them is still to be fetched, and what became of it."""
