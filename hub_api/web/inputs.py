"""What a call sends: path, query and body, read into the models that its view annotates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar, cast, get_type_hints

from flask import Request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from shared.errors import (
    InvalidClienteId,
    InvalidMessage,
    InvalidTo,
    LeadMasterError,
    PayloadTooLarge,
    ValidationFailed,
)

Model = TypeVar("Model", bound=BaseModel)
_ModelType = type[BaseModel] | None

BODY_LIMIT = 1_048_576  # bytes
_MAX_NAMED = 20  # faults that one answer names
_BY_FIELD: dict[str, type[LeadMasterError]] = {
    "cliente_id": InvalidClienteId,
    "to": InvalidTo,
    "number": InvalidTo,
    "phone_number": InvalidTo,
    "destinatario": InvalidTo,
    "message": InvalidMessage,
    "mensaje": InvalidMessage,
}


@dataclass(frozen=True, slots=True)
class Body:
    """How a call's body is taken. max_bytes: a larger one is a 413. optional: none at all means an empty object.

    too_large: that 413, where its text says what to do instead.
    """

    max_bytes: int = BODY_LIMIT
    optional: bool = False
    too_large: type[PayloadTooLarge] = PayloadTooLarge


class Inputs:
    """The models of one view, found once; each request is validated by schemas that pydantic compiled at import."""

    def __init__(self, view: Callable[..., object], body: Body) -> None:
        """view: its parameters `path`, `query` and `body` are annotated with models."""
        hints = get_type_hints(view)
        self._path = cast(_ModelType, hints.get("path"))
        self._query = cast(_ModelType, hints.get("query"))
        self._body_model = cast(_ModelType, hints.get("body"))
        self._body = body

    def read(self, request: Request, url: Mapping[str, str]) -> dict[str, BaseModel]:
        """What the view is called with. Raises LeadMasterError, and the 413 and 415 of werkzeug."""
        found: dict[str, BaseModel] = {}
        if self._path is not None:
            found["path"] = _valid(self._path, url)
        if self._query is not None:
            found["query"] = _valid(self._query, request.args.to_dict() if request.query_string else {})
        if self._body_model is not None:
            found["body"] = read_body(request, self._body_model, optional=self._body.optional)
        return found


def read_body(request: Request, model: type[Model], *, optional: bool = False) -> Model:
    """The JSON body, parsed and validated in one step. Raises LeadMasterError, and the 413 and 415 of werkzeug."""
    raw = request.get_data(cache=False)
    if not raw and optional:
        raw = b"{}"
    elif request.mimetype != "application/json":
        if not raw:
            raise ValidationFailed(details={"body": "a JSON object is required"})
        raise UnsupportedMediaType()
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise rejected(error) from None


def rejected(error: ValidationError) -> LeadMasterError:
    """The error to raise: a field's own code where only such fields are wrong, else VALIDATION_ERROR."""
    details: dict[str, object] = {}
    kinds: list[type[LeadMasterError]] = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in fault["loc"]) or "body"
        details.setdefault(where, fault["msg"].removeprefix("Value error, "))
        kinds.append(_BY_FIELD.get(str(fault["loc"][0]) if fault["loc"] else "", ValidationFailed))
        if len(details) >= _MAX_NAMED:
            break
    kind = ValidationFailed if ValidationFailed in kinds else kinds[0]
    return kind(details=details)


def _valid(model: type[BaseModel], values: Mapping[str, str]) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise rejected(error) from None
