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


# First to last; what stands together stops at the same time: a part that hangs takes no other's time. The hub
# stops accepting, nothing new is scheduled; the workers finish their sends while what is done is recorded; the site
# they send to and the server that all of them write to go last.
STOP_STAGES = (("hub", "beat"), ("host", "background", "flower"), ("simulator",), ("redis",))


def part_argv(*arguments: str) -> tuple[str, ...]:
    """The command line of one of our own parts, run by the interpreter that runs us."""
    return (sys.executable, "-m", "leadmaster", *arguments)


def stop_stages(names: list[str]) -> list[list[str]]:
    """Sorts parts' names into the stages in which they stop; unknown ones stop before all others."""
    known = {name for stage in STOP_STAGES for name in stage}
    stages = [[name for name in names if name not in known]]
    stages += [[name for name in stage if name in names] for stage in STOP_STAGES]
    return [stage for stage in stages if stage]
