"""The JSON a caller gets: success and failure, each in its one shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field
from pydantic_core import to_json

from shared.errors import LeadMasterError
from shared.texts import Language, error_text

_JSON = "application/json"


class Done(BaseModel):
    ok: Literal[True]


class Failure(BaseModel):
    ok: Literal[False]
    error: str = Field(description="The code, for machines")
    message: str = Field(description="For a person")
    details: dict[str, Any] | None = None


def succeeded(fields: Mapping[str, Any], status: int = 200) -> Response:
    """`{"ok": true, …}`; an object stands flat in the answer."""
    return Response(to_json({"ok": True, **fields}), status, mimetype=_JSON)


def listed(items: Iterable[Mapping[str, Any]], following: str | None) -> Response:
    """`{"ok": true, "items": […], "next": cursor or null}`."""
    return succeeded({"items": list(items), "next": following})


def plain(fields: Mapping[str, Any], status: int = 200) -> Response:
    """An older call's answer, as it is."""
    return Response(to_json(fields), status, mimetype=_JSON)


def failure_fields(code: str, message: str, details: Mapping[str, object] | None) -> dict[str, Any]:
    """A failure as an object."""
    fields: dict[str, Any] = {"ok": False, "error": code, "message": message}
    if details:
        fields["details"] = details
    return fields


def entry_failed(error: LeadMasterError, language: Language) -> dict[str, Any]:
    """The failure of one entry among several."""
    return failure_fields(error.code, error.message or error_text(error.text or error.code, language), error.details)
