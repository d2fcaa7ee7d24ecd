"""Each chat keeps its order, whatever events tell and whoever dies, hangs or forgets (session_worker/receiving)."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from session_worker.receiving import inputs as on
from session_worker.receiving.state import MAX_FAILURES
from tests.unit.worker.receiving_world import World

SENDERS = ["5491100000001", "5491100000002", "5491100000003"]


@pytest.mark.parametrize("seed", range(100))
def test_each_chat_keeps_its_order_whatever_events_tell(seed: int) -> None:
    rng = random.Random(seed)
    world = World()
    failing = rng.choice([0, 0.2])
    hanging = rng.choice([0, 0.1])
    world.redis_fails = lambda: rng.choice(["before", "after"]) if rng.random() < failing else ""

    def hangs() -> bool:
        """It is found by what it does not answer, and replaced."""
        does = world.state.failures < MAX_FAILURES - 1 and rng.random() < hanging
        world.steady_ms += 15_000 if does else 0
        return does

    world.page_fails = hangs
    on_record: list[str] = []  # in SQL, of what a Redis had that was lost
    in_sync = False
    for _ in range(60):
        happens = rng.choices(["arrive", "ready", "away", "kill", "time", "lose", "compare"], [10, 2, 2, 1, 6, 1, 3])[0]
        if happens == "arrive":
            world.arrive(rng.choice(SENDERS), told=in_sync and rng.random() < 0.7)
        elif happens == "ready":
            in_sync = True
            world.ready(f"run-{rng.randrange(9)}")
        elif happens in ("away", "kill"):
            in_sync = False
            if happens == "kill":
                world.kill()
            world.tell(on.ChannelChanged(None))
        elif happens == "lose":
            on_record += world.recorded[: rng.randrange(len(world.recorded) + 1)]
            world.lose_redis(compared=False)
            world.recorded_until_ms = world.wall_ms if on_record else None
        elif happens == "compare":
            world.compare()
        else:
            world.run_for(rng.choice([10, 100, 300]))  # less in all than what a message waits for those before it
    failing = hanging = 0
    world.compare()
    world.ready("run-10")
    world.run_for(60_000)
    order: dict[str, list[list[str]]] = defaultdict(lambda: [[], []])
    for which, keys in enumerate((world.arrived, dict.fromkeys([*on_record, *world.recorded]))):
        for key in keys:
            order[key.split("@")[0]][which].append(key)
    assert all(came == recorded for came, recorded in order.values())
