"""The memory of process trees: PSS, and of it the part that no other process can share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from testing.processes import descendants


@dataclass(frozen=True, slots=True)
class Size:
    """MiB of PSS of a process tree."""

    total: float
    anonymous: float  # of it

    def __sub__(self, other: Size) -> Size:
        return Size(self.total - other.total, self.anonymous - other.anonymous)


def size_of(roots: Sequence[int]) -> Size:
    """Returns the size of the trees of some processes. roots: their pids."""
    sizes = [_size(process.pid) for root in roots for process in descendants(root)]
    return Size(sum(one.total for one in sizes), sum(one.anonymous for one in sizes))


def _size(pid: int) -> Size:
    """Returns the size of one process; of one that has just ended, nothing."""
    fields: dict[str, float] = {}
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return Size(0, 0)
    for line in rollup.splitlines()[1:]:
        name, kib, *_ = line.split()
        fields[name] = float(kib) / 1024
    return Size(fields.get("Pss:", 0), fields.get("Pss_Anon:", 0))
