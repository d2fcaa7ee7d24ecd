"""A page, its rows, and a ledger in memory, on which the reducer of receiving is walked."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from session_worker.engine.heard import ChangePage, Heard, MessageRow, PlaceholderPage, PlaceholderRow, RowPage
from session_worker.receiving import actions as do
from session_worker.receiving import inputs as on
from session_worker.receiving import state as at
from session_worker.receiving.reducer import step
from session_worker.receiving.state import Rules, State
from session_worker.session.channel import Channel
from session_worker.turn import Log, Now
from shared.ledger.identity import identity
from shared.ledger.receipts.row_cursors import FIRST_ROW, Placeholder, Position, RowCursor
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.inbound import Change, InboundType, ReactionTo

START_MS = 1_800_000_000_000
DAY_MS = 86_400_000
RULES = Rules(every_ms=60_000, page_rows=5, overlap_rows=3, changes_rows=40)
CHANNEL = Channel("run-1", "5491150000051/pairing", "5491150000051")


@dataclass
class Row:
    """One row of the page's database."""

    row_id: int
    key: str
    sender: str
    at_ms: int
    open: bool = False
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def seen(self) -> MessageInbound:
        return MessageInbound(self.sender, f"text of {self.key}", self.at_ms, self.key, **self.fields)


@dataclass
class World:
    """One tenant. fail: asked before each call; True has the page, or Redis, not answer it."""

    rules: Rules = RULES
    state: State = field(init=False)
    steady_ms: int = 1_000
    rows: list[Row] = field(default_factory=list)
    changes: list[tuple[int, Heard]] = field(default_factory=list)  # of messages, by the number of their row
    arrived: list[str] = field(default_factory=list)  # keys, in order
    recorded: list[str] = field(default_factory=list)  # keys, in order
    seen: set[str] = field(default_factory=set)
    cursors: dict[str, RowCursor] = field(default_factory=dict)
    recorded_until_ms: int | None = None
    lives: int = 1
    marker: str = "life-1"  # of Redis, "" while it was not compared with SQL
    kept_placeholders: dict[str, int] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)  # placeholders, of this page
    calls: list[do.Call] = field(default_factory=list)
    silences: list[int] = field(default_factory=list)
    logs: list[str] = field(default_factory=list)
    page_fails: Callable[[], bool] = lambda: False
    redis_fails: Callable[[], str] = lambda: ""  # `before` or `after` what it was asked was done

    def __post_init__(self) -> None:
        self.state = State(self.rules)

    @property
    def wall_ms(self) -> int:
        return START_MS + self.steady_ms

    # What happens.

    def arrive(self, sender: str = "5491100000001", *, told: bool = True, at_ms: int | None = None) -> Row:
        """A text comes in. told: by an event of the page."""
        row = self.add_row(sender, at_ms=at_ms)
        self.arrived.append(row.key)
        if told:
            self.tell(on.Told(row.seen))
        return row

    def change(self, row: Row, kind: str = "reaction", *, told: bool = True) -> Heard:
        """Somebody reacts to a message, edits it or deletes it. told: by an event of the page."""
        heard: Heard
        number = len(self.changes)
        if kind == "reaction":
            heard = MessageInbound(
                row.sender,
                "",
                self.wall_ms,
                f"{row.key}-r{number}",
                type=InboundType.REACTION,
                reaction=ReactionTo("👍", row.key),
            )
        elif kind == "edit":
            heard = MessageUpdated(row.key, Change.EDITED, self.wall_ms, "otro", f"{row.key}-e{number}")
        else:
            heard = MessageUpdated(row.key, Change.REVOKED, self.wall_ms)
        self.changes.append((row.row_id, heard))
        if told:
            self.tell(on.Told(heard))
        return heard

    def add_row(self, sender: str = "5491100000001", *, at_ms: int | None = None, open_: bool = False) -> Row:
        newest = max((row.row_id for row in self.rows), default=FIRST_ROW)
        key = f"false_{sender}@c.us_{len(self.arrived)}-{newest}-{self.steady_ms}"
        row = Row(newest + 1, key, sender, self.wall_ms if at_ms is None else at_ms, open_)
        self.rows.append(row)
        return row

    def delete_newest(self, rows: int) -> None:
        """The owner deletes what came last; the numbers are given out again."""
        del self.rows[len(self.rows) - rows :]

    def ready(self, browser_run: str = "run-1", login_id: str = CHANNEL.login_id) -> None:
        self.tell(on.ChannelChanged(replace(CHANNEL, browser_run=browser_run, login_id=login_id)))

    def kill(self) -> None:
        """The worker dies; its successor knows what Redis knows."""
        self.state = State(self.rules)
        self.asked.clear()

    def lose_redis(self, cursors: dict[str, RowCursor] | None = None, *, compared: bool = True) -> None:
        """Redis is emptied, or an older one, and nothing of what it had is anywhere else.

        compared: with SQL, which opens it for what comes in.
        """
        self.marker = ""
        if compared:
            self.compare()
        self.cursors = dict(cursors or {})
        self.recorded.clear()
        self.seen.clear()
        self.kept_placeholders.clear()

    def compare(self) -> None:
        """The background worker compares Redis with SQL."""
        self.lives += 1
        self.marker = f"life-{self.lives}"

    def tell(self, event: on.Input) -> None:
        """One input, and the answers to what follows from it."""
        following: on.Input | None = event
        while following is not None:
            self.state, actions = step(self.state, following, Now(self.wall_ms, self.steady_ms), random.Random(1))
            following = None
            for number, action in enumerate(actions, 1):
                if isinstance(action, do.ReportSilence):
                    self.silences.append(action.messages)
                elif isinstance(action, Log):
                    self.logs.append(action.event)
                else:
                    assert number == len(actions), "a step makes one call, as its last action"
                    following = self._answer(action)

    def run_for(self, ms: int) -> None:
        """Time passes, and what is due is done when it is due."""
        end_ms = self.steady_ms + ms
        for _ in range(100_000):
            wakes_at_ms = self.state.wakes_at_ms
            if wakes_at_ms is None or wakes_at_ms > end_ms or isinstance(self.state.phase, at.Ended):
                break
            self.steady_ms = max(self.steady_ms, wakes_at_ms)
            self.tell(on.TimePassed())
        else:
            raise AssertionError("it spins")
        self.steady_ms = end_ms

    # Whom it calls.

    def _answer(self, call: do.Call) -> on.Answer:
        self.calls.append(call)
        if isinstance(call, do.PageCall):
            if self.page_fails():
                return on.EngineFailed("PAGE_FAILED")
            return self._ask_page(call)
        failure = self.redis_fails()
        if failure == "before":
            return on.CutShort(500)
        answer = self._ask_ledger(call)
        return on.CutShort(500) if failure == "after" else answer

    def _ask_page(self, call: do.PageCall) -> on.Answer:
        if isinstance(call, do.ReadRows):
            found = [row for row in self.rows if row.row_id > call.after_row_id][: call.limit]
            young = [row for row in found if row.at_ms >= call.since_ms]
            return on.RowsRead(
                RowPage(
                    rows=len(found),
                    last_row_id=found[-1].row_id if found else call.after_row_id,
                    more=len(found) == call.limit,
                    messages=tuple(MessageRow(row.row_id, row.seen) for row in young if not row.open),
                    placeholders=tuple(PlaceholderRow(row.row_id, row.key, row.at_ms) for row in young if row.open),
                )
            )
        if isinstance(call, do.ReadChanges):
            return on.ChangesRead(self._change_page(call))
        rows = {row.key: row for row in self.rows if row.key in call.keys}
        self.asked |= {row.key for row in rows.values() if row.open}
        return on.PlaceholdersRead(
            PlaceholderPage(
                messages=tuple(row.seen for row in rows.values() if not row.open),
                open=tuple(row.key for row in rows.values() if row.open),
                missing=tuple(key for key in call.keys if key not in rows),
            )
        )

    def _change_page(self, call: do.ReadChanges) -> ChangePage:
        found = [row for row in self.rows if row.row_id > call.after_row_id][: call.limit]
        young = {row.row_id for row in found if row.at_ms >= call.since_ms}
        return ChangePage(
            rows=len(found),
            last_row_id=found[-1].row_id if found else call.after_row_id,
            more=len(found) == call.limit,
            heard=tuple(heard for row_id, heard in self.changes if row_id in young),
        )

    def _ask_ledger(self, call: do.LedgerCall) -> on.Answer:
        marker = getattr(call, "marker", "")
        if not isinstance(call, do.ForgetPlaceholders) and (not self.marker or (marker and marker != self.marker)):
            return on.NotCompared()
        match call:
            case do.ReadPosition(login_id):
                waiting = tuple(Placeholder(key, at_ms) for key, at_ms in self.kept_placeholders.items())
                return on.PositionRead(
                    Position(self.cursors.get(login_id), self.recorded_until_ms, waiting, self.marker)
                )
            case do.Record(heard):
                names = [identity(one) for one in heard]
                fresh = tuple(name not in {*self.seen, *names[:at]} for at, name in enumerate(names))
                self.recorded += [name for name, new in zip(names, fresh, strict=True) if new]
                self.seen |= {*names}
                return on.Recorded(fresh)
            case do.KeepCursor(login_id, cursor, placeholders):
                self.cursors[login_id] = cursor
                self.kept_placeholders |= {one.key: one.at_ms for one in placeholders}
            case do.ForgetPlaceholders(keys):
                self.kept_placeholders = {key: at for key, at in self.kept_placeholders.items() if key not in keys}
        return on.Kept()


def linked() -> World:
    """In sync, and nothing came in yet."""
    world = World()
    world.ready()
    world.run_for(1_000)
    return world
