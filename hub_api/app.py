"""The Flask application."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

from hub_api.accounts import views as auth_routes
from hub_api.accounts.directory import SqlDirectory
from hub_api.accounts.service import jwt_secret
from hub_api.bulk import views as bulk_routes
from hub_api.campaigns import views as campaign_routes
from hub_api.campaigns.optouts import views as optout_routes
from hub_api.campaigns.schedules import views as schedule_routes
from hub_api.health import views as health_routes
from hub_api.messages import views as message_routes
from hub_api.older import views as legacy_routes
from hub_api.review import views as settling_routes
from hub_api.services import Services, make_services
from hub_api.sessions import authorization_views as qr_authorization_routes
from hub_api.sessions import views as session_routes
from hub_api.web import document, failures
from hub_api.web.command_log import CommandLog
from hub_api.web.endpoint import BODY_LIMIT
from shared.settings import Settings

_BLUEPRINTS = (
    auth_routes.blueprint,
    session_routes.blueprint,
    qr_authorization_routes.blueprint,
    message_routes.blueprint,
    bulk_routes.blueprint,
    settling_routes.blueprint,
    health_routes.blueprint,
    legacy_routes.blueprint,
    campaign_routes.blueprint,
    schedule_routes.blueprint,
    optout_routes.blueprint,
)
_SECURITY: Any = {
    "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "api_key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
}


def create_app(settings: Settings, services: Services | None = None) -> OpenAPI:
    """The application for one process; connects to nothing. Raises SettingsError for what is missing.

    hub: the parts, where the caller made them.
    """
    app = OpenAPI(
        "hub_api",
        info=Info(title="LeadMaster", version="1", description="Multi-tenant WhatsApp gateway"),
        security_schemes=_SECURITY,
        doc_ui=False,
    )
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    services = services or make_services(settings)
    app.extensions["services"] = services
    app.extensions["directory"] = SqlDirectory(services.database, jwt_secret(settings))
    app.extensions["command_log"] = CommandLog(settings.log_format, settings.log_level)
    failures.register(app)
    for blueprint in _BLUEPRINTS:
        app.register_api(blueprint)
    document.register(app)
    if settings.cors_origins:
        _allow_origins(app, frozenset(settings.cors_origins))
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        proxy = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_port=count, x_prefix=count)
        app.wsgi_app = proxy  # type: ignore[method-assign]
    return app


def _allow_origins(app: OpenAPI, origins: frozenset[str]) -> None:
    """CORS for the origins of the settings; a credential never travels by cookie, so none is allowed."""

    @app.after_request
    def _add(answer: Response) -> Response:
        answer.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin")
        if origin in origins or "*" in origins:
            answer.headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else str(origin)
            answer.headers["Access-Control-Expose-Headers"] = "Retry-After, Link"
            if request.method == "OPTIONS":
                answer.headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, DELETE"
                answer.headers["Access-Control-Allow-Headers"] = (
                    "Authorization, Content-Type, Idempotency-Key, X-Api-Key, X-Cliente-Id"
                )
                answer.headers["Access-Control-Max-Age"] = "600"
        return answer
