"""The two stores can't disagree: every script of the ledger at random, its events followed in SQL's record.

After each step the record stands as the ledger's entry does, every event is a record of its type with nothing unknown
in it, and the counters add up.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import cast

import pytest
import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hub_api.messages.history import to_message
from hub_api.messages.models import MessageRow
from hub_api.messages.recorder import begin, follow
from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.claiming.work import Login, Outcome, PutKey, Recover, Send
from shared.ledger.ledger import make_ledger
from shared.ledger.message import CampaignRelease, Draft, Message, new_message_id
from shared.ledger.restoring.restoring import RestoreAs
from shared.names import EventType, Keys
from shared.protocol.content import PLAIN, Content, ContentType, MediaFile, Quote
from shared.protocol.events import BODIES, Event
from shared.redis.client import connect
from shared.sessions.lease import Lease, Leases
from shared.transitions.message import OPEN_STATUSES, OUT_STATUSES, Lane, MessageStatus
from support.claiming import NO_PACE
from testing.claims import open_claims

CLIENTE = 51
START = 1_800_000_000_000
LIFE_MS = 600_000
LIMITS = AcceptLimits(queue=1000, per_minute=0)
NUMBERS = ["5491100000001", "5491100000002"]
GROUP = "120363041234567890@g.us"
PICTURE = Content(ContentType.IMAGE, MediaFile("ab" * 32, "image/jpeg", 5, "casa.jpg"))
ANSWER = replace(
    PICTURE, type=ContentType.DOCUMENT, quote=Quote("false_x@c.us_1", "5491100000001"), mentions=("1", "2")
)
PHONES = ["5491150000051", "5491150000052"]

WAYS = (RestoreAs.QUEUED, RestoreAs.HELD, RestoreAs.UNCERTAIN, RestoreAs.EXPIRED)  # of what is open


class Walk(RuleBasedStateMachine):
    """A tenant's messages: accepted, claimed, keyed, acknowledged, ended, held, resolved, lost and restored."""

    url = ""

    @initialize()
    def begin(self) -> None:
        self.client: redis.Redis = connect(self.url)
        self.keys = Keys(f"w{secrets.token_hex(6)}:")
        open_claims(self.client, self.keys)
        self.ledger = make_ledger(self.client, self.keys)
        self.leases = Leases(self.client, self.keys, 3_600_000)
        self.lease = self._take()
        self.run = 1
        self.now = START
        self.ids: list[str] = []
        self.said: dict[str, tuple[str, Content]] = {}
        self.whatsapp_ids: list[str] = []
        self.records: dict[str, MessageRow] = {}
        self.of_lost_keys: dict[str, MessageRow] = {}  # as `records`, but that no event `message.key` reached
        self.cursor = "-"

    def _take(self) -> Lease:
        taken = self.leases.take(CLIENTE, secrets.token_hex(4), "store", 1)
        assert taken is not None
        return taken

    # What callers, WhatsApp, persons and repairs do.

    @rule(
        to=st.sampled_from([*NUMBERS, GROUP]),
        lane=st.sampled_from(Lane),
        short=st.booleans(),
        said=st.sampled_from([("hola", PLAIN), ("", PICTURE), ("pie", ANSWER)]),
    )
    def accept(self, to: str, lane: Lane, short: bool, said: tuple[str, Content] = ("hola", PLAIN)) -> None:
        release = CampaignRelease("0.0.0", "1:1", 0, 20_261_121, None) if lane is Lane.CAMPAIGN else None
        draft = Draft(
            message_id=new_message_id(),
            cliente_id=CLIENTE,
            to=to,
            text=said[0],
            content=said[1],
            lane=lane,
            accepted_at_ms=self.now,
            expires_at_ms=self.now + (1_000 if short else LIFE_MS),
            wake=True,
            campaign_id="c" if release else "",
            release=release,
        )
        [answer] = self.ledger.accepting.accept_many([(draft, b"")], LIMITS)
        if not isinstance(answer, Exception):
            self.ids.append(draft.message_id)
            self.said[draft.message_id] = said

    @rule(ms=st.sampled_from([500, 2_000, 700_000]))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule()
    def another_browser_run(self) -> None:
        self.run += 1

    @rule()
    def another_owner(self) -> None:
        self.leases.release(CLIENTE, self.lease.token)
        self.lease, self.run = self._take(), self.run + 1

    @rule(
        key=st.booleans(),
        then=st.sampled_from(["nothing", "ack", "delivered", *Outcome]),
    )
    def claim(self, key: bool, then: str) -> None:
        work = self.ledger.claiming.claim_next(self.lease, f"run{self.run}", self.now, NO_PACE, bulk_allowed=True)
        if not isinstance(work, Send | Recover):
            return
        message = work.message
        assert work.message.status is MessageStatus.SENDING
        whatsapp_id = message.whatsapp_id
        if whatsapp_id is None and key:
            whatsapp_id = f"true_{len(self.whatsapp_ids)}"
            login = Login("login", f"run{self.run}")
            put = self.ledger.claiming.put_key(
                self.lease, message, login, whatsapp_id=whatsapp_id, chat_id="c", now_ms=self.now, lease_left_ms=1
            )
            if put is PutKey.OK:
                self.whatsapp_ids.append(whatsapp_id)
        if then in ("ack", "delivered") and whatsapp_id in self.whatsapp_ids:
            self.ledger.receipts.acknowledge(CLIENTE, whatsapp_id, 1 if then == "ack" else 2, self.now)
        elif then in list(Outcome):
            self.ledger.claiming.complete(
                self.lease, message, Outcome(then), code="ENGINE_FAILED", now_ms=self.now, browser_run=f"run{self.run}"
            )

    @precondition(lambda self: self.whatsapp_ids)
    @rule(data=st.data(), ack=st.integers(0, 4))
    def late_acknowledgement(self, data: st.DataObject, ack: int) -> None:
        self.ledger.receipts.acknowledge(CLIENTE, data.draw(st.sampled_from(self.whatsapp_ids)), ack, self.now)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), what=st.sampled_from(["cancel", "expire", "release", "sent", "failed", "queued"]))
    def a_decision(self, data: st.DataObject, what: str) -> None:
        message_id = data.draw(st.sampled_from(self.ids))
        review = self.ledger.review
        if what == "cancel":
            review.cancel(CLIENTE, message_id, self.now)
        elif what == "expire":
            review.expire(CLIENTE, message_id, self.now)
        elif what == "release":
            review.release(CLIENTE, message_id, "ana", self.now)
        else:
            review.resolve(CLIENTE, message_id, MessageStatus(what), "ana", self.now, self.now + LIFE_MS)

    def review_of(self, ended: str) -> None:
        """Cancels or expires the first message."""
        review = self.ledger.review
        end = review.cancel if ended == "cancelled" else review.expire
        assert end(CLIENTE, self.ids[0], self.now) == "ended"

    @precondition(lambda self: self.ids)
    @rule(data=st.data())
    def what_is_on_record_is_settled(self, data: st.DataObject) -> None:
        self.ledger.settling.settle([(CLIENTE, data.draw(st.sampled_from(self.ids)))])

    @rule(phone=st.sampled_from(PHONES))
    def a_phone_is_paired(self, phone: str) -> None:
        self.ledger.claiming.hold_for_another_phone(self.lease, phone, self.now)

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), way=st.sampled_from(WAYS))
    def an_entry_is_lost_and_restored(self, data: st.DataObject, way: RestoreAs) -> None:
        """As repairs do it: only what SQL has as open, and as a status that SQL's record may take."""
        message_id = data.draw(st.sampled_from(self.ids))
        message = to_message(self.records[message_id])
        if message.status not in OPEN_STATUSES:
            return
        if message.status is MessageStatus.SENDING and way is not RestoreAs.UNCERTAIN:
            return
        self.client.delete(self.keys.message(message_id))
        self.ledger.restoring.restore(message, way, self.now, self.ledger.incarnation.marker() or "")

    @precondition(lambda self: self.ids)
    @rule(data=st.data(), index=st.sampled_from(["open", "in_flight", "held"]))
    def an_index_is_wrong_and_put_right(self, data: st.DataObject, index: str) -> None:
        message_id = data.draw(st.sampled_from(self.ids))
        self.client.zrem(getattr(self.keys, index)(CLIENTE), message_id)
        self.ledger.restoring.reindex(CLIENTE, message_id, self.now)

    # What must hold after each of it.

    @invariant()
    def the_record_stands_as_the_entry_does(self) -> None:
        if not hasattr(self, "ledger"):
            return
        for event in self._events():
            record = self.records.get(event.message_id)
            if record is None:
                made = begin(event)
                assert made is not None, f"{event.type} of a message that was never accepted"
                self.records[event.message_id] = made
                self.of_lost_keys[event.message_id] = replace(made)
            else:
                follow(record, event)
                if event.type is not EventType.MESSAGE_KEY:
                    follow(self.of_lost_keys[event.message_id], event)
        for message_id in self.ids:
            entry = self.ledger.entries.read(message_id)
            assert entry is not None
            self._same(to_message(self.records[message_id]), entry)
            if entry.status in (*OUT_STATUSES, MessageStatus.UNCERTAIN):
                self._same(to_message(self.of_lost_keys[message_id]), entry)
            if entry.status in (*OPEN_STATUSES, MessageStatus.UNCERTAIN):
                assert (entry.text, entry.content) == self.said[message_id]  # it may have to be sent
            kept = to_message(self.records[message_id])
            assert (kept.text, kept.content) == self.said[message_id]
        balance = self.ledger.entries.balance(CLIENTE)
        assert balance.balanced, balance

    def _same(self, record: Message, entry: Message) -> None:
        assert record.status is entry.status
        assert record.whatsapp_id == entry.whatsapp_id or entry.status is MessageStatus.QUEUED
        assert record.certain == entry.certain

    def _events(self) -> list[Event]:
        found = cast(list[tuple[str, dict[str, str]]], self.client.xrange(self.keys.events, min=self.cursor))
        if found:
            self.cursor = f"({found[-1][0]}"
        for _, entry in found:
            body = BODIES[EventType(entry["type"])]
            assert body.unknown_fields(json.loads(entry["data"])) == set(), entry
        return [Event.from_wire(event_id, entry) for event_id, entry in found]

    def teardown(self) -> None:
        if hasattr(self, "client"):
            self.client.close()


