"""Fetching: the bytes of received messages, from the page into the store, one message at a time."""
