"""Histories of fetching: what is fetched when, and what is said of what is not."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from session_worker.media import inputs as on
from session_worker.media import state as at
from session_worker.media.reducer import AFTER_EXPIRY_MS, MAX_FAILURES
from shared.ledger.media.pending import PendingMedia
from shared.protocol.inbound import InboundType, MediaSource, MediaStatus
from tests.unit.worker.fetching_world import CHANNEL, RULES, START_MS, World

DAY_MS = 86_400_000


@pytest.fixture
def world() -> World:
    made = World()
    made.tell(on.ChannelChanged(CHANNEL))
    return made


def statuses(world: World) -> dict[str, tuple[MediaStatus, str]]:
    return {one.whatsapp_id: (one.status, one.error) for one in world.outcomes}


def test_what_is_recorded_is_fetched_at_once_and_in_order(world: World) -> None:
    for key in ("a", "b", "c"):
        world.record(key)
    world.pass_time(10)
    assert world.fetches == [(0, "a"), (0, "b"), (0, "c")]
    [first, *_] = world.outcomes
    assert (first.status, first.size, first.sha256, first.attempts) == (MediaStatus.AVAILABLE, 500, "ab" * 32, 1)
    assert world.used_bytes == 1_500
    assert world.pending == {}


def test_nothing_is_fetched_while_the_session_is_not_ready() -> None:
    world = World()
    world.record("a")
    world.pass_time(DAY_MS)
    assert (world.fetches, world.looks) == ([], 0)
    world.tell(on.ChannelChanged(CHANNEL))
    assert world.fetches == [(DAY_MS // 1_000, "a")]


def test_what_another_owner_left_is_fetched(world: World) -> None:
    world.page = lambda key: "PAGE_FAILED"
    world.record("a")
    assert world.pending["a"].tries == 1
    world.page = lambda key: ""
    world.restart()
    world.pass_time(10_000)
    assert statuses(world) == {"a": (MediaStatus.AVAILABLE, "")}
    assert world.outcomes[0].attempts == 2


def test_a_lost_notification_costs_a_minute(world: World) -> None:
    world.pass_time(10)
    looks = world.looks
    world.due["a"] = START_MS
    world.pending["a"] = PendingMedia(MediaSource("image"), InboundType.IMAGE)
    world.pass_time(60_000)
    assert statuses(world) == {"a": (MediaStatus.AVAILABLE, "")}
    assert world.looks - looks <= 3


@pytest.mark.parametrize(
    ("kind", "size", "fetched"),
    [
        (InboundType.IMAGE, 1_000, True),
        (InboundType.IMAGE, 1_001, False),
        (InboundType.DOCUMENT, 1_001, True),
        (InboundType.STICKER, 1, False),  # of whose type nothing is to be fetched
        (InboundType.STICKER, None, False),
        (InboundType.UNKNOWN, 1, False),
    ],
)
def test_what_says_that_it_is_too_large_is_not_asked_for(
    world: World, kind: InboundType, size: int | None, fetched: bool
) -> None:
    world.record("a", kind, size)
    assert [key for _, key in world.fetches] == (["a"] if fetched else [])
    assert statuses(world)["a"] == ((MediaStatus.AVAILABLE if fetched else MediaStatus.TOO_LARGE), "")


def test_what_turns_out_too_large_is_given_up(world: World) -> None:
    world.page = lambda key: "MEDIA_TOO_LARGE"
    world.record("a", size=None)
    assert statuses(world) == {"a": (MediaStatus.TOO_LARGE, "")}


def test_beyond_the_quota_nothing_is_fetched_and_it_says_so(world: World) -> None:
    world.used_bytes = 9_600
    world.record("a", size=500)
    world.record("b", size=400)
    assert statuses(world) == {
        "a": (MediaStatus.FAILED, "MEDIA_QUOTA_EXCEEDED"),
        "b": (MediaStatus.AVAILABLE, ""),
    }
    assert "media.over_quota" in world.logs


def test_without_a_quota_none_is_exceeded() -> None:
    world = World(rules=at.Rules(RULES.limits))
    world.tell(on.ChannelChanged(CHANNEL))
    world.used_bytes = 1 << 60
    world.record("a")
    assert statuses(world) == {"a": (MediaStatus.AVAILABLE, "")}


def test_a_full_disk_is_waited_for_and_costs_no_tries(world: World) -> None:
    world.free_bytes = 2_100
    world.record("a")
    world.record("b")
    world.pass_time(3_600_000)
    assert world.fetches == []
    assert world.logs.count("media.no_room") == 1
    world.free_bytes = 100_000
    world.pass_time(60_000)
    assert set(statuses(world)) == {"a", "b"}
    assert {one.attempts for one in world.outcomes} == {1}


def test_a_store_that_is_away_is_waited_for_and_costs_no_tries(world: World) -> None:
    world.page = lambda key: "STORE_FAILED"
    world.record("a")
    world.pass_time(3_600_000)
    assert world.pending["a"].tries == 0
    world.store_away, world.page = True, lambda key: ""
    world.pass_time(3_600_000)
    assert world.outcomes == []
    world.store_away = False
    world.pass_time(120_000)
    assert [one.attempts for one in world.outcomes] == [1]


def test_failures_are_tried_again_ever_later_and_given_up_after_more_than_a_day(world: World) -> None:
    world.page = lambda key: "WHATSAPP_ERROR"
    world.record("a")
    world.pass_time(4 * DAY_MS)
    times = [seconds for seconds, _ in world.fetches]
    waits = [after - before for before, after in pairwise(times)]
    assert len(times) == MAX_FAILURES
    assert waits[:4] == [10, 20, 40, 80]
    assert waits == sorted(waits)
    assert times[-1] * 1_000 < 2 * DAY_MS
    assert statuses(world) == {"a": (MediaStatus.FAILED, "MEDIA_NOT_FETCHED")}


def test_what_whatsapp_no_longer_has_is_asked_of_the_phone_for_days(world: World) -> None:
    world.page = lambda key: "MEDIA_EXPIRED"
    world.record("a")
    world.pass_time(4 * DAY_MS)
    assert len(world.fetches) == len(AFTER_EXPIRY_MS) + 1
    assert statuses(world) == {"a": (MediaStatus.EXPIRED, "")}


def test_a_phone_that_comes_back_brings_it(world: World) -> None:
    world.page = lambda key: "MEDIA_EXPIRED"
    world.record("a")
    world.page = lambda key: ""
    world.pass_time(60_000)
    assert statuses(world) == {"a": (MediaStatus.AVAILABLE, "")}


def test_one_that_fails_keeps_none_of_the_others_waiting(world: World) -> None:
    world.page = lambda key: "WHATSAPP_ERROR" if key == "a" else ""
    for key in ("a", "b", "c"):
        world.record(key)
    assert set(statuses(world)) == {"b", "c"}


def test_one_that_takes_the_browser_with_it_is_given_up(world: World) -> None:
    """It is counted before it begins: nobody lives to say that it failed."""

    class Killed(Exception):
        pass

    def kill() -> None:
        raise Killed

    world.during_fetch = kill
    deaths = 0
    try:
        world.record("a")
    except Killed:
        deaths += 1
    for _ in range(MAX_FAILURES - 2):
        world.steady_ms += DAY_MS
        with pytest.raises(Killed):
            world.restart()
        deaths += 1
    world.during_fetch, world.page = lambda: None, lambda key: "PAGE_FAILED"
    world.steady_ms += DAY_MS
    world.restart()
    assert (deaths, world.pending) == (MAX_FAILURES - 1, {})
    assert statuses(world) == {"a": (MediaStatus.FAILED, "MEDIA_NOT_FETCHED")}


def test_an_outcome_waits_for_redis_and_nothing_is_fetched_twice(world: World) -> None:
    faults = iter(["", "", "before", "before", "after"])  # of looking, postponing, and completing three times
    world.redis_fails = lambda: next(faults, "")
    world.record("a")
    assert world.outcomes == []
    world.tell(on.ChannelChanged(None))  # which is no reason not to record it
    world.pass_time(5_000)
    assert world.fetches == [(0, "a")]
    assert statuses(world) == {"a": (MediaStatus.AVAILABLE, "")}
    assert world.state.unrecorded is None


def test_it_ends_when_asked_to_and_leaves_the_rest_to_the_next(world: World) -> None:
    world.redis_fails = lambda: "before"
    world.record("a")
    world.tell(on.StopAsked())
    assert isinstance(world.state.phase, at.Ended)
    world.redis_fails = lambda: ""
    world.restart()
    assert statuses(world) == {"a": (MediaStatus.AVAILABLE, "")}


@pytest.mark.parametrize("seed", range(30))
def test_whatever_fails_each_message_comes_to_one_end(seed: int) -> None:
    rng = random.Random(seed)
    world = World()
    world.redis_fails = lambda: rng.choice(["", "", "", "", "before", "after"])
    world.page = lambda key: rng.choice(["", "", "PAGE_FAILED", "WHATSAPP_ERROR", "MEDIA_EXPIRED", "STORE_FAILED"])
    recorded = 0
    for _ in range(60):
        match rng.randrange(5):
            case 0:
                world.record(f"m{recorded}", size=rng.choice([10, 500, 5_000, None]))
                recorded += 1
            case 1:
                world.tell(on.ChannelChanged(CHANNEL if rng.random() < 0.7 else None))
            case 2:
                world.restart()
            case _:
                world.pass_time(rng.choice([100, 10_000, 3_600_000]))
    world.redis_fails, world.page = lambda: "", lambda key: ""
    world.restart()
    world.pass_time(2 * DAY_MS)
    assert sorted(one.whatsapp_id for one in world.outcomes) == sorted(f"m{n}" for n in range(recorded))
    assert world.pending == world.due == {}
