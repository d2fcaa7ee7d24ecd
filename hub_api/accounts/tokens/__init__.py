"""Tokens: how they are signed, and which of them no longer count."""
