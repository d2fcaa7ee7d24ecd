"""The bytes of messages: made on the way out from a seed, or kept in a file where somebody gave or uploaded them."""

from __future__ import annotations

import base64
import hashlib
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.errors import BadRequest, NotFound

MAX_BYTES = 100 * 1024 * 1024
_BLOCK = 1 << 18

_BEGINNINGS = {
    "image/jpeg": bytes.fromhex("ffd8ffe000104a46494600010100000100010000"),
    "image/png": bytes.fromhex("89504e470d0a1a0a"),
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "video/mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
    "audio/mpeg": b"ID3\x04\x00\x00\x00\x00\x00\x00",
    "audio/ogg": b"OggS\x00\x02",
    "application/pdf": b"%PDF-1.7\n",
}
"""How files of a type begin; what follows is noise."""


@dataclass(slots=True)
class Media:
    """The bytes of a message.

    Attributes:
        id: 16 hexadecimal digits.
        mimetype: as the sender says.
        size: bytes.
        sha256: of the bytes, hexadecimal.
        seed: what the bytes are made from; empty where a file holds them.
        key: what opens them, base64.
        uploads: how often WhatsApp was given them; each time they have another address.
        gone: WhatsApp no longer has them.
        on_phone: the phone still has them and can give them again.
        downloads: how often pages have begun to download them; not kept over a restart of the simulator.
    """

    id: str
    mimetype: str
    size: int
    sha256: str
    seed: str
    key: str
    uploads: int = 1
    gone: bool = False
    on_phone: bool = True
    downloads: int = 0

    @property
    def direct_path(self) -> str:
        """Where WhatsApp has them now."""
        return f"/v/t62.7118-24/{self.id}_{self.uploads}_n.enc?ccb=11-4&oh=01_Q5Aa&oe=6A000000&_nc_sid=5e03e0"

    def fields(self, uploaded_at_s: int) -> dict[str, object]:
        """Return what a message says of them."""
        encrypted = hashlib.sha256(f"encrypted {self.id}".encode()).digest()
        return {
            "size": self.size,
            "filehash": base64.b64encode(bytes.fromhex(self.sha256)).decode(),
            "encFilehash": base64.b64encode(encrypted).decode(),
            "mediaKey": self.key,
            "mediaKeyTimestamp": uploaded_at_s,
            "directPath": self.direct_path,
        }


def made_of(seed: str, size: int, mimetype: str) -> Iterator[bytes]:
    """Yield `size` bytes, block by block: always the same for a seed, and no block like another."""
    noise = random.Random(seed).randbytes(_BLOCK)
    start = _BEGINNINGS.get(mimetype.partition(";")[0], b"")
    for number, offset in enumerate(range(0, size, _BLOCK)):
        beginning = start if number == 0 else number.to_bytes(8, "big")
        yield (beginning + noise[len(beginning) :])[: size - offset]


class Incoming:
    """Bytes that are just being given: in a file from the first block on, never whole in memory."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self.path = directory / f"{secrets.token_hex(8)}.part"
        self.size = 0
        self._file = self.path.open("wb")
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of the bytes until now, hexadecimal."""
        return self._digest.hexdigest()

    def write(self, block: bytes) -> None:
        """Take in the next block."""
        self._file.write(block)
        self._digest.update(block)
        self.size += len(block)

    def close(self) -> None:
        """No more will come."""
        self._file.close()

    def discard(self) -> None:
        """Forget them, unless they were kept meanwhile."""
        self._file.close()
        self.path.unlink(missing_ok=True)


class MediaShelf:
    """All media, and the directory of those that somebody gave: a file per content."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "media"
        self._all: dict[str, Media] = {}

    def load(self, all_media: list[Media]) -> None:
        """Take in what is on record."""
        self._all = {media.id: media for media in all_media}

    def get(self, id_: str) -> Media:
        """Return media by their id. Raises NotFound."""
        try:
            return self._all[id_]
        except KeyError:
            raise NotFound(f"no media {id_}") from None

    def by_path(self, name: str) -> Media | None:
        """Return the media at an address (its last part); None where WhatsApp has nothing, or no longer."""
        id_, _, rest = name.partition("_")
        media = self._all.get(id_)
        if media is None or media.gone or rest != f"{media.uploads}_n.enc":
            return None
        return media

    def make(self, size: int, mimetype: str) -> Media:
        """Make media of so many bytes; takes as long as hashing them does. Raises BadRequest."""
        if not 0 < size <= MAX_BYTES:
            raise BadRequest(f"size must be 1 to {MAX_BYTES} bytes")
        seed = secrets.token_hex(8)
        digest = hashlib.sha256()
        for block in made_of(seed, size, mimetype):
            digest.update(block)
        return self._take(mimetype, size, digest.hexdigest(), seed)

    def by_direct_path(self, direct_path: str) -> Media | None:
        """As `by_path`, by the whole address that messages have."""
        path, _, _ = direct_path.partition("?")
        return self.by_path(path.rpartition("/")[2])

    def incoming(self) -> Incoming:
        """Return where somebody's bytes can be written to."""
        return Incoming(self._directory)

    def keep(self, incoming: Incoming, mimetype: str, key: str | None = None) -> Media:
        """Keep what somebody gave. key: what opens it, base64; made if None. Raises BadRequest if it is nothing."""
        incoming.close()
        if incoming.size == 0:
            raise BadRequest("the body is empty: it must be the file")
        incoming.path.replace(self._directory / incoming.sha256)
        return self._take(mimetype, incoming.size, incoming.sha256, "", key)

    def read(self, media: Media) -> Iterator[bytes]:
        """Yield the bytes, block by block."""
        if media.seed:
            yield from made_of(media.seed, media.size, media.mimetype)
            return
        path = self._directory / media.sha256
        with (path if path.exists() else self._directory / media.id).open("rb") as file:  # the id: files of before
            while block := file.read(_BLOCK):
                yield block

    def _take(self, mimetype: str, size: int, sha256: str, seed: str, key: str | None = None) -> Media:
        key = key or base64.b64encode(secrets.token_bytes(32)).decode()
        media = Media(secrets.token_hex(8), mimetype, size, sha256, seed, key)
        self._all[media.id] = media
        return media
