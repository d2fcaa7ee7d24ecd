"""Calls that callers of the replaced system make."""
