"""Who is told what within a worker, and that its parts do not know one another."""

from __future__ import annotations

import ast
import queue
from pathlib import Path
from typing import TypeVar

import pytest

from session_worker.acting import inputs as acting
from session_worker.engine.port import (
    AckSeen,
    BrowserGone,
    EngineEvent,
    Limits,
    LoggedOut,
    PageChanged,
    PageReloaded,
    RowsHinted,
)
from session_worker.media import inputs as fetching
from session_worker.receiving import inputs as receiving
from session_worker.sending import actions
from session_worker.sending import inputs as sending
from session_worker.sending.shell import Word
from session_worker.session import inputs as session
from session_worker.session.channel import Channel
from session_worker.worker.dispatcher import Dispatcher
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.inbound import Change
from tests.unit.worker.session_world import OPEN

T = TypeVar("T")

ACK, INBOUND = AckSeen("key", 1), MessageInbound("5491123456789", "hola", 1, "key")
DELETED = MessageUpdated("key", Change.REVOKED, 1)
PACKAGE = Path(__file__).parents[3] / "session_worker"
# What each part may take from the others. `worker` puts them together, `host` forks workers.
MAY_IMPORT = {
    "engine": set(),
    "receiving": {"engine", "turn", "actor", "session.channel"},
    "media": {"engine", "turn", "actor", "session.channel"},
    "acting": {"engine", "turn", "actor", "session.channel"},
    "drift": {"engine"},
    "session": {"engine", "turn", "drift.judging", "drift.canary"},
    "sending": {"engine", "turn", "actor", "session.channel"},
    "worker": {"engine", "turn", "drift", "receiving", "media", "acting", "session", "sending"},
    "host": {"engine", "worker"},
}


def everything_in(inbox: queue.SimpleQueue[T]) -> list[T]:
    found = []
    while not inbox.empty():
        found.append(inbox.get())
    return found


@pytest.mark.parametrize(
    ("event", "inbox", "told"),
    [
        (PageChanged(OPEN), "session", session.PageObserved("run", OPEN)),
        (LoggedOut("user"), "session", session.LoginRemoved("run", "user")),
        (PageReloaded(), "session", session.PageReloaded("run")),
        (BrowserGone("crash"), "session", session.BrowserEnded("run", "crash")),
        (ACK, "acknowledging", ACK),
        (INBOUND, "receiving", receiving.Told(INBOUND)),
        (DELETED, "receiving", receiving.Told(DELETED)),
        (RowsHinted("main_ready"), "receiving", receiving.RowsHinted("main_ready")),
    ],
)
def test_what_the_engine_tells(event: EngineEvent, inbox: str, told: object) -> None:
    dispatcher = Dispatcher()
    dispatcher.engine_event("run", event)
    for name in ("session", "acknowledging", "receiving", "fetching", "acting"):
        assert everything_in(getattr(dispatcher, name)) == ([told] if name == inbox else [])
    assert everything_in(dispatcher.sending) == []


def test_what_sending_and_receiving_are_told() -> None:
    dispatcher, channel = Dispatcher(), Channel("run", "login", "5491150000051")
    dispatcher.ack_recorded("key", -1, "463")
    dispatcher.channel_changed(channel)
    assert everything_in(dispatcher.sending) == [
        sending.Acknowledged("key", -1, "463"),
        sending.ChannelChanged(channel),
    ]
    assert everything_in(dispatcher.receiving) == [receiving.ChannelChanged(channel)]
    assert everything_in(dispatcher.fetching) == [fetching.ChannelChanged(channel)]
    assert everything_in(dispatcher.acting) == [acting.ChannelChanged(channel)]


def test_fetching_is_told_of_media_that_were_recorded() -> None:
    dispatcher = Dispatcher()
    dispatcher.media_recorded()
    assert everything_in(dispatcher.fetching) == [fetching.MediaRecorded()]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        (actions.AskRelaunch("MEMORY"), session.RelaunchAsked("MEMORY")),
        (actions.ReportPause(paused=True), session.SendingPaused(True)),
        (actions.ReportRestriction(5, 7, Limits()), session.RestrictionTold(5, 7, Limits())),
    ],
)
def test_what_sending_tells_the_session(word: Word, told: session.Input) -> None:
    dispatcher = Dispatcher()
    dispatcher.word_of_sending(word)
    assert everything_in(dispatcher.session) == [told]


def test_what_others_found_of_the_page_is_told_to_the_session() -> None:
    dispatcher = Dispatcher()
    dispatcher.word_of_sending(actions.ReportUnacknowledged("run", 3))
    dispatcher.inbound_silent("run", 2)
    told = everything_in(dispatcher.session)
    assert told == [session.SendsUnacknowledged("run", 3), session.InboundSilent("run", 2)]


def imported_parts(path: Path) -> set[str]:
    """Modules of session_worker that a file imports, as `part.module` or `part`."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("session_worker"):
            module = (node.module or "").removeprefix("session_worker").lstrip(".")
            found |= {f"{module}.{alias.name}".lstrip(".") for alias in node.names}
    return found


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_arrows_run_one_way(part: str) -> None:
    files = sorted((PACKAGE / part).rglob("*.py"))
    assert files
    for path in files:
        for module in imported_parts(path):
            allowed = any(f"{module}.".startswith(f"{other}.") for other in MAY_IMPORT[part] | {part})
            assert allowed, f"{path.relative_to(PACKAGE)} imports {module}"
