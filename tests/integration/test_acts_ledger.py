"""Acts on a thread of their own: a real Redis, and the page of the fake engine."""

from __future__ import annotations

import queue
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import redis

from session_worker.acting import inputs as on
from session_worker.acting.shell import Performer
from session_worker.engine.port import Engine, EngineConfig
from session_worker.session.channel import Channel
from shared.instant import now_ms
from shared.ledger.acts.acts import BEGIN_WITHIN_MS, END_WITHIN_MS, MAX_OPEN
from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.message import new_message_id
from shared.names import EventType, Keys
from shared.protocol.acts import Act, ActKind, ActStatus
from shared.protocol.events import ActAsked, ActEnded, Event, MessageInbound, MessageUpdated
from shared.protocol.inbound import Direction, InboundType, ReactionTo
from shared.sessions.lease import Lease
from support.waiting import until
from testing.fake.engine import FakeEngine
from testing.fake.inbox import FakeRow
from testing.fake.whatsapp import FakeWhatsApp

PHONE, WHO = "5491150000051", "5491123456789"
KEY = f"true_{WHO}@c.us_3EB0A1"
THEIRS = f"false_{WHO}@c.us_3EB0A2"
CHANNEL = Channel("run", "login", PHONE)
LEASE = Lease(51, "token", 7)


@pytest.fixture
def ledger(client: redis.Redis, keys: Keys) -> Ledger:
    client.set(keys.lease(51), "token 7 store 1 host")
    return make_ledger(client, keys)


@pytest.fixture
def whatsapp() -> Iterator[FakeWhatsApp]:
    made = FakeWhatsApp()
    yield made
    made.close()


@pytest.fixture
def engine(whatsapp: FakeWhatsApp, tmp_path: Path) -> Iterator[FakeEngine]:
    """A page that is linked and has a message of ours and one of somebody's."""
    codes: queue.SimpleQueue[str] = queue.SimpleQueue()
    made = FakeEngine(EngineConfig("fake://x", tmp_path / "profile", tmp_path / "lock"), whatsapp)

    def listen(event: Any) -> None:
        code = getattr(getattr(event, "observation", None), "code", None)
        if code:
            codes.put(code)

    made.start(listen)
    whatsapp.scan(PHONE, codes.get(timeout=10))
    until(lambda: made.observe().registered, 10, "a linked page")
    inbox = whatsapp.device(str(tmp_path / "profile")).inbox
    inbox.add(FakeRow(MessageInbound(PHONE, "hola", now_ms(), KEY, direction=Direction.OUT)))
    inbox.add(FakeRow(MessageInbound(WHO, "buenas", now_ms(), THEIRS)))
    yield made
    made.stop()


Start = Callable[..., Performer]


@pytest.fixture
def start(ledger: Ledger, engine: FakeEngine) -> Iterator[Start]:
    """Starts a performer of a session that is READY."""
    started: list[Performer] = []

    def make(page: object = engine, channel: Channel = CHANNEL, lease: Lease = LEASE) -> Performer:
        inbox: queue.SimpleQueue[on.Input] = queue.SimpleQueue()
        performer = Performer(
            inbox=inbox,
            ledger=ledger,
            lease=lease,
            engine_of=lambda run: cast(Engine, page) if run == channel.browser_run else None,
            rng=random.Random(1),
        )
        started.append(performer)
        performer.start()
        inbox.put(on.ChannelChanged(channel))
        return performer

    yield make
    assert all(performer.stop(10) for performer in started)


def an_act(kind: ActKind, *, key: str = KEY, at_ms: int = 0, **fields: Any) -> Act:
    ours = "01M" if key == KEY else ""
    return Act(new_message_id(), 51, kind, key, at_ms or now_ms(), message_id=ours, **fields)


def ask(ledger: Ledger, act: Act) -> Act:
    assert ledger.acts.ask(act, "session.51.control", b"x")
    return act


def ended(ledger: Ledger, act: Act) -> tuple[ActStatus, str]:
    """How it ended."""

    def look() -> tuple[ActStatus, str] | None:
        entry = ledger.acts.read(act.act_id)
        return (entry.status, entry.error) if entry is not None and entry.ended_at is not None else None

    return until(look, 20, "an outcome")


def events(client: redis.Redis, keys: Keys) -> list[Event]:
    return [Event.from_wire(event_id, entry) for event_id, entry in cast(list[Any], client.xrange(keys.events))]


