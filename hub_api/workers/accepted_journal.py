"""What a process of the hub accepted lately, on this machine's disk: one that is killed takes nothing with it.

A line for each message, in files that are their process's by a lock that ends with it. Lines are not synced: they are
to outlive a process, not a power cut, after which Redis has what was answered. A file goes once all of it is on record.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shared.ledger.message import Draft, key_digest
from shared.logs import get_logger
from shared.protocol.content import PLAIN, Content
from shared.protocol.wire import Record, WireError
from shared.transitions.message import Lane

_log = get_logger(__name__)

MAX_BYTES = 4 * 2**20  # of a file; then the next one begins
_SUFFIX = ".jsonl"


@dataclass(frozen=True, slots=True)
class AcceptedLine(Record):
    """A message as it was accepted. Times are milliseconds since the epoch."""

    message_id: str
    cliente_id: int
    to: str
    message: str
    lane: Lane
    accepted_at: int
    expires_at: int
    bulk_id: str = ""
    campaign_id: str = ""
    content: Content | None = None
    key_digest: str = ""  # of its idempotency key, as Redis keeps it; "" for none
    body_digest: str = ""  # of what the key stands for

    @classmethod
    def of(cls, draft: Draft) -> AcceptedLine:
        """What is needed to take it up again."""
        return cls(
            message_id=draft.message_id,
            cliente_id=draft.cliente_id,
            to=draft.to,
            message=draft.text,
            lane=draft.lane,
            accepted_at=draft.accepted_at_ms,
            expires_at=draft.expires_at_ms,
            bulk_id=draft.bulk_id,
            campaign_id=draft.campaign_id,
            content=None if draft.content == PLAIN else draft.content,
            key_digest="" if draft.idempotency_key is None else key_digest(draft.idempotency_key),
            body_digest=draft.body_digest,
        )

    def draft(self) -> Draft:
        """As it was given to the ledger, but for what counts at acceptance alone."""
        return Draft(
            message_id=self.message_id,
            cliente_id=self.cliente_id,
            to=self.to,
            text=self.message,
            lane=self.lane,
            accepted_at_ms=self.accepted_at,
            expires_at_ms=self.expires_at,
            wake=False,
            bulk_id=self.bulk_id,
            campaign_id=self.campaign_id,
            content=self.content or PLAIN,
        )


@dataclass(slots=True)
class _File:
    number: int
    path: Path
    descriptor: int
    size: int = 0


class AcceptedJournal:
    """One per process, used by one thread at a time. Where the disk refuses, memory alone remembers."""

    def __init__(self, folder: Path) -> None:
        """Nothing is opened before something is written."""
        self._folder = folder
        self._files: deque[_File] = deque()
        self._last = 0  # number of a file
        self._refused = False

    def write(self, draft: Draft) -> int:
        """Keeps a message and returns the number of its file; numbers grow."""
        line = (json.dumps(AcceptedLine.of(draft).to_wire()) + "\n").encode()
        try:
            file = self._current(len(line))
            os.write(file.descriptor, line)
            file.size += len(line)
            self._refused = False
        except OSError as error:
            if not self._refused:
                _log.warning("journal.not_written", reason=type(error).__name__)
            self._refused = True
        return self._last

    def forget_before(self, number: int) -> None:
        """All that stands in files of lower numbers is on record."""
        while self._files and self._files[0].number < number:
            file = self._files.popleft()
            with contextlib.suppress(OSError):
                file.path.unlink()
            os.close(file.descriptor)

    def forget_all(self) -> None:
        """All is on record."""
        self.forget_before(self._last + 1)

    def lines(self) -> list[AcceptedLine]:
        """What all processes of this machine accepted, oldest files first; some of it may be on record by now."""
        found: list[AcceptedLine] = []
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            with contextlib.suppress(OSError), path.open("rb") as lines:  # one that goes meanwhile is on record
                found += [line for line in map(_read, lines) if line is not None]
        return found

    def adopt(self, remember: Callable[[Draft], None]) -> int:
        """Hands over what ended processes left behind, then removes it. Returns how many messages these were."""
        total = 0
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            with contextlib.suppress(OSError), path.open("rb") as left:
                fcntl.flock(
                    left, fcntl.LOCK_EX | fcntl.LOCK_NB
                )  # refused where its process lives, also where that is us
                if os.fstat(left.fileno()).st_nlink == 0:
                    continue  # another process was faster
                drafts = [line.draft() for line in map(_read, left) if line is not None]
                for draft in drafts:
                    remember(draft)
                path.unlink()
                total += len(drafts)
        return total

    def _current(self, room: int) -> _File:
        if self._files and self._files[-1].size + room <= MAX_BYTES:
            return self._files[-1]
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{uuid.uuid4().hex}{_SUFFIX}"
        unlocked = path.with_suffix(".new")  # nobody adopts it before it is locked
        descriptor = os.open(unlocked, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unlocked.rename(path)
        self._last += 1
        self._files.append(_File(self._last, path, descriptor))
        return self._files[-1]


def _read(line: bytes) -> AcceptedLine | None:
    """None for a line that was cut off."""
    try:
        return AcceptedLine.from_wire(json.loads(line))
    except (ValueError, WireError, TypeError, AttributeError):
        return None
