"""The session: one tenant's browser, what its page says, and the status that callers see."""
