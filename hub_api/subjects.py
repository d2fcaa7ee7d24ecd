"""The subjects of the hub, by name. A subject that is not listed here does not exist; nobody else imports one."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from hub_api.registry import Subject

# In this order their handlers take events and their hooks restore.
NAMES = (
    "accounts",
    "sessions",
    "messages",
    "bulk",
    "review",
    "inbox",
    "recording",
    "repair",
    "campaigns",
    "health",
    "older",
)


@cache
def subjects() -> tuple[Subject, ...]:
    """All of them. Importing them also makes their tables known to SQLAlchemy."""
    return tuple(import_module(f"hub_api.{name}.subject").SUBJECT for name in NAMES)
