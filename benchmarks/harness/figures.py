"""What a benchmark hands back, how samples are summed up, and how a table is shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figures:
    """One benchmark's outcome."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    verdict: str  # the ratio beside the goal, in one line
    notes: list[str] = field(default_factory=list)  # what was held fixed, and what the figure leaves out


Benchmark = Callable[[Path, bool], Figures]  # an empty folder, and whether it is a quick run


def percentile(samples: Sequence[float], share: float) -> float:
    """Returns the nearest-rank percentile. share: 0 to 1. Raises IndexError for no samples."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def median_ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """Returns the median of a / b over pairs measured next to each other: what drifts touches both."""
    return median(a / b for a, b in pairs)


def show(figures: Figures) -> None:
    """Prints a table."""
    console = Console(width=None if Console().is_terminal else 120)
    table = Table(title=figures.title, title_justify="left")
    for index, column in enumerate(figures.columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    for row in figures.rows:
        table.add_row(*row)
    console.print(table)
    for note in (figures.verdict, *figures.notes):
        console.print(f"  {note}", highlight=False)
    console.print()
