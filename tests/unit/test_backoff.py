"""The one backoff: how long after how many failures."""

from __future__ import annotations

import random

import pytest

from shared.process.backoff import Backoff

BACKOFF = Backoff(first_s=0.5, max_s=10.0, steady_s=60.0)


@pytest.mark.parametrize(
    ("failures", "delay_s"), [(-1, 0.0), (0, 0.0), (1, 0.5), (2, 1.0), (5, 8.0), (6, 10.0), (5_000, 10.0)]
)
def test_it_doubles_up_to_its_limit(failures: int, delay_s: float) -> None:
    assert BACKOFF.delay_s(failures) == delay_s


def test_jitter_spreads_by_half_to_both_sides() -> None:
    waits = [BACKOFF.jittered_s(3, random.Random(seed)) for seed in range(200)]
    assert 1.0 <= min(waits) < 1.2
    assert 2.8 < max(waits) <= 3.0
    assert BACKOFF.jittered_s(0, random.Random(1)) == 0
