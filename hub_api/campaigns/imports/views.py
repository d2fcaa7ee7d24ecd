"""Imports over REST: looked at before, begun, followed, cancelled."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from hub_api.campaigns.bodies import CampaignPath, PageQuery
from hub_api.campaigns.imports import service, storing
from hub_api.campaigns.imports.bodies import ImportPath, ImportQuery, PreviewBody, RecipientsBody, RefusedQuery
from hub_api.campaigns.imports.objects import (
    ImportList,
    ImportObject,
    ImportOutcome,
    RefusedList,
    SheetPreview,
    import_fields,
    preview_fields,
    refused_fields,
)
from hub_api.campaigns.imports.running import Imports
from hub_api.campaigns.imports.source import Upload, csv_upload, objects_upload
from hub_api.campaigns.imports.status import ImportStatus
from hub_api.campaigns.recipients.entries import SheetError
from hub_api.campaigns.recipients.sheet import MAX_TOLD, Sheet, read_csv, read_rows
from hub_api.campaigns.recipients.template import checked_templates, longest_of, required_by
from hub_api.campaigns.tenants.service import rules
from hub_api.campaigns.web import CHANGE_OF_STATE, COMMON, ONE_CAMPAIGN, campaign_blueprint, found
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.web.endpoint import Call, endpoint
from hub_api.web.inputs import BODY_LIMIT, Body, read_body
from hub_api.web.tenant import named, named_or_all
from shared.errors import ImportTooLarge, PreviewTooLarge, ValidationFailed

blueprint = campaign_blueprint("campaign_imports", __name__)
IMPORT_LIMIT = 8 * 1_048_576  # bytes
AT_ONCE_LIMIT = 262_144  # bytes; a longer list is the background worker's
ONE_IMPORT = f"{ONE_CAMPAIGN}/imports/<string:import_id>"


@blueprint.post("/preview", summary="What an import would do", responses={200: SheetPreview, **CHANGE_OF_STATE})
@endpoint(named, body=Body(too_large=PreviewTooLarge))
def preview(call: Call, body: PreviewBody) -> Response:
    """Numbers checked, duplicates merged, bad rows by line and column, the first messages; nothing is stored.

    Up to 1 MiB: of a longer list send the beginning.
    """
    raw, rows = body.csv.encode() if body.csv is not None else None, body.recipients or []
    sheet = _sheet(call, call.cliente_id, raw, rows, ())
    templates = checked_templates(body.templates or (), sheet.columns)
    if required := tuple(required_by(templates)):
        sheet = _sheet(call, call.cliente_id, raw, rows, required)
    return succeeded(preview_fields(sheet, templates))


@blueprint.post(
    f"{ONE_CAMPAIGN}/recipients",
    summary="Import recipients",
    responses={200: ImportOutcome, 202: ImportObject, **CHANGE_OF_STATE, 429: Failure},
    openapi_extensions={"x-body": "text/csv with a header, or application/json {recipients: [{…}]}"},
)
@endpoint(named_or_all, body=Body(max_bytes=IMPORT_LIMIT, too_large=ImportTooLarge), command="campaign import")
def import_recipients(call: Call, path: CampaignPath, query: ImportQuery) -> Response:
    """`text/csv` with a header, or JSON `{"recipients": [{…}]}`. Good rows go in, bad ones are told by line and column.

    Up to 256 KiB: 200 once all of it is in. Longer, up to 8 MiB, or with `?background=true`: 202; the background
    worker does it, `GET …/imports/{import_id}` tells how far it is and `…/refused` which rows it refused.
    `?dry_run=true` (up to 1 MiB) stores nothing and answers as `/preview` does.
    """
    with call.services.database.reading() as session:
        row = found(call, session, path.campaign_id)
        key, texts, columns, cliente_id = row.id, row.templates, row.columns, row.cliente_id
        longest = longest_of(row.content)
    raw, rows = _list_in_body()
    size = len(raw) if raw is not None else request.content_length or 0
    if query.dry_run:
        if size > BODY_LIMIT:
            raise PreviewTooLarge(details={"body": f"more than {BODY_LIMIT:,} bytes"})
        required = tuple(required_by(checked_templates(json.loads(texts), json.loads(columns))))
        sheet = _sheet(call, cliente_id, raw, rows, required)
        templates = checked_templates(json.loads(texts), [*json.loads(columns), *sheet.columns], longest)
        return succeeded(preview_fields(sheet, templates))
    database = call.services.database
    at_once = size <= AT_ONCE_LIMIT and not query.background
    import_id = service.begin(database, path.campaign_id, _upload(raw, rows), call.caller.name, reserved=at_once)
    if at_once:
        Imports(database, call.services.settings).run(key, import_id)
    return _answer(call, path.campaign_id, import_id, begun=True)


@blueprint.get(f"{ONE_CAMPAIGN}/imports", summary="Imports, newest first", responses={200: ImportList, **COMMON})
@endpoint(named_or_all)
def list_imports(call: Call, path: CampaignPath, query: PageQuery) -> Response:
    """Those of a campaign, also the ones that have ended."""
    before = None if query.cursor is None else read_cursor(query.cursor)[0]
    with call.services.database.reading() as session:
        campaign = found(call, session, path.campaign_id)
        rows = service.listed(session, campaign.id, before, query.limit + 1)
        items = [import_fields(row, campaign, call.language) for row in rows[: query.limit]]
    return listed(items, write_cursor(rows[query.limit - 1].id, "i") if len(rows) > query.limit else None)


@blueprint.get(ONE_IMPORT, summary="One import", responses={200: ImportObject, **COMMON})
@endpoint(named_or_all)
def read_import(call: Call, path: ImportPath) -> Response:
    """How far it is."""
    return _answer(call, path.campaign_id, path.import_id)


@blueprint.get(f"{ONE_IMPORT}/refused", summary="Refused rows", responses={200: RefusedList, **COMMON})
@endpoint(named_or_all)
def list_refused(call: Call, path: ImportPath, query: RefusedQuery) -> Response:
    """In the list's order, with line, column and reason; the first 10,000."""
    after = 0 if query.cursor is None else read_cursor(query.cursor)[0]
    with call.services.database.reading() as session:
        row = service.find(session, found(call, session, path.campaign_id).id, path.import_id)
        rows = storing.refused(session, row.id, after, query.limit + 1)
        items = refused_fields(rows[: query.limit])
    return listed(items, write_cursor(rows[query.limit - 1].number, "r") if len(rows) > query.limit else None)


