"""Queues, task names and event types are written in `shared/names.py` alone, Redis keys in `shared/keys/`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from shared import names
from shared.names import Keys

ROOT = Path(__file__).parents[2]
# What callers are told of has names of its own, some of them the same.
PLACES = {
    ROOT / "shared" / "names.py",
    ROOT / "hub_api" / "public_events" / "types.py",
    *(ROOT / "shared" / "keys").glob("*.py"),
}
PACKAGES = ("hub_api", "session_worker", "leadmaster", "shared")
EVENT_TYPES = {each.value for each in names.EventType}
TASKS = {value for name, value in vars(names).items() if name.startswith("TASK_")}


def literals(path: Path) -> list[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def _every_key() -> list[str]:
    keys = Keys("p:")
    return [
        keys.message("m"), keys.open(1), keys.in_flight(1), keys.sequence(1), keys.whatsapp_key_prefix(1),
        keys.idempotency(1, "d"), keys.rate(1, 2), keys.pace(1), keys.deadlines, keys.events, keys.session(1),
        keys.sessions, keys.lease(1), keys.fence(1), keys.wanted, keys.store_of, keys.wake_channel,
        keys.changed_channel(1), keys.host("h"), keys.reply("q"), keys.drain_cursor, keys.task_lock("t"),
        keys.unseen_since,
        keys.unread(1), keys.inbound_seen_prefix(1), keys.queue_list("session.1"), keys.login_attempts("all"),
            keys.login_known("d"),
        keys.incarnation, keys.hosts, keys.held(1), keys.own_number(1), keys.counts(1), keys.sent_today(1, "d"),
        keys.opted_out(1), keys.heard_prefix(1), keys.addresses(1), keys.campaign_stop_versions,
        keys.campaign_in_flight(1), keys.campaign_quota(1, 20261120), keys.campaign_slot(1),
        keys.imbalances, keys.row_cursors(1), keys.placeholders(1), keys.recorded_until(1),
        keys.media_due(1), keys.media_pending(1), keys.media_used(1),
        keys.act("a"), keys.acts_open(1), keys.act_deadlines,
        keys.tenant_rules, keys.suspended, keys.accounts_version,
        keys.contact(1, "d"), keys.contact_profile(1, "d"), keys.contacts_asked(1, 2),
        keys.logouts, keys.builds, keys.build("b"), keys.served_build, keys.build_trial,
        keys.public_events_channel, keys.event_ticket("d"),
    ]  # fmt: skip


def _key_heads() -> tuple[str, ...]:
    """What the keys that end in an id begin with, e.g. `msg:`."""
    return tuple({head[1] for key in _every_key() if (head := re.match("p:([a-z_]+:)", key))})


def test_no_literal_elsewhere() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}: {text!r}"
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path not in PLACES
        for text in literals(path)
        if text in TASKS | EVENT_TYPES
        or re.match(r"^session\.\d+$", text)
        or (package != "leadmaster" and text.startswith(_key_heads()))  # its words on the screen are no keys
    ]
    assert wrong == []


def test_every_key_carries_the_prefix() -> None:
    made = _every_key()
    assert all(key.startswith("p:") for key in made)
    assert len(set(made)) == len(made)
    assert names.session_queue(51) == "session.51"
    assert names.worker_hostname(51) == "sender_51@leadmaster"
