"""Messages that were received."""