@pytest.mark.parametrize(
    ("kind", "fields"), [(ActKind.EDIT, {"text": "chau"}), (ActKind.DELETION, {}), (ActKind.REACTION, {"emoji": "👍"})]
)
def test_an_act_takes_place_and_says_so(
    ledger: Ledger,
    start: Start,
    whatsapp: FakeWhatsApp,
    client: redis.Redis,
    keys: Keys,
    kind: ActKind,
    fields: dict[str, Any],
) -> None:
    start()
    act = ask(ledger, an_act(kind, **fields))
    assert ended(ledger, act) == (ActStatus.DONE, "")
    assert whatsapp.acts.told == [(kind, KEY, fields.get("text", fields.get("emoji", "")))]
    asked, change, done = events(client, keys)
    assert (asked.type, asked.message_id) == (EventType.MESSAGE_ACT_ASKED, "01M")
    assert asked.body == ActAsked(act.act_id, kind, KEY, fields.get("emoji", ""))
    assert isinstance(change.body, MessageUpdated | MessageInbound)
    assert (done.type, done.body) == (EventType.MESSAGE_ACT_DONE, ActEnded(act.act_id, kind, KEY))
    assert "chau" not in asked.history_data + done.history_data


def test_what_receiving_hears_of_it_later_is_known(ledger: Ledger, start: Start, engine: FakeEngine) -> None:
    start()
    ended(ledger, ask(ledger, an_act(ActKind.EDIT, text="chau")))
    ended(ledger, ask(ledger, an_act(ActKind.REACTION, key=THEIRS, emoji="👍")))
    ended(ledger, ask(ledger, an_act(ActKind.DELETION)))
    heard = engine.read_changes(0, 100, 0).heard
    assert len(heard) == 3
    assert ledger.receipts.record(51, heard, now_ms()) == [False] * 3


def test_they_are_done_in_the_order_in_which_they_were_asked_for(
    ledger: Ledger, start: Start, whatsapp: FakeWhatsApp
) -> None:
    first = now_ms() - 1_000
    acts = [ask(ledger, an_act(ActKind.EDIT, at_ms=first + n, text=f"texto {n}")) for n in range(5)]
    start()
    assert ended(ledger, acts[-1]) == (ActStatus.DONE, "")
    assert [text for _, _, text in whatsapp.acts.told] == [f"texto {n}" for n in range(5)]


def test_repeating_is_harmless(ledger: Ledger, start: Start) -> None:
    start()
    for _ in range(2):
        for act in (an_act(ActKind.REACTION, key=THEIRS, emoji="👍"), an_act(ActKind.DELETION)):
            assert ended(ledger, ask(ledger, act)) == (ActStatus.DONE, "")


def test_a_refusal_is_a_failure_and_nothing_is_told_of_the_message(
    ledger: Ledger, start: Start, whatsapp: FakeWhatsApp, client: redis.Redis, keys: Keys
) -> None:
    whatsapp.refusals = 1
    start()
    act = ask(ledger, an_act(ActKind.DELETION))
    assert ended(ledger, act) == (ActStatus.FAILED, "REFUSED_BY_WHATSAPP")
    assert [event.type for event in events(client, keys)] == [
        EventType.MESSAGE_ACT_ASKED,
        EventType.MESSAGE_ACT_FAILED,
    ]


def test_a_message_that_the_page_does_not_have(ledger: Ledger, start: Start) -> None:
    start()
    act = ask(ledger, an_act(ActKind.DELETION, key=f"true_{WHO}@c.us_3EB0FF"))
    assert ended(ledger, act) == (ActStatus.FAILED, "MESSAGE_NOT_FOUND")


def test_a_lost_answer_is_looked_up(ledger: Ledger, start: Start, whatsapp: FakeWhatsApp) -> None:
    whatsapp.acts.lost_answers = 1
    start()
    act = ask(ledger, an_act(ActKind.EDIT, text="chau"))
    assert ended(ledger, act) == (ActStatus.DONE, "")
    assert len(whatsapp.acts.told) == 1


