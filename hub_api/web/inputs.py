"""What a call sends: path, query and body, read into the models that its view annotates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
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
        raise rejected(error, tags_of(model)) from None


def tags_of(model: type[BaseModel]) -> Collection[str]:
    """Of a model that is one of several: by what they are told apart."""
    tags: Collection[str] = getattr(model, "TAGS", ())
    return tags


def rejected(error: ValidationError, tags: Collection[str] = ()) -> LeadMasterError:
    """The error to raise: a field's own code where only such fields are wrong, else VALIDATION_ERROR.

    tags: of a model that is one of several, by its `type`; pydantic puts the one that was chosen before a field's name.
    """
    details: dict[str, object] = {}
    kinds: list[type[LeadMasterError]] = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        place = fault["loc"][1:] if fault["loc"] and fault["loc"][0] in tags else fault["loc"]
        if fault["type"] == "union_tag_invalid":
            details["type"] = f"must be one of {', '.join(sorted(tags))}"
            kinds.append(ValidationFailed)
            continue
        if fault["type"] == "union_tag_not_found":
            fault["msg"] = "must be an object"
        where = ".".join(str(part) for part in place) or "body"
        details.setdefault(where, fault["msg"].removeprefix("Value error, "))
        kinds.append(_BY_FIELD.get(str(place[0]) if place else "", ValidationFailed))
        if len(details) >= _MAX_NAMED:
            break
    kind = ValidationFailed if ValidationFailed in kinds else kinds[0]
    return kind(details=details)


def _valid(model: type[BaseModel], values: Mapping[str, str]) -> BaseModel:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise rejected(error) from None
