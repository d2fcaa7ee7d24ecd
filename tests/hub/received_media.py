"""Received media of the hub's tests: in Redis, in the store and in SQL."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from sqlalchemy import select

from hub_api.inbox.models import InboundMedia
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.instant import now_ms
from shared.protocol.events import MessageInbound, MessageMedia
from shared.protocol.inbound import InboundType, MediaSource, MediaStatus
from shared.settings import Settings

PDF = bytes(range(256)) * 300  # more than one chunk
SHA256 = hashlib.sha256(PDF).hexdigest()
SENDER = "5491123456789"


class Receiving:
    """Messages with media come in, and their bytes come to an end."""

    def __init__(self, services: Services, drain: Drain) -> None:
        self._services = services
        self._drain = drain
        self._made = 0

    def __call__(
        self,
        content: bytes = PDF,
        *,
        cliente_id: int = 51,
        status: MediaStatus = MediaStatus.AVAILABLE,
        name: str = "contrato.pdf",
        mime_type: str = "application/pdf",
        error: str = "",
        at: int | None = None,
    ) -> str:
        """One. Returns its key."""
        self._made += 1
        whatsapp_id, size = f"false_{SENDER}@c.us_3EB0{self._made:04X}", len(content)
        source = MediaSource("document", mime_type, size, name, direct_path="/v/1", media_key="a2V5")
        told = MessageInbound(
            SENDER, "", at or now_ms(), whatsapp_id, type=InboundType.DOCUMENT, media=source, chat_id=f"{SENDER}@c.us"
        )
        ledger = self._services.ledger
        assert ledger.receipts.record_inbound(cliente_id, [told], told.at) == [True]
        if status is not MediaStatus.PENDING:
            sha256 = ""
            if status is MediaStatus.AVAILABLE:
                with self._services.media.writing(cliente_id, 1 << 20) as writer:
                    writer.write(content)
                    sha256 = writer.commit().sha256
            outcome = MessageMedia(whatsapp_id, status, mime_type, size, sha256, error, 1)
            assert ledger.media.complete(cliente_id, outcome, size, told.at)
        self._drain.run()
        return whatsapp_id


def media_row(services: Services, whatsapp_id: str) -> InboundMedia:
    with services.database.reading() as session:
        found = session.scalar(select(InboundMedia).where(InboundMedia.whatsapp_id == whatsapp_id))
    assert found is not None
    return found


def lies_there(services: Services, cliente_id: int = 51) -> list[str]:
    return [file.sha256 for file in services.media.files(cliente_id)]


def age(settings: Settings, days: int = 2, cliente_id: int = 51) -> None:
    """All files of a tenant, and what is on its way, were stored days ago."""
    before = time.time() - days * 86_400
    for path in (Path(settings.media_location) / str(cliente_id)).rglob("*"):
        if path.is_file():
            os.utime(path, (before, before))
