"""The receiver on a Redis that was emptied under it: nothing is recorded before SQL's word, then all in order."""

from __future__ import annotations

import queue
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

import pytest
import redis

from session_worker.engine.heard import ChangePage, MessageRow, RowPage
from session_worker.engine.port import Engine
from session_worker.receiving import inputs as on
from session_worker.receiving.shell import Receiver
from session_worker.receiving.state import Rules, State
from session_worker.session.channel import Channel
from shared.instant import now_ms
from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.receipts.row_cursors import FIRST_ROW
from shared.names import EventType, Keys
from shared.protocol.events import Event, MessageInbound
from support.waiting import until
from testing.claims import open_claims

CLIENTE = 51
LOGIN = "5491150000051/pairing"
WAIT_S = 20


@dataclass
class Page:
    """Its rows, and how often somebody asked for them."""

    rows: list[MessageRow] = field(default_factory=list)
    asked: int = 0

    def read_rows(self, after_row_id: int, limit: int, since_ms: int) -> RowPage:
        """See `Engine.read_rows`."""
        self.asked += 1
        behind = [row for row in self.rows if row.row_id > after_row_id]
        found = behind[:limit]
        young = tuple(row for row in found if row.heard.at >= since_ms)
        return RowPage(len(found), found[-1].row_id if found else after_row_id, len(behind) > limit, young)

    def read_changes(self, after_row_id: int, limit: int, since_ms: int) -> ChangePage:
        """See `Engine.read_changes`."""
        return ChangePage(0, after_row_id, more=False, heard=())


class Told:
    """A tenant's receiver beside its page."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client, self._keys = client, keys
        self.ledger: Ledger = make_ledger(client, keys)
        self.page = Page()
        self.inbox: queue.SimpleQueue[on.Input] = queue.SimpleQueue()
        self.receiver = Receiver(
            inbox=self.inbox,
            state=State(Rules(every_ms=200, page_rows=3)),
            ledger=self.ledger,
            cliente_id=CLIENTE,
            engine_of=lambda browser_run: cast("Engine", self.page),
            on_silence=lambda browser_run, messages: None,
            on_media=lambda: None,
            rng=random.Random(1),
        )
        self.receiver.start()
        self.inbox.put(on.ChannelChanged(Channel("run-1", LOGIN, "5491150000051")))

    def arrive(self, text: str, *, told: bool = True) -> None:
        """One comes in."""
        heard = MessageInbound("5491123456789", text, now_ms(), f"false_5491123456789@c.us_{text}")
        self.page.rows.append(MessageRow(FIRST_ROW + 1 + len(self.page.rows), heard))
        if told:
            self.inbox.put(on.Told(heard))

    def recorded(self) -> list[str]:
        """What Redis has of it, in order."""
        entries = cast("list[tuple[str, dict[str, str]]]", self._client.xrange(self._keys.events))
        events = [Event.from_wire(event_id, entry) for event_id, entry in entries]
        return [cast("MessageInbound", one.body).message for one in events if one.type is EventType.MESSAGE_INBOUND]

    def empty_redis(self) -> None:
        """As after a flush, before the background worker looked."""
        self._client.delete(*cast("list[str]", self._client.keys(f"{self._keys.prefix}*")))

    def until_recorded(self, *texts: str) -> None:
        until(lambda: len(self.recorded()) >= len(texts), WAIT_S, f"{len(texts)} to be recorded")
        assert self.recorded() == [*texts]


@pytest.fixture
def tenant(client: redis.Redis, keys: Keys) -> Iterator[Told]:
    made = Told(client, keys)
    yield made
    assert made.receiver.stop(WAIT_S)


def test_what_is_told_meanwhile_waits_and_takes_its_place(tenant: Told, client: redis.Redis, keys: Keys) -> None:
    # given five that Redis had, of which SQL has the first one, when Redis is emptied
    for text in ("a", "b", "c", "d", "e"):
        tenant.arrive(text)
    tenant.until_recorded("a", "b", "c", "d", "e")
    tenant.empty_redis()
    # when two come in before it was compared with SQL, one of them without an event
    tenant.arrive("f", told=False)
    tenant.arrive("g")
    asked = tenant.page.asked
    until(lambda: tenant.receiver._state.waits_for_comparison, WAIT_S, "the receiver to wait")
    # then nothing of it is written into this Redis
    assert client.keys(f"{keys.prefix}*") == []
    # when it was, and SQL says until when it has a record
    tenant.ledger.row_cursors.restore(CLIENTE, tenant.page.rows[0].heard.at)
    open_claims(client, keys)
    # then each is recorded in its place
    tenant.until_recorded("a", "b", "c", "d", "e", "f", "g")
    assert tenant.page.asked > asked


def test_one_that_was_compared_before_the_receiver_noticed(tenant: Told, client: redis.Redis, keys: Keys) -> None:
    for text in ("a", "b", "c", "d"):
        tenant.arrive(text)
    tenant.until_recorded("a", "b", "c", "d")
    # when Redis is emptied and open again between two of its calls
    tenant.empty_redis()
    open_claims(client, keys)
    tenant.arrive("e")
    # then what nobody has is not behind what comes next
    tenant.until_recorded("a", "b", "c", "d", "e")


def test_a_first_start_waits_for_nobody(tenant: Told) -> None:
    tenant.arrive("a")
    tenant.until_recorded("a")
    assert not tenant.receiver._state.waits_for_comparison
