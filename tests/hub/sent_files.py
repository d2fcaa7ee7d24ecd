"""Files of the hub's tests that are there to be sent: in the store and on record."""

from __future__ import annotations

import zlib

from hub_api.media.models import Upload
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.message import new_message_id

GROUP = "120363000000000001@g.us"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + name + data + zlib.crc32(name + data).to_bytes(4, "big")


# One grey pixel.
PNG = b"".join(
    (
        b"\x89PNG\r\n\x1a\n",
        _chunk(b"IHDR", (1).to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00"),
        _chunk(b"IDAT", zlib.compress(b"\x00\x80")),
        _chunk(b"IEND", b""),
    )
)


def give(services: Services, content: bytes, mime_type: str, file_name: str = "", cliente_id: int = 51) -> str:
    """A file as a caller gave it to a tenant, to be sent. Returns its id."""
    with services.media.writing(cliente_id, 10_000_000) as writer:
        writer.write(content)
        stored = writer.commit()
    upload = Upload(
        media_id=new_message_id(),
        cliente_id=cliente_id,
        sha256=stored.sha256,
        mime_type=mime_type,
        size=stored.size,
        file_name=file_name,
        width=1 if mime_type.startswith("image/") else None,
        height=1 if mime_type.startswith("image/") else None,
        channels=None,
        created_at=now_ms(),
        used_at=now_ms(),
    )
    with services.database.writing() as session:
        session.add(upload)
        return upload.media_id
