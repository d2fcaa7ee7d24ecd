"""Uploads that may be used again."""
