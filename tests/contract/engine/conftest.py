"""Engines under test, in every world: whoever asks for `world` runs once per adapter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.protocol.content import ContentType
from tests.contract.engine.engine_run import EngineRun, Launch
from tests.contract.engine.engine_world import FakeWorld, SimulatorWorld, World, link, new_number, new_run
from tests.contract.engine.samples import Sample, made_by_a_browser, made_here


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorWorld]:
    """One for all tests, each with phones of its own."""
    made = SimulatorWorld(tmp_path_factory.mktemp("simulator"))
    yield made
    made.close()


@pytest.fixture(scope="session", params=["fake", "playwright"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The adapter and the WhatsApp it is tested against."""
    if request.param == "playwright":
        yield request.getfixturevalue("simulator")
        return
    made = FakeWorld()
    yield made
    made.close()


@pytest.fixture(scope="session")
def samples(world: World) -> dict[ContentType, Sample]:
    """A file of each type of media; the page of a browser has to be able to show it."""
    return made_here() if isinstance(world, FakeWorld) else made_by_a_browser()


@pytest.fixture
def launch(world: World) -> Iterator[Launch]:
    """Starts an engine on a folder; all are stopped when the test ends."""
    yield from _launching(world, show_online=False)


@pytest.fixture
def launch_online(world: World) -> Iterator[Launch]:
    """The same, with numbers that count as in use."""
    yield from _launching(world, show_online=True)


def _launching(world: World, *, show_online: bool) -> Iterator[Launch]:
    runs: list[EngineRun] = []

    def start(folder: Path) -> EngineRun:
        runs.append(new_run(world, folder, show_online=show_online))
        return runs[-1].start()

    yield start
    for run in runs:
        run.engine.stop()


@pytest.fixture
def phone(world: World) -> str:
    """A phone of this test's own."""
    number = new_number()
    world.add_phone(number, "Negocio")
    return number


@pytest.fixture(scope="class")
def number(world: World) -> str:
    """The phone that `linked` is linked to."""
    number = new_number()
    world.add_phone(number, "Negocio")
    return number


@pytest.fixture(scope="class")
def linked(world: World, number: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineRun]:
    """A linked engine that the tests of a class share."""
    made = new_run(world, tmp_path_factory.mktemp("linked")).start()
    try:
        link(world, made, number)
        yield made
    finally:
        made.engine.stop()
