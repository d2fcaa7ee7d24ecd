"""Campaigns over REST."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, request
from flask_openapi3.models.tag import Tag
from sqlalchemy.orm import Session
from werkzeug.exceptions import UnsupportedMediaType

from hub_api.campaigns import audit, progress, tenant
from hub_api.campaigns import service as campaign
from hub_api.campaigns.bodies import (
    CampaignBody,
    CampaignEdit,
    CampaignPath,
    CampaignsQuery,
    ImportQuery,
    PageQuery,
    PreviewBody,
    PutBackBody,
    RecipientPath,
    RecipientsBody,
    RecipientsQuery,
    SettingsBody,
    SwitchBody,
)
from hub_api.campaigns.models import ALL_TENANTS, CampaignRecord
from hub_api.campaigns.objects import (
    AuditList,
    CampaignList,
    CampaignObject,
    ImportOutcome,
    RecipientList,
    RecipientPreview,
    SwitchState,
    TenantCampaignSettings,
)
from hub_api.campaigns.recipients import importing
from hub_api.campaigns.recipients import rows as recipient_rows
from hub_api.campaigns.recipients.sheet import Sheet, SheetError, read_csv, read_rows
from hub_api.campaigns.recipients.template import required_by
from hub_api.campaigns.releasing.stop_versions import Epochs
from hub_api.campaigns.service import Campaigns, Wish
from hub_api.principal import require_admin
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.inputs import Body, read_body
from hub_api.web.tenant import named, named_or_all
from shared.errors import NotFound, ValidationFailed
from shared.instant import now_ms

blueprint = Blueprint("campaigns", __name__, url_prefix="/api/campaigns", abp_tags=[Tag(name="campaigns")])
IMPORT_LIMIT = 64 * 1_048_576  # bytes
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}
_CHANGE: Any = {**_COMMON, 409: Failure, 413: Failure, 415: Failure}
_ONE = "/<string:campaign_id>"


def _campaigns(call: Call) -> Campaigns:
    services = call.services
    return Campaigns(services.database, Epochs(services.client, services.keys), services.ledger, services.settings)


def _epochs(call: Call) -> Epochs:
    return Epochs(call.services.client, call.services.keys)


def _found(call: Call, session: Session, campaign_id: str) -> CampaignRecord:
    """The campaign, where the caller may see it; another tenant's is not found."""
    row = campaign.find(session, campaign_id)
    if call.cliente_id not in (0, row.cliente_id):
        raise NotFound()
    return row


def _reach(call: Call, campaign_id: str) -> None:
    with call.services.database.reading() as session:
        _found(call, session, campaign_id)


def _answer(call: Call, campaign_id: str, status: int = 200, **more: object) -> Response:
    with call.services.database.reading() as session:
        row = _found(call, session, campaign_id)
        return succeeded({**progress.campaign_object(call.services, session, row, now_ms()), **more}, status)


@blueprint.post("", summary="New campaign", responses={201: CampaignObject, **_CHANGE})
@endpoint(named, command="campaign create")
def create(call: Call, body: CampaignBody) -> Response:
    """`pendiente`. An unknown variable in a template is an error here, never an empty hole in a message."""
    wish = Wish(body.name, body.templates, body.columns, body.schedule_id)
    return _answer(call, _campaigns(call).create(call.cliente_id, wish, call.caller.name), 201)


@blueprint.get("", summary="Campaigns, newest first", responses={200: CampaignList, **_COMMON})
@endpoint(named)
def list_campaigns(call: Call, query: CampaignsQuery) -> Response:
    """A tenant's."""
    before = None if query.cursor is None else read_cursor(query.cursor)[0]
    rows = campaign.listed(call.services.database, call.cliente_id, query.state, before, query.limit + 1)
    following = write_cursor(rows[query.limit - 1].id, "c") if len(rows) > query.limit else None
    with call.services.database.reading() as session:
        return listed([progress.brief(call.services, session, row) for row in rows[: query.limit]], following)


@blueprint.post("/preview", summary="What an import would do", responses={200: ImportOutcome, **_CHANGE})
@endpoint(named, body=Body(max_bytes=IMPORT_LIMIT))
def preview(call: Call, body: PreviewBody) -> Response:
    """Numbers checked, duplicates merged, bad rows by line and column, the first messages; nothing is stored."""
    sheet = _read_list(call, call.cliente_id, body.csv.encode() if body.csv else None, body.recipients or (), ())
    templates = campaign.checked_templates(body.templates or (), sheet.columns)
    if required_by(templates):
        required = tuple(required_by(templates))
        sheet = _read_list(
            call, call.cliente_id, body.csv.encode() if body.csv else None, body.recipients or (), required
        )
    return succeeded(importing.preview(sheet, templates))


