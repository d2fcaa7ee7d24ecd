"""Bytes of received messages: handing them out, how much they take, how long they stay."""
