"""Records on the wire: what one side makes the other reads, and what does not fit is refused by name."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.names import EventType
from shared.protocol import commands, events, inbound
from shared.protocol.commands import AskContact, AskPairingCode, AskStatus, Connect, ContactAnswer, Refusal
from shared.protocol.events import BODIES, Event, MessageInbound, MessageQueued, SessionMoved
from shared.protocol.snapshot import Snapshot, Wanted
from shared.protocol.wire import Record, WireError
from shared.transitions.session import QrStatus, SessionEvent, SessionStatus

RECORDS = sorted(
    {
        kind
        for module in (events, commands, inbound)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Record) and kind not in (Record, commands.Question)
    }
    | {Snapshot, Wanted},
    key=lambda kind: kind.__name__,
)
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))  # JSON has neither
PLAIN = [kind for kind in RECORDS if kind is not commands.SessionStatusAnswer]


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_one_side_makes_the_other_reads(kind: type[Record], data: st.DataObject) -> None:
    made = data.draw(st.builds(kind))
    arrived = json.loads(json.dumps(made.to_wire()))
    assert kind.from_wire(arrived) == made
    assert kind.unknown_fields(arrived) == set()


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_a_missing_field_is_named(kind: type[Any]) -> None:
    needed = [field for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING]
    if needed:
        with pytest.raises(WireError, match=f"{kind.__name__}: {needed[0].metadata.get('wire', needed[0].name)} is"):
            kind.from_wire({})
    else:
        assert kind.from_wire({}) == kind()


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_another_type_is_refused_and_the_value_is_not_told(kind: type[Any]) -> None:
    for field in dataclasses.fields(kind):
        with pytest.raises(WireError) as refused:
            kind.from_wire({field.metadata.get("wire", field.name): [["+5491122334455"]]})
        assert "5491122334455" not in str(refused.value)


def test_true_is_no_number() -> None:
    with pytest.raises(WireError, match="attempt"):
        MessageQueued.from_wire({"attempt": True})


def test_an_unknown_field_is_passed_over_and_can_be_noticed() -> None:
    wire = {"cliente_id": 51, "refresh_code": True, "since_next_year": 1}
    assert Connect.from_wire(wire) == Connect(51, refresh_code=True)
    assert Connect.unknown_fields(wire) == {"since_next_year"}


def test_what_stands_at_its_default_is_left_out() -> None:
    assert Connect(51).to_wire() == {"cliente_id": 51}


def test_every_event_type_has_a_record() -> None:
    assert BODIES.keys() == set(EventType)


def test_an_event_is_read_with_its_record() -> None:
    moved = SessionMoved(SessionStatus.INIT, SessionStatus.READY, SessionEvent.OPENED, "opened", "store")
    entry = {
        "type": "session.status",
        "cliente_id": "51",
        "message_id": "",
        "at": "7",
        "data": events.event_data(moved),
    }
    read = Event.from_wire("1-0", entry)
    assert (read.type, read.cliente_id, read.at, read.body) == (EventType.SESSION_STATUS, 51, 7, moved)


def test_the_history_never_holds_a_text() -> None:
    inbound = MessageInbound(sender="5491122334455", message="un secreto", at=1, whatsapp_id="false_x")
    entry = {"type": "message.inbound", "cliente_id": "51", "message_id": "false_x", "at": "1"}
    read = Event.from_wire("1-0", {**entry, "data": events.event_data(inbound)})
    assert "secreto" not in read.history_data


@pytest.mark.parametrize("entry", [{}, {"type": "no.such", "data": "{}"}, {"type": "session.unwanted", "data": "[]"}])
def test_what_is_no_event_is_refused(entry: dict[str, str]) -> None:
    with pytest.raises((ValueError, KeyError)):
        Event.from_wire("1-0", {"cliente_id": "1", "message_id": "", "at": "1", **entry})


def test_a_lone_surrogate_goes_through() -> None:
    inbound = MessageInbound(sender="5491", message="a\ud800b", at=1, whatsapp_id="k")
    assert MessageInbound.from_wire(json.loads(events.event_data(inbound))) == inbound


def test_an_answer_is_read_by_its_question() -> None:
    question = AskContact(51, "q", "5491")
    answer = ContactAnswer(exists=True, chat_id="5491@c.us")
    assert question.read(commands.answer_text(answer)) == answer
    assert question.read(commands.answer_text(Refusal("SESSION_NOT_READY"))) == Refusal("SESSION_NOT_READY")
    for text in ("", "[]", "{}"):
        with pytest.raises(WireError):
            AskPairingCode(51, "q", "5491").read(text)


def test_a_status_answer_carries_the_whole_snapshot() -> None:
    snapshot = Snapshot(51, SessionStatus.QR_REQUIRED, qr_status=QrStatus.GENERATED, qr_string="2@x", since=5)
    text = commands.answer_text(commands.SessionStatusAnswer(snapshot))
    assert AskStatus(51, "q").read(text) == commands.SessionStatusAnswer(snapshot)


def test_a_snapshot_goes_through_the_hash_that_keeps_it() -> None:
    snapshot = Snapshot(51, SessionStatus.READY, since=5, push_name="Ñandú", fence=0)
    flat = [str(part) for part in snapshot.to_hash()]
    assert Snapshot.from_hash(51, dict(zip(flat[::2], flat[1::2], strict=True))) == snapshot


@pytest.mark.parametrize("ack", [1, 2, 3])
def test_an_acknowledgement_that_an_earlier_version_wrote_is_read(ack: int) -> None:
    kind = (EventType.MESSAGE_SENT, EventType.MESSAGE_DELIVERED, EventType.MESSAGE_READ)[ack - 1]
    entry = {"type": kind.value, "cliente_id": "51", "message_id": "01M8", "at": "1", "data": json.dumps({"ack": ack})}
    assert Event.from_wire("1-0", entry).body == BODIES[kind](ack=ack, whatsapp_id="")
