"""What the calls of all subjects here share: their documented failures, and the campaign that a call means."""

from __future__ import annotations

from typing import Any

from flask_openapi3.models.tag import Tag
from flask_openapi3.utils import get_operation_id_for_path
from sqlalchemy.orm import Session

from hub_api.campaigns.lookup import find
from hub_api.campaigns.models import CampaignRecord
from hub_api.web.answers import Failure
from hub_api.web.endpoint import Blueprint, Call
from shared.errors import NotFound

COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}
CHANGE: Any = {**COMMON, 413: Failure, 415: Failure}
CHANGE_OF_STATE: Any = {**CHANGE, 409: Failure}
ONE_CAMPAIGN = "/<string:campaign_id>"


def campaign_blueprint(name: str, module: str) -> Blueprint:
    """Calls under /api/campaigns. In the document they are one group, whichever subject registers them."""
    return Blueprint(
        name,
        module,
        url_prefix="/api/campaigns",
        abp_tags=[Tag(name="campaigns")],
        operation_id_callback=_operation_id,
    )


def found(call: Call, session: Session, campaign_id: str) -> CampaignRecord:
    """The campaign, where the caller may see it; another tenant's is not found. Raises NotFound."""
    row = find(session, campaign_id)
    if call.cliente_id not in (0, row.cliente_id):
        raise NotFound()
    return row


def _operation_id(*, name: str, path: str, method: str) -> str:
    return get_operation_id_for_path(bp_name="campaigns", name=name, path=path, method=method)
