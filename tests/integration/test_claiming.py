"""What a claim gives out: for which phone, until when, how many a day, and past whom."""

from __future__ import annotations

from typing import cast

import pytest
import redis

from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.claiming.work import Outcome, Pace, Pause, PutKey, Recover, Send
from shared.ledger.message import CampaignRelease, Draft, new_message_id
from shared.ledger.script import MAX_ATTEMPTS
from shared.names import EventType, Keys
from shared.transitions.message import Lane, MessageStatus
from shared.transitions.session import SessionStatus
from support.claiming import stored
from support.owner import Owner, own

CLIENTE = 51
NOW = 1_800_000_000_000
LIFE_MS = 600_000
LIMITS = AcceptLimits(queue=10_000, per_minute=0)
CAPPED = Pace(0, 0, daily_cap=2, day="20261120", day_left_ms=5_000)
MANY = 2_500  # more than one look at the index takes in


class Clock:
    now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def owner(client: redis.Redis, keys: Keys, clock: Clock) -> Owner:
    made = own(client, keys, SessionStatus.READY, CLIENTE, clock=clock)
    made.ledger.claiming.hold_for_another_phone(made.lease, "5491150000051", NOW)
    return made


def draft(to: str, lane: Lane = Lane.SINGLE, life_ms: int = LIFE_MS) -> Draft:
    release = CampaignRelease("0.0.0", "1:1", 0, 20_261_120, None) if lane is Lane.CAMPAIGN else None
    return Draft(
        message_id=new_message_id(),
        cliente_id=CLIENTE,
        to=to,
        text="hola",
        lane=lane,
        accepted_at_ms=NOW,
        expires_at_ms=NOW + life_ms,
        wake=True,
        campaign_id="c" if release else "",
        release=release,
    )


def accept(owner: Owner, *drafts: Draft) -> list[str]:
    owner.ledger.accepting.accept_many([(one, b"") for one in drafts], LIMITS)
    return [one.message_id for one in drafts]


def status_of(owner: Owner, message_id: str) -> tuple[str, str | None]:
    message = stored(owner.ledger, message_id)
    return message.status.value, message.error


class TestAnotherPhone:
    def test_what_was_claimed_and_has_no_key_is_held_too(self, owner: Owner) -> None:
        # given one message claimed for the phone that was paired, and one that waits
        claimed, waiting = accept(owner, draft("5491100000001"), draft("5491100000002"))
        assert owner.claim().message_id == claimed
        # when another phone is paired
        assert owner.ledger.claiming.hold_for_another_phone(owner.lease, "5491150000099", NOW) == 2
        # then neither leaves through it
        assert isinstance(owner.next_work(browser_run="b2"), Pause)
        assert owner.ledger.entries.held(CLIENTE) == [claimed, waiting]
        assert status_of(owner, claimed) == ("queued", "HELD_NUMBER_CHANGED")
        assert owner.ledger.entries.balance(CLIENTE).balanced

    def test_what_has_a_key_is_asked_about_as_before(self, owner: Owner) -> None:
        [keyed] = accept(owner, draft("5491100000001"))
        assert owner.put_key(owner.claim()) is PutKey.OK
        assert owner.ledger.claiming.hold_for_another_phone(owner.lease, "5491150000099", NOW) == 0
        work = owner.next_work(browser_run="b2")
        assert isinstance(work, Recover)
        assert work.message.message_id == keyed


class TestBeforeTheKey:
    @pytest.mark.parametrize("lane", Lane)
    def test_no_message_of_any_lane_gets_a_key_after_its_time(self, owner: Owner, clock: Clock, lane: Lane) -> None:
        [message_id] = accept(owner, draft("5491100000001", lane))
        message = owner.claim()
        clock.now += 5 * 3_600_000
        assert owner.put_key(message) is PutKey.EXPIRED
        assert owner.complete(message, Outcome.EXPIRED, "EXPIRED") == "expired"
        assert status_of(owner, message_id) == ("expired", "EXPIRED")
        assert stored(owner.ledger, message_id).whatsapp_id is None

    @pytest.mark.parametrize("lane", Lane)
    def test_nor_after_its_recipient_opted_out(self, owner: Owner, lane: Lane) -> None:
        accept(owner, draft("5491100000001", lane))
        message = owner.claim()
        owner.ledger.campaigns.opt_out([(CLIENTE, "5491100000001")])
        assert owner.put_key(message) is PutKey.OPTED_OUT

    def test_nor_after_its_campaign_stopped(self, owner: Owner, client: redis.Redis, keys: Keys) -> None:
        [message_id] = accept(owner, draft("5491100000001", Lane.CAMPAIGN))
        message = owner.claim()
        client.hincrby(keys.campaign_stop_versions, "c", 1)
        assert owner.put_key(message) is PutKey.STOPPED
        assert owner.complete(message, Outcome.CANCELLED, "CAMPAIGN_STOPPED") == "cancelled"
        assert status_of(owner, message_id) == ("cancelled", "CAMPAIGN_STOPPED")
        assert owner.ledger.entries.balance(CLIENTE).balanced

    def test_what_fails_after_its_time_says_that_it_expired(
        self, owner: Owner, clock: Clock, client: redis.Redis, keys: Keys
    ) -> None:
        [message_id] = accept(owner, draft("5491100000001"))
        message = owner.claim()
        clock.now += LIFE_MS
        assert owner.complete(message, Outcome.QUEUED, "ENGINE_FAILED") == "expired"
        assert status_of(owner, message_id) == ("expired", "EXPIRED")
        [(_, last)] = cast("list[tuple[str, dict[str, str]]]", client.xrevrange(keys.events, count=1))
        assert (last["type"], '"error":"EXPIRED"' in last["data"]) == (EventType.MESSAGE_EXPIRED, True)


