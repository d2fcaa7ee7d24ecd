"""What was accepted in the second before Redis was lost does not vanish: the hub that accepted it remembers it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from hub_records import accept, recorded

from hub_api.bulk import service as bulk
from hub_api.recording.drain import Drain
from hub_api.repair.lost_state import LostState
from hub_api.repair.vanished_message import YOUNG_MS, VanishedMessages
from hub_api.services import Services
from hub_api.workers.accepted_journal import AcceptedJournal
from hub_api.workers.accepted_lately import AcceptedLately
from shared.errors import AcceptUnknown, IdempotencyConflict
from shared.instant import now_ms
from shared.names import Keys
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus
from support.claiming import stored
from support.owner import Owner

ROOT = Path(__file__).parents[2]
KILLED_HUB = """
import os, signal
from hub_api.messages.service import SendRequest, send_text
from hub_api.services import make_services
from shared.instant import now_ms
from shared.settings import load_settings
request = SendRequest(to="5491123456701", text="hola", wake=True)
print(send_text(make_services(load_settings()), 51, request, now_ms()).message.message_id, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def later(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Looks as the hub does some seconds later."""
    lately, mend = services.accepted_lately, VanishedMessages(services).mend
    clock = lately._clock
    monkeypatch.setattr(lately, "_clock", lambda: clock() - 2 * YOUNG_MS)  # so long ago is what is accepted now

    def look() -> int:
        with monkeypatch.context() as patched:
            patched.setattr(lately, "_clock", clock)
            return mend()

    return look


def test_it_is_uncertain_and_on_record(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
    later: Callable[[], int],
) -> None:
    known = accept(services)
    drain.run()
    lost = accept(services, "5491123456701")
    assert own(SessionStatus.READY).send_next()
    server.delete(*server.keys(keys.prefix + "*"))
    assert later() == 0  # SQL's knowledge comes first
    lost_state.mend()
    assert later() == 1
    assert later() == 0
    drain.run()

    found = stored(services.ledger, lost)
    assert (found.status, found.text, found.to) == (MessageStatus.UNCERTAIN, "hola", "5491123456701")
    assert recorded(services, lost).status == "uncertain"
    assert recorded(services, known).status in ("queued", "uncertain")
    assert services.ledger.entries.balance(51).balanced


def test_what_is_on_record_or_waits_for_it_is_left_alone(
    services: Services, drain: Drain, own: Callable[..., Owner], later: Callable[[], int]
) -> None:
    accept(services)
    waiting = accept(services, "5491123456701")
    assert own(SessionStatus.READY).send_next()
    assert later() == 0
    drain.run()
    assert later() == 0
    assert stored(services.ledger, waiting).status is MessageStatus.QUEUED
    assert services.ledger.entries.balance(51).balanced


def test_it_does_not_vanish_where_redis_is_lost_once_more_before_sql_has_it(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    later: Callable[[], int],
) -> None:
    drain.run()
    lost = accept(services)
    for _ in range(2):
        server.delete(*server.keys(keys.prefix + "*"))
        lost_state.mend()
        assert later() == 1
    drain.run()
    assert later() == 0
    assert stored(services.ledger, lost).status is MessageStatus.UNCERTAIN
    assert recorded(services, lost).status == "uncertain"
    assert services.ledger.entries.balance(51).balanced


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_bulk_that_is_made_again_takes_nothing_in_that_may_have_left(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
    later: Callable[[], int],
    elsewhere: bool,
) -> None:
    # given a bulk of which one message left before Redis was lost, and before SQL had any
    entries = [{"to": f"54911234567{n:02}", "message": "hola"} for n in range(3)]
    own(SessionStatus.READY)
    drain.run()
    first = bulk.send(services, 51, entries, "lote", now_ms())
    assert first["accepted"] == 3
    server.delete(*server.keys(keys.prefix + "*"))
    # when it is made again, of this process or of another one of the hub
    journal = AcceptedJournal(services.settings.leadmaster_data_dir / "accepted")
    other = replace(services, accepted_lately=AcceptedLately(journal)) if elsewhere else services
    again = bulk.send(other, 51, entries, "lote", now_ms())
    # then nothing of it waits, and all is for a person
    assert [item["message_id"] for item in again["items"]] == [item["message_id"] for item in first["items"]]
    assert {item["status"] for item in again["items"]} == {"uncertain"}
    assert services.ledger.entries.depths([51]) == {51: (0, 0)}
    lost_state.mend()
    assert later() == 3
    drain.run()
    assert {recorded(services, item["message_id"]).status for item in again["items"]} == {"uncertain"}


@pytest.mark.parametrize("restored", [False, True])
def test_a_call_that_is_made_again_under_its_key_takes_nothing_in_that_may_have_left(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
    later: Callable[[], int],
    restored: bool,
) -> None:
    # given a message that left before Redis was lost, and before SQL had it
    drain.run()
    owner = own(SessionStatus.READY)
    lost = accept(services, idempotency_key="pedido-1")
    assert owner.send_next()
    server.delete(*server.keys(keys.prefix + "*"))
    if restored:
        lost_state.mend()
    # when the call is made again, then it says that this is not known
    with pytest.raises(AcceptUnknown) as unknown:
        accept(services, idempotency_key="pedido-1")
    assert unknown.value.details["message_id"] == lost
    with pytest.raises(IdempotencyConflict):
        accept(services, "5491123456701", idempotency_key="pedido-1")
    lost_state.mend()
    # and once the hub has said what it remembers, it answers that message
    assert later() == 1
    assert accept(services, idempotency_key="pedido-1") == lost
    assert stored(services.ledger, lost).status is MessageStatus.UNCERTAIN
    drain.run()
    assert recorded(services, lost).status == "uncertain"


def test_what_a_killed_hub_had_accepted_does_not_vanish_with_it(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    later: Callable[[], int],
) -> None:
    # given a message that another process of the hub accepted, which is killed before SQL has it
    drain.run()
    settings = services.settings
    environment = os.environ | {
        "REDIS_URL": settings.redis_url,
        "REDIS_PREFIX": settings.redis_prefix,
        "DATABASE_URL": settings.database_url,
        "LEADMASTER_DATA_DIR": str(settings.leadmaster_data_dir),
        "JWT_SECRET": "s" * 32,
    }
    done = subprocess.run(
        [sys.executable, "-c", KILLED_HUB],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    lost = done.stdout.strip()
    assert stored(services.ledger, lost).status is MessageStatus.QUEUED
    # when Redis is lost as well
    server.delete(*server.keys(keys.prefix + "*"))
    lost_state.mend()
    assert services.accepted_lately.adopt() == 1
    # then it is uncertain, and on record
    later()
    drain.run()
    found = recorded(services, lost)
    assert (found.status, found.text, found.to_number) == ("uncertain", "hola", "5491123456701")
    assert services.ledger.entries.balance(51).balanced
    assert later() == 0
    assert list((settings.leadmaster_data_dir / "accepted").iterdir()) == []
