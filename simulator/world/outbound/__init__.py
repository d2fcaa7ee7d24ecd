"""What pages send: what it has to be, and how the server takes it."""
