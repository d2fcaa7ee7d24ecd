"""Campaigns over REST: made, looked at, edited, started, paused, cancelled, put back."""

from __future__ import annotations

from flask import Response

from hub_api.accounts.audit import trail as audit
from hub_api.campaigns.bodies import CampaignPath, PageQuery
from hub_api.campaigns.lifecycle import progress
from hub_api.campaigns.lifecycle.bodies import CampaignBody, CampaignEdit, CampaignsQuery, PutBackBody
from hub_api.campaigns.lifecycle.media import content_of
from hub_api.campaigns.lifecycle.objects import CampaignList, CampaignObject
from hub_api.campaigns.lifecycle.service import CampaignRequest, Campaigns
from hub_api.campaigns.lookup import listed as listed_campaigns
from hub_api.campaigns.objects import AuditList
from hub_api.campaigns.showing import brief
from hub_api.campaigns.web import CHANGE_OF_STATE, COMMON, ONE_CAMPAIGN, campaign_blueprint, found
from hub_api.web.answers import listed, succeeded
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.web.endpoint import Call, endpoint
from hub_api.web.inputs import Body
from hub_api.web.tenant import named, named_or_all
from shared.instant import now_ms
from shared.protocol.content import PLAIN

blueprint = campaign_blueprint("campaigns", __name__)


@blueprint.post("", summary="New campaign", responses={201: CampaignObject, **CHANGE_OF_STATE})
@endpoint(named, command="campaign create")
def create(call: Call, body: CampaignBody) -> Response:
    """`pendiente`. An unknown variable in a template is an error here, never an empty hole in a message."""
    content = None if body.media is None else content_of(call.services, call.cliente_id, body.media, now_ms())
    request = CampaignRequest(body.name, body.templates, body.columns, body.schedule_id, content)
    return _answer(call, Campaigns(call.services).create(call.cliente_id, request, call.caller.name), 201)


@blueprint.get("", summary="Campaigns, newest first", responses={200: CampaignList, **COMMON})
@endpoint(named)
def list_campaigns(call: Call, query: CampaignsQuery) -> Response:
    """A tenant's."""
    before = None if query.cursor is None else read_cursor(query.cursor)[0]
    rows = listed_campaigns(call.services.database, call.cliente_id, query.state, before, query.limit + 1)
    following = write_cursor(rows[query.limit - 1].id, "c") if len(rows) > query.limit else None
    with call.services.database.reading() as session:
        return listed([brief(call.services.settings, session, row) for row in rows[: query.limit]], following)


@blueprint.get(ONE_CAMPAIGN, summary="One campaign", responses={200: CampaignObject, **COMMON})
@endpoint(named_or_all)
def read(call: Call, path: CampaignPath) -> Response:
    """With its progress, why it waits and its expected end."""
    return _answer(call, path.campaign_id)


@blueprint.put(ONE_CAMPAIGN, summary="Edit a campaign", responses={200: CampaignObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="campaign edit")
def edit(call: Call, path: CampaignPath, body: CampaignEdit) -> Response:
    """While it is `pendiente` or `pausada`."""
    cliente_id, content = _reach(call, path.campaign_id), None
    if "media" in body.model_fields_set:
        content = PLAIN if body.media is None else content_of(call.services, cliente_id, body.media, now_ms())
    request = CampaignRequest(body.name, body.templates, body.columns, body.schedule_id, content)
    Campaigns(call.services).edit(path.campaign_id, request, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(f"{ONE_CAMPAIGN}/start", summary="Start", responses={200: CampaignObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="campaign start")
def start(call: Call, path: CampaignPath) -> Response:
    """`pendiente` → `en_progreso`; needs recipients and an approved schedule."""
    _reach(call, path.campaign_id)
    Campaigns(call.services).start(path.campaign_id, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(f"{ONE_CAMPAIGN}/pause", summary="Pause", responses={200: CampaignObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="campaign pause")
def pause(call: Call, path: CampaignPath) -> Response:
    """At once; what was released and not claimed is revoked."""
    _reach(call, path.campaign_id)
    Campaigns(call.services).pause(path.campaign_id, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(f"{ONE_CAMPAIGN}/resume", summary="Go on", responses={200: CampaignObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="campaign resume")
def resume(call: Call, path: CampaignPath) -> Response:
    """`pausada` → `en_progreso`; not while the guard holds."""
    _reach(call, path.campaign_id)
    Campaigns(call.services).resume(path.campaign_id, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(f"{ONE_CAMPAIGN}/cancel", summary="Cancel for good", responses={200: CampaignObject, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="campaign cancel")
def cancel(call: Call, path: CampaignPath) -> Response:
    """At once; what was released and not claimed is revoked."""
    _reach(call, path.campaign_id)
    Campaigns(call.services).cancel(path.campaign_id, call.caller.name)
    return _answer(call, path.campaign_id)


@blueprint.post(
    f"{ONE_CAMPAIGN}/put-back", summary="Failed ones again", responses={200: CampaignObject, **CHANGE_OF_STATE}
)
@endpoint(named_or_all, body=Body(optional=True), command="campaign put-back")
def put_back(call: Call, path: CampaignPath, body: PutBackBody) -> Response:
    """Recipients that failed with certainty go back to pending, never uncertain ones. `put_back` says how many."""
    _reach(call, path.campaign_id)
    count = Campaigns(call.services).put_back(path.campaign_id, body.codes, call.caller.name)
    return _answer(call, path.campaign_id, put_back=count)


@blueprint.get(f"{ONE_CAMPAIGN}/audit", summary="Who did what", responses={200: AuditList, **COMMON})
@endpoint(named_or_all)
def read_audit(call: Call, path: CampaignPath, query: PageQuery) -> Response:
    """Newest first."""
    _reach(call, path.campaign_id)
    return listed(audit.of_subject(call.services.database, path.campaign_id, query.limit), None)


def _reach(call: Call, campaign_id: str) -> int:
    """Its tenant."""
    with call.services.database.reading() as session:
        return found(call, session, campaign_id).cliente_id


def _answer(call: Call, campaign_id: str, status: int = 200, **more: object) -> Response:
    with call.services.database.reading() as session:
        row = found(call, session, campaign_id)
        return succeeded({**progress.campaign_object(call.services, session, row, now_ms()), **more}, status)
