"""Messages that callers send: accepting one, its history, cancelling it."""
