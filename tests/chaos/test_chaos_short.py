"""A short chaos run: every rule of `verdict.RULES` holds while parts die and pages misbehave."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.chaos import kinds
from tests.chaos.campaign import QUIET_S, Campaign, report, run

pytestmark = pytest.mark.browser

KINDS = (
    kinds.KILL_WORKER,
    kinds.KILL_BROWSER,
    kinds.KILL_HOST,
    kinds.KILL_HUB,
    kinds.RESTART_REDIS,
    kinds.OFFLINE,
    kinds.DROP_ACKS,
    kinds.WIPE,
    kinds.REFUSE,
)


def test_nothing_is_lost_doubled_or_made_up(tmp_path: Path) -> None:
    # given each kind of fault once, over half a minute
    campaign = Campaign(
        seed=20, seconds=30.6, tenants=2, messages=200, every_s=3.4, kinds=KINDS, ack_timeout_s=2.0, recipients=6
    )
    assert {fault.kind for fault in campaign.plan()} == set(KINDS)
    # when two tenants' messages are posted meanwhile
    outcome = run(campaign, tmp_path, print_line)
    # then
    print_line("\n".join(report(campaign, outcome)))
    assert outcome.ok, outcome.verdict.broken
    assert outcome.quiet_s is not None
    assert outcome.quiet_s < QUIET_S
    assert outcome.verdict.posted == 400


def print_line(line: str) -> None:
    """To pytest's captured output, shown where the test fails."""
    sys.stdout.write(f"{line}\n")
