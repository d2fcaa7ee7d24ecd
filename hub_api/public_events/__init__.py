"""What callers are told of what is recorded: one log of events, the same for webhooks and for open streams."""
