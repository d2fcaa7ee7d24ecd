"""One running LeadMaster per test module: real processes, real browsers, real wa-js on the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("lm")
    made = Stack(folder)
    made.start_simulator()
    try:
        made.start_up()
        yield made
    finally:
        made.stop()
