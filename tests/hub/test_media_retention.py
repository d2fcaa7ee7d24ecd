"""How long received media stay, and what an emptied Redis gets back of them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from flask.testing import FlaskClient
from received_media import PDF, SHA256, Receiving, age, lies_there, media_row
from sqlalchemy import select, update

from hub_api.inbox.models import InboundMedia, InboundMessage
from hub_api.media.keeping.retention import MediaRetention
from hub_api.media.subject import SUBJECT
from hub_api.recording.drain import Drain
from hub_api.recording.retention import make_retention
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from shared import names
from shared.instant import now_ms
from shared.names import Keys
from shared.protocol.inbound import MediaStatus
from shared.settings import Settings

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

DAY_MS = 86_400_000


@pytest.fixture
def receive(services: Services, drain: Drain) -> Receiving:
    return Receiving(services, drain)


def test_a_file_goes_when_its_last_message_does(services: Services, settings: Settings, receive: Receiving) -> None:
    # given one file that an old and a young message name, and one that only an old one does
    old = now_ms() - 100 * DAY_MS
    receive(at=old)
    young = receive()
    alone = receive(b"vieja", at=old)
    age(settings)
    # when the old messages expire
    make_retention(services).run(now_ms())
    MediaRetention(services).run()
    # then
    assert lies_there(services) == [SHA256]
    assert media_row(services, young).sha256 == SHA256
    assert services.ledger.media.used(51) == len(PDF)
    with services.database.reading() as session:
        assert session.scalar(select(InboundMedia).where(InboundMedia.whatsapp_id == alone)) is None


def test_media_may_go_before_their_messages(
    services: Services, settings: Settings, receive: Receiving, client: FlaskClient, maria: dict[str, str]
) -> None:
    keeping = settings.model_copy(update={"media_retention_days": 7})
    object.__setattr__(services, "settings", keeping)
    old, young = receive(b"vieja"), receive()
    with services.database.writing() as session:
        row = update(InboundMedia).where(InboundMedia.whatsapp_id == old)
        session.execute(row.values(stored_at=now_ms() - 8 * DAY_MS))
    age(settings)
    MediaRetention(services).run()
    assert lies_there(services) == [SHA256]
    assert (media_row(services, old).status, media_row(services, old).error) == ("expired", "MEDIA_RETENTION")
    refused = client.get(f"/api/whatsapp/51/inbound/{old}/media", headers=maria)
    assert refused.json["details"]["media"]["error"] == "MEDIA_RETENTION"
    assert client.get(f"/api/whatsapp/51/inbound/{young}/media", headers=maria).data == PDF
    with services.database.reading() as session:
        assert len(list(session.scalars(select(InboundMessage.id)))) == 2


def test_a_file_of_which_sql_has_not_heard_yet_is_spared(
    services: Services, settings: Settings, receive: Receiving
) -> None:
    receive(b"cuenta")
    with services.media.writing(51, 1 << 20) as writer:
        writer.write(PDF)
        writer.commit()
    retention = MediaRetention(services)
    retention.run()
    assert SHA256 in lies_there(services)
    age(settings)
    retention.run()
    assert lies_there(services) == [hashlib.sha256(b"cuenta").hexdigest()]


def test_what_a_killed_worker_left_is_swept(services: Services, settings: Settings, receive: Receiving) -> None:
    receive()
    leftover = Path(settings.media_location) / "51" / "incoming" / "abc"
    leftover.write_bytes(b"half")
    MediaRetention(services).run()
    assert leftover.exists()
    age(settings)
    MediaRetention(services).run()
    assert not leftover.exists()
    assert lies_there(services) == [SHA256]


def test_a_store_that_is_away_keeps_rows_going_and_the_count_true(
    services: Services, settings: Settings, receive: Receiving
) -> None:
    receive()
    services.ledger.media.count_used(51, 5)
    folder = Path(settings.media_location)
    folder.rename(folder.with_name("gone"))
    folder.write_text("no folder")
    MediaRetention(services).run()
    assert services.ledger.media.used(51) == len(PDF)


def test_what_is_pending_is_put_back_into_an_emptied_redis(
    services: Services, server: redis.Redis, keys: Keys, receive: Receiving, lost_state: LostState
) -> None:
    receive()
    pending = receive(status=MediaStatus.PENDING)
    receive(status=MediaStatus.FAILED)
    other = receive(status=MediaStatus.PENDING, cliente_id=52)
    before = services.ledger.media.next(51)
    assert before is not None
    for key in server.scan_iter(f"{keys.prefix}*"):
        server.delete(key)
    assert lost_state.mend()
    after, of_other = services.ledger.media.next(51), services.ledger.media.next(52)
    assert after is not None
    assert of_other is not None
    assert (after.whatsapp_id, after.pending, after.used_bytes) == (pending, before.pending, len(PDF))
    assert of_other.whatsapp_id == other
    assert server.zcard(keys.media_due(51)) == 1


def test_what_sql_can_no_longer_say_is_not_put_back(
    services: Services, server: redis.Redis, keys: Keys, receive: Receiving, lost_state: LostState
) -> None:
    for text in ("", "{}", "no json"):
        key = receive(status=MediaStatus.PENDING)
        with services.database.writing() as session:
            session.execute(update(InboundMedia).where(InboundMedia.whatsapp_id == key).values(source=text))
    for key in server.scan_iter(f"{keys.prefix}*"):
        server.delete(key)
    assert lost_state.mend()
    assert services.ledger.media.next(51) is None


def test_it_is_done_on_time(tasks: dict[str, Callable[[], None]], services: Services, receive: Receiving) -> None:
    receive()
    services.ledger.media.count_used(51, 0)
    assert [task.name for task in SUBJECT.tasks] == [names.TASK_FORGET_MEDIA]
    thread = threading.Thread(target=tasks[names.TASK_FORGET_MEDIA])
    thread.start()
    thread.join()
    assert services.ledger.media.used(51) == len(PDF)
