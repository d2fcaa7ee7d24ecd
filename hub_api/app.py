"""The Flask application."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from flask import Response
from flask_cors import CORS
from flask_openapi3.models.info import Info
from flask_openapi3.openapi import OpenAPI
from werkzeug.middleware.proxy_fix import ProxyFix

from hub_api.accounts.directory import SqlDirectory
from hub_api.services import Services, make_services
from hub_api.subjects import subjects
from hub_api.web import document, failures
from hub_api.web.command_log import CommandLog
from hub_api.web.endpoint import ON_ATTACH
from hub_api.web.inputs import BODY_LIMIT
from shared.settings import Settings

_SECURITY: Any = {
    "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "api_key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
}


def create_app(settings: Settings, services: Services | None = None) -> OpenAPI:
    """The application for one process; connects to nothing. Raises SettingsError for what is missing.

    services: where the caller made them.
    """
    services = services or make_services(settings)
    app = make_app(settings)
    attach(app, services)
    return app


def attach(app: OpenAPI, services: Services) -> None:
    """Has an application work with these services from now on, e.g. those of a process that was forked with it."""
    settings = services.settings
    app.extensions["services"] = services
    app.extensions["directory"] = SqlDirectory(services)
    app.extensions["command_log"] = CommandLog(settings.log_format, settings.log_level)
    for prepare in app.extensions[ON_ATTACH]:
        prepare(app)


def make_app(settings: Settings) -> OpenAPI:
    """Its calls and its document, without services: nothing can be answered yet."""
    app = OpenAPI(
        "hub_api",
        info=Info(title="LeadMaster", version="1", description="Multi-tenant WhatsApp gateway"),
        security_schemes=_SECURITY,
        doc_ui=False,
    )
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.extensions[ON_ATTACH] = []
    failures.register(app)
    for subject in subjects():
        for module in subject.views:
            app.register_api(import_module(module).blueprint)
    sections = {name: part for subject in subjects() for name, part in subject.document.items()}
    document.register(app, sections, [model for subject in subjects() for model in subject.schemas])
    if settings.cors_origins:
        _allow_origins(app, settings.cors_origins)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        proxy = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_port=count, x_prefix=count)
        app.wsgi_app = proxy  # type: ignore[method-assign]
    return app


def _allow_origins(app: OpenAPI, origins: tuple[str, ...]) -> None:
    """CORS for the origins of the settings; a credential never travels by cookie, so none is allowed."""
    CORS(
        app,
        # Each as it is written: the extension takes a text with a `*` in it for a pattern, which lets others in.
        origins="*" if "*" in origins else [re.compile(re.escape(origin) + r"\Z") for origin in origins],
        methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "Idempotency-Key",
            "Last-Event-ID",
            "X-Api-Key",
            "X-Cliente-Id",
        ],
        expose_headers=["Retry-After", "Link"],
        max_age=600,
        send_wildcard=True,
        always_send=False,
        vary_header=False,
        intercept_exceptions=False,  # every failure is handled, and so passes by
    )

    @app.after_request
    def _vary(answer: Response) -> Response:
        answer.vary.add("Origin")  # also where none was allowed, or a cache would give that answer to who is
        return answer
