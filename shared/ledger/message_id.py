"""Ids of messages, sortable by the time they were made."""

from __future__ import annotations

from ulid import ULID


def new_message_id() -> str:
    """A fresh id, sortable by the time it was made (a ULID, 26 characters)."""
    return str(ULID())
