"""One running LeadMaster per test module: real processes, real browsers, real wa-js on the simulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.simulator_process import SimulatorSettings
from testing.system import System

_HANGS_AFTER_S = 1_200  # ten browsers that start at once take minutes on a small machine: only what hangs is to end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives each test of this folder its limit."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.timeout(_HANGS_AFTER_S))


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    """Environment variables that differ; a module that needs some has a fixture of this name."""
    return {}


@pytest.fixture(scope="module")
def simulator_settings() -> SimulatorSettings:
    """The simulator's settings that differ; a module that needs some has a fixture of this name."""
    return {}


@pytest.fixture(scope="module")
def system(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str], simulator_settings: SimulatorSettings
) -> Iterator[System]:
    """The module's LeadMaster."""
    with System(tmp_path_factory.mktemp("lm"), settings, simulator_settings) as made:
        yield made
