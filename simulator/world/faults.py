"""Faults on demand: what goes wrong, for whom, for how long. Matching only; acting on them is others' work."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from simulator.errors import BadRequest, NotFound

LASTING = frozenset(
    {
        "latency_ms",
        "offline",
        "refuse_sends",
        "drop_acks",
        "drop_receipts",
        "phone_silent",
        "slow_media",
        "fail_media",
        "slow_uploads",
        "fail_uploads",
        "old_media_keys",
        "ban",
        "deprecated_version",
        "proxyblock",
        "storage_initialization_error",
    }
)
"""Kinds that hold until lifted, timed out or used up."""

AT_ONCE = frozenset(
    {
        "takeover",
        "hang_page",
        "crash_page",
        "detach",
        "self_reload",
        "wipe_local_store",
        "migrate_to_lid",
        "lose_device",
    }
)
"""Kinds that happen once to each device they meet."""

SHOWN_BY_PAGE = frozenset({"ban", "proxyblock", "storage_initialization_error"})
"""Lasting kinds that the page itself has to show."""

COUNTED = frozenset({"refuse_sends", "drop_acks", "drop_receipts", "fail_media", "fail_uploads"})
"""Lasting kinds that `count` uses up."""

_FIGURES = {
    "latency_ms": "milliseconds",
    "slow_media": "bytes per second, 0 for none,",
    "slow_uploads": "bytes per second, 0 for none,",
    "old_media_keys": "seconds",
}
"""What the value of a kind that needs one stands for."""

REFUSALS = ("unknown", "network", "throw", "421", "463", "475")


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        id: for lifting it.
        kind: one of `LASTING` or `AT_ONCE`.
        phone: the phone it is for; None for any.
        device: the device it is for; None for any.
        value: milliseconds or a variant, by kind.
        expires_at: loop time in seconds at which it lifts itself; None for never.
        remaining: how often it still acts; None for always.
    """

    id: str
    kind: str
    phone: str | None
    device: str | None
    value: str | int | None
    expires_at: float | None
    remaining: int | None

    def meets(self, phone: str | None, device: str | None) -> bool:
        """Say whether it is meant for this device, linked to this phone or to none."""
        if self.device is not None:
            return self.device == device
        return self.phone is None or self.phone == phone

    def as_dict(self) -> dict[str, object]:
        """Return the fault as a JSON object."""
        target: object = "all"
        if self.device is not None:
            target = {"device": self.device}
        elif self.phone is not None:
            target = {"phone": self.phone}
        return {"id": self.id, "kind": self.kind, "target": target, "value": self.value, "remaining": self.remaining}


def check_count(kind: str, count: int | None) -> int | None:
    """Return a fault's count.

    Raises:
        BadRequest: the kind isn't one that acts a number of times.
    """
    if count is not None and kind not in COUNTED:
        raise BadRequest(f"count goes with {', '.join(sorted(COUNTED))} only")
    return count


def check_value(kind: str, value: object) -> str | int | None:
    """Return a fault's value in its canonical form.

    Raises:
        BadRequest: an unknown kind or a value the kind doesn't take.
    """
    if kind not in LASTING | AT_ONCE:
        raise BadRequest(f"unknown fault kind: {kind}; known: {', '.join(sorted(LASTING | AT_ONCE))}")
    if kind in _FIGURES:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise BadRequest(f"{kind} takes the {_FIGURES[kind]} in `value`")
        return value
    if kind in ("fail_media", "fail_uploads"):
        status = 503 if value is None else value
        if not isinstance(status, int) or isinstance(status, bool) or not 400 <= status <= 599:
            raise BadRequest(f"{kind} takes an HTTP status of 400 to 599 in `value`")
        return status
    if kind == "hang_page":
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise BadRequest("hang_page takes milliseconds in `value`, or none for ever")
        return value
    if kind == "refuse_sends":
        variant = "unknown" if value is None else str(value)
        if variant not in REFUSALS:
            raise BadRequest(f"refuse_sends takes one of {', '.join(REFUSALS)} in `value`")
        return variant
    if kind == "ban":
        variant = "tos" if value is None else str(value)
        if variant not in ("tos", "smb_tos", "event"):
            raise BadRequest("ban takes one of tos, smb_tos, event in `value`")
        return variant
    return None


class FaultBook:
    """The faults in force."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._faults: dict[str, Fault] = {}

    def add(
        self,
        kind: str,
        *,
        phone: str | None,
        device: str | None,
        value: str | int | None,
        duration_ms: int | None,
        count: int | None,
    ) -> Fault:
        """Put a fault in force and return it."""
        expires_at = None if duration_ms is None else self._clock() + duration_ms / 1000
        fault = Fault(f"fault-{next(self._ids)}", kind, phone, device, value, expires_at, count)
        self._faults[fault.id] = fault
        return fault

    def all(self) -> list[Fault]:
        """Return the faults in force, oldest first."""
        now = self._clock()
        for fault in [f for f in self._faults.values() if f.expires_at is not None and f.expires_at <= now]:
            del self._faults[fault.id]
        return list(self._faults.values())

    def find(self, kind: str, phone: str | None, device: str | None) -> Fault | None:
        """Return the newest fault of a kind that meets this device."""
        if not self._faults:
            return None
        return next((f for f in reversed(self.all()) if f.kind == kind and f.meets(phone, device)), None)

    def use(self, kind: str, phone: str | None, device: str | None) -> Fault | None:
        """As `find`, and count one use; a fault that is used up is gone."""
        fault = self.find(kind, phone, device)
        if fault is not None and fault.remaining is not None:
            fault.remaining -= 1
            if fault.remaining <= 0:
                del self._faults[fault.id]
        return fault

    def lift(self, fault_id: str) -> Fault:
        """Take a fault out of force and return it.

        Raises:
            NotFound: it isn't in force.
        """
        fault = self._faults.pop(fault_id, None)
        if fault is None:
            raise NotFound(f"no fault {fault_id}")
        return fault