def test_the_successor_of_a_killed_worker_finds_out(
    ledger: Ledger, start: Start, engine: FakeEngine, whatsapp: FakeWhatsApp, client: redis.Redis, keys: Keys
) -> None:
    """Killed once WhatsApp had it, before anybody heard: it is not done again, and its outcome is found."""
    act = ask(ledger, an_act(ActKind.EDIT, text="chau"))
    begun = ledger.acts.begin(LEASE, act, "run", now_ms())
    engine.perform(act)
    assert begun == "ok"
    client.set(keys.lease(51), "token2 8 store 1 host")
    start(channel=Channel("run 2", "login", PHONE), lease=Lease(51, "token2", 8))
    assert ended(ledger, act) == (ActStatus.DONE, "")
    assert len(whatsapp.acts.told) == 1
    assert EventType.MESSAGE_UPDATED in [event.type for event in events(client, keys)]


def test_the_successor_says_what_certainly_did_not_take_place(
    ledger: Ledger, start: Start, whatsapp: FakeWhatsApp
) -> None:
    act = ask(ledger, an_act(ActKind.DELETION))
    assert ledger.acts.begin(LEASE, act, "run", now_ms()) == "ok"
    start(channel=Channel("run 2", "login", PHONE))
    assert ended(ledger, act) == (ActStatus.FAILED, "ENGINE_FAILED")
    assert whatsapp.acts.told == []


def test_who_lost_the_lease_begins_nothing(ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
    act = ask(ledger, an_act(ActKind.DELETION))
    client.set(keys.lease(51), "token2 8 store 1 host")
    assert ledger.acts.begin(LEASE, act, "run", now_ms()) == "lost"
    entry = ledger.acts.read(act.act_id)
    assert entry is not None
    assert entry.status is ActStatus.ASKED


class TestTimeIsUp:
    """What no worker ended."""

    def test_what_was_never_begun_failed(self, ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
        act = ask(ledger, an_act(ActKind.EDIT, text="chau"))
        assert ledger.acts.end_overdue(act.asked_at + BEGIN_WITHIN_MS - 1, 10) == 0
        assert ledger.acts.end_overdue(act.asked_at + BEGIN_WITHIN_MS, 10) == 1
        assert ended(ledger, act) == (ActStatus.FAILED, "EXPIRED")
        assert ledger.acts.next(51) is None
        assert "chau" not in str(client.hgetall(keys.act(act.act_id)))
        assert ledger.acts.begin(LEASE, act, "run", now_ms()) == "gone"

    def test_what_was_begun_is_unknown_and_stays_so(self, ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
        act = ask(ledger, an_act(ActKind.DELETION))
        begun_at = now_ms()
        ledger.acts.begin(LEASE, act, "run", begun_at)
        assert ledger.acts.end_overdue(begun_at + END_WITHIN_MS - 1, 10) == 0
        assert ledger.acts.end_overdue(begun_at + END_WITHIN_MS, 10) == 1
        assert ended(ledger, act) == (ActStatus.UNKNOWN, "NO_OUTCOME")
        assert not ledger.acts.end(act, ActStatus.DONE, "", now_ms())
        assert [event.type for event in events(client, keys)][-1] is EventType.MESSAGE_ACT_UNKNOWN

    def test_what_redis_forgot_is_unknown(self, ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
        act = ask(ledger, an_act(ActKind.DELETION))
        lost = ActEnded(act.act_id, act.kind, KEY, "NO_OUTCOME")
        assert not ledger.acts.lose(51, lost, "01M", now_ms())
        client.delete(keys.act(act.act_id))
        assert ledger.acts.lose(51, lost, "01M", now_ms())
        last = events(client, keys)[-1]
        assert (last.type, last.message_id, last.body) == (EventType.MESSAGE_ACT_UNKNOWN, "01M", lost)


def test_a_tenant_has_so_many_open(ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
    client.zadd(keys.acts_open(51), {f"a{n}": n for n in range(MAX_OPEN)})
    assert not ledger.acts.ask(an_act(ActKind.DELETION), "session.51.control", b"x")
    assert client.xlen(keys.events) == 0


def test_the_reaction_that_is_recorded_is_the_owners(
    ledger: Ledger, start: Start, client: redis.Redis, keys: Keys
) -> None:
    start()
    ended(ledger, ask(ledger, an_act(ActKind.REACTION, key=THEIRS, emoji="❤")))
    told = events(client, keys)[1].body
    assert isinstance(told, MessageInbound)
    assert (told.type, told.direction, told.reaction) == (InboundType.REACTION, Direction.OUT, ReactionTo("❤", THEIRS))
