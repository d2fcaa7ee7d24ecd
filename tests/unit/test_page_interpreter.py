"""How the bridge's words become the port's (session_worker/engine/playwright_adapter/page_interpreter.py); pure."""

from __future__ import annotations

from typing import Any

import pytest

from session_worker.engine.heard import ChangePage, MessageRow, PlaceholderPage, PlaceholderRow, RowPage
from session_worker.engine.playwright_adapter.inbound_rows import change_page, placeholder_page, row_page
from session_worker.engine.playwright_adapter.page_interpreter import PageInterpreter, pairing_id, probe_report
from session_worker.engine.port import (
    AckSeen,
    LoggedOut,
    MissingName,
    PageChanged,
    PageReloaded,
    ProbeReport,
    RowsHinted,
    StreamMode,
)
from shared.builds.verdict import Capability
from shared.protocol.events import MessageUpdated
from shared.protocol.inbound import Change
from tests.support.message_facts import facts, inbound

_AT_CODE: dict[str, Any] = {
    "loaded": True,
    "registered": False,
    "mode": "QR",
    "socket": "UNPAIRED",
    "online": True,
    "code": "2@x",
    "code_expires_at_ms": 5,
    "own_number": None,
    "push_name": None,
    "identity_key": None,
    "web_version": "2.3",
    "progress": 4,
    "problem": None,
}
_LINKED = _AT_CODE | {
    "registered": True,
    "mode": "MAIN",
    "socket": "CONNECTED",
    "code": None,
    "own_number": "5491155555555",
    "identity_key": "a2V5",
}


@pytest.mark.parametrize("mode", list(StreamMode))
def test_a_mode_reaches_the_session_as_it_is(mode: StreamMode) -> None:
    seen = PageInterpreter().observation(_LINKED | {"mode": mode.value})

    assert (seen.mode, seen.problem) == (mode, None)


def test_an_unknown_mode_is_other() -> None:
    assert PageInterpreter().observation(_LINKED | {"mode": "SOMETHING_NEW"}).mode is StreamMode.OTHER


def test_a_told_problem_stays_until_the_device_is_linked_anew() -> None:
    page = PageInterpreter()
    page.observation(_LINKED)
    page.events({"kind": "problem", "code": "ACCOUNT_LOCKED"})

    while_linked = page.observation(_LINKED).problem
    at_code = page.observation(_AT_CODE).problem
    linked_anew = page.observation(_LINKED).problem

    assert (while_linked, at_code, linked_anew) == ("ACCOUNT_LOCKED", "ACCOUNT_LOCKED", None)


def test_a_logout_is_told_once_by_page_and_address_with_its_reason() -> None:
    page = PageInterpreter()
    page.observation(_LINKED)

    told = [
        *page.events({"kind": "logout_reason", "reason": "user_initiated"}),
        *page.events({"kind": "logged_out"}),
        *page.navigated("https://example.test/?post_logout=1&logout_reason=0"),
    ]

    assert told == [LoggedOut("user_initiated")]


def test_a_logout_told_by_the_address_alone() -> None:
    assert PageInterpreter().navigated("https://example.test/?post_logout=1&logout_reason=3") == [
        LoggedOut("account_locked")
    ]
    assert PageInterpreter().navigated("https://example.test/?post_logout=1") == [LoggedOut("unknown")]
    assert PageInterpreter().navigated("https://example.test/") == []


def test_the_next_pairing_can_be_logged_out_too() -> None:
    page = PageInterpreter()
    page.observation(_LINKED)
    page.events({"kind": "logged_out"})
    page.observation(_AT_CODE)
    page.observation(_LINKED)

    assert page.events({"kind": "logged_out"}) == [LoggedOut("unknown")]


@pytest.mark.parametrize(("told", "ack"), [(-7, -1), (-1, -1), (0, 0), (1, 1), (3, 3), (4, 3), (5, 3)])
def test_acks_are_brought_into_range(told: int, ack: int) -> None:
    assert PageInterpreter().events({"kind": "ack", "key": "k", "ack": told, "refusal": "463"}) == [
        AckSeen("k", ack, "463")
    ]


