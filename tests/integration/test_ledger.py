"""The ledger on a real server: accepted in one step, claimed by the owner only, settled once."""

from __future__ import annotations

from typing import cast

import pytest
import redis

from shared.errors import IdempotencyConflict, QueueFull, RateLimited, SessionNotReady
from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.claiming.work import LeaseLost, Outcome, Pace, Pause, PutKey, Recover, Send
from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.message import Draft, Message, new_message_id
from shared.ledger.script import NOTIFICATIONS
from shared.names import Keys, session_queue
from shared.protocol.snapshot import Snapshot
from shared.sessions.lease import Lease, Leases
from shared.sessions.snapshots import Snapshots
from shared.transitions.message import Lane, MessageStatus
from shared.transitions.session import SessionStatus
from support import claiming
from support.claiming import NO_PACE, stored

CLIENTE = 51
NOW = 1_800_000_000_000
LIMITS = AcceptLimits(queue=1000, per_minute=0)
KEY = "true_x@c.us_1"


@pytest.fixture
def ledger(client: redis.Redis, keys: Keys) -> Ledger:
    return make_ledger(client, keys)


@pytest.fixture
def leases(client: redis.Redis, keys: Keys) -> Leases:
    return Leases(client, keys, ttl_ms=60_000)


@pytest.fixture
def lease(leases: Leases) -> Lease:
    taken = leases.take(CLIENTE, "token", "store", 1)
    assert taken is not None
    return taken


def draft(to: str = "5491123456789", *, wake: bool = True, lane: Lane = Lane.SINGLE, **changes: object) -> Draft:
    fields: dict[str, object] = {
        "message_id": new_message_id(),
        "cliente_id": CLIENTE,
        "to": to,
        "text": "hola",
        "lane": lane,
        "accepted_at_ms": NOW,
        "expires_at_ms": NOW + 600_000,
        "wake": wake,
    }
    return Draft(**(fields | changes))  # type: ignore[arg-type]


def accept(ledger: Ledger, made: Draft, limits: AcceptLimits = LIMITS) -> str:
    return ledger.accepting.accept(made, b"wake up", limits).message_id


def claim(ledger: Ledger, lease: Lease, *, run: str = "b1", now: int = NOW, pace: Pace = NO_PACE) -> Message:
    return claiming.claim(ledger, lease, at_ms=now, browser_run=run, pace=pace)


def work_for(
    ledger: Ledger,
    lease: Lease,
    *,
    run: str = "b1",
    now: int = NOW,
    pace: Pace = NO_PACE,
    bulk_allowed: bool = True,
) -> Send | Recover | Pause:
    return claiming.next_work(ledger, lease, at_ms=now, browser_run=run, pace=pace, bulk_allowed=bulk_allowed)


def put_key(ledger: Ledger, lease: Lease, message: Message, key: str = KEY) -> PutKey:
    return claiming.put_key(ledger, lease, message, whatsapp_id=key, at_ms=NOW)


