"""A host's id: which machine, and which run of the host on it."""

from __future__ import annotations

import os
import re
import secrets


def new_host_id() -> str:
    """`<machine>/<random>`: a host that is started anew is another host on the same machine."""
    return f"{machine()}/{secrets.token_hex(4)}"


def machine() -> str:
    """This machine's name, without characters that a lease's value can't carry."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", os.uname().nodename) or "host"


def same_machine(host_id: str) -> bool:
    """Whether a host ran on this machine, so that its process ids mean something here."""
    return host_id.partition("/")[0] == machine()
