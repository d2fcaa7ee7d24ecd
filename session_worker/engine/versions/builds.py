"""Numbers of WhatsApp Web's builds, e.g. `2.3000.1048032155-alpha`: read, ordered, held against a floor. Pure."""

from __future__ import annotations

import re

_REVISION = re.compile(r'"client_revision\\?":\s*(\d+)')
_RELEASE = "2.3000"  # what WhatsApp Web puts before the revision, in every build since 2024
_NUMBER = re.compile(r"\d+(?:\.\d+)*")


def build_in(text: str) -> str | None:
    """The build that a page, or the site's `/sw.js`, says it is, e.g. `2.3000.1048032155`; None where it says none."""
    found = _REVISION.search(text)
    return None if found is None else f"{_RELEASE}.{found[1]}"


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
