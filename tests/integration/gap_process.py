"""A real worker process on a WhatsApp that outlives it; killed, or cut off from Redis, at one step of a message."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import redis

from session_worker.sending.doubts import Patience
from session_worker.sending.state import Rules
from session_worker.worker import process
from session_worker.worker.profile_store import open_store
from shared.ledger.claiming.claiming import Claiming
from shared.ledger.claiming.progress import ProgressMemory
from shared.ledger.claiming.work import Login, Pause, PutKey
from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.media.media import MediaLedger
from shared.ledger.media.pending import PendingMedia
from shared.ledger.message import Message
from shared.ledger.receipts.receipts import Receipts
from shared.ledger.receipts.row_cursors import RowCursor, RowCursors
from shared.ledger.uploads.uploads import UploadLedger
from shared.names import Keys
from shared.protocol.content import Content
from shared.protocol.events import MessageInbound, MessageMedia
from shared.sessions.lease import Lease
from shared.settings import Settings
from shared.texts import Language
from testing.fake.durable_whatsapp import DurablePage, DurableWhatsApp

CLIENTE = 51


class Gap:
    """Acts once, at one step.

    `die`: SIGKILL of the process itself. `cut`: what was done stands, its answer is lost. `short`: see `put_key`.
    """

    def __init__(self, step: str, how: str) -> None:
        self._step = step
        self._how = how

    def __call__(self, step: str) -> None:
        if step != self._step or self._how == "short":
            return
        if self._how == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        self._step = ""
        raise redis.ConnectionError("cut by the test")

    def is_short(self) -> bool:
        """Whether the lease is to look too short for a hand-over, this once."""
        short, self._how = self._how == "short", "" if self._how == "short" else self._how
        return short


class ClaimingWithGaps(Claiming):
    """The real one, with a gap before and after each of the owner's changes."""

    def __init__(self, client: redis.Redis, keys: Keys, gap: Gap, progress: ProgressMemory) -> None:
        super().__init__(client, keys, progress)
        self._gap = gap

    def claim_next(self, lease: Lease, *args: Any, **named: Any) -> Any:
        """See `Claiming.claim_next`."""
        work = super().claim_next(lease, *args, **named)
        if not isinstance(work, Pause):
            self._gap("claimed")
        return work

    def put_key(self, lease: Lease, message: Message, login: Login, **named: Any) -> Any:
        """See `Claiming.put_key`."""
        if self._gap.is_short():
            return PutKey.SHORT
        self._gap("before the key is kept")
        answer = super().put_key(lease, message, login, **named)
        self._gap("key kept")
        return answer

    def complete(self, lease: Lease, message: Message, *args: Any, **named: Any) -> Any:
        """See `Claiming.complete`."""
        self._gap("before it is complete")
        answer = super().complete(lease, message, *args, **named)
        self._gap("complete")
        return answer


class ReceiptsWithGaps(Receipts):
    """The real one, with a gap before and after each acknowledgement."""

    def __init__(self, client: redis.Redis, keys: Keys, gap: Gap) -> None:
        super().__init__(client, keys)
        self._gap = gap

    def acknowledge(self, cliente_id: int, whatsapp_id: str, ack: int, at_ms: int) -> str:
        """See `Receipts.acknowledge`."""
        self._gap("before the ack is recorded")
        answer = super().acknowledge(cliente_id, whatsapp_id, ack, at_ms)
        self._gap("ack recorded")
        return answer

    def record_inbound(
        self, cliente_id: int, messages: Sequence[MessageInbound], now_ms: int, marker: str = ""
    ) -> list[bool]:
        """See `Receipts.record_inbound`."""
        self._gap("before inbound is recorded")
        answer = super().record_inbound(cliente_id, messages, now_ms, marker)
        self._gap("inbound recorded")
        return answer


