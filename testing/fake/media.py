"""WhatsApp's servers of media, in memory: what a path leads to, what they no longer keep, and what pages upload."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import secrets
from dataclasses import dataclass, field

from shared.protocol.content import ContentType
from shared.protocol.inbound import MediaSource

_MIB = 1 << 20
_SMALL_LIMIT = 16 * _MIB
_DOCUMENT_LIMIT = 2_000 * _MIB


@dataclass
class FakeMediaServer:
    """By path. kept_by_phone: what phones still have of what expired here, by message key."""

    files: dict[str, bytes | None] = field(default_factory=dict)  # None: no longer kept
    kept_by_phone: dict[str, bytes] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)  # message key → where its bytes are since its phone sent them
    failures: int = 0  # how many of the next downloads break off
    downloads: list[str] = field(default_factory=list)  # paths, in order
    uploads: list[str] = field(default_factory=list)  # paths, in order
    upload_failures: int = 0  # how many of the next uploads break off
    silent_uploads: int = 0  # how many of the next uploads are never answered
    _ids: itertools.count[int] = field(default_factory=itertools.count)

    def put(self, content: bytes, wa_type: str = "image", mime_type: str = "image/jpeg") -> MediaSource:
        """Somebody sends a file. Returns where it is."""
        path = self._keep(content)
        return MediaSource(
            wa_type,
            mime_type,
            len(content),
            direct_path=path,
            media_key=base64.b64encode(path.encode()).decode(),
            filehash=base64.b64encode(hashlib.sha256(content).digest()).decode(),
        )

    def expire(self, source: MediaSource) -> bytes | None:
        """The servers keep it no longer. Returns what they had."""
        content, self.files[source.direct_path] = self.files[source.direct_path], None
        return content

    def download(self, key: str, source: MediaSource, *, phone_answers: bool) -> bytes | None:
        """What a page gets, also from the phone that it asks. None: nobody has it now."""
        content = self._get(source.direct_path) or self._get(self.moved.get(key, ""))
        if content is None and phone_answers and key in self.kept_by_phone:
            self.moved[key] = self._keep(self.kept_by_phone[key])
            content = self._get(self.moved[key])
        return content

    def upload(self, content_type: ContentType, content: bytes) -> str:
        """A page uploads a file. Returns what its message must say of it."""
        path = f"/o/{secrets.token_hex(12)}"
        self.files[path] = content
        self.uploads.append(path)
        return json.dumps({"type": content_type.value, "path": path})

    def uploaded(self, content_type: ContentType, upload: str) -> bytes | None:
        """What recipients of a message get that says this of its file; None: nothing that can be opened."""
        try:
            said = json.loads(upload)
        except ValueError:
            return None
        return self.files.get(said["path"]) if said.get("type") == content_type else None

    def uploads_of(self, hashes: set[str]) -> int:
        """How many uploads there were of files with these SHA-256."""
        return sum(hashlib.sha256(self.files[path] or b"").hexdigest() in hashes for path in self.uploads)

    def _keep(self, content: bytes) -> str:
        path = f"/v/t62/{next(self._ids)}"
        self.files[path] = content
        return path

    def _get(self, path: str) -> bytes | None:
        if path:
            self.downloads.append(path)
        return self.files.get(path)


def upload_limit(content_type: ContentType) -> int:
    """How many bytes WhatsApp takes of a type."""
    return _DOCUMENT_LIMIT if content_type is ContentType.DOCUMENT else _SMALL_LIMIT


def is_of_type(content_type: ContentType, content: bytes) -> bool:
    """Whether a page can show it as this type: nothing of 0 bytes, and no drawing (SVG) as a picture."""
    pictures = (ContentType.IMAGE, ContentType.STICKER)
    return bool(content) and not (content_type in pictures and content.lstrip().startswith(b"<svg"))
