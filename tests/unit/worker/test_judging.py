"""What a probe's report and the page's behaviour say of a build (session_worker/drift/judging.py); pure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_worker.drift.judging import LATE_MS, MAX_UNREADY_LOADS, MIN_RECIPIENTS, MIN_SILENT, Behaviour, judge
from session_worker.engine.port import MissingName, ProbeReport
from shared.builds.verdict import Build, Capability, Judgement, Standing, Verdict, revision_of, summed_up

WHOLE = ProbeReport("2.3000.1000", "4.6.0", age_ms=2_000, full_ready_ms=1_500)
UNREADY = replace(WHOLE, full_ready_ms=None)


def without(capability: Capability, *, has_fallback: bool = False, report: ProbeReport = WHOLE) -> ProbeReport:
    gone = MissingName(f"a.{capability}", capability, "not found", has_fallback)
    return replace(report, missing=(*report.missing, gone))


def test_a_page_that_has_everything_is_ok() -> None:
    assert judge(WHOLE, Behaviour(), linked=True) == Verdict(Standing.OK)


@pytest.mark.parametrize("capability", [one for one in Capability if one is not Capability.SESSION])
def test_a_name_that_is_gone_degrades_what_it_serves(capability: Capability) -> None:
    verdict = judge(without(capability), Behaviour(), linked=True)

    assert verdict == Verdict(Standing.DEGRADED, frozenset({capability}), (f"a.{capability} not found",))
    assert verdict.holds_sender is (capability is Capability.SEND)


@pytest.mark.parametrize("linked", [True, False])
def test_a_page_that_no_longer_says_how_it_is_is_broken(linked: bool) -> None:
    verdict = judge(without(Capability.SESSION), Behaviour(), linked=linked)

    assert verdict is not None
    assert (verdict.standing, verdict.holds_sender) == (Standing.BROKEN, True)


@pytest.mark.parametrize("capability", list(Capability))
def test_a_name_with_a_fallback_degrades_nothing(capability: Capability) -> None:
    assert judge(without(capability, has_fallback=True), Behaviour(), linked=True) == Verdict(Standing.OK)


def test_before_a_phone_is_linked_only_what_the_page_says_of_itself_counts() -> None:
    assert judge(without(Capability.SEND), Behaviour(), linked=False) == Verdict(Standing.OK)


def test_a_page_that_is_not_up_yet_says_nothing() -> None:
    assert judge(UNREADY, Behaviour(), linked=False) is None
    assert judge(without(Capability.SESSION, report=UNREADY), Behaviour(), linked=False) is None
    assert judge(None, Behaviour(), linked=False) is None


def test_a_page_that_is_late_and_blind_is_broken() -> None:
    late = replace(without(Capability.SESSION, report=UNREADY), age_ms=LATE_MS)

    verdict = judge(late, Behaviour(), linked=False)

    assert verdict is not None
    assert verdict.standing is Standing.BROKEN


def test_pages_that_never_become_ready_are_the_builds_fault_after_a_few() -> None:
    complaining = replace(UNREADY, complaints=("Module Cmd was not found with …",))
    verdicts = [judge(complaining, Behaviour(unready_loads=n), linked=False) for n in range(1, MAX_UNREADY_LOADS + 1)]

    assert verdicts[:-1] == [None] * (MAX_UNREADY_LOADS - 1)
    assert verdicts[-1] == Verdict(Standing.BROKEN, reasons=("NOT_FULL_READY", "Module Cmd was not found with …"))


def test_a_page_on_which_whatsapps_scripts_never_ran_says_nothing_of_a_build() -> None:
    blank = replace(UNREADY, web_version=None, age_ms=LATE_MS)

    assert judge(blank, Behaviour(unready_loads=9), linked=False) is None


def test_a_page_that_reloads_itself_on_and_on_is_broken_whatever_it_says() -> None:
    assert judge(None, Behaviour(reload_loop=True), linked=False) == Verdict(Standing.BROKEN, reasons=("RELOAD_LOOP",))


def test_sends_without_an_acknowledgement_over_several_people_degrade_sending() -> None:
    few = judge(WHOLE, Behaviour(unacknowledged=MIN_RECIPIENTS - 1), linked=True)
    several = judge(WHOLE, Behaviour(unacknowledged=MIN_RECIPIENTS), linked=True)

    assert few == Verdict(Standing.OK)
    assert several is not None
    assert (several.words, several.reasons) == ("degraded: send", ("SENDS_UNACKNOWLEDGED",))


def test_silent_events_and_a_missing_name_add_up() -> None:
    verdict = judge(without(Capability.MEDIA), Behaviour(silent_messages=MIN_SILENT), linked=True)

    assert verdict is not None
    assert (verdict.words, verdict.holds_sender) == ("degraded: inbound, media", False)


# What several sessions say.

BUILD = Build("2.3000.1044822804", "4.6.0")
OK, HELD = Verdict(Standing.OK), Verdict(Standing.DEGRADED, frozenset({Capability.SEND}), ("a not found",))
BROKEN = Verdict(Standing.BROKEN, reasons=("NOT_FULL_READY",))


@pytest.mark.parametrize(
    ("said", "standing"),
    [
        ([OK], "ok"),
        ([HELD], "degraded: send"),
        ([OK, HELD], "degraded: send"),
        ([OK, OK, BROKEN], "ok"),
        ([HELD, BROKEN, OK], "broken"),
        ([HELD, HELD, BROKEN], "degraded: send"),
    ],
)
def test_most_sessions_are_right_and_of_two_the_worse(said: list[Verdict], standing: str) -> None:
    judged = summed_up(BUILD, [Judgement.of(verdict, at) for at, verdict in enumerate(said)])

    assert judged is not None
    assert (judged.verdict.words, judged.sessions, judged.judged_at) == (standing, len(said), len(said) - 1)


def test_a_build_that_nobody_loaded_has_no_verdict() -> None:
    assert summed_up(BUILD, []) is None


@pytest.mark.parametrize("verdict", [OK, HELD, BROKEN])
def test_a_judgement_keeps_the_verdict(verdict: Verdict) -> None:
    assert Judgement.from_wire(Judgement.of(verdict, 5).to_wire()).verdict == verdict


@pytest.mark.parametrize(
    ("version", "revision"), [("2.3000.1044822804", 1044822804), ("2.3000.1038792969-alpha", 1038792969), ("?", 0)]
)
def test_builds_are_ordered_by_their_revision(version: str, revision: int) -> None:
    assert revision_of(version) == revision
    assert Build.parse(Build(version, "4.6.0").build_id) == Build(version, "4.6.0")