@blueprint.post(f"{ONE_IMPORT}/cancel", summary="Cancel an import", responses={200: ImportObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="campaign import-cancel")
def cancel_import(call: Call, path: ImportPath) -> Response:
    """What came in until then stays. 409 where it has ended."""
    with call.services.database.reading() as session:
        found(call, session, path.campaign_id)
    service.cancel(call.services.database, path.campaign_id, path.import_id, call.caller.name)
    return _answer(call, path.campaign_id, path.import_id)


def _answer(call: Call, campaign_id: str, import_id: str, *, begun: bool = False) -> Response:
    with call.services.database.reading() as session:
        campaign = found(call, session, campaign_id)
        row = service.find(session, campaign.id, import_id)
        fields = import_fields(row, campaign, call.language)
        if begun and row.status != ImportStatus.DONE.value:
            return succeeded(fields, 202)
        if begun:
            fields["errors"] = refused_fields(storing.refused(session, row.id, 0, MAX_TOLD))
    return succeeded(fields)


def _list_in_body() -> tuple[bytes | None, list[Any]]:
    if request.mimetype == "text/csv":
        return request.get_data(cache=False), []
    if request.mimetype not in ("application/json", ""):
        raise UnsupportedMediaType()
    return None, read_body(request, RecipientsBody).recipients


def _upload(raw: bytes | None, rows: list[Any]) -> Upload:
    try:
        return objects_upload(rows) if raw is None else csv_upload(lambda: (raw,))
    except SheetError as error:
        raise ValidationFailed(details={"recipients": str(error)}) from None


def _sheet(call: Call, cliente_id: int, raw: bytes | None, rows: list[Any], required: tuple[str, ...]) -> Sheet:
    with call.services.database.reading() as session:
        country = rules(session, cliente_id, call.services.settings).country
    try:
        return read_rows(rows, country, required) if raw is None else read_csv(raw, country, required)
    except SheetError as error:
        raise ValidationFailed(details={"recipients": str(error)}) from None
