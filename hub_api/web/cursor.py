"""The opaque cursor by which a caller asks for a list's next page: the sort key of the last row it got. Pure."""

from __future__ import annotations

import base64
import binascii

from shared.errors import ValidationFailed


def write_cursor(at: int, last: str) -> str:
    """at: a number such as a time in milliseconds. last: what orders rows of the same number; ASCII, not empty."""
    return base64.urlsafe_b64encode(f"{at}:{last}".encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[int, str]:
    """The sort key back. Raises ValidationFailed."""
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
        at, _, last = text.partition(":")
        if not at.isdigit() or len(at) > 15 or not last or "\x00" in last:
            raise ValueError(cursor)
        return int(at), last
    except (ValueError, binascii.Error):
        raise ValidationFailed(details={"cursor": "not one of this list"}) from None
