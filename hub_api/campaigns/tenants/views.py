"""A tenant's campaign settings, the run-time switch and the guard's hold over REST."""

from __future__ import annotations

from flask import Response

from hub_api.campaigns.models import ALL_TENANTS
from hub_api.campaigns.tenants import service as tenants
from hub_api.campaigns.tenants.bodies import SettingsBody, SwitchBody
from hub_api.campaigns.tenants.objects import SwitchState, TenantCampaignSettings
from hub_api.campaigns.web import CHANGE_OF_STATE, COMMON, campaign_blueprint
from hub_api.principal import require_admin
from hub_api.web.answers import succeeded
from hub_api.web.endpoint import Call, endpoint
from hub_api.web.tenant import named, named_or_all

blueprint = campaign_blueprint("campaign_tenants", __name__)


@blueprint.get("/settings", summary="What holds for a tenant", responses={200: TenantCampaignSettings, **COMMON})
@endpoint(named)
def read_settings(call: Call) -> Response:
    """Time zone, country, opt-out keywords, the switch in force and the guard's hold."""
    return _settings(call)


@blueprint.put("/settings", summary="Change them", responses={200: TenantCampaignSettings, **CHANGE_OF_STATE})
@endpoint(named, command="campaign settings")
def put_settings(call: Call, body: SettingsBody) -> Response:
    """What is not given stays; null means the installation's."""
    names = {"optout_keywords": "keywords", "optout_answer": "answer"}
    changes = {names.get(name, name): getattr(body, name) for name in body.model_fields_set if name != "cliente_id"}
    tenants.change(call.services, call.cliente_id, call.caller.name, changes)
    return _settings(call)


@blueprint.delete("/hold", summary="Lift the guard's hold", responses={200: TenantCampaignSettings, **CHANGE_OF_STATE})
@endpoint(named, command="campaign lift")
def lift(call: Call) -> Response:
    """The campaigns that the guard paused go on."""
    resumed = tenants.lift(call.services, call.cliente_id, call.caller.name)
    return _settings(call, resumed=resumed)


@blueprint.get("/switch", summary="The run-time switch", responses={200: SwitchState, **COMMON})
@endpoint(named_or_all)
def read_switch(call: Call) -> Response:
    """Whether campaigns are released at all; of a tenant both switches together."""
    return _switch(call)


@blueprint.put("/switch", summary="Turn campaigns on or off", responses={200: SwitchState, **CHANGE_OF_STATE})
@endpoint(named_or_all, command="campaign switch")
def put_switch(call: Call, body: SwitchBody) -> Response:
    """Acts within one tick and revokes what was released. An admin who names no tenant means all of them."""
    if call.cliente_id == ALL_TENANTS:
        require_admin(call.caller)
    tenants.switch(call.services, call.cliente_id, call.caller.name, body.enabled)
    return _switch(call)


def _settings(call: Call, **more: object) -> Response:
    with call.services.database.reading() as session:
        rules = tenants.rules(session, call.cliente_id, call.services.settings)
    return succeeded({**rules.to_object(call.cliente_id), **more})


def _switch(call: Call) -> Response:
    with call.services.database.reading() as session:
        rules = tenants.rules(session, call.cliente_id, call.services.settings)
    return succeeded({"cliente_id": call.cliente_id or None, "enabled": rules.switched_on})