def test_numbers_become_canonical_and_a_lid_stays() -> None:
    page = PageInterpreter()
    by_number = page.events({"kind": "message", "message": facts(sender="5215512345678")})
    by_lid = page.events({"kind": "message", "message": facts(sender="123@lid")})

    assert [by_number, by_lid] == [[inbound("525512345678")], [inbound("123@lid")]]
    assert page.observation(_LINKED | {"own_number": "5215512345678"}).phone_number == "525512345678"


def test_an_observation_is_told_as_a_change() -> None:
    (event,) = PageInterpreter().events({"kind": "observation", "observation": _AT_CODE})

    assert isinstance(event, PageChanged)
    assert (event.observation.code, event.observation.pairing_id) == ("2@x", None)


def test_a_pairing_is_named_by_number_and_identity() -> None:
    name = pairing_id("5491155555555", "a2V5")

    assert name == pairing_id("5491155555555", "a2V5")
    assert name != pairing_id("5491155555556", "a2V5")
    assert name != pairing_id("5491155555555", "b3RoZXI=")
    assert pairing_id(None, "a2V5") is None
    assert pairing_id("5491155555555", None) is None


def test_every_document_after_the_first_is_a_reload_unless_the_device_was_unlinked() -> None:
    page = PageInterpreter()
    site, left = "https://example.test/", "https://example.test/?post_logout=1&logout_reason=0"

    told = [page.events({"kind": "document", "address": address}) for address in (site, site, left, site)]

    assert told == [[], [PageReloaded()], [], [PageReloaded()]]


def test_a_probe_says_what_is_gone_and_for_what() -> None:
    told = {
        "web_version": "2.3000.1",
        "wa_js_version": "4.6.0",
        "age_ms": 12,
        "full_ready_ms": None,
        "missing": [{"name": "MsgKey", "capability": "send", "fault": "not found", "has_fallback": False}],
        "complaints": ["Module MsgKey was not found with "],
    }

    assert probe_report(told) == ProbeReport(
        "2.3000.1",
        "4.6.0",
        12,
        None,
        (MissingName("MsgKey", Capability.SEND, "not found", has_fallback=False),),
        ("Module MsgKey was not found with ",),
    )


def test_rows_of_the_database_in_the_ports_words() -> None:
    span = {"rows": 3, "last_row_id": 1_000_000_003, "more": False}
    deletion = {"key": "false_1@c.us_A", "change_id": "false_1@c.us_B", "at_ms": 4}
    told = {
        **span,
        "messages": [{"row_id": 1_000_000_002, **facts(sender="5215512345678")}],
        "revoked": [{"row_id": 1_000_000_001, **deletion}],
        "placeholders": [{"row_id": 1_000_000_003, "key": "p", "at_ms": 6}],
    }
    deleted = MessageUpdated("false_1@c.us_A", Change.REVOKED, 4, change_id="false_1@c.us_B")
    seen = inbound("525512345678")
    assert row_page(told) == RowPage(
        3,
        1_000_000_003,
        False,
        (MessageRow(1_000_000_001, deleted), MessageRow(1_000_000_002, seen)),
        (PlaceholderRow(1_000_000_003, "p", 6),),
    )
    asked = {"messages": [facts(sender="5215512345678")], "open": ["p"], "missing": ["q"], "not_asked": "no"}
    assert placeholder_page(asked) == PlaceholderPage((seen,), ("p",), ("q",), "no")
    edit = {"key": "false_1@c.us_C", "text": "ya no", "change_id": "false_1@c.us_D", "at_ms": 3}
    changes = {**span, "revoked": [deletion], "edited": [edit], "reactions": [], "votes": []}
    edited = MessageUpdated("false_1@c.us_C", Change.EDITED, 3, "ya no", "false_1@c.us_D")
    assert change_page(changes) == ChangePage(3, 1_000_000_003, False, (edited, deleted))
    assert PageInterpreter().events({"kind": "rows", "cause": "main_ready"}) == [RowsHinted("main_ready")]
