"""A page of messages as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import cast
from urllib.parse import urlencode

from flask import Response

_COLUMNS = (
    "message_id",
    "cliente_id",
    "to",
    "status",
    "lane",
    "accepted_at",
    "sent_at",
    "delivered_at",
    "read_at",
    "error",
    "error_message",
    "certain",
    "campaign_id",
    "bulk_id",
    "whatsapp_id",
    "message",
    "type",
    "reply_to",
    "mime_type",
    "size",
    "sha256",
    "file_name",
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_answer(
    objects: Sequence[Mapping[str, object]], following: str | None, url: str, args: Mapping[str, str]
) -> Response:
    """One row each; the next page's URL stands in the header `Link`. args: the query this page was asked with."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for item in objects:
        shown = {**item, **cast("dict[str, object]", item.get("media") or {})}
        writer.writerow([csv_cell(shown.get(column)) for column in _COLUMNS])
    answer = Response(out.getvalue(), mimetype="text/csv")
    if following is not None:
        answer.headers["Link"] = f'<{url}?{urlencode({**args, "cursor": following})}>; rel="next"'
    return answer


def csv_cell(value: object) -> str:
    """A spreadsheet must not take what a stranger wrote for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return "'" + text if text.startswith(_FORMULA_STARTS) else text
