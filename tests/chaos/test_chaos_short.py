"""A short chaos run: every rule of `verdict.RULES` holds while parts die and pages misbehave."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.chaos.campaign import QUIET_S, Campaign, report, run
from tests.chaos.plan import Kind

pytestmark = pytest.mark.browser

KINDS = (
    Kind.KILL_WORKER,
    Kind.KILL_BROWSER,
    Kind.KILL_HOST,
    Kind.KILL_HUB,
    Kind.RESTART_REDIS,
    Kind.OFFLINE,
    Kind.DROP_ACKS,
    Kind.WIPE,
    Kind.REFUSE,
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