class RowCursorsWithGaps(RowCursors):
    """The real one, with a gap before and after the cursor moves."""

    def __init__(self, client: redis.Redis, keys: Keys, gap: Gap) -> None:
        super().__init__(client, keys)
        self._gap = gap

    def keep(self, cliente_id: int, login_id: str, cursor: RowCursor, *args: Any, **more: Any) -> None:
        """See `RowCursors.keep`."""
        self._gap("before the cursor is kept")
        super().keep(cliente_id, login_id, cursor, *args, **more)
        self._gap("cursor kept")


class MediaLedgerWithGaps(MediaLedger):
    """The real one, with a gap before and after each change."""

    def __init__(self, client: redis.Redis, keys: Keys, gap: Gap) -> None:
        super().__init__(client, keys)
        self._gap = gap

    def postpone(self, cliente_id: int, whatsapp_id: str, due_ms: int, pending: PendingMedia) -> bool:
        """See `MediaLedger.postpone`."""
        self._gap("before the fetch is counted")
        answer = super().postpone(cliente_id, whatsapp_id, due_ms, pending)
        self._gap("fetch counted")
        return answer

    def complete(self, cliente_id: int, outcome: MessageMedia, added_bytes: int, now_ms: int) -> bool:
        """See `MediaLedger.complete`."""
        self._gap("before the media are complete")
        answer = super().complete(cliente_id, outcome, added_bytes, now_ms)
        self._gap("media complete")
        return answer


class UploadLedgerWithGaps(UploadLedger):
    """The real one, with a gap before and after an upload is kept."""

    def __init__(self, client: redis.Redis, keys: Keys, gap: Gap) -> None:
        super().__init__(client, keys)
        self._gap = gap

    def keep(self, cliente_id: int, login_id: str, content: Content, upload: str) -> None:
        """See `UploadLedger.keep`."""
        self._gap("before the upload is kept")
        super().keep(cliente_id, login_id, content, upload)
        self._gap("upload kept")


def settings_for(folder: Path, redis_url: str, keys: Keys) -> Settings:
    """What worker and test agree on. The lease is long enough for a machine with much to do."""
    return Settings(
        whatsapp_web_url="fake://durable",
        redis_url=redis_url,
        redis_prefix=keys.prefix,
        leadmaster_data_dir=folder,
        session_lease_seconds=10,
        send_gap_min_seconds=0,
        send_gap_max_seconds=0,
        send_delay_min_seconds=0,
        send_delay_max_seconds=0,
        send_ack_timeout_seconds=1,
        media_min_free_mib=0,
        log_level="warning",
    )


def whatsapp_file(folder: Path) -> Path:
    """Where WhatsApp lives."""
    return folder / "whatsapp.json"


def run(folder: Path, redis_url: str, keys: Keys, token: str, step: str, how: str) -> None:
    """The child process: a whole tenant's worker, with everything real but the browser."""
    gap = Gap(step, how)
    whatsapp = DurableWhatsApp(whatsapp_file(folder), gap)
    settings = settings_for(folder, redis_url, keys)
    store = open_store(settings.profiles_dir)
    patience = Patience(look_again_ms=500, stuck_ms=1_500, overdue_ms=1_000)

    def with_gaps(client: redis.Redis, keys: Keys, language: Language, progress: ProgressMemory) -> Ledger:
        ledger = make_ledger(client, keys, language, progress)
        return replace(
            ledger,
            claiming=ClaimingWithGaps(client, keys, gap, progress),
            uploads=UploadLedgerWithGaps(client, keys, gap),
            receipts=ReceiptsWithGaps(client, keys, gap),
            row_cursors=RowCursorsWithGaps(client, keys, gap),
            media=MediaLedgerWithGaps(client, keys, gap),
        )

    with (
        mock.patch.object(process, "make_ledger", with_gaps),
        mock.patch.object(process, "make_engine", lambda config: DurablePage(config, whatsapp, gap)),
        mock.patch.object(process, "SendingRules", partial(Rules, patience=patience)),
    ):
        os._exit(process.run_worker(settings, store, CLIENTE, token, "test/1"))
