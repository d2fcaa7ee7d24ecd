"""Numbers of WhatsApp Web's builds, e.g. `2.3000.1048032155-alpha`: read, ordered, held against a floor. Pure."""

from __future__ import annotations

import re

_RELEASE = "2.3000"  # what WhatsApp Web puts before the revision, in every build since 2024
_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def build_of(revision: int) -> str:
    """The build that has this revision, e.g. `2.3000.1048032155`."""
    return f"{_RELEASE}.{revision}"


def order(build: str) -> tuple[int, ...]:
    """Sorts builds by their numbers; a suffix such as `-alpha` doesn't count."""
    found = _NUMBER.search(build)
    return () if found is None else tuple(int(part) for part in found[0].split("."))


def is_supported(build: str, supported: str) -> bool | None:
    """Whether a build is one that a bundle was made for. supported: a floor, e.g. `>=2.3000.1038792969-alpha`.

    None where there is no telling.
    """
    if not supported.startswith(">=") or not order(build):
        return None
    return order(build) >= order(supported)
