"""The browser dies at every step after a message stands in its page's database; WhatsApp's record is the judge."""

from __future__ import annotations

import pytest

from support.waiting import until
from testing.caller import Caller
from testing.system import System

pytestmark = pytest.mark.browser

# What the server does with a tenant's next message, and for how many; then the browser is killed.
CASES: dict[str, tuple[str, str | None, int]] = {
    "not_sent": ("refuse_sends", "network", 1),  # it stands in the page's database, and the server never had it
    "not_acknowledged": ("drop_acks", None, 1),  # the server has it, the page does not know
    "deleted": ("drop_acks", None, 1),  # … and the owner deletes it for everyone while the browser is down
    "many": ("drop_acks", None, 4),  # … four at once
    "untroubled": ("drop_receipts", None, 1),
}
TENANTS = {name: 31 + index for index, name in enumerate(CASES)}
LEAD = "5491133330001"


def phone(cliente_id: int) -> str:
    return f"54911500000{cliente_id}"


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return {
        "SESSION_START_LIMIT": "3",
        "SEND_ACK_TIMEOUT_SECONDS": "1",
        "SEND_GAP_MIN_SECONDS": "0",
        "SEND_GAP_MAX_SECONDS": "0",
    }


@pytest.fixture(scope="module")
def callers(system: System) -> dict[str, Caller]:
    """All of them READY, at the same time."""
    made = {}
    for name, cliente_id in TENANTS.items():
        made[name] = system.add_caller(name, cliente_id)
        assert made[name].connect().status_code == 202
    for caller in made.values():
        system.pair(caller, phone(caller.cliente_id))
    return made


@pytest.fixture(scope="module")
def message_ids(system: System, callers: dict[str, Caller]) -> dict[str, list[str]]:
    """Each tenant's messages: as many as its fault meets, each of its own recipient, and two behind them."""
    sent = {}
    for name, (kind, value, count) in CASES.items():
        caller, number = callers[name], phone(TENANTS[name])
        system.simulator.add_fault(kind, phone=number, value=value, count=count)
        sent[name] = [accepted(caller, f"549113333000{at}", f"{name} {at}") for at in range(1, count + 1)]
        until_it_stands(caller, sent[name][-1])
        for browser in system.browsers(caller.cliente_id):
            browser.kill()
        if name == "deleted":
            [row] = system.simulator.messages(number, to=LEAD)
            system.simulator.revoke(number, row["key"])
        sent[name] += [accepted(caller, LEAD, f"{name} behind {at}") for at in (1, 2)]
    return sent


def accepted(caller: Caller, to: str, text: str) -> str:
    """Accepts it also where the session is just being started again. Returns its id."""
    return caller.accepted(to, text, on_not_ready="queue")


def until_it_stands(caller: Caller, message_id: str) -> None:
    """Waits until the worker was told that the message is in doubt: the page has it, and knows no more of it."""
    until(lambda: caller.message(message_id)["whatsapp_id"], 60, f"message {message_id} to be handed over")


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_lost_or_doubled(
    system: System, callers: dict[str, Caller], message_ids: dict[str, list[str]], name: str
) -> None:
    caller = callers[name]
    messages = [caller.until_sent(message_id, 120) for message_id in message_ids[name]]
    record = system.simulator.messages(phone(TENANTS[name]))
    by_text = {row["body"]: row for row in record}
    # each is there once, under the key on record, and what stood behind followed
    assert len(record) == len(messages)
    assert [by_text[one["message"]]["key"] for one in messages] == [one["whatsapp_id"] for one in messages]
    assert {row["recipient_copies"] for row in record} == {1}


def test_what_was_deleted_for_everyone_was_not_sent_again(
    system: System, callers: dict[str, Caller], message_ids: dict[str, list[str]]
) -> None:
    callers["deleted"].until_sent(message_ids["deleted"][0], 120)
    [row] = [row for row in system.simulator.messages(phone(TENANTS["deleted"])) if row["body"] == "deleted 1"]
    assert row["copies"] == 1
