"""What a subject of the hub registers: its calls, what it does with events, what it restores, what it does on time.

A subject is a package. Its module `subject.py` says so with one constant `SUBJECT`; `subjects.py` lists the packages by
name, and nothing else imports them. The application and the background worker read that list.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from hub_api.services import Services
from shared import names
from shared.names import Keys
from shared.protocol.events import Event


class EventHandler(Protocol):
    """Takes the events of the stream, in their order, within the transaction that also moves the stream's cursor."""

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """The ids of those events that this handler recorded before; the stream may be read twice."""

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Takes events that nobody recorded before. Raises ValueError, KeyError, TypeError for one that it refuses.

        Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
        """


class TenantHook(Protocol):
    """Follows a change of a tenant's profile, within the transaction that makes it."""

    def __call__(self, services: Services, session: Session, cliente_id: int, changed: Collection[str]) -> None:
        """It is told the names of columns of `tenants`. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""


class RecordedHook(Protocol):
    """Is told of events once SQL has them, outside of any transaction; not of those that a kill came after."""

    def __call__(self, events: Sequence[Event]) -> object:
        """Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """One event that callers are told of; see `public_events.models.PublicEvent`, whose row it is."""

    number: int
    event_id: str  # the number as callers see it
    cliente_id: int
    type: str  # of `PublicEventType`
    chat: str
    at: int
    body: str  # the whole envelope, as JSON


class LateKeyHook(Protocol):
    """Is told of messages whose key of WhatsApp's SQL learned late, within the transaction that records it.

    As a rule SQL knows a key before WhatsApp has the message. Where Redis lost the event that told it, acknowledgements
    tell it, and until then anything may have been made of it.
    """

    def __call__(self, session: Session, keys: Mapping[tuple[int, str], str]) -> object:
        """keys: tenant and key → our id of the message. Raises sqlalchemy.exc.SQLAlchemyError."""


class PublishedHook(Protocol):
    """Is told of public events within the transaction that gives them their numbers: none lacks what follows of it."""

    def __call__(self, session: Session, events: Sequence[PublishedEvent]) -> object:
        """Raises sqlalchemy.exc.SQLAlchemyError."""


@dataclass(frozen=True, slots=True)
class PeriodicTask:
    """A task that celery beat publishes and the background worker runs, one run of it at a time.

    One of another queue is its worker's, and several runs of it may go on at once. How often: `hub_api.beat.EVERY_S`.
    """

    name: str  # of `shared.names`
    make: Callable[[Services], Callable[[], object]]  # made once per process; what it returns is called at each run
    queue: str = names.BACKGROUND_QUEUE
    woken_by: Callable[[Keys], str] | None = None  # a channel: it also runs as soon as something is published there


@dataclass(frozen=True, slots=True)
class Expiring:
    """Rows that are deleted by age. key: a column of the table's primary key. is_old: given the moment before which.

    together: columns of other tables that name the same rows; they go in the same transaction.
    """

    name: str  # of the table, for the log
    key: Any
    is_old: Callable[[int], ColumnElement[bool]]
    together: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """Rows that name files of the media store: a file stays as long as one of anybody's does.

    rows: those that name one, of all tenants; cliente_id, sha256, size: their columns, which an index serves.
    forget: has rows give up their files by age, told the time in milliseconds; returns how many did.
    """

    rows: Select[Any]
    cliente_id: Any
    sha256: Any
    size: Any
    forget: Callable[[Services, int], int] | None = None


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a restore hook is told. Claims are closed while hooks run; callers go on accepting and cancelling."""

    now_ms: int
    marker: str  # of the Redis that is restored, which scripts compare
    incarnation: str  # its new one; the same when a run that broke off is repeated
    since: str  # the last event that was recorded when this Redis' state was current; START where it came up empty
    # Where it holds all that SQL recorded, and lost what nobody recorded: from when on, in milliseconds.
    unseen_since: int | None = None


@dataclass(frozen=True, slots=True)
class PartState:
    """How something that the hub works with stands. detail: for an admin alone."""

    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ReadyPart:
    """A part of `/ready` that a subject adds. Both are given the time in milliseconds.

    state: asks Redis; raises redis.RedisError. depths: how much waits, by name; raises sqlalchemy.exc.SQLAlchemyError.
    """

    name: str
    state: Callable[[Services, int], PartState]
    depths: Callable[[Services, int], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Subject:
    """Everything that a package adds to the hub. Handlers and hooks run in the order of `subjects.NAMES`."""

    name: str
    views: tuple[str, ...] = ()  # modules that have a `blueprint`; the hub alone loads them
    event_handlers: tuple[Callable[[Services], EventHandler], ...] = ()  # made once per process
    before_events: tuple[Callable[[Services], Callable[[], object]], ...] = ()  # called before each drain of the stream
    recorded: tuple[Callable[[Services], RecordedHook], ...] = ()  # made once per process
    published: tuple[Callable[[Services], PublishedHook], ...] = ()  # made once per process
    late_keys: tuple[LateKeyHook, ...] = ()
    after_events: tuple[Callable[[Services], Callable[[], object]], ...] = ()  # called after each drain of the stream
    tenant_changed: tuple[TenantHook, ...] = ()
    restore: tuple[Callable[[Services, Restoration], None], ...] = ()  # into a Redis that is empty, older or foreign
    in_hub: tuple[Callable[[Services], Callable[[], object]], ...] = ()  # called once in each process of the hub
    tasks: tuple[PeriodicTask, ...] = ()
    expiring: tuple[Expiring, ...] = ()
    named_files: tuple[NamedFiles, ...] = ()
    ready: tuple[ReadyPart, ...] = ()
    schemas: tuple[type[BaseModel], ...] = ()  # that the OpenAPI document has besides those of calls
    document: Mapping[str, Any] = field(default_factory=dict)  # sections of the OpenAPI document
    command_line: Mapping[str, Callable[..., Any]] = field(default_factory=dict)  # what `leadmaster <name>` calls
