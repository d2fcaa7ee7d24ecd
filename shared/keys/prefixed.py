"""What all keys begin with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prefixed:
    """Redis keys under one prefix. kombu's own keys get the same prefix by `global_keyprefix`."""

    prefix: str  # e.g. "lm:"
