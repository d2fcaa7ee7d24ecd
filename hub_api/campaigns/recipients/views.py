"""A campaign's recipients over REST: shown, previewed, reported."""

from __future__ import annotations

import json

from flask import Response

from hub_api.campaigns.bodies import CampaignPath
from hub_api.campaigns.recipients import rows as recipient_rows
from hub_api.campaigns.recipients.bodies import RecipientPath, RecipientsQuery
from hub_api.campaigns.recipients.objects import RecipientList, RecipientPreview
from hub_api.campaigns.web import COMMON, ONE_CAMPAIGN, campaign_blueprint, found
from hub_api.web.answers import listed, succeeded
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.web.endpoint import Call, endpoint
from hub_api.web.tenant import named_or_all

blueprint = campaign_blueprint("campaign_recipients", __name__)


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
