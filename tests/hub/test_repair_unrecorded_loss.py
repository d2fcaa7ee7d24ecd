"""Redis lost what SQL had not recorded either, so that the two agree: only whoever sent knows that there was more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from hub_records import accept, recorded
from older_redis import Server

from hub_api.recording.drain import Drain
from hub_api.recording.models import DrainState
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.claiming.progress import ProgressFile, ProgressInMemory, ProgressMemory
from shared.ledger.claiming.work import Pace, Pause, PutKey, Send
from shared.names import Keys
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus
from support.claiming import stored
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

Memories = Callable[[], ProgressMemory]


@pytest.fixture
def older(server: redis.Redis, keys: Keys) -> Server:
    return Server(server, keys)


@pytest.fixture(params=["the same owner", "its successor"])
def memories(request: pytest.FixtureRequest, tmp_path: Path) -> Memories:
    """What each owner of the tenant has, one after the other."""
    if request.param == "its successor":
        return lambda: ProgressFile(tmp_path / "progress")
    kept = ProgressInMemory()
    return lambda: kept


def test_what_went_out_since_is_not_sent_again(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    older: Server,
    own: Callable[..., Owner],
    memories: Memories,
) -> None:
    # given two messages that wait, of which SQL knows one
    owner = own(SessionStatus.READY, progress=memories())
    known = accept(services, "5491123456780")
    drain.run()
    unknown = accept(services, "5491123456781")
    copy = older.copy()
    # when both go out while nothing is recorded, and Redis becomes what it was before
    assert [owner.send_next(ack=1) is not None for _ in range(2)] == [True, True]
    older.become(copy)
    owner.gone()
    # then SQL finds nothing amiss, and nothing is given out all the same
    assert not lost_state.mend()
    assert services.ledger.incarnation.is_open()
    assert stored(services.ledger, known).status is MessageStatus.QUEUED
    owner = own(SessionStatus.READY, progress=memories())
    assert isinstance(owner.next_work(), Pause)
    assert not services.ledger.incarnation.is_open()
    # and once it was put right, both are for a person
    assert lost_state.mend()
    assert not lost_state.mend()
    assert owner.send_next() is None
    drain.run()
    for one in (known, unknown):
        assert stored(services.ledger, one).status is MessageStatus.UNCERTAIN
        assert recorded(services, one).status == "uncertain"
    assert services.ledger.entries.balance(51).balanced
    # what is accepted from now on leaves as ever
    accept(services, "5491123456782")
    assert owner.send_next() is not None


def test_what_was_handed_over_since_is_not_sent_again(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    older: Server,
    own: Callable[..., Owner],
    memories: Memories,
) -> None:
    # given a message that was claimed, and has no key yet in the copy
    owner = own(SessionStatus.READY, progress=memories())
    message_id = accept(services)
    work = owner.next_work()
    assert isinstance(work, Send)
    copy = older.copy()
    # when it gets its key, and leaves
    assert owner.put_key(work.message) is PutKey.OK
    older.become(copy)
    lost_state.mend()
    # then no key that is made now is taken, nor is it queued again for the next browser
    assert owner.put_key(work.message, "true_another") is PutKey.GONE
    assert lost_state.mend()
    assert isinstance(owner.next_work(browser_run="b2"), Pause)
    assert stored(services.ledger, message_id).status is MessageStatus.UNCERTAIN
    drain.run()
    assert recorded(services, message_id).status == "uncertain"


def test_no_more_are_in_doubt_than_the_pace_allows(
    services: Services, drain: Drain, lost_state: LostState, older: Server, own: Callable[..., Owner]
) -> None:
    owner = own(SessionStatus.READY)
    ids = [accept(services, f"54911234567{n:02}") for n in range(30)]
    drain.run()
    ids += [accept(services, f"54911234568{n:02}") for n in range(30)]
    copy = older.copy()
    for _ in range(3):
        assert owner.send_next(pace=Pace(0, 0)) is not None
    older.become(copy)
    lost_state.mend()
    assert isinstance(owner.next_work(), Pause)
    assert lost_state.mend()
    found = [stored(services.ledger, one).status for one in ids]
    doubted = found.count(MessageStatus.UNCERTAIN)
    assert 3 <= doubted < 30
    assert found == [MessageStatus.UNCERTAIN] * doubted + [MessageStatus.QUEUED] * (60 - doubted)
    for expected in ids[doubted : doubted + 3]:  # the others go on, in their order
        message = owner.send_next(pace=Pace(0, 0))
        assert message is not None
        assert message.message_id == expected


def test_what_left_before_the_loss_is_in_doubt_though_the_events_were_read_since(
    services: Services, drain: Drain, lost_state: LostState, older: Server, own: Callable[..., Owner]
) -> None:
    # given messages on record, and ten seconds in which nothing is read and some leave
    owner = own(SessionStatus.READY)
    ids = [accept(services, f"54911234567{n:02}") for n in range(30)]
    drain.run()
    with services.database.writing() as session:
        state = session.get(DrainState, 1)
        assert state is not None
        state.read_at = now_ms() - 10_000
    copy = older.copy()
    for _ in range(8):
        assert owner.send_next(pace=Pace(0, 0)) is not None
    # when Redis becomes what it was before that, and is read again before anybody asks for the next one
    older.become(copy)
    assert not lost_state.mend()
    accept(services, "5491123456880")
    drain.run()
    assert isinstance(owner.next_work(), Pause)
    assert lost_state.mend()
    # then all that left is in doubt, and not all that waits
    found = [stored(services.ledger, one).status for one in ids]
    assert set(found[:8]) == {MessageStatus.UNCERTAIN}
    assert set(found[20:]) == {MessageStatus.QUEUED}


def test_another_life_of_the_ledger_is_no_older_one(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
) -> None:
    # given an owner that has come some steps
    memory = ProgressInMemory()
    owner = own(SessionStatus.READY, progress=memory)
    accept(services)
    assert owner.send_next() is not None
    drain.run()
    before = memory.read()
    assert before.steps == 2
    # when Redis is emptied, and put right
    server.delete(*server.keys(keys.prefix + "*"))
    assert lost_state.mend()
    owner = own(SessionStatus.READY, progress=memory)
    # then it begins anew
    accept(services)
    assert owner.send_next() is not None
    assert memory.read().steps == 2
    assert memory.read().incarnation != before.incarnation
    assert services.ledger.incarnation.is_open()