@pytest.mark.timeout(300)
def test_whatever_happens_the_two_stores_agree(redis_url: str) -> None:
    walk = type("WalkHere", (Walk,), {"url": redis_url})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        walk, settings=settings(max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=checks)
    )


@pytest.mark.parametrize("ended", ["cancelled", "expired"])
def test_a_late_acknowledgement_of_what_was_ended_reaches_both_stores(redis_url: str, ended: str) -> None:
    # given a message that was handed over once, queued again, and ended before its acknowledgement came
    walk = type("WalkHere", (Walk,), {"url": redis_url})()
    walk.begin()
    walk.accept(NUMBERS[0], Lane.SINGLE, short=False)
    walk.claim(key=True, then="queued")
    walk.time_passes(700_000 if ended == "expired" else 500)
    walk.review_of(ended)
    walk.the_record_stands_as_the_entry_does()
    [message_id] = walk.ids
    assert to_message(walk.records[message_id]).status.value == ended
    # when WhatsApp says that it has it
    walk.ledger.receipts.acknowledge(CLIENTE, walk.whatsapp_ids[0], 1, walk.now)
    # then it was sent, whatever was inferred
    walk.the_record_stands_as_the_entry_does()
    assert to_message(walk.records[message_id]).status is MessageStatus.SENT
    walk.teardown()
