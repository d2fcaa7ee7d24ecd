"""Campaigns, end to end: two agencies, real workers on the simulator, and everything that happens to them on a day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import httpx
import pytest

from shared.recipient_key import forms
from support.waiting import until
from testing.caller import Caller
from testing.system import System

PHONES = {51: "5491150000051", 52: "5491150000052"}
RECIPIENTS = 300  # of each agency
DELAY_S = 0.2
ASK_OUT = (RECIPIENTS - 1, RECIPIENTS - 40)  # positions in the list of those who write BAJA meanwhile
UNKNOWN = 7  # not on WhatsApp

pytestmark = pytest.mark.browser


def number(cliente_id: int, position: int) -> str:
    return f"549113{cliente_id}{position:05d}"


@dataclass
class Agency:
    """One tenant and its campaign."""

    system: System
    caller: Caller
    campaign_id: str = ""

    @property
    def cliente_id(self) -> int:
        return self.caller.cliente_id

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = self.caller.http.request(method, f"/api/{path}", **options)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return dict(answer.json())

    def read(self) -> dict[str, Any]:
        return self.call("GET", f"campaigns/{self.campaign_id}")

    def act(self, action: str) -> dict[str, Any]:
        return self.call("POST", f"campaigns/{self.campaign_id}/{action}")

    def record(self) -> list[dict[str, Any]]:
        """What WhatsApp's server has of this agency's campaign, in its order."""
        rows = self.system.simulator.messages(PHONES[self.cliente_id])
        return [row for row in rows if row["direction"] == "out" and row["body"].startswith("Promo")]

    def until_sent(self, count: int) -> None:
        until(lambda: len(self.record()) >= count, 240, f"{count} messages of {self.cliente_id}")

    def until_finished(self) -> None:
        until(lambda: self.read()["state"] == "finalizado", 400, f"the end of {self.cliente_id}")

    def recipients(self) -> list[dict[str, Any]]:
        return list(self.call("GET", f"campaigns/{self.campaign_id}/recipients?limit=500")["items"])


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return {
        "SEND_DELAY_MIN_SECONDS": str(DELAY_S),
        "SEND_DELAY_MAX_SECONDS": str(DELAY_S),
        "CAMPAIGN_TICK_SECONDS": "0.2",
    }


@pytest.fixture(scope="module")
def admin(system: System) -> httpx.Client:
    system.add_user("jefa", None)
    return system.log_in("jefa", 0).http


@pytest.fixture(scope="module")
def agencies(system: System, admin: httpx.Client) -> dict[int, Agency]:
    made = {}
    for cliente_id in PHONES:
        made[cliente_id] = Agency(system, system.add_caller(f"agencia_{cliente_id}", cliente_id))
    for agency in made.values():
        assert agency.caller.connect().status_code == 202
    for agency in made.values():
        system.pair(agency.caller, PHONES[agency.cliente_id])
    return made


def begin(agency: Agency, admin: httpx.Client) -> None:
    """A list from CSV, a schedule that an admin approves, and off it goes."""
    body = {"name": "Siempre", "weekdays": list(range(7)), "start": "00:00", "end": "24:00", "daily_quota": 1_000}
    schedule = agency.call("POST", "schedules", json=body)["schedule_id"]
    assert admin.post(f"/api/schedules/{schedule}/approve").json()["state"] == "aprobada"
    templates = ["Promo para {nombre|vos}", "Promo: ¡hola {nombre|amigo}!"]
    campaign = agency.call("POST", "campaigns", json={"name": "Promo", "templates": templates, "schedule_id": schedule})
    agency.campaign_id = str(campaign["campaign_id"])
    rows = [f"{number(agency.cliente_id, position)};N{position}" for position in range(RECIPIENTS)]
    found = agency.call(
        "POST",
        f"campaigns/{agency.campaign_id}/recipients",
        content="telefono;nombre\n" + "\n".join([*rows, "no es un número;X"]),
        headers={"Content-Type": "text/csv"},
    )
    assert (found["added"], found["errors"][0]["line"]) == (RECIPIENTS, RECIPIENTS + 2)
    assert agency.act("start")["state"] == "en_progreso"


def test_a_day_of_two_agencies(system: System, admin: httpx.Client, agencies: dict[int, Agency]) -> None:
    a, b = agencies[51], agencies[52]
    for form in forms(number(51, UNKNOWN)):
        system.simulator.put_number(form, exists=False)
    for agency in agencies.values():
        begin(agency, admin)
    a.until_sent(20)

    # people ask to be left alone while the campaign runs
    for agency in agencies.values():
        for position in ASK_OUT:
            system.simulator.inbound(PHONES[agency.cliente_id], number(agency.cliente_id, position), "BAJA")
    until(lambda: all(len(x.call("GET", "optouts")["items"]) == 2 for x in agencies.values()), 90, "the opt-outs")

    # a pause stops one of them at once, the other goes on; then it resumes where it was
    assert a.act("pause")["state"] == "pausada"
    until(lambda: a.read()["progress"]["released"] == 0, 90, "the message in flight")
    at_pause = len(a.record())
    b.until_sent(len(b.record()) + 15)
    assert len(a.record()) == at_pause
    assert a.act("resume")["state"] == "en_progreso"
    a.until_sent(at_pause + 10)

    # everything is stopped and started again in the middle
    assert system.stop() == 0, system.said()[-4000:]
    before = {agency.cliente_id: len(agency.record()) for agency in agencies.values()}
    system.start()
    for agency in agencies.values():
        agency.until_sent(before[agency.cliente_id] + 10)

    # one phone logs the session out: its campaign waits for the code, the other goes on
    system.simulator.log_out(PHONES[52])
    b.caller.until_status("QR_REQUIRED")
    at_logout = len(b.record())
    a.until_sent(len(a.record()) + 15)
    assert (len(b.record()), b.read()["waiting_for"]) == (at_logout, "session_not_ready")
    system.pair(b.caller, PHONES[52])

    for agency in agencies.values():
        agency.until_finished()
    for agency in agencies.values():
        check(system, agency)


def check(system: System, agency: Agency) -> None:
    """The simulator's record is exactly what the schedule allowed."""
    asked_out = {number(agency.cliente_id, position) for position in ASK_OUT}
    unknown = {number(51, UNKNOWN)} if agency.cliente_id == 51 else set()
    rows = agency.recipients()
    by_state = Counter(row["state"] for row in rows)
    uncertain = {row["number"] for row in rows if row["state"] == "uncertain"}
    assert len(uncertain) <= 1, by_state  # at most the one that was being sent when the phone logged out
    got = Counter(str(row["to"]) for row in agency.record())
    # everybody got it once, in the list's order; nobody who asked out, and nobody twice
    expected = [row["number"] for row in rows if row["number"] not in asked_out | unknown | uncertain]
    assert [to for to in (str(row["to"]) for row in agency.record()) if to not in uncertain] == expected
    assert all(row["recipient_copies"] == 1 for row in agency.record())
    assert max(got.values()) == 1
    assert {row["number"] for row in rows if row["state"] == "skipped"} == asked_out
    assert {row["number"] for row in rows if row["state"] == "failed"} == unknown
    # who asked out was answered once
    answers = [
        row for row in system.simulator.messages(PHONES[agency.cliente_id])
        if row["direction"] == "out" and str(row["to"]) in asked_out
    ]  # fmt: skip
    assert Counter(str(row["to"]) for row in answers) == Counter(asked_out)
    # both variants were used, and nobody reads an empty hole
    assert len({row["body"].split("N")[0] for row in agency.record()}) == 2
    # and never sooner than the delay, through every restart
    claims = sorted(
        moment(event["at"])
        for row in rows if row["message_id"]
        for event in agency.caller.http.get(
            agency.caller.path(f"messages/{row['message_id']}"), params={"events": "true"}
        ).json()["events"]
        if event["type"] == "message.sending"
    )  # fmt: skip
    assert all(after - before >= DELAY_S for before, after in pairwise(claims))
    found = agency.read()["progress"]
    assert (found["remaining"], found["sent"]) == (0, len(expected))
    table = agency.caller.http.get(f"/api/campaigns/{agency.campaign_id}/results")
    assert len(table.text.splitlines()) == RECIPIENTS + 1


def moment(text: str) -> float:
    """Seconds, rounded to the milliseconds they are kept in."""
    return round(datetime.fromisoformat(text).timestamp(), 3)
