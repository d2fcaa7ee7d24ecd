"""What messages are sent through."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Channel:
    """One browser run that is READY."""

    browser_run: str
    login_id: str  # own number and pairing: which login the page holds
    phone_number: str  # canonical digits of the paired phone
