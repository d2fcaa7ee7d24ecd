"""A file on its way into a tenant's part of the store: counted, hashed and looked at while it passes by.

Until it is kept nobody sees anything of it, and what was not kept is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ulid import ULID

from hub_api.media.checks.examining import examiner
from hub_api.media.checks.facts import Facts
from hub_api.media.checks.kinds import fault_of, fault_of_any
from hub_api.media.checks.told_types import agreed, by_name
from hub_api.media.file_names import UNKNOWN_TYPE, safe_name
from hub_api.media.file_names import content_type as bare_type
from hub_api.media.models import Upload
from hub_api.media.opening import unreachable
from hub_api.media.uploads import note
from hub_api.services import Services
from shared.errors import MediaQuotaExceeded, MediaStoreUnreachable, PayloadTooLarge, ValidationFailed
from shared.media.settings import MIB
from shared.media.store import StoreFailed
from shared.media.writing import MediaTooLarge, MediaWriter
from shared.protocol.content import ContentType

_TRY_AGAIN_S = 300


class Staged:
    """One file. Errors name `field`, what the caller sent it in."""

    def __init__(self, services: Services, cliente_id: int, writer: MediaWriter, max_bytes: int, field: str) -> None:
        self._services = services
        self._cliente_id = cliente_id
        self._writer = writer
        self._max_bytes = max_bytes
        self._field = field
        self._examiner = examiner()
        self._size = 0
        self._facts: Facts | None = None

    def write(self, chunk: bytes) -> None:
        """The next bytes. Raises PayloadTooLarge, MediaStoreUnreachable."""
        try:
            self._writer.write(chunk)
        except MediaTooLarge:
            raise self.too_large(self._max_bytes) from None
        except StoreFailed as error:
            raise unreachable(error) from error
        self._size += len(chunk)
        self._examiner.feed(chunk)

    def require(self, content_type: ContentType | None) -> None:
        """All bytes are written, and a message of that type can have them; None: of any type.

        Raises ValidationFailed, PayloadTooLarge.
        """
        settings = self._services.settings
        facts = self.facts
        if content_type is None:
            fault = fault_of_any(facts, settings.media_send_max_megapixels)
        else:
            fault = fault_of(facts, content_type, settings.media_send_max_megapixels)
            if self._size > (most := settings.media_send_limits[content_type]):
                raise self.too_large(most)
        if fault is not None:
            raise ValidationFailed(details={self._field: fault})

    @property
    def facts(self) -> Facts:
        """All bytes are written: what they are. Raises ValidationFailed where there are none."""
        if self._facts is None:
            if self._size == 0:
                raise ValidationFailed(details={self._field: "is empty: 0 bytes"})
            self._facts = self._examiner.end()
        return self._facts

    def keep(self, file_name: str, told_type: str | None, now_ms: int, *, shared: bool = False) -> Upload:
        """Has the store keep it and notes it.

        file_name: as the recipient is to see it, "" for none. told_type: what the caller says it is, which must agree
        with what it shows; None: nothing. shared: the row that such a file of this tenant has already will do.

        Raises ValidationFailed, MediaQuotaExceeded, MediaStoreUnreachable; redis.RedisError and
        sqlalchemy.exc.SQLAlchemyError, after which nobody knows the file, and it goes within a day or two.
        """
        facts = self.facts
        mime_type = by_name(facts.mime_type, file_name) if told_type is None else agreed(facts.mime_type, told_type)
        if mime_type is None:
            said = bare_type(told_type or UNKNOWN_TYPE)
            raise ValidationFailed(details={self._field: f"its content is {facts.mime_type}, not {said}"})
        require_room(self._services, self._cliente_id, self._size)
        try:
            stored = self._writer.commit()
        except StoreFailed as error:
            raise unreachable(error) from error
        upload = Upload(
            media_id=str(ULID()),
            cliente_id=self._cliente_id,
            sha256=stored.sha256,
            mime_type=mime_type,
            size=stored.size,
            file_name=safe_name(file_name, "", "") if file_name else "",
            width=facts.width,
            height=facts.height,
            channels=facts.channels,
            created_at=now_ms,
            used_at=now_ms,
        )
        noted = note(self._services, upload, shared=shared)
        self._services.ledger.media.add_used(self._cliente_id, stored.added_bytes)
        return noted

    def too_large(self, most: int) -> PayloadTooLarge:
        """The error that names the limit, in bytes."""
        return PayloadTooLarge(details={self._field: f"more than {most:,} bytes"})


@contextmanager
def staging(services: Services, cliente_id: int, field: str, max_bytes: int, expected: int = 0) -> Iterator[Staged]:
    """expected: bytes that are announced, as far as they are. Raises MediaQuotaExceeded, MediaStoreUnreachable;
    redis.RedisError."""
    require_room(services, cliente_id, expected)
    try:
        opened = services.media.writing(cliente_id, max_bytes)
        with opened as writer:
            yield Staged(services, cliente_id, writer, max_bytes, field)
    except StoreFailed as error:
        raise unreachable(error) from error


def require_room(services: Services, cliente_id: int, size: int) -> None:
    """Raises MediaQuotaExceeded where the tenant has no room for so many bytes more, MediaStoreUnreachable where the
    disk hasn't; redis.RedisError."""
    settings = services.settings
    quota = settings.media_quota_mib * MIB
    if quota and services.ledger.media.used(cliente_id) + size > quota:
        raise MediaQuotaExceeded(details={"media": f"the tenant's files may take {quota:,} bytes"})
    try:
        free = services.media.free_bytes()
    except StoreFailed as error:
        raise unreachable(error) from error
    if free is not None and free - size < settings.media_min_free_mib * MIB:
        raise MediaStoreUnreachable(details={"store": "no room on the disk"}, retry_after_s=_TRY_AGAIN_S)