@blueprint.get("/settings", summary="What holds for a tenant", responses={200: TenantCampaignSettings, **_COMMON})
@endpoint(named)
def read_settings(call: Call) -> Response:
    """Time zone, country, opt-out keywords, the switch in force and the guard's hold."""
    return _settings(call)


@blueprint.put("/settings", summary="Change them", responses={200: TenantCampaignSettings, **_CHANGE})
@endpoint(named, command="campaign settings")
def put_settings(call: Call, body: SettingsBody) -> Response:
    """What is not given stays; null means the installation's."""
    names = {"optout_keywords": "keywords", "optout_answer": "answer"}
    changes = {names.get(name, name): getattr(body, name) for name in body.model_fields_set if name != "cliente_id"}
    tenant.change(call.services.database, _epochs(call), call.cliente_id, call.caller.name, changes)
    return _settings(call)


def _settings(call: Call, **more: object) -> Response:
    with call.services.database.reading() as session:
        rules = tenant.rules(session, call.cliente_id, call.services.settings)
    return succeeded({**rules.to_object(call.cliente_id, call.services.language), **more})


@blueprint.delete("/hold", summary="Lift the guard's hold", responses={200: TenantCampaignSettings, **_CHANGE})
@endpoint(named, command="campaign lift")
def lift(call: Call) -> Response:
    """The campaigns that the guard paused go on."""
    resumed = tenant.lift(call.services.database, call.cliente_id, call.caller.name)
    return _settings(call, resumed=resumed)


@blueprint.get("/switch", summary="The run-time switch", responses={200: SwitchState, **_COMMON})
@endpoint(named_or_all)
def read_switch(call: Call) -> Response:
    """Whether campaigns are released at all; of a tenant both switches together."""
    return _switch(call)


@blueprint.put("/switch", summary="Turn campaigns on or off", responses={200: SwitchState, **_CHANGE})
@endpoint(named_or_all, command="campaign switch")
def put_switch(call: Call, body: SwitchBody) -> Response:
    """Acts within one tick and takes back what was released. An admin who names no tenant means all of them."""
    if call.cliente_id == ALL_TENANTS:
        require_admin(call.caller)
    tenant.switch(call.services.database, _epochs(call), call.cliente_id, call.caller.name, body.enabled)
    return _switch(call)


def _switch(call: Call) -> Response:
    with call.services.database.reading() as session:
        rules = tenant.rules(session, call.cliente_id, call.services.settings)
    return succeeded({"cliente_id": call.cliente_id or None, "enabled": rules.switched_on})


@blueprint.get(_ONE, summary="One campaign", responses={200: CampaignObject, **_COMMON})
@endpoint(named_or_all)
def read(call: Call, path: CampaignPath) -> Response:
    """With its progress, why it waits and its expected end."""
    return _answer(call, path.campaign_id)


