"""Accepting messages."""
