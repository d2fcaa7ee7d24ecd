"""Young uploads: what a page made of a file, so that one upload serves a whole campaign.

They open the file for whoever has them: secrets, of one login each.
"""

from __future__ import annotations

import hashlib
from typing import cast

import redis

from shared.names import Keys
from shared.protocol.content import Content

YOUNG_MS = 86_400_000  # WhatsApp Web itself uses a media key again for two days and more


class UploadLedger:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def find(self, cliente_id: int, login_id: str, content: Content) -> str:
        """A young upload of the content's file as its type, "" where there is none. Raises ValueError: no file."""
        return cast("str | None", self._client.get(self._key(cliente_id, login_id, content))) or ""

    def keep(self, cliente_id: int, login_id: str, content: Content, upload: str) -> None:
        """upload: as the engine's `upload` returned it. Raises ValueError: the content has no file."""
        self._client.set(self._key(cliente_id, login_id, content), upload, px=YOUNG_MS)

    def _key(self, cliente_id: int, login_id: str, content: Content) -> str:
        if content.media is None:
            raise ValueError(f"{content.type} has no file")
        parts = "\n".join((login_id, content.type, content.media.sha256))
        return self._keys.upload(cliente_id, hashlib.sha256(parts.encode()).hexdigest())
