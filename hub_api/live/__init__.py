"""Open streams of events to callers: server-sent events, resumed without a gap."""
