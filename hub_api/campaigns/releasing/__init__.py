"""Releasing what is due, and following what became of it."""
