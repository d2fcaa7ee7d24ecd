"""The parts of `leadmaster up`: what each is called, how it starts, when it is ready, in which order all stop."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Readiness = Literal["http", "reported", "redis", "alive"]


@dataclass(frozen=True, slots=True)
class Part:
    """One child process."""

    name: str  # also the log's name
    title: str  # for people
    argv: tuple[str, ...]
    readiness: Readiness = "alive"
    url: str = ""  # of `http`: shown to people; of `reported`: the hub
    sign: str = ""  # of `http`: the path that answers 200; of `reported`: the part's name in the hub's /ready
    ready_within_s: float = 60.0
    needs: tuple[str, ...] = ()  # parts that must be ready before this one is started
    environment: Mapping[str, str] = field(default_factory=dict)


# First to last: the hub stops accepting, nothing new is scheduled, what is under way is recorded, the workers finish
# their sends, and the server that all of them write to goes last.
STOP_ORDER = ("hub", "beat", "background", "host", "flower", "simulator", "redis")


def part_argv(*arguments: str) -> tuple[str, ...]:
    """The command line of one of our own parts, run by the interpreter that runs us."""
    return (sys.executable, "-m", "leadmaster", *arguments)


def in_stop_order(names: list[str]) -> list[str]:
    """Sorts parts' names first to stop first; unknown ones stop before all others."""
    return sorted(names, key=lambda name: STOP_ORDER.index(name) if name in STOP_ORDER else -1)
