"""One running LeadMaster per test module: real processes, real browsers, real wa-js on the simulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.simulator_process import SimulatorSettings
from testing.system import System


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
