"""The OpenAPI document: served at /openapi.json, shown at /openapi without any external resource.

`python -m hub_api.document FILE` writes it.
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

from flask import Response, current_app, redirect
from flask_openapi3.openapi import OpenAPI
from pydantic import SecretStr

from shared.settings import Settings


def register(app: OpenAPI) -> None:
    """Adds both routes. Nothing external is loaded by the page."""
    app.add_url_rule("/openapi.json", "openapi_json", lambda: Response(text(app), mimetype="application/json"))
    app.add_url_rule("/openapi", "openapi_page", _page)
    app.add_url_rule("/", "root", lambda: redirect("/openapi"))  # where a person lands who opens the hub's address


def text(app: OpenAPI) -> str:
    """The document as JSON text with a stable order."""
    spec: dict[str, Any] = dict(app.api_doc)
    spec["security"] = [{"jwt": []}, {"api_key": []}]
    return json.dumps(spec, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def current() -> str:
    """The document of this code; needs no server and no settings."""
    from hub_api.app import create_app  # noqa: PLC0415  the application imports this module

    settings = Settings(redis_url="redis://localhost", database_url="sqlite://", jwt_secret=SecretStr("-" * 32))
    return text(create_app(settings))


def _page() -> Response:
    app = current_app
    if not isinstance(app, OpenAPI):
        raise TypeError("not the hub's application")
    rows = [
        f"<tr><td><b>{escape(method.upper())}</b><td><code>{escape(path)}</code><td>{escape(call.get('summary', ''))}"
        f"<br><small>{escape(str(call.get('description', '')).replace('<br/>', ' '))}</small>"
        for path, calls in sorted(app.api_doc["paths"].items())
        for method, call in calls.items()
    ]
    html = (
        "<!doctype html><meta charset=utf-8><title>LeadMaster API</title>"
        "<style>body{font:15px system-ui;margin:2em auto;max-width:60em}td{padding:.4em;vertical-align:top}"
        "tr{border-top:1px solid #8884}table{border-collapse:collapse}</style>"
        "<h1>LeadMaster API</h1><p><a href=openapi.json>openapi.json</a><table>" + "".join(rows) + "</table>"
    )
    return Response(html, mimetype="text/html")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(current(), "utf-8")
