"""Redis' clock may jump: what time it is then, for processes that knew before and for those that begin after."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.clock.agreement import CONFIRM_MS, JUMP_MS, SENIOR_MS, Agreement, Finding, Reckoning, judge

HOUR_MS = 3_600_000
NOON = 1_800_000_000_000
ASK_MS = 5_000


@dataclass
class Process:
    """Asks now and then. Its clock is what it agreed to last, and its steady clock since."""

    set_ms: int = 0  # the agreed time when it last asked
    at_ms: int = 0  # when that was, really
    since_ms: int | None = None
    generation: int = 0
    stood_still_ms: int = 0  # since it last asked: what its steady clock missed

    def now_ms(self, real_ms: int) -> int:
        return self.set_ms + real_ms - self.at_ms - self.stood_still_ms


@dataclass
class World:
    """One Redis, whose clock is off by `off_ms`, and processes."""

    real_ms: int = NOON
    off_ms: int = 0
    agreed: Agreement = field(default_factory=Agreement)
    processes: list[Process] = field(default_factory=list)

    def begin(self) -> Process:
        process = Process()
        self.processes.append(process)
        self.ask(process)
        return process

    def ask(self, process: Process) -> Finding:
        mine = None
        if process.since_ms is not None:
            mine = Reckoning(process.now_ms(self.real_ms), process.generation, self.real_ms - process.since_ms)
        told_ms = self.real_ms + self.off_ms
        self.agreed, finding = judge(self.agreed, told_ms, mine)
        process.since_ms = self.real_ms if process.since_ms is None else process.since_ms
        process.generation, process.stood_still_ms = self.agreed.generation, 0
        process.set_ms, process.at_ms = told_ms - self.agreed.held_ms, self.real_ms
        return finding

    def pass_time(self, ms: int) -> list[Finding]:
        found = []
        for _ in range(ms // ASK_MS):
            self.real_ms += ASK_MS
            found += [self.ask(process) for process in self.processes]
        return found

    def error_ms(self, process: Process) -> int:
        """By how much it is wrong of what time it really is."""
        return process.now_ms(self.real_ms) - self.real_ms


@pytest.fixture
def world() -> World:
    made = World()
    for _ in range(3):
        made.begin()
    made.pass_time(SENIOR_MS + ASK_MS)
    return made


@pytest.mark.parametrize("jump_ms", [6 * HOUR_MS, -HOUR_MS])
def test_a_jump_is_noticed_once_and_nobody_follows_it(world: World, jump_ms: int) -> None:
    world.off_ms = jump_ms
    found = world.pass_time(CONFIRM_MS // 2)
    assert found.count(Finding.JUMPED) == 1
    assert [world.error_ms(process) for process in world.processes] == [0, 0, 0]
    assert world.agreed.held_ms == jump_ms
    # who begins now is told the same
    assert world.error_ms(world.begin()) == 0


@pytest.mark.parametrize("jump_ms", [6 * HOUR_MS, -HOUR_MS])
def test_a_clock_that_went_on_evenly_since_is_believed(world: World, jump_ms: int) -> None:
    world.off_ms = jump_ms
    found = world.pass_time(CONFIRM_MS + 6 * ASK_MS)
    assert found.count(Finding.BELIEVED) == 1
    assert found.count(Finding.JUMPED) == 1
    assert world.agreed.held_ms == 0
    assert [world.error_ms(process) for process in world.processes] == [jump_ms] * 3


def test_a_clock_that_comes_back_was_never_followed(world: World) -> None:
    world.off_ms = 6 * HOUR_MS
    world.pass_time(60_000)
    world.off_ms = 0
    found = world.pass_time(2 * CONFIRM_MS)
    assert found.count(Finding.JUMPED) == 1
    assert Finding.BELIEVED not in found
    assert world.agreed.held_ms == 0
    assert [world.error_ms(process) for process in world.processes] == [0, 0, 0]


def test_each_jump_begins_the_wait_anew(world: World) -> None:
    for hours in (1, 2, 3):
        world.off_ms = hours * HOUR_MS
        assert Finding.BELIEVED not in world.pass_time(CONFIRM_MS - ASK_MS)
    assert [world.error_ms(process) for process in world.processes] == [0, 0, 0]


def test_a_jump_back_right_after_the_word_of_another_moves_nobody(world: World) -> None:
    # given a jump that is agreed on, in a Redis that then lost that
    world.off_ms = 6 * HOUR_MS
    one, other, _ = world.processes
    world.pass_time(ASK_MS)
    world.agreed = Agreement()
    # when one process has it agreed anew, and the clock goes back before the others hear of it
    assert world.ask(one) is Finding.LOST
    world.off_ms = 0
    assert world.ask(other) is Finding.JUMPED
    # then no time went by for anybody
    world.pass_time(2 * ASK_MS)
    assert [world.error_ms(process) for process in world.processes] == [0] * 3
    assert world.agreed.held_ms == 0


def test_who_begins_between_a_jump_and_its_notice_does_not_decide(world: World) -> None:
    world.off_ms = 6 * HOUR_MS
    young = world.begin()
    assert world.error_ms(young) == 6 * HOUR_MS
    world.pass_time(ASK_MS)
    world.pass_time(ASK_MS)
    assert [world.error_ms(process) for process in world.processes] == [0] * 4


def test_a_process_that_stood_still_is_wrong_by_itself(world: World) -> None:
    asleep = world.processes.pop()
    world.pass_time(HOUR_MS)
    asleep.stood_still_ms = HOUR_MS
    assert world.ask(asleep) is Finding.OWN
    assert (world.error_ms(asleep), world.agreed.held_ms) == (0, 0)


def test_drift_is_followed(world: World) -> None:
    world.off_ms = JUMP_MS
    assert Finding.JUMPED not in world.pass_time(CONFIRM_MS)
    assert [world.error_ms(process) for process in world.processes] == [JUMP_MS] * 3


def test_after_a_night_without_processes_the_clock_is_believed_and_said_to_be_unsure(world: World) -> None:
    world.processes.clear()
    world.real_ms += 8 * HOUR_MS
    process = Process()
    assert world.ask(process) is Finding.UNSURE
    assert world.error_ms(process) == 0


@given(st.lists(st.tuples(st.integers(-9 * HOUR_MS, 9 * HOUR_MS), st.integers(1, 40)), max_size=8))
def test_whatever_the_clock_does_all_agree_and_end_by_believing_it(jumps: list[tuple[int, int]]) -> None:
    world = World()
    for _ in range(3):
        world.begin()
    world.pass_time(SENIOR_MS + ASK_MS)
    for off_ms, asks in jumps:
        world.off_ms = off_ms
        world.pass_time(asks * ASK_MS)
        assert len({world.error_ms(process) for process in world.processes}) == 1
    world.pass_time(CONFIRM_MS + 6 * ASK_MS)
    assert world.agreed.held_ms == 0
    assert {world.error_ms(process) for process in world.processes} == {world.off_ms}


def test_it_stands_in_redis_as_it_is() -> None:
    agreed = Agreement(-5, 3, NOON, NOON + 1)
    assert Agreement.from_hash({name: str(value) for name, value in agreed.to_hash().items()}) == agreed
    assert Agreement.from_hash({}) == Agreement()


@pytest.mark.parametrize("jump_ms", [6 * HOUR_MS, -HOUR_MS])
def test_an_older_redis_brings_no_jump_back(world: World, jump_ms: int) -> None:
    # given a copy of what Redis had while its clock had jumped, which it had not before and has not now
    world.off_ms = jump_ms
    world.pass_time(ASK_MS)
    copy = world.agreed
    world.off_ms = 0
    world.pass_time(ASK_MS)
    # when Redis becomes that copy
    world.agreed = copy
    found = world.pass_time(2 * ASK_MS)
    # then one process says so, and nobody's time moves
    assert found.count(Finding.LOST) == 1
    assert world.agreed.held_ms == 0
    assert [world.error_ms(process) for process in world.processes] == [0, 0, 0]


@pytest.mark.parametrize("jump_ms", [6 * HOUR_MS, -HOUR_MS])
def test_an_emptied_redis_makes_nobody_follow_a_jump(world: World, jump_ms: int) -> None:
    world.off_ms = jump_ms
    world.pass_time(ASK_MS)
    world.agreed = Agreement()
    found = world.pass_time(2 * ASK_MS)
    assert found.count(Finding.LOST) == 1
    assert world.agreed.held_ms == jump_ms
    assert [world.error_ms(process) for process in world.processes] == [0, 0, 0]
    # and whoever begins now goes by the same, until the clock is believed
    assert world.error_ms(world.begin()) == 0
    assert world.pass_time(CONFIRM_MS + ASK_MS).count(Finding.BELIEVED) == 1
