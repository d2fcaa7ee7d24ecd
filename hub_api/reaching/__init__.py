"""Reaching URLs that callers name: which may be named, and which addresses may be connected to."""
