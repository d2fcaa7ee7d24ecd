"""What the calls of all of accounts share: their documented failures, names, and lists that are ordered by a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StrictStr

from hub_api.web.answers import Failure
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.web.fields import Cursor, Input, Limit
from shared.errors import ValidationFailed

COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 503: Failure}
ONE: Any = {**COMMON, 404: Failure}
CHANGE: Any = {**COMMON, 409: Failure, 413: Failure, 415: Failure}
CHANGE_OF_ONE: Any = {**CHANGE, 404: Failure}


def _printable(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("must be printable and not blank")
    return text.strip()


Name = Annotated[StrictStr, Field(min_length=1, max_length=120), AfterValidator(_printable)]
ShortName = Annotated[StrictStr, Field(min_length=1, max_length=100), AfterValidator(_printable)]


class PageQuery(Input):
    cursor: Cursor | None = None
    limit: Limit = 100


def place_of(cursor: str | None) -> int:
    """The number after which a page begins. Raises ValidationFailed."""
    if cursor is None:
        return 0
    _, last = read_cursor(cursor)
    if not last.isdigit() or len(last) > 10:
        raise ValidationFailed(details={"cursor": "not one of this list"})
    return int(last)


def following(numbers: Sequence[int], limit: int) -> str | None:
    """The cursor of the next page, where there is one. numbers: of the rows found, one more than the limit at most."""
    return write_cursor(0, str(numbers[limit - 1])) if len(numbers) > limit else None
