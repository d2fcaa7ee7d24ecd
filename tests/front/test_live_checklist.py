"""The checklist of the real site: its page, how what is seen is judged, and what a report may hold."""

from __future__ import annotations

import io
from pathlib import Path
from typing import cast

import pytest

from leadmaster.hub_caller import Caller
from leadmaster.live import page
from leadmaster.live.checks import CHECKS, NEED_READY, Live
from leadmaster.live.findings import (
    CodeLife,
    Finding,
    Moment,
    Verdict,
    exit_status,
    masked,
    of_codes,
    of_linking,
    report,
)
from leadmaster.live.person import Person, Skipped
from leadmaster.live.session import LiveSession
from leadmaster.live.steps import STANDING, STEPS
from leadmaster.screen import Screen
from shared.settings import Settings
from testing.waiting import until
from tests.front.standing_hub import StandingHub

ROOT = Path(__file__).parents[2]


def test_the_page_is_made_from_the_table() -> None:
    said = "run: python -m leadmaster.live.page docs/real-site.md"
    assert (ROOT / "docs" / "real-site.md").read_text("utf-8") == page.text(), said


def test_each_step_has_its_check_and_a_row() -> None:
    assert list(CHECKS) == [step.name for step in STEPS]
    assert set(CHECKS) > NEED_READY
    for each in (*STEPS, *STANDING):
        assert page.text().count(f"\n| {each.name} | ") == 1


@pytest.mark.parametrize(
    ("lives", "verdict"),
    [
        ([], Verdict.SKIPPED),
        ([CodeLife(60, 60.4)], Verdict.AS_ASSUMED),
        ([CodeLife(60, 59.1), CodeLife(20, 20.2)], Verdict.AS_ASSUMED),
        ([CodeLife(60, 20.0)], Verdict.OTHERWISE),
        ([CodeLife(60, 60.0), CodeLife(20, 60.0)], Verdict.OTHERWISE),
    ],
)
def test_codes_are_judged_by_how_long_they_lived(lives: list[CodeLife], verdict: Verdict) -> None:
    assert of_codes(lives).verdict is verdict


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        (["INIT", "QR_REQUIRED", "QR_REQUIRED", "AUTHENTICATED", "READY"], Verdict.AS_ASSUMED),
        (["QR_REQUIRED", "READY"], Verdict.AS_ASSUMED),
        (["QR_REQUIRED", "INIT", "READY"], Verdict.OTHERWISE),
        (["QR_REQUIRED", "AUTHENTICATED"], Verdict.OTHERWISE),
        ([], Verdict.OTHERWISE),
    ],
)
def test_linking_is_judged_by_its_way(statuses: list[str], verdict: Verdict) -> None:
    trace = [Moment(float(at), status, "none", "") for at, status in enumerate(statuses)]

    assert of_linking(trace).verdict is verdict


def test_a_report_holds_no_long_number_but_keeps_builds() -> None:
    findings = {"site": Finding(Verdict.AS_ASSUMED, ("serves 2.3000.1048032155", "5491155557001", "x5491155557001y"))}

    written = report([("second phone", masked("5491155557001"))], findings, [Moment(1.25, "READY", "used", "")])

    assert "2.3000.1048032155" in written
    assert "1155557001" not in written
    assert "54…01" in written
    assert "| 1.2 | READY | used |  |" in written


def test_only_what_is_otherwise_or_failed_is_an_error() -> None:
    good = {"site": Finding(Verdict.AS_ASSUMED), "code": Finding(Verdict.SKIPPED)}

    assert exit_status(good) == 0
    for bad in (Verdict.OTHERWISE, Verdict.FAILED):
        assert exit_status({**good, "send": Finding(bad)}) == 1


def test_a_person_answers_skips_and_leaves() -> None:
    person = Person(Screen(), io.StringIO("yes\nn\n3\nmany\n\nskip\n"))

    assert person.is_so("?")
    assert not person.is_so("?")
    assert person.count("?") == 3
    with pytest.raises(Skipped):
        person.count("?")
    person.confirm("do")
    with pytest.raises(Skipped):
        person.confirm("do")
    with pytest.raises(Skipped):  # nobody is there any more
        person.is_so("?")
    assert person.typed()


def test_a_line_is_seen_while_something_else_is_watched() -> None:
    person = Person(Screen(), io.StringIO("\n"))

    until(person.typed, 10, "the line")


def test_a_step_that_is_skipped_leaves_no_session_without_its_browser() -> None:
    hub, person = StandingHub(), Person(Screen(), io.StringIO("skip\n"))
    session = LiveSession(cast(Caller, hub), 51, person)
    live = Live(Settings(), 51, session, person, "5491155557002", "mark")

    with pytest.raises(Skipped):
        CHECKS["down"](live)

    assert hub.posted == ["disconnect", "connect"]
    assert session.becomes_ready()
