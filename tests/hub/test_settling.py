"""What is left of a message in Redis once it has ended and SQL has it, and how much of Redis a tenant may take."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from flask.testing import FlaskClient
from hub_records import accept, count, recorded
from sqlalchemy.exc import OperationalError

from hub_api.messages import history
from hub_api.messages.restore import restore_entries
from hub_api.recording.drain import Drain
from hub_api.recording.models import UnrecordedEvent
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.claiming.work import Outcome, PutKey
from shared.ledger.script import ENTRY_BYTES, READ_KEPT_MS, RECEIPT_KEPT_MS, UNSENT_KEPT_MS
from shared.names import Keys
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus
from support.claiming import stored, whatsapp_id_of
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
TEXT = "Le recordamos su turno del martes 24 a las 10:30 en el consultorio de la calle Larga 1234."
BODY = {"to": "+54 9 11 2345-6789", "message": TEXT, "on_not_ready": "queue"}


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY)


def send(client: FlaskClient, headers: dict[str, str], **more: str) -> str:
    answer = client.post(URL, headers=headers | more, json=BODY)
    assert answer.status_code == 202, answer.json
    return str(answer.json["message_id"])


class TestTheText:
    def test_leaves_redis_once_it_is_on_record_and_is_shown_all_the_same(
        self, client: FlaskClient, maria: dict[str, str], drain: Drain, owner: Owner, server: redis.Redis, keys: Keys
    ) -> None:
        message_id = send(client, maria)
        before = server.memory_usage(keys.message(message_id))
        message = owner.send_next()
        assert message is not None
        assert server.hget(keys.message(message_id), "message") == TEXT  # nobody has recorded it yet
        drain.run()

        assert not server.hexists(keys.message(message_id), "message")
        assert server.memory_usage(keys.message(message_id)) < before
        shown = client.get(f"{URL}/{message_id}?events=true", headers=maria).json
        assert (shown["status"], shown["message"], shown["attempts"]) == ("sent", TEXT, 1)
        assert shown["whatsapp_id"] == whatsapp_id_of(message)
        [listed] = client.get(URL, headers=maria).json["items"]
        assert {name: shown[name] for name in listed} == listed

    def test_receipts_are_taken_after_that(
        self, client: FlaskClient, maria: dict[str, str], services: Services, drain: Drain, owner: Owner
    ) -> None:
        message_id = send(client, maria)
        message = owner.send_next()
        assert message is not None
        drain.run()
        [unread] = services.ledger.entries.unread(51, 10)  # what a new browser asks WhatsApp about
        assert (unread.whatsapp_id, unread.chat_id, unread.login_id) == (whatsapp_id_of(message), "x@c.us", "e")
        for ack, status in ((2, "delivered"), (3, "read")):
            assert owner.acknowledge(message, ack) == status
            drain.run()
            assert recorded(services, message_id).status == status
        shown = client.get(f"{URL}/{message_id}", headers=maria).json
        assert (shown["status"], shown["message"]) == ("read", TEXT)

    def test_stays_while_the_message_may_be_sent_yet(
        self, services: Services, drain: Drain, owner: Owner, server: redis.Redis, keys: Keys
    ) -> None:
        uncertain = accept(services)
        message = owner.claim()
        assert owner.put_key(message) is PutKey.OK
        owner.complete(message, Outcome.UNCERTAIN, "OUTCOME_UNKNOWN")
        sending, queued = accept(services, "5491123456780"), accept(services, "5491123456781")
        owner.claim()
        drain.run()
        # a batch that names them settles none of them
        services.ledger.settling.settle([(51, one) for one in (uncertain, sending, queued)])
        assert [stored(services.ledger, one).text for one in (uncertain, sending, queued)] == ["hola"] * 3
        # a person has it sent again
        services.ledger.review.resolve(51, uncertain, MessageStatus.QUEUED, "root", now_ms(), now_ms() + 60_000)
        drain.run()
        assert owner.claim().text == "hola"

    def test_stays_where_sql_refused_the_message(
        self, services: Services, drain: Drain, server: redis.Redis, keys: Keys
    ) -> None:
        message_id = accept(services)
        server.xtrim(keys.events, maxlen=0)
        services.ledger.review.cancel(51, message_id, now_ms())
        server.hset(keys.message(message_id), "lane", "no lane")
        drain.run()
        assert count(services, UnrecordedEvent) == 1
        assert server.hget(keys.message(message_id), "message") == "hola"

    def test_stays_while_the_database_is_away(
        self, services: Services, drain: Drain, owner: Owner, server: redis.Redis, keys: Keys,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        message_id = accept(services)
        owner.send_next()
        with monkeypatch.context() as patch:
            patch.setattr(services.database, "writing", _away)
            with pytest.raises(OperationalError):
                drain.run()
        assert server.hget(keys.message(message_id), "message") == "hola"
        drain.run()
        assert not server.hexists(keys.message(message_id), "message")

    def test_what_redis_did_not_take_is_done_with_the_next_events(
        self, services: Services, drain: Drain, owner: Owner, server: redis.Redis, keys: Keys,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:  # fmt: skip
        first = accept(services)
        owner.send_next()
        with monkeypatch.context() as patch:
            patch.setattr(services.ledger.settling, "settle", _redis_away)
            with pytest.raises(redis.ConnectionError):
                drain.run()
        assert server.hexists(keys.message(first), "message")
        accept(services, "5491123456780")
        drain.run()
        assert not server.hexists(keys.message(first), "message")

    def test_a_repeated_call_is_answered_with_it(
        self, client: FlaskClient, maria: dict[str, str], drain: Drain, owner: Owner
    ) -> None:
        first = send(client, maria, **{"Idempotency-Key": "k"})
        owner.send_next()
        drain.run()
        again = client.post(URL, headers=maria | {"Idempotency-Key": "k"}, json=BODY).json
        assert (again["message_id"], again["message"], again["duplicate"]) == (first, TEXT, True)

    def test_a_call_without_a_key_whose_answer_was_lost_is_known_by_it(
        self, client: FlaskClient, maria: dict[str, str], drain: Drain, owner: Owner
    ) -> None:
        first = send(client, maria)
        owner.send_next()
        drain.run()
        headers = maria | {"Idempotency-Key": f"message:{first}"}
        again = client.post(URL, headers=headers, json=BODY)
        other = client.post(URL, headers=headers, json=BODY | {"message": "otra"})
        assert (again.status_code, again.json["message_id"], again.json["message"]) == (202, first, TEXT)
        assert (other.status_code, other.json["error"]) == (409, "IDEMPOTENCY_CONFLICT")

    def test_without_the_database_the_rest_is_answered(
        self, client: FlaskClient, maria: dict[str, str], drain: Drain, owner: Owner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        message_id = send(client, maria)
        owner.send_next()
        drain.run()
        monkeypatch.setattr(history, "recorded", _away)
        shown = client.get(f"{URL}/{message_id}", headers=maria).json
        assert (shown["status"], shown["message"]) == ("sent", None)


class TestItsLife:
    @pytest.mark.parametrize(("ack", "life_ms"), [(1, RECEIPT_KEPT_MS), (2, RECEIPT_KEPT_MS), (3, READ_KEPT_MS)])
    def test_is_that_of_the_receipts_that_may_come(
        self, services: Services, drain: Drain, owner: Owner, server: redis.Redis, keys: Keys, ack: int, life_ms: int
    ) -> None:
        message_id = accept(services)
        message = owner.send_next(ack)
        assert message is not None
        drain.run()
        key = keys.whatsapp_key_prefix(51) + whatsapp_id_of(message)
        for name in (keys.message(message_id), key):
            assert life_ms - 60_000 < server.pttl(name) <= life_ms

    def test_is_short_where_nothing_went_out(
        self, services: Services, drain: Drain, owner: Owner, server: redis.Redis, keys: Keys
    ) -> None:
        cancelled, failed = accept(services), accept(services, "5491123456780")
        services.ledger.review.cancel(51, cancelled, now_ms())
        message = owner.claim()
        assert owner.put_key(message) is PutKey.OK
        owner.complete(message, Outcome.FAILED, "REFUSED_BY_WHATSAPP")
        drain.run()
        assert 0 < server.pttl(keys.message(cancelled)) <= UNSENT_KEPT_MS
        assert server.pttl(keys.message(failed)) > UNSENT_KEPT_MS  # a late acknowledgement corrects it
        assert owner.acknowledge(message) == "sent"


class TestAShare:
    LIMIT = 3 * (ENTRY_BYTES + 4)

    @pytest.fixture
    def small(self, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        server = {"used_memory": 1, "maxmemory": self.LIMIT * 10}
        monkeypatch.setattr(services.client, "info", lambda section: server)

    def test_a_tenant_takes_no_more_than_its_share(
        self, client: FlaskClient, maria: dict[str, str], root: dict[str, str], services: Services, small: None,
        drain: Drain, owner: Owner, server: redis.Redis, keys: Keys,
    ) -> None:  # fmt: skip
        ids = [accept(services, f"549112345678{n}") for n in range(3)]
        body = BODY | {"message": "hola"}
        refused = client.post(URL, headers=maria, json=body)
        assert (refused.status_code, refused.json["error"]) == (503, "QUEUE_FULL")
        assert refused.json["details"] == {"tenant_memory_bytes": self.LIMIT}
        # the others' is theirs
        assert client.post("/api/whatsapp/52/messages", headers=root, json=body).status_code == 202
        # what has ended and is on record makes room
        owner.send_next()
        services.ledger.review.cancel(51, ids[2], now_ms())
        assert client.post(URL, headers=maria, json=body).status_code == 503
        drain.run()
        for status in (202, 202, 503):
            assert client.post(URL, headers=maria, json=body).status_code == status

    def test_what_it_takes_is_counted_to_the_byte_and_forgotten_where_nothing_waits(
        self, services: Services, drain: Drain, owner: Owner, server: redis.Redis, keys: Keys
    ) -> None:
        taken = keys.counts(51)
        first, second = accept(services), accept(services, "5491123456780")
        assert server.hget(taken, "bytes") == str(2 * (ENTRY_BYTES + 4))
        services.ledger.review.cancel(51, second, now_ms())
        drain.run()
        assert server.hget(taken, "bytes") == str(ENTRY_BYTES + 4)
        server.hincrby(taken, "bytes", 7_000)  # of an entry that was lost
        owner.send_next()
        drain.run()
        assert not server.hexists(taken, "bytes")
        assert services.ledger.entries.balance(51).balanced
        assert stored(services.ledger, first).status is MessageStatus.SENT

    def test_a_restored_message_counts(self, services: Services, drain: Drain, server: redis.Redis, keys: Keys) -> None:
        message_id = accept(services)
        drain.run()
        server.delete(keys.message(message_id), keys.counts(51), keys.open(51))
        message = history.recorded(services.database, message_id)
        assert message is not None
        marker = services.ledger.incarnation.marker()
        assert marker is not None
        assert restore_entries(services, [message], now_ms(), marker) == {"queued": 1}
        assert server.hget(keys.counts(51), "bytes") == str(ENTRY_BYTES + 4)


def _away(*_: object) -> object:
    raise OperationalError("SELECT 1", {}, Exception("away"))


def _redis_away(*_: object) -> object:
    raise redis.ConnectionError
