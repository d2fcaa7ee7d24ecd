"""How many browsers a host holds, by its memory."""

from __future__ import annotations

import psutil

# What one session's whole process tree costs (PSS), from benchmarks/RESULTS.md with room for the real page's heap.
SESSION_MIB = 450
RESERVED_MIB = 1024  # for the rest of the machine


def by_memory() -> int:
    """Sessions that fit into this machine's memory; at least one."""
    total_mib = psutil.virtual_memory().total // 2**20
    return max(1, int((total_mib - RESERVED_MIB) // SESSION_MIB))
