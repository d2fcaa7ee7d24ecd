"""What each part of the system is told of what is confidential: one table, for `leadmaster up` and for single parts.

The session host stands beside browsers that run a foreign site's code, and needs neither the secret of the tokens nor
the database. Every other setting is no secret, and all parts see it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from shared.settings import Settings

# Part (the command that runs it) → the confidential settings that it needs.
NEEDED: Mapping[str, frozenset[str]] = {
    "hub": frozenset({"redis_url", "database_url", "jwt_secret", "jwt_secret_previous", "media_url"}),
    "background": frozenset({"redis_url", "database_url", "media_url"}),
    "webhooks": frozenset({"redis_url", "database_url"}),
    "beat": frozenset({"redis_url"}),
    "host": frozenset({"redis_url", "media_url"}),
    "flower": frozenset({"redis_url", "flower_password"}),
    "migrate": frozenset({"database_url"}),
    "redis": frozenset(),
    "simulator": frozenset(),
}
CONFIDENTIAL = frozenset[str]().union(*NEEDED.values())
# With what the file systems of `MEDIA_URL` log in; no settings of ours. Who is not told the one needs none of these.
_MEDIA_CREDENTIALS = ("fsspec_", "aws_")


def environment_of(part: str, environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without the confidential settings that the part does not need; all of them for an unknown one.

    Settings are read whatever the case of a variable's name, so they go whatever it is.
    """
    withheld = _withheld(part)
    prefixes = _MEDIA_CREDENTIALS if "media_url" in withheld else ()
    return {
        name: value
        for name, value in environment.items()
        if name.lower() not in withheld and not name.lower().startswith(prefixes)
    }


def settings_of(part: str, settings: Settings) -> Settings:
    """Settings as the part is to hold them, wherever they were read: what it does not need is as if not set."""
    fields = type(settings).model_fields
    return settings.model_copy(update={name: fields[name].default for name in _withheld(part)})


def shed(part: str) -> None:
    """Begins this process anew, under its own id, where its environment holds more than the part needs.

    Taking a variable out of `os.environ` would not do: the kernel shows what a process was started with, also of what
    it forks, for as long as they live.
    """
    kept = environment_of(part, os.environ)
    if len(kept) < len(os.environ):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], kept)


def _withheld(part: str) -> frozenset[str]:
    return CONFIDENTIAL - NEEDED.get(part, frozenset())
