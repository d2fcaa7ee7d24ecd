"""Who asked not to be written to."""
