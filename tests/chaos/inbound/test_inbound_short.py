"""A short chaos run of what comes in: every rule of `verdict.RULES` holds while parts die and pages are away."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.chaos import kinds
from tests.chaos.campaign import Campaign, report, run

pytestmark = pytest.mark.browser

KINDS = (
    kinds.KILL_WORKER,
    kinds.KILL_HUB,
    kinds.KILL_WEBHOOKS,
    kinds.KILL_BACKGROUND,
    kinds.RESTART_REDIS,
    kinds.OFFLINE,
)


def test_what_comes_in_is_recorded_and_delivered(tmp_path: Path) -> None:
    # given each kind of fault once, over some seconds
    campaign = Campaign(seed=302, seconds=18.0, tenants=1, messages=0, every_s=3.0, arrivals=140, kinds=KINDS)
    assert {fault.kind for fault in campaign.plan()} == set(KINDS)
    # when people write to a tenant meanwhile, and its receivers fail
    outcome = run(campaign, tmp_path, print_line)
    # then
    print_line("\n".join(report(campaign, outcome)))
    assert outcome.inbound is not None
    assert outcome.ok, outcome.inbound.broken
    assert outcome.inbound_quiet_s is not None
    assert sum(outcome.inbound.came.values()) > 100
    assert outcome.inbound.silent > 0
    assert outcome.inbound.posts.keys() >= {0, 204, 400}  # the first posts are reset and refused


def print_line(line: str) -> None:
    """To pytest's captured output, shown where the test fails."""
    sys.stdout.write(f"{line}\n")
