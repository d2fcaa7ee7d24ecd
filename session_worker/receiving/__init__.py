"""Receiving: what the page tells of messages, written to Redis before anything else is done with it."""
