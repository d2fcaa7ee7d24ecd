"""Receiving: acknowledgements into Redis, and what comes in: told by the page, or read from its own database."""
