"""Bytes of received messages: finding them, having them fetched again, how much they take, how long they stay."""