@blueprint.put(_ONE, summary="Edit a campaign", responses={200: CampaignObject, **_CHANGE})
@endpoint(named_or_all, command="campaign edit")
def edit(call: Call, path: CampaignPath, body: CampaignEdit) -> Response:
    """While it is `pendiente` or `pausada`."""
    _reach(call, path.campaign_id)
    wish = Wish(body.name, body.templates, body.columns, body.schedule_id)
    _campaigns(call).edit(path.campaign_id, wish, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(f"{_ONE}/start", summary="Start", responses={200: CampaignObject, **_CHANGE})
@endpoint(named_or_all, command="campaign start")
def start(call: Call, path: CampaignPath) -> Response:
    """`pendiente` → `en_progreso`; needs recipients and an approved schedule."""
    _reach(call, path.campaign_id)
    _campaigns(call).start(path.campaign_id, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(f"{_ONE}/pause", summary="Pause", responses={200: CampaignObject, **_CHANGE})
@endpoint(named_or_all, command="campaign pause")
def pause(call: Call, path: CampaignPath) -> Response:
    """At once; what was released and not claimed is taken back."""
    _reach(call, path.campaign_id)
    _campaigns(call).pause(path.campaign_id, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(f"{_ONE}/resume", summary="Go on", responses={200: CampaignObject, **_CHANGE})
@endpoint(named_or_all, command="campaign resume")
def resume(call: Call, path: CampaignPath) -> Response:
    """`pausada` → `en_progreso`; not while the guard holds."""
    _reach(call, path.campaign_id)
    _campaigns(call).resume(path.campaign_id, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(f"{_ONE}/cancel", summary="Cancel for good", responses={200: CampaignObject, **_CHANGE})
@endpoint(named_or_all, command="campaign cancel")
def cancel(call: Call, path: CampaignPath) -> Response:
    """At once; what was released and not claimed is taken back."""
    _reach(call, path.campaign_id)
    _campaigns(call).cancel(path.campaign_id, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(f"{_ONE}/put-back", summary="Failed ones again", responses={200: CampaignObject, **_CHANGE})
@endpoint(named_or_all, body=Body(optional=True), command="campaign put-back")
def put_back(call: Call, path: CampaignPath, body: PutBackBody) -> Response:
    """Recipients that failed with certainty go back to pending, never uncertain ones. `put_back` says how many."""
    _reach(call, path.campaign_id)
    count = _campaigns(call).put_back(path.campaign_id, body.codes, call.caller.name)
    return _answer(call, path.campaign_id, put_back=count)


@blueprint.post(
    f"{_ONE}/recipients",
    summary="Import recipients",
    responses={200: ImportOutcome, **_CHANGE},
    openapi_extensions={"x-body": "text/csv with a header, or application/json {recipients: [{…}]}"},
)
@endpoint(named_or_all, body=Body(max_bytes=IMPORT_LIMIT), command="campaign import")
def import_recipients(call: Call, path: CampaignPath, query: ImportQuery) -> Response:
    """`text/csv` with a header, or JSON `{"recipients": [{…}]}`. Good rows go in, bad ones are told by line and column.

    `?dry_run=true` stores nothing and shows the first messages.
    """
    with call.services.database.reading() as session:
        row = _found(call, session, path.campaign_id)
        texts, columns, cliente_id = json.loads(row.templates), json.loads(row.columns), row.cliente_id
    required = tuple(required_by(campaign.checked_templates(texts, columns)))
    raw, rows = _list_in_body(call)
    sheet = _read_list(call, cliente_id, raw, rows, required)
    if query.dry_run:
        return succeeded(importing.preview(sheet, campaign.checked_templates(texts, [*columns, *sheet.columns])))
    done = importing.store(call.services.database, path.campaign_id, sheet, call.caller.name)
    return succeeded({**importing.summary(sheet), "added": done.added, "known": done.known})


@blueprint.get(f"{_ONE}/recipients", summary="Recipients in order", responses={200: RecipientList, **_COMMON})
@endpoint(named_or_all)
def list_recipients(call: Call, path: CampaignPath, query: RecipientsQuery) -> Response:
    """What became of each."""
    after = 0 if query.cursor is None else read_cursor(query.cursor)[0]
    with call.services.database.reading() as session:
        row = _found(call, session, path.campaign_id)
        rows = recipient_rows.page(session, row.id, query.state, after, query.limit + 1)
        items = [recipient_rows.to_object(one, call.services.language) for one in rows[: query.limit]]
    following = write_cursor(rows[query.limit - 1].position, "r") if len(rows) > query.limit else None
    return listed(items, following)


@blueprint.get(
    f"{_ONE}/recipients/<string:recipient_id>/preview",
    summary="One recipient's message",
    responses={200: RecipientPreview, **_COMMON},
)
@endpoint(named_or_all)
def preview_recipient(call: Call, path: RecipientPath) -> Response:
    """The very message this recipient gets, variant included."""
    with call.services.database.reading() as session:
        row = _found(call, session, path.campaign_id)
        return succeeded(recipient_rows.preview(session, row, path.recipient_id))


@blueprint.get(
    f"{_ONE}/results",
    summary="Results as CSV",
    responses={**_COMMON, 200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
@endpoint(named_or_all)
def results(call: Call, path: CampaignPath) -> Response:
    """Every recipient, in the list's order, with what became of it."""
    with call.services.database.reading() as session:
        row = _found(call, session, path.campaign_id)
        key, columns = row.id, json.loads(row.columns)
    rows = recipient_rows.csv_rows(call.services.database, key, columns, call.services.language)
    answer = Response(rows, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="campaign-{path.campaign_id}.csv"'
    return answer


@blueprint.get(f"{_ONE}/audit", summary="Who did what", responses={200: AuditList, **_COMMON})
@endpoint(named_or_all)
def read_audit(call: Call, path: CampaignPath, query: PageQuery) -> Response:
    """Newest first."""
    _reach(call, path.campaign_id)
    return listed(audit.entries(call.services.database, path.campaign_id, query.limit), None)


def _list_in_body(call: Call) -> tuple[bytes | None, list[Any]]:
    if request.mimetype == "text/csv":
        return request.get_data(cache=False), []
    if request.mimetype not in ("application/json", ""):
        raise UnsupportedMediaType()
    body = read_body(request, RecipientsBody)
    return None, body.recipients


def _read_list(call: Call, cliente_id: int, raw: bytes | None, rows: Any, required: tuple[str, ...]) -> Sheet:
    with call.services.database.reading() as session:
        country = tenant.rules(session, cliente_id, call.services.settings).country
    try:
        return read_rows(rows, country, required) if raw is None else read_csv(raw, country, required)
    except SheetError as error:
        raise ValidationFailed(details={"recipients": str(error)}) from None
