"""What the site serves, and who loads it first, as Redis keeps it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServedBuild:
    """Times are milliseconds since the epoch; 0 means never."""

    revision: int = 0  # the newest one seen; 0: none
    since: int = 0  # when it was first seen
    asked_at: int = 0  # when the site was last asked


@dataclass(frozen=True, slots=True)
class BuildTrial:
    """The latest trial, of whatever build."""

    revision: int
    cliente_id: int
    at: int  # when it began, milliseconds since the epoch
