"""Lists of recipients over REST: previewed, imported, shown, reported."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from hub_api.campaigns.bodies import CampaignPath
from hub_api.campaigns.recipients import importing
from hub_api.campaigns.recipients import rows as recipient_rows
from hub_api.campaigns.recipients.bodies import (
    ImportQuery,
    PreviewBody,
    RecipientPath,
    RecipientsBody,
    RecipientsQuery,
)
from hub_api.campaigns.recipients.objects import ImportOutcome, RecipientList, RecipientPreview
from hub_api.campaigns.recipients.sheet import Sheet, SheetError, read_csv, read_rows
from hub_api.campaigns.recipients.template import checked_templates, required_by
from hub_api.campaigns.tenants.service import rules
from hub_api.campaigns.web import CHANGE_OF_STATE, COMMON, ONE_CAMPAIGN, campaign_blueprint, found
from hub_api.web.answers import listed, succeeded
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.web.endpoint import Call, endpoint
from hub_api.web.inputs import Body, read_body
from hub_api.web.tenant import named, named_or_all
from shared.errors import ValidationFailed

blueprint = campaign_blueprint("campaign_recipients", __name__)
IMPORT_LIMIT = 64 * 1_048_576  # bytes


@blueprint.post("/preview", summary="What an import would do", responses={200: ImportOutcome, **CHANGE_OF_STATE})
@endpoint(named, body=Body(max_bytes=IMPORT_LIMIT))
def preview(call: Call, body: PreviewBody) -> Response:
    """Numbers checked, duplicates merged, bad rows by line and column, the first messages; nothing is stored."""
    sheet = _read_list(call, call.cliente_id, body.csv.encode() if body.csv else None, body.recipients or (), ())
    templates = checked_templates(body.templates or (), sheet.columns)
    if required_by(templates):
        required = tuple(required_by(templates))
        sheet = _read_list(
            call, call.cliente_id, body.csv.encode() if body.csv else None, body.recipients or (), required
        )
    return succeeded(importing.preview(sheet, templates))


@blueprint.post(
    f"{ONE_CAMPAIGN}/recipients",
    summary="Import recipients",
    responses={200: ImportOutcome, **CHANGE_OF_STATE},
    openapi_extensions={"x-body": "text/csv with a header, or application/json {recipients: [{…}]}"},
)
@endpoint(named_or_all, body=Body(max_bytes=IMPORT_LIMIT), command="campaign import")
def import_recipients(call: Call, path: CampaignPath, query: ImportQuery) -> Response:
    """`text/csv` with a header, or JSON `{"recipients": [{…}]}`. Good rows go in, bad ones are told by line and column.

    `?dry_run=true` stores nothing and shows the first messages.
    """
    with call.services.database.reading() as session:
        row = found(call, session, path.campaign_id)
        texts, columns, cliente_id = json.loads(row.templates), json.loads(row.columns), row.cliente_id
    required = tuple(required_by(checked_templates(texts, columns)))
    raw, rows = _list_in_body(call)
    sheet = _read_list(call, cliente_id, raw, rows, required)
    if query.dry_run:
        return succeeded(importing.preview(sheet, checked_templates(texts, [*columns, *sheet.columns])))
    done = importing.store(call.services.database, path.campaign_id, sheet, call.caller.name)
    return succeeded({**importing.summary(sheet), "added": done.added, "known": done.known})


@blueprint.get(f"{ONE_CAMPAIGN}/recipients", summary="Recipients in order", responses={200: RecipientList, **COMMON})
@endpoint(named_or_all)
def list_recipients(call: Call, path: CampaignPath, query: RecipientsQuery) -> Response:
    """What became of each."""
    after = 0 if query.cursor is None else read_cursor(query.cursor)[0]
    with call.services.database.reading() as session:
        row = found(call, session, path.campaign_id)
        rows = recipient_rows.page(session, row.id, query.state, after, query.limit + 1)
        items = [recipient_rows.to_object(one, call.language) for one in rows[: query.limit]]
    following = write_cursor(rows[query.limit - 1].position, "r") if len(rows) > query.limit else None
    return listed(items, following)


@blueprint.get(
    f"{ONE_CAMPAIGN}/recipients/<string:recipient_id>/preview",
    summary="One recipient's message",
    responses={200: RecipientPreview, **COMMON},
)
@endpoint(named_or_all)
def preview_recipient(call: Call, path: RecipientPath) -> Response:
    """The very message this recipient gets, variant included."""
    with call.services.database.reading() as session:
        row = found(call, session, path.campaign_id)
        return succeeded(recipient_rows.preview(session, row, path.recipient_id))


@blueprint.get(
    f"{ONE_CAMPAIGN}/results",
    summary="Results as CSV",
    responses={**COMMON, 200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
@endpoint(named_or_all)
def results(call: Call, path: CampaignPath) -> Response:
    """Every recipient, in the list's order, with what became of it."""
    with call.services.database.reading() as session:
        row = found(call, session, path.campaign_id)
        key, columns = row.id, json.loads(row.columns)
    rows = recipient_rows.csv_rows(call.services.database, key, columns, call.language)
    answer = Response(rows, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="campaign-{path.campaign_id}.csv"'
    return answer


def _list_in_body(call: Call) -> tuple[bytes | None, list[Any]]:
    if request.mimetype == "text/csv":
        return request.get_data(cache=False), []
    if request.mimetype not in ("application/json", ""):
        raise UnsupportedMediaType()
    body = read_body(request, RecipientsBody)
    return None, body.recipients


def _read_list(call: Call, cliente_id: int, raw: bytes | None, rows: Any, required: tuple[str, ...]) -> Sheet:
    with call.services.database.reading() as session:
        country = rules(session, cliente_id, call.services.settings).country
    try:
        return read_rows(rows, country, required) if raw is None else read_csv(raw, country, required)
    except SheetError as error:
        raise ValidationFailed(details={"recipients": str(error)}) from None