def test_an_attempt_that_does_not_count_leaves_a_message_as_it_was(owner: Owner) -> None:
    [message_id] = accept(owner, draft("5491100000001"))
    for _ in range(2 * MAX_ATTEMPTS):
        message = owner.claim()
        assert message.attempts == 1
        assert owner.complete(message, Outcome.RETURNED, "ENGINE_FAILED") == "queued"
    assert stored(owner.ledger, message_id).attempts == 0


class TestDailyCap:
    def test_a_message_that_is_tried_three_times_counts_once(self, owner: Owner) -> None:
        accept(owner, draft("5491100000001", Lane.BULK), draft("5491100000002", Lane.BULK))
        for _ in range(3):
            owner.complete(owner.claim(pace=CAPPED), Outcome.QUEUED, "ENGINE_FAILED")
        assert owner.send_next(pace=CAPPED) is not None
        assert owner.send_next(pace=CAPPED) is not None
        accept(owner, draft("5491100000003", Lane.BULK))
        assert owner.next_work(pace=CAPPED) == Pause(5_000)

    @pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.EXPIRED, Outcome.CANCELLED])
    def test_what_certainly_failed_gives_its_place_back(self, owner: Owner, outcome: Outcome) -> None:
        accept(owner, *(draft(f"549110000000{n}", Lane.BULK) for n in range(4)))
        for _ in range(2):
            owner.complete(owner.claim(pace=CAPPED), outcome, "NOT_ON_WHATSAPP")
        assert owner.send_next(pace=CAPPED) is not None
        assert owner.send_next(pace=CAPPED) is not None
        assert owner.next_work(pace=CAPPED) == Pause(None)  # nothing waits

    def test_what_an_owner_left_without_a_key_gives_its_place_back(self, owner: Owner) -> None:
        accept(owner, draft("5491100000001", Lane.BULK), draft("5491100000002", Lane.BULK))
        for run in ("b1", "b2", "b3", "b4"):
            assert isinstance(owner.next_work(browser_run=run, pace=CAPPED), Send)

    def test_what_may_have_gone_out_keeps_its_place_until_a_person_says_otherwise(self, owner: Owner) -> None:
        accept(owner, *(draft(f"549110000000{n}", Lane.BULK) for n in range(3)))
        for _ in range(2):
            message = owner.claim(pace=CAPPED)
            owner.put_key(message)
            owner.complete(message, Outcome.UNCERTAIN, "OUTCOME_UNKNOWN")
        assert owner.next_work(pace=CAPPED) == Pause(5_000)
        owner.ledger.review.resolve(CLIENTE, message.message_id, MessageStatus.FAILED, "ana", NOW, 0)
        assert isinstance(owner.next_work(pace=CAPPED), Send)


class TestManyToOneRecipient:
    def claim_soon(self, owner: Owner) -> Send | Recover | Pause:
        """Asks again at once while the ledger says so, as an owner does."""
        for _ in range(MANY // 1_000 + 1):
            work = owner.next_work()
            if work != Pause(0):
                return work
        return work

    @pytest.mark.parametrize("why", ["in flight", "backs off"])
    def test_they_starve_nobody_behind_them(self, owner: Owner, why: str) -> None:
        # given one message under way to a recipient, thousands behind it, and one to somebody else at the end
        accept(owner, draft("5491100000001"))
        message = owner.claim()
        if why == "backs off":
            owner.complete(message, Outcome.QUEUED, "ENGINE_FAILED", again_at_ms=NOW + 60_000)
        else:
            owner.put_key(message)
        accept(owner, *(draft("5491100000001") for _ in range(MANY)))
        [last] = accept(owner, draft("5491100000002"))
        # then the one at the end leaves
        work = self.claim_soon(owner)
        assert isinstance(work, Send)
        assert work.message.message_id == last
        # and nobody is overtaken: there is nothing more to send
        after = self.claim_soon(owner)
        assert after == (Pause(60_000) if why == "backs off" else Pause(None))

    def test_one_look_is_bounded(self, owner: Owner, client: redis.Redis, keys: Keys) -> None:
        accept(owner, draft("5491100000001"))
        owner.put_key(owner.claim())
        accept(owner, *(draft("5491100000001") for _ in range(MANY)))
        assert owner.next_work() == Pause(0)
        assert client.pttl(keys.claim_scan(CLIENTE)) > 0

    def test_a_recipient_that_was_passed_over_is_not_overtaken_by_its_own(self, owner: Owner) -> None:
        # given a look that stopped half-way, having passed over a recipient whose message is under way
        accept(owner, draft("5491100000001"))
        first = owner.claim()
        owner.put_key(first)
        following = accept(owner, *(draft("5491100000001") for _ in range(MANY)))
        assert owner.next_work() == Pause(0)
        # when that message arrives, and the look goes on behind what it passed over
        owner.acknowledge(first)
        work = self.claim_soon(owner)
        while isinstance(work, Pause):
            work = self.claim_soon(owner)
        # then it is the recipient's next one that leaves
        assert work.message.message_id == following[0]
