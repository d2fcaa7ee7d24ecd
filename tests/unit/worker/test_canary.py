"""Which session loads a new build first (session_worker/drift/canary.py); pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_worker.drift.canary import (
    BUSY_PATIENCE_MS,
    TRIAL_MS,
    TRIAL_PAUSE_MS,
    Advice,
    OwnPage,
    Step,
    Surroundings,
    advise,
)
from session_worker.drift.served import revision_in
from shared.builds.served import BuildTrial, ServedBuild
from shared.builds.verdict import Build, Capability, Standing, Verdict

NOW = 1_800_000_000_000
ADOPT_MS = 1_000_000
OLD, NEW = 1000, 1001
OWN = OwnPage(Build(f"2.3000.{OLD}", "4.6.0"), age_ms=5, linked=True, held=False, idle=True)
UNTRIED = Surroundings(ServedBuild(NEW, NOW - 5, NOW), None, None, None, ADOPT_MS)
OK, BROKEN = Verdict(Standing.OK), Verdict(Standing.BROKEN)
NO_SEND = Verdict(Standing.DEGRADED, frozenset({Capability.SEND}))
NO_MEDIA = Verdict(Standing.DEGRADED, frozenset({Capability.MEDIA}))

STAY_FREE, STAY_BOUND = Advice(Step.STAY, may_relaunch=True), Advice(Step.STAY, may_relaunch=False)


def _advice(own: OwnPage = OWN, known: Surroundings = UNTRIED) -> Advice:
    return advise(51, own, known, NOW)


def test_a_session_on_the_newest_build_stays() -> None:
    assert _advice(known=replace(UNTRIED, served=ServedBuild(OLD, 0, NOW))) == STAY_FREE
    assert _advice(known=replace(UNTRIED, served=ServedBuild())) == STAY_FREE
    assert _advice(own=replace(OWN, build=None)) == STAY_FREE


def test_an_idle_session_tries_a_build_that_nobody_knows() -> None:
    assert _advice().step is Step.TRY


def test_a_busy_one_waits_for_an_idle_one_but_not_for_ever() -> None:
    busy = replace(OWN, idle=False)
    old_news = replace(UNTRIED, served=ServedBuild(NEW, NOW - BUSY_PATIENCE_MS, NOW))

    assert _advice(own=busy) == STAY_BOUND
    assert _advice(own=busy, known=old_news).step is Step.TRY


def test_only_the_chosen_canary_tries() -> None:
    assert _advice(known=replace(UNTRIED, canary=51)).step is Step.TRY
    assert _advice(known=replace(UNTRIED, canary=52)) == STAY_BOUND


def test_nobody_waits_for_a_canary_that_never_comes() -> None:
    known = replace(UNTRIED, canary=52, served=ServedBuild(NEW, NOW - BUSY_PATIENCE_MS, NOW))

    assert _advice(known=known) == STAY_FREE


def test_one_tries_at_a_time_until_it_has_had_its_time() -> None:
    under_way = replace(UNTRIED, trial=BuildTrial(NEW, 52, NOW - TRIAL_MS + 1))
    failed = replace(UNTRIED, trial=BuildTrial(NEW, 52, NOW - TRIAL_MS))

    assert _advice(known=under_way) == STAY_BOUND
    assert _advice(known=failed).step is Step.TRY


def test_builds_that_come_one_after_the_other_are_not_all_tried() -> None:
    lately = replace(UNTRIED, trial=BuildTrial(OLD, 52, NOW - 5))
    long_ago = replace(UNTRIED, trial=BuildTrial(OLD, 52, NOW - TRIAL_PAUSE_MS))

    assert _advice(known=lately) == STAY_BOUND
    assert _advice(known=long_ago).step is Step.TRY
    assert _advice(own=replace(OWN, held=True), known=lately).step is Step.TRY  # it has nothing to lose


def test_a_session_without_a_phone_tries_nothing() -> None:
    assert _advice(own=replace(OWN, linked=False)) == STAY_BOUND


@pytest.mark.parametrize("verdict", [BROKEN, NO_SEND])
@pytest.mark.parametrize("held", [True, False])
def test_a_build_that_does_not_let_us_send_is_never_adopted(verdict: Verdict, held: bool) -> None:
    own = replace(OWN, held=held, age_ms=10 * ADOPT_MS)

    assert _advice(own=own, known=replace(UNTRIED, verdict=verdict)) == STAY_BOUND


@pytest.mark.parametrize("verdict", [OK, NO_MEDIA])
def test_a_build_that_works_is_adopted_by_those_who_need_it_or_are_old(verdict: Verdict) -> None:
    known = replace(UNTRIED, verdict=verdict)

    assert _advice(known=known) == STAY_FREE
    assert _advice(own=replace(OWN, held=True), known=known).step is Step.ADOPT
    assert _advice(own=replace(OWN, age_ms=ADOPT_MS), known=known).step is Step.ADOPT


@pytest.mark.parametrize(
    "script",
    [
        b'x={"client_revision":1044822804,"y":1}',
        b'"{\\"client_revision\\":1044822804}"',
        b"client_revision=1044822804;",
    ],
)
def test_the_served_revision_is_read_off_the_service_worker(script: bytes) -> None:
    assert revision_in(script) == 1044822804


def test_a_service_worker_that_names_none_says_nothing() -> None:
    assert revision_in(b"<html>") is None
