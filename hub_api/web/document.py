"""The OpenAPI document, served at /openapi.json and shown by Swagger UI at /openapi, from this server alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from flask import Response, redirect, url_for
from flask_openapi3.openapi import OpenAPI
from flask_openapi3_swagger.plugins import RegisterPlugin
from pydantic import BaseModel

_JSON_PATH = "/openapi.json"
_PAGE_PATH = "/openapi"
# Without the bar that loads other documents, and without the badge for which it asks a validator on the Internet.
_PAGE = {"layout": "BaseLayout", "validatorUrl": None, "displayRequestDuration": True}


def register(app: OpenAPI, sections: Mapping[str, Any], schemas: Iterable[type[BaseModel]]) -> None:
    """Adds the document and its page. sections: what it has besides calls and schemas. schemas: besides those of calls,
    which have whatever these are made of."""
    app.extensions["document_sections"] = sections
    app.extensions["document_schemas"] = {one.__name__: _schema(one) for one in schemas}
    app.add_url_rule(_JSON_PATH, "openapi_json", lambda: Response(text(app), mimetype="application/json"))
    app.config["SWAGGER_CONFIG"] = _PAGE
    page = RegisterPlugin.register(doc_url=f"..{_JSON_PATH}")  # as the page sees it, whatever a proxy puts before both
    app.register_blueprint(page, url_prefix=_PAGE_PATH)
    app.add_url_rule(_PAGE_PATH, "openapi_page", lambda: redirect(url_for("swagger.swagger")))
    app.add_url_rule("/", "root", lambda: redirect(url_for("openapi_page")))  # where a person lands


def text(app: OpenAPI) -> str:
    """The document as JSON text with a stable order."""
    spec: dict[str, Any] = {**app.api_doc, **app.extensions["document_sections"]}
    components = spec["components"]
    spec["components"] = {**components, "schemas": {**components["schemas"], **app.extensions["document_schemas"]}}
    spec["security"] = [{"jwt": []}, {"api_key": []}]
    return json.dumps(spec, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    found = model.model_json_schema(ref_template="#/components/schemas/{model}")
    return {name: value for name, value in found.items() if name != "$defs"}
