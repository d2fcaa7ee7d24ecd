"""The hub's pure parts: tenants, tokens, QR answers, records."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_api.accounts.tokens import signed as tokens
from hub_api.authorizations.service import Authorization
from hub_api.chats.models import Conversation, ConversationRow
from hub_api.messages import recorder as recorded_message
from hub_api.messages.csv_page import csv_answer
from hub_api.messages.history import to_message
from hub_api.messages.models import MessageRecord, MessageRow
from hub_api.messages.service import SendRequest, drafted
from hub_api.pairing import qr_picture
from hub_api.pairing.qr_answer import QrAnswer, answer, ran_out
from hub_api.principal import TenantProfile
from hub_api.repair.sweep import rotated
from hub_api.storable import history_row, storable
from hub_api.web import cliente_id
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.workers.memory_guard import MemoryGuard
from shared.errors import (
    InvalidClienteId,
    InvalidHeader,
    InvalidTo,
    MissingHeader,
    QueueFull,
    TokenExpired,
    Unauthorized,
    ValidationFailed,
)
from shared.protocol.events import Event
from shared.protocol.snapshot import Snapshot
from shared.sessions.view import SessionView
from shared.transitions.message import Lane, MessageStatus
from shared.transitions.session import QrStatus, SessionStatus

NOW = 1_700_000_000_000
PROFILE = TenantProfile(None, "AR", "America/Argentina/Buenos_Aires", 0, "es", None)


@pytest.mark.parametrize(
    ("body", "header", "query", "token", "found"),
    [
        (None, None, None, 51, 51),
        (52, None, None, 51, 52),
        (None, "52", None, None, 52),
        (None, None, "52", None, 52),
        (52, "52", "52", 51, 52),
    ],
)
def test_the_tenant_a_call_means(body, header, query, token, found):
    assert cliente_id.resolve(body, header, query, token) == found


@pytest.mark.parametrize(
    ("body", "header", "query", "token", "error"),
    [
        (None, None, None, None, MissingHeader),
        (None, "x", None, 51, InvalidHeader),
        (None, None, "0", 51, InvalidClienteId),
        (51, "52", None, None, ValidationFailed),
        (None, "51", "52", None, ValidationFailed),
    ],
)
def test_a_call_that_means_no_tenant_or_two(body, header, query, token, error):
    with pytest.raises(error):
        cliente_id.resolve(body, header, query, token)


@given(st.text())
def test_instances_are_parsed_or_none(text):
    found = cliente_id.parse_instance(text)
    assert found is None or text == f"sender_{found}"


def test_a_token_says_who_and_expires():
    token = tokens.issue(tokens.TokenUser(7, "maria", "cliente", 51), "k" * 32, 1_000, 60)

    verified = tokens.verify(token, ["k" * 32], 1_059)
    assert (verified.token.user_id, verified.principal.name, verified.principal.cliente_id) == (7, "user:maria", 51)
    with pytest.raises(TokenExpired):
        tokens.verify(token, ["k" * 32], 1_060)


@given(st.text())
def test_no_text_is_a_token(text):
    with pytest.raises(Unauthorized):
        tokens.verify(text, ["k" * 32], 0)


def _view(status, owned=True, wanted=True, **fields):
    return SessionView(Snapshot(51, status=status, **fields), owned=owned, wanted=wanted)


CODE = {"qr_status": QrStatus.GENERATED, "qr_string": "x", "qr_expires_at": NOW + 1}


@pytest.mark.parametrize(
    ("view", "found"),
    [
        (_view(SessionStatus.DISCONNECTED), QrAnswer.NONE_YET),
        (_view(SessionStatus.INIT), QrAnswer.NONE_YET),
        (_view(SessionStatus.QR_REQUIRED), QrAnswer.NONE_YET),
        (_view(SessionStatus.QR_REQUIRED, **CODE), QrAnswer.CODE),
        (_view(SessionStatus.QR_REQUIRED, **CODE | {"qr_expires_at": NOW}), QrAnswer.NONE_YET),
        (_view(SessionStatus.QR_REQUIRED, owned=False, **CODE), QrAnswer.NONE_YET),
        (_view(SessionStatus.AUTHENTICATED), QrAnswer.SYNCING),
        (_view(SessionStatus.READY), QrAnswer.CONNECTED),
        (_view(SessionStatus.READY, owned=False), QrAnswer.NONE_YET),
        (_view(SessionStatus.ERROR, last_error_code="BROWSER_FAILED"), QrAnswer.FAILED),
        (_view(SessionStatus.ERROR, owned=False, last_error_code="BROWSER_FAILED"), QrAnswer.FAILED),
        (_view(SessionStatus.ERROR, False, False, last_error_code="BROWSER_FAILED"), QrAnswer.NONE_YET),
        (_view(SessionStatus.ERROR, False, False, last_error_code="ACCOUNT_BANNED"), QrAnswer.FAILED),
    ],
)
def test_what_a_session_answers_to_a_call_for_a_code(view, found):
    assert answer(view, NOW) is found


def test_a_code_that_ran_out_must_be_renewed():
    assert ran_out(_view(SessionStatus.QR_REQUIRED, **CODE), NOW + 1)
    assert ran_out(_view(SessionStatus.QR_REQUIRED, qr_status=QrStatus.EXPIRED), NOW)
    assert not ran_out(_view(SessionStatus.QR_REQUIRED, **CODE), NOW)
    assert not ran_out(_view(SessionStatus.QR_REQUIRED), NOW)
    assert not ran_out(_view(SessionStatus.QR_REQUIRED, owned=False, qr_status=QrStatus.EXPIRED), NOW)


def test_an_authorization_ends_when_it_says():
    assert Authorization(True, None).allows(NOW)
    assert Authorization(True, NOW + 1).allows(NOW)
    assert not Authorization(True, NOW).allows(NOW)
    assert not Authorization(False, NOW + 1).allows(NOW)


def test_a_code_drawn_in_characters_is_square():
    lines = qr_picture.characters("2@abc").splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) * 2 - len(lines[0]) in (0, 1)


def test_orders_become_drafts():
    draft = drafted(51, SendRequest("11 2345-6789", "hola", idempotency_key="k"), NOW, PROFILE)
    assert (draft.to, draft.expires_at_ms - NOW, draft.wake) == ("541123456789", 600_000, False)
    assert drafted(51, SendRequest("5491123456789", "x", wake=True), NOW, PROFILE).expires_at_ms - NOW == 86_400_000
    assert (
        drafted(51, SendRequest("5491123456789", "x", lane=Lane.BULK), NOW, PROFILE).expires_at_ms - NOW == 86_400_000
    )
    same = drafted(51, SendRequest("+54 11 2345-6789", "hola", idempotency_key="k"), NOW + 5, PROFILE)
    assert same.body_digest == draft.body_digest


@pytest.mark.parametrize("expires_at", ["2023-11-14T22:13:20Z", "2023-11-21T22:13:20.001Z"])
def test_an_expiry_that_can_not_be(expires_at):
    with pytest.raises(ValidationFailed):
        drafted(51, SendRequest("5491123456789", "x", expires_at=expires_at), NOW, PROFILE)


@given(st.text(max_size=80))
def test_no_text_breaks_the_number_parser(text):
    try:
        draft = drafted(51, SendRequest(text, "x"), NOW, PROFILE)
    except InvalidTo:
        return
    assert draft.to.isdigit()


@given(st.text(max_size=120))
def test_no_text_breaks_a_cursor(text):
    with contextlib.suppress(ValidationFailed):
        read_cursor(text)


def test_a_cursor_comes_back():
    assert read_cursor(write_cursor(NOW, "01ABC")) == (NOW, "01ABC")


QUEUED = {
    "to": "5491123456789",
    "message": "hola",
    "lane": 1,
    "accepted_at": NOW,
    "expires_at": NOW + 1,
    "bulk_id": "b",
}


def _event(kind, data=None, at=NOW):
    fields = {"type": kind, "cliente_id": "51", "message_id": "m", "at": str(at), "data": json.dumps(data or {})}
    return Event.from_wire("1-1", fields)


def _record(*kinds):
    record = recorded_message.begin(_event("message.queued", QUEUED))
    data = {"whatsapp_id": "w", "attempt": 1, "error": "", "fence": 1, "ack": 1, "certain": True, "cause": "c"}
    for kind in kinds:
        recorded_message.follow(record, _event(f"message.{kind}", data))
    return record


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        ((), "queued"),
        (("sending", "key"), "sending"),
        (("sending", "queued"), "queued"),
        (("sending", "sent", "delivered", "read"), "read"),
        (("sending", "read", "sent", "delivered"), "read"),
        (("sending", "sent", "failed"), "sent"),
        (("cancelled", "sending"), "cancelled"),
        (("cancelled", "sending", "sent"), "sent"),
        (("sending", "uncertain", "sent"), "sent"),
        (("sending", "reindexed"), "sending"),
    ],
)
def test_a_record_never_goes_back(kinds, status):
    assert _record(*kinds).status == status


def test_a_record_keeps_times_and_the_key():
    record = _record("sending", "key", "read")
    assert (record.whatsapp_id, record.attempts) == ("w", 1)
    assert record.sent_at == record.delivered_at == record.read_at == NOW
    assert _record("sending", "key", "queued").whatsapp_id is None
    assert to_message(_record("sending", "key")).certain is False
    assert to_message(_record()).status is MessageStatus.QUEUED


@pytest.mark.parametrize(("kind", "model"), [(MessageRow, MessageRecord), (ConversationRow, Conversation)])
def test_plain_rows_have_their_tables_columns(kind, model):
    assert set(kind.__slots__) == set(model.__table__.columns.keys())


def test_history_holds_no_text():
    assert set(json.loads(history_row(_event("message.queued", QUEUED))["data"])) == set(QUEUED) - {"to", "message"}


@given(st.text())
def test_whatever_is_stored_can_be_stored(text):
    kept = storable(text, 10)
    assert len(kept) <= 10
    assert "\x00" not in kept
    kept.encode()


def test_a_table_holds_no_formulas():
    table = csv_answer([{"message": "=1+1", "certain": True, "to": None}], "next", "http://x/m", {"a": "b"})
    assert "'=1+1" in table.get_data(as_text=True)
    assert table.headers["Link"] == '<http://x/m?a=b&cursor=next>; rel="next"'


class _Info:
    def __init__(self, **answer):
        self.answer, self.asked = answer, 0

    def info(self, section):
        self.asked += 1
        return self.answer


def test_memory_is_asked_for_every_two_seconds():
    now = [0.0]
    server = _Info(used_memory=81, maxmemory=100)
    guard = MemoryGuard(server, clock=lambda: now[0])
    for _ in range(3):
        with pytest.raises(QueueFull):
            guard.check()
    assert server.asked == 1
    now[0], server.answer = 2.0, {"used_memory": 80, "maxmemory": 100}
    guard.check()
    assert server.asked == 2
    MemoryGuard(_Info(used_memory=10**12, maxmemory=0)).check()


def test_all_tenants_follow_the_one_where_the_last_run_stopped() -> None:
    assert rotated([53, 51, 60], 52) == [53, 60, 51]
    assert rotated([51, 53], 54) == [51, 53]
    assert rotated([], 1) == []
