"""The subjects of the hub, by name. A subject that is not listed here does not exist; nobody else imports one."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # who needs no more than the tables should not load what serves calls
    from hub_api.registry import PeriodicTask, ReadyPart, Subject, TenantHook

# In this order their handlers take events and their hooks restore.
NAMES = (
    "accounts",
    "authorizations",
    "sessions",
    "pairing",
    "contacts",
    "groups",
    "messages",
    "idempotency",
    "recipients",
    "bulk",
    "review",
    "inbox",
    "chats",
    "acts",
    "media",
    "sending",
    "recording",
    "repair",
    "campaigns",
    "public_events",
    "live",
    "webhooks",
    "health",
    "older",
)


@cache
def subjects() -> tuple[Subject, ...]:
    """All of them."""
    return tuple(map(_subject, NAMES))


def import_models() -> None:
    """Makes the tables of all of them known to SQLAlchemy, without what else they import."""
    for name in NAMES:
        models = f"hub_api.{name}.models"
        if find_spec(models) is not None:
            import_module(models)


def periodic_tasks() -> tuple[PeriodicTask, ...]:
    """What all of them do on time."""
    return tuple(task for subject in subjects() for task in subject.tasks)


def tenant_hooks() -> tuple[TenantHook, ...]:
    """What all of them do when a tenant's profile changes."""
    return tuple(hook for subject in subjects() for hook in subject.tenant_changed)


def ready_parts() -> tuple[ReadyPart, ...]:
    """What all of them add to `/ready`."""
    return tuple(part for subject in subjects() for part in subject.ready)


def for_command_line(name: str) -> Callable[..., Any]:
    """What `leadmaster <name>` calls. Raises KeyError where no subject registers it.

    A subject of the command's own name is asked first, and those after the one that has it are not loaded: a command
    is to begin at once.
    """
    for subject in map(_subject, sorted(NAMES, key=lambda subject: subject != name)):
        if name in subject.command_line:
            return subject.command_line[name]
    raise KeyError(name)


def _subject(name: str) -> Subject:
    found: Subject = import_module(f"hub_api.{name}.subject").SUBJECT
    return found
