"""What a process has of memory, as Linux tells it, in MiB."""

from __future__ import annotations

from pathlib import Path


def begin_high_water(pid: int) -> None:
    """The kernel's high-water mark of resident memory begins anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def high_water_mib(pid: int) -> float:
    """The most that was resident since (`VmHWM`), which no look can miss."""
    return _status_mib(pid, "VmHWM")


def resident_mib(pid: int) -> float:
    """What is resident now."""
    return _status_mib(pid, "VmRSS")


def pss_mib(pid: int) -> float:
    """Its share of what is resident; 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _status_mib(pid: int, name: str) -> float:
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024
