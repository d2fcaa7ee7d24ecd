"""The process dies, or loses Redis, between reading what came in and recording it: all is there, and each once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import redis

from shared.ledger.receipts.row_cursors import FIRST_ROW
from shared.names import EventType, Keys
from shared.protocol.events import Event, MessageInbound
from shared.protocol.inbound import Direction
from support.waiting import until
from testing.claims import open_claims
from testing.fake.durable_whatsapp import NUMBER, PAIRING, FakeMail, set_up
from tests.integration.gap_process import CLIENTE, whatsapp_file
from tests.integration.gap_tenant import WAIT_S, Tenant

ANA, LEO = "5491123456789", "5491123456780"
MISSED = [FakeMail(ANA, "uno"), FakeMail(LEO, "dos"), FakeMail(ANA, "tres")]
LIVE = [FakeMail(ANA, "cuatro", live=True), FakeMail(LEO, "cinco", live=True)]


@pytest.fixture
def tenant(tmp_path: Path, redis_url: str, client: redis.Redis, keys: Keys) -> Iterator[Tenant]:
    made = Tenant(tmp_path, redis_url, client, keys)
    yield made
    made.close()


def recorded(tenant: Tenant) -> list[MessageInbound]:
    """What the hub will be told, in order."""
    entries = cast("list[tuple[str, dict[str, str]]]", tenant.client.xrange(tenant.keys.events))
    events = [Event.from_wire(event_id, entry) for event_id, entry in entries]
    return [cast("MessageInbound", event.body) for event in events if event.type is EventType.MESSAGE_INBOUND]


def texts_of(tenant: Tenant, sender: str) -> list[str]:
    return [one.message for one in recorded(tenant) if one.sender == sender]


def until_read(tenant: Tenant, rows: int) -> None:
    """Waits until the cursor stands behind so many rows."""
    cursors = tenant.keys.row_cursors(CLIENTE)

    def is_there() -> Any:
        cursor = cast("str | None", tenant.client.hget(cursors, f"{NUMBER}/{PAIRING}"))
        return cursor == f"{FIRST_ROW + rows} 0"

    until(is_there, WAIT_S, f"{rows} rows to be read")


def everything_is_recorded(tenant: Tenant) -> None:
    """Each once, in the order of its chat."""
    until_read(tenant, len(MISSED) + len(LIVE))
    assert texts_of(tenant, ANA) == ["uno", "tres", "cuatro"]
    assert texts_of(tenant, LEO) == ["dos", "cinco"]


STEPS = [
    "rows read",
    "before inbound is recorded",
    "inbound recorded",
    "before the cursor is kept",
    "cursor kept",
]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step(tenant: Tenant, step: str) -> None:
    # given three that came in while no browser ran, and two that come while one does
    set_up(whatsapp_file(tenant.folder), mail=[*MISSED, *LIVE])
    # when the worker dies right there
    tenant.die_at(step)
    assert len(recorded(tenant)) <= len(MISSED) + len(LIVE)
    # then its successor reads on
    tenant.start_worker()
    everything_is_recorded(tenant)


@pytest.mark.parametrize("step", STEPS[1:])
def test_the_answer_of_redis_is_lost_at_a_step(tenant: Tenant, step: str) -> None:
    set_up(whatsapp_file(tenant.folder), mail=[*MISSED, *LIVE])
    tenant.start_worker(step, "cut")
    everything_is_recorded(tenant)


def test_what_comes_in_between_two_workers(tenant: Tenant) -> None:
    # given a worker that was killed after it had read everything
    set_up(whatsapp_file(tenant.folder), mail=MISSED)
    tenant.start_worker()
    until_read(tenant, len(MISSED))
    tenant.stop_worker()
    # when more comes in while none is there
    set_up(whatsapp_file(tenant.folder), mail=LIVE)
    tenant.start_worker()
    everything_is_recorded(tenant)


def test_the_first_message_of_an_ads_lead(tenant: Tenant) -> None:
    # given a lead whose first message devices get as a placeholder, and a worker that dies with it unread
    set_up(whatsapp_file(tenant.folder), mail=[FakeMail(ANA, "vi el anuncio", from_ad=True), FakeMail(LEO, "dos")])
    tenant.die_at("cursor kept")
    assert [one.message for one in recorded(tenant)] == ["dos"]
    # then the next one has the phone asked for it
    tenant.start_worker()
    until(lambda: texts_of(tenant, ANA), WAIT_S, "the text of the placeholder")
    assert texts_of(tenant, ANA) == ["vi el anuncio"]
    until(lambda: not tenant.client.exists(tenant.keys.placeholders(CLIENTE)), WAIT_S, "nothing to wait for")


@pytest.mark.parametrize("step", ["key kept", "handed over", "before the ack is recorded"])
def test_what_went_out_through_us_is_told_apart_from_what_the_owner_wrote(tenant: Tenant, step: str) -> None:
    # given a message that was handed to the page, or may have been, by a worker that was killed there
    sent = tenant.accept("de nosotros")
    tenant.die_at(step)
    # when its owner writes one on the phone, and the next worker finds both in the page's rows
    set_up(whatsapp_file(tenant.folder), mail=[FakeMail(ANA, "del dueño", by_owner=True)])
    tenant.start_worker()
    tenant.until_complete(sent)
    until(lambda: recorded(tenant), WAIT_S, "what the owner wrote")
    tenant.stop_worker()
    tenant.start_worker()
    until_read(tenant, 2)
    # then
    assert [(one.message, one.direction) for one in recorded(tenant)] == [("del dueño", Direction.OUT)]


class TestAnEmptiedRedis:
    def test_what_is_not_on_record_is_read_again(self, tenant: Tenant) -> None:
        # given messages of which SQL has none, as nothing was recorded yet
        set_up(whatsapp_file(tenant.folder), mail=MISSED)
        tenant.start_worker()
        until_read(tenant, len(MISSED))
        tenant.stop_worker()
        # when Redis comes back with nothing but SQL's word on what was recorded
        tenant.client.delete(*cast("list[str]", tenant.client.keys(f"{tenant.keys.prefix}*")))
        open_claims(tenant.client, tenant.keys)
        set_up(whatsapp_file(tenant.folder), mail=LIVE)
        tenant.start_worker()
        everything_is_recorded(tenant)

    def test_what_is_on_record_and_old_is_not(self, tenant: Tenant) -> None:
        set_up(whatsapp_file(tenant.folder), mail=MISSED)
        tenant.start_worker()
        until_read(tenant, len(MISSED))
        tenant.stop_worker()
        latest = max(one.at for one in recorded(tenant))
        tenant.client.delete(*cast("list[str]", tenant.client.keys(f"{tenant.keys.prefix}*")))
        open_claims(tenant.client, tenant.keys)
        # SQL has messages that were written hours after these
        tenant.ledger.row_cursors.restore(CLIENTE, latest + 3 * 3_600_000)
        tenant.start_worker()
        until_read(tenant, len(MISSED))
        assert recorded(tenant) == []