class TestAccept:
    def test_a_session_that_never_starts_is_notified_a_few_times_only(
        self, ledger: Ledger, client: redis.Redis, keys: Keys
    ) -> None:
        queue = keys.queue_list(session_queue(CLIENTE))
        ids = [accept(ledger, draft(f"54911234{number:05}")) for number in range(2 * NOTIFICATIONS)]
        assert client.llen(queue) == NOTIFICATIONS
        assert client.zrange(keys.open(CLIENTE), 0, -1) == ids
        # an owner that has heard them all is notified of the next message again
        client.delete(queue)
        accept(ledger, draft())
        assert client.llen(queue) == 1

    def test_everything_is_written_together(self, ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
        message_id = accept(ledger, draft())
        message = stored(ledger, message_id)
        assert (message.status, message.to, message.text) == (MessageStatus.QUEUED, "5491123456789", "hola")
        assert ledger.entries.depths([CLIENTE])[CLIENTE] == (1, 0)
        assert client.llen(keys.queue_list(session_queue(CLIENTE))) == 1
        [(_, event)] = cast(list[tuple[str, dict[str, str]]], client.xrange(keys.events))
        assert (event["type"], event["message_id"]) == ("message.queued", message_id)

    def test_reject_without_a_ready_session_writes_nothing(
        self, ledger: Ledger, client: redis.Redis, keys: Keys
    ) -> None:
        with pytest.raises(SessionNotReady) as refused:
            accept(ledger, draft(wake=False))
        assert refused.value.message == "WhatsApp desconectado, reconecta"
        assert client.keys(keys.prefix + "*") == [keys.incarnation]

    def test_ready_without_a_live_owner_is_not_ready(
        self, ledger: Ledger, lease: Lease, leases: Leases, client: redis.Redis, keys: Keys
    ) -> None:
        Snapshots(client, keys).write(lease, Snapshot(CLIENTE, SessionStatus.READY), NOW)
        assert accept(ledger, draft(wake=False))
        leases.release(CLIENTE, lease.token)
        with pytest.raises(SessionNotReady):
            accept(ledger, draft(wake=False))

    def test_wake_makes_the_session_wanted_once(self, ledger: Ledger) -> None:
        assert ledger.accepting.accept(draft(), b"", LIMITS).woke
        assert not ledger.accepting.accept(draft(), b"", LIMITS).woke

    def test_the_same_key_answers_with_the_first_message(self, ledger: Ledger) -> None:
        first = ledger.accepting.accept(draft(idempotency_key="k", body_digest="d"), b"", LIMITS)
        again = ledger.accepting.accept(draft(idempotency_key="k", body_digest="d"), b"", LIMITS)
        assert (again.message_id, again.duplicate) == (first.message_id, True)
        assert ledger.entries.depths([CLIENTE])[CLIENTE] == (1, 0)
        with pytest.raises(IdempotencyConflict):
            accept(ledger, draft(idempotency_key="k", body_digest="other"))

    def test_room_and_rate_are_limited(self, ledger: Ledger) -> None:
        accept(ledger, draft(), AcceptLimits(queue=2, per_minute=0))
        accept(ledger, draft(), AcceptLimits(queue=2, per_minute=1))
        with pytest.raises(QueueFull):
            accept(ledger, draft(), AcceptLimits(queue=2, per_minute=0))
        with pytest.raises(RateLimited) as refused:
            accept(ledger, draft(), AcceptLimits(queue=9, per_minute=1))
        assert refused.value.retry_after_s is not None
        assert 1 <= refused.value.retry_after_s <= 60


class TestClaim:
    def test_lanes_then_order_of_acceptance(self, ledger: Ledger, lease: Lease) -> None:
        ids = [
            accept(ledger, draft(f"549112345670{i}", lane=lane))
            for i, lane in enumerate([Lane.CAMPAIGN, Lane.BULK, Lane.SINGLE, Lane.SINGLE])
        ]
        claimed = [claim(ledger, lease).message_id for _ in ids]
        assert claimed == [ids[2], ids[3], ids[1], ids[0]]

    def test_the_next_to_the_same_recipient_waits(self, ledger: Ledger, lease: Lease) -> None:
        first, second, other = (accept(ledger, draft(to)) for to in ("549111", "549111", "549112"))
        assert claim(ledger, lease).message_id == first
        assert claim(ledger, lease).message_id == other
        assert work_for(ledger, lease) == Pause(None)
        message = stored(ledger, first)
        put_key(ledger, lease, message)
        ledger.receipts.acknowledge(CLIENTE, KEY, 1, NOW)
        assert claim(ledger, lease).message_id == second

    def test_pace_survives_the_owner(self, ledger: Ledger, lease: Lease, leases: Leases) -> None:
        for i in range(3):
            accept(ledger, draft(f"5491{i}", lane=Lane.BULK))
        claim(ledger, lease, pace=Pace(1_000, 30_000))
        leases.release(CLIENTE, lease.token)
        heir = leases.take(CLIENTE, "heir", "store", 2)
        assert heir is not None
        # the old owner's claim had no key: it comes back first, yet not before the gap is over
        assert work_for(ledger, heir, run="b2") == Pause(1_000)
        assert work_for(ledger, heir, run="b2", now=NOW + 1_000) == Pause(29_000)
        assert claim(ledger, heir, run="b2", now=NOW + 30_000).attempts == 2

    def test_a_single_message_does_not_wait_for_the_bulk_delay(self, ledger: Ledger, lease: Lease) -> None:
        accept(ledger, draft("5491", lane=Lane.BULK))
        claim(ledger, lease, pace=Pace(0, 90_000))
        single = accept(ledger, draft("5492"))
        assert claim(ledger, lease, now=NOW + 1).message_id == single

    def test_expired_ones_never_leave(self, ledger: Ledger, lease: Lease) -> None:
        late = accept(ledger, draft(expires_at_ms=NOW + 10))
        assert isinstance(work_for(ledger, lease, now=NOW + 10), Pause)
        message = stored(ledger, late)
        assert (message.status, message.error) == (MessageStatus.EXPIRED, "EXPIRED")

    def test_a_lost_lease_claims_nothing(self, ledger: Ledger, lease: Lease, leases: Leases) -> None:
        accept(ledger, draft())
        leases.release(CLIENTE, lease.token)
        assert leases.take(CLIENTE, "other", "store", 2) is not None
        with pytest.raises(LeaseLost):
            work_for(ledger, lease)

    def test_a_clock_that_jumped_back_silences_nobody(self, ledger: Ledger, lease: Lease) -> None:
        accept(ledger, draft("5491", expires_at_ms=NOW * 2))
        accept(ledger, draft("5492", expires_at_ms=NOW * 2))
        claim(ledger, lease, now=NOW + 400 * 86_400_000, pace=Pace(3_000, 0))
        assert work_for(ledger, lease, now=NOW) == Pause(3_000)  # as long as was meant
        assert claim(ledger, lease, now=NOW + 3_000)


class TestRecovery:
    def test_left_without_a_key_is_sent_again(self, ledger: Ledger, lease: Lease) -> None:
        message_id = accept(ledger, draft())
        claim(ledger, lease, run="b1")
        again = claim(ledger, lease, run="b2")
        assert (again.message_id, again.attempts) == (message_id, 2)

    def test_left_with_a_key_is_recovered_before_anything_new(self, ledger: Ledger, lease: Lease) -> None:
        first = accept(ledger, draft("5491"))
        accept(ledger, draft("5492"))
        put_key(ledger, lease, claim(ledger, lease, run="b1"))
        work = work_for(ledger, lease, run="b2")
        assert isinstance(work, Recover)
        assert (work.message.message_id, work.message.whatsapp_id) == (first, KEY)
        # and once this run has adopted it, the next message is claimed
        ledger.claiming.complete(lease, work.message, Outcome.ADOPT, code="", now_ms=NOW, browser_run="b2")
        assert claim(ledger, lease, run="b2").to == "5492"

    def test_looked_at_later_does_not_block_others(self, ledger: Ledger, lease: Lease) -> None:
        accept(ledger, draft("5491"))
        accept(ledger, draft("5492"))
        put_key(ledger, lease, claim(ledger, lease, run="b1"))
        work = work_for(ledger, lease, run="b2")
        assert isinstance(work, Recover)
        ledger.claiming.complete(
            lease, work.message, Outcome.LATER, code="PAGE_FAILED", now_ms=NOW, again_at_ms=NOW + 5_000
        )
        assert claim(ledger, lease, run="b2").to == "5492"
        assert isinstance(work_for(ledger, lease, run="b2", now=NOW + 5_000), Recover)


class TestSettle:
    def test_key_only_while_enough_lease_remains(self, ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
        short = Leases(client, keys, ttl_ms=500).take(CLIENTE, "t", "s", 1)
        assert short is not None
        accept(ledger, draft())
        assert put_key(ledger, short, claim(ledger, short)) is PutKey.SHORT

    def test_queued_again_then_failed_after_five(self, ledger: Ledger, lease: Lease) -> None:
        message_id = accept(ledger, draft())
        for attempt in range(1, 6):
            claimed = claim(ledger, lease)
            assert claimed.attempts == attempt
            status = ledger.claiming.complete(
                lease, claimed, Outcome.QUEUED, code="ENGINE_FAILED", now_ms=NOW, again_at_ms=NOW
            )
            assert status == ("queued" if attempt < 5 else "failed")
        message = stored(ledger, message_id)
        assert (message.status, message.error, message.certain) == (MessageStatus.FAILED, "ENGINE_FAILED", True)

    def test_backoff_holds_the_recipient_but_nobody_else(self, ledger: Ledger, lease: Lease) -> None:
        accept(ledger, draft("5491"))
        accept(ledger, draft("5491"))
        other = accept(ledger, draft("5492"))
        first = claim(ledger, lease)
        ledger.claiming.complete(lease, first, Outcome.QUEUED, code="X", now_ms=NOW, again_at_ms=NOW + 2_000)
        assert claim(ledger, lease).message_id == other
        assert work_for(ledger, lease) == Pause(2_000)
        assert claim(ledger, lease, now=NOW + 2_000).message_id == first.message_id

    def test_an_acknowledgement_settles_once_and_never_goes_back(self, ledger: Ledger, lease: Lease) -> None:
        message_id = accept(ledger, draft())
        put_key(ledger, lease, claim(ledger, lease))
        assert ledger.receipts.acknowledge(CLIENTE, KEY, 0, NOW) == "same"
        assert ledger.receipts.acknowledge(CLIENTE, KEY, 2, NOW + 2) == "delivered"
        assert ledger.receipts.acknowledge(CLIENTE, KEY, 1, NOW + 3) == "same"
        assert [message.message_id for message in ledger.entries.unread(CLIENTE, 10)] == [message_id]
        assert ledger.receipts.acknowledge(CLIENTE, KEY, 4, NOW + 4) == "read"
        assert ledger.entries.unread(CLIENTE, 10) == []
        message = stored(ledger, message_id)
        assert (message.sent_at_ms, message.delivered_at_ms, message.read_at_ms) == (NOW + 2, NOW + 2, NOW + 4)
        assert ledger.entries.depths([CLIENTE])[CLIENTE] == (0, 0)
        assert ledger.receipts.acknowledge(CLIENTE, "true_other_9", 1, NOW) == "unknown"
        assert ledger.receipts.acknowledge(52, KEY, 1, NOW) == "unknown"

    def test_evidence_corrects_an_uncertain_message(self, ledger: Ledger, lease: Lease) -> None:
        message_id = accept(ledger, draft())
        message = claim(ledger, lease)
        put_key(ledger, lease, message)
        assert (
            ledger.claiming.complete(lease, message, Outcome.UNCERTAIN, code="OUTCOME_UNKNOWN", now_ms=NOW)
            == "uncertain"
        )
        assert not stored(ledger, message_id).certain
        assert ledger.receipts.acknowledge(CLIENTE, KEY, 1, NOW) == "sent"


class TestClose:
    def test_cancel_only_while_queued(self, ledger: Ledger, lease: Lease) -> None:
        first, second = accept(ledger, draft("5491")), accept(ledger, draft("5492"))
        claim(ledger, lease)
        assert ledger.review.cancel(CLIENTE, first, NOW) == "sending"
        assert ledger.review.cancel(52, second, NOW) == "unknown"
        assert ledger.review.cancel(CLIENTE, second, NOW) == "ended"
        assert ledger.review.cancel(CLIENTE, second, NOW) == "cancelled"

    def test_overdue_ones_are_found_and_closed(self, ledger: Ledger) -> None:
        message_id = accept(ledger, draft(expires_at_ms=NOW + 5))
        assert ledger.entries.overdue(NOW + 4, 10) == []
        assert ledger.entries.overdue(NOW + 5, 10) == [(CLIENTE, message_id)]
        assert ledger.review.expire(CLIENTE, message_id, NOW + 5) == "ended"
        assert ledger.entries.overdue(NOW + 5, 10) == []


class TestHeld:
    def test_what_waits_when_another_phone_is_paired_is_held(self, ledger: Ledger, lease: Lease) -> None:
        assert ledger.claiming.hold_for_another_phone(lease, "5491", NOW) == 0
        first, second = accept(ledger, draft("549111")), accept(ledger, draft("549112"))
        assert ledger.claiming.hold_for_another_phone(lease, "5491", NOW) == 0  # the same phone again
        assert ledger.claiming.hold_for_another_phone(lease, "5492", NOW) == 2
        assert isinstance(work_for(ledger, lease), Pause)
        message = stored(ledger, first)
        assert (message.status, message.error) == (MessageStatus.QUEUED, "HELD_NUMBER_CHANGED")
        assert ledger.entries.held(CLIENTE) == [first, second]
        # a person lets one go and cancels the other
        assert ledger.review.release(CLIENTE, first, "user:ana", NOW)
        assert not ledger.review.release(CLIENTE, first, "user:ana", NOW)
        assert ledger.review.cancel(CLIENTE, second, NOW) == "ended"
        assert claim(ledger, lease).message_id == first
        assert ledger.entries.balance(CLIENTE).balanced

    def test_another_tenant_releases_nothing(self, ledger: Ledger, lease: Lease) -> None:
        ledger.claiming.hold_for_another_phone(lease, "5491", NOW)
        held = accept(ledger, draft())
        ledger.claiming.hold_for_another_phone(lease, "5492", NOW)
        assert not ledger.review.release(52, held, "user:eva", NOW)


class TestUncertain:
    @pytest.fixture
    def uncertain(self, ledger: Ledger, lease: Lease) -> str:
        message_id = accept(ledger, draft())
        message = claim(ledger, lease)
        put_key(ledger, lease, message)
        ledger.claiming.complete(lease, message, Outcome.UNCERTAIN, code="OUTCOME_UNKNOWN", now_ms=NOW)
        return message_id

    @pytest.mark.parametrize("status", [MessageStatus.SENT, MessageStatus.FAILED])
    def test_a_person_settles_it(self, ledger: Ledger, uncertain: str, status: MessageStatus) -> None:
        assert ledger.review.resolve(52, uncertain, status, "user:eva", NOW, 0) == "unknown"
        assert ledger.review.resolve(CLIENTE, uncertain, status, "user:ana", NOW, 0) == "resolved"
        assert ledger.review.resolve(CLIENTE, uncertain, status, "user:ana", NOW, 0) == status.value
        message = stored(ledger, uncertain)
        assert (message.status, message.certain) == (status, True)
        assert ledger.entries.balance(CLIENTE).balanced

    def test_a_person_has_it_sent_again(self, ledger: Ledger, lease: Lease, uncertain: str) -> None:
        ledger.review.resolve(CLIENTE, uncertain, MessageStatus.QUEUED, "user:ana", NOW, NOW + 60_000)
        message = claim(ledger, lease)
        assert (message.message_id, message.attempts, message.whatsapp_id) == (uncertain, 1, None)
        assert ledger.entries.balance(CLIENTE).balanced


def test_the_daily_cap_holds_for_bulk_alone(ledger: Ledger, lease: Lease) -> None:
    for n in range(3):
        accept(ledger, draft(f"5491{n}", lane=Lane.BULK))
    today = Pace(0, 0, daily_cap=2, day="20261120", day_left_ms=5_000)
    for _ in range(2):
        assert isinstance(work_for(ledger, lease, pace=today), Send)
    assert work_for(ledger, lease, pace=today) == Pause(5_000)
    single = accept(ledger, draft("54920"))
    work = work_for(ledger, lease, pace=today)
    assert isinstance(work, Send)
    assert work.message.message_id == single
    tomorrow = Pace(0, 0, daily_cap=2, day="20261121", day_left_ms=5_000)
    assert isinstance(work_for(ledger, lease, pace=tomorrow), Send)


def test_a_restricted_number_answers_but_starts_nothing(ledger: Ledger, lease: Lease) -> None:
    accept(ledger, draft("5491", lane=Lane.CAMPAIGN))
    assert isinstance(work_for(ledger, lease, bulk_allowed=False), Pause)
    single = accept(ledger, draft("5492"))
    work = work_for(ledger, lease, bulk_allowed=False)
    assert isinstance(work, Send)
    assert work.message.message_id == single


def test_counters_and_indexes_add_up_whatever_happens(ledger: Ledger, lease: Lease) -> None:
    ids = [accept(ledger, draft(f"5491{n}", expires_at_ms=NOW + (1 if n == 0 else 10**9))) for n in range(8)]
    ledger.review.cancel(CLIENTE, ids[1], NOW)
    claimed = [claim(ledger, lease, now=NOW + 5) for _ in range(4)]  # the first has expired
    for n, message in enumerate(claimed):
        put_key(ledger, lease, message, key=f"true_{n}")
    ledger.receipts.acknowledge(CLIENTE, "true_0", 1, NOW)
    ledger.receipts.acknowledge(CLIENTE, "true_0", 3, NOW)
    ledger.claiming.complete(lease, claimed[1], Outcome.FAILED, code="REFUSED_BY_WHATSAPP", now_ms=NOW)
    ledger.receipts.acknowledge(CLIENTE, "true_1", 1, NOW)  # evidence corrects it
    ledger.claiming.complete(lease, claimed[2], Outcome.QUEUED, code="X", now_ms=NOW, again_at_ms=NOW)
    balance = ledger.entries.balance(CLIENTE)
    assert balance.balanced
    assert (balance.accepted, balance.final["sent"], balance.final["failed"]) == (8, 2, 0)
    assert (balance.final["expired"], balance.final["cancelled"], balance.open) == (1, 1, 4)
