"""A message to send, as callers say it: which model reads it, and what the document says of it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from hub_api.sending.bodies import BODIES, SendBody, TextBody
from hub_api.sending.form import SendForm
from hub_api.web.inputs import rejected
from shared.protocol.content import ContentType


def test_each_type_has_a_model_and_the_document_finds_it_by_the_type() -> None:
    schema = SendBody.model_json_schema(ref_template="#/components/schemas/{model}")
    assert schema["discriminator"]["propertyName"] == "type"
    assert schema["discriminator"]["mapping"] == {
        kind.value: f"#/components/schemas/{body.__name__}" for kind, body in zip(ContentType, _in_order(), strict=True)
    }
    assert {one["$ref"] for one in schema["oneOf"]} == set(schema["discriminator"]["mapping"].values())


def _in_order() -> list[type]:
    by_type = {body.model_json_schema()["properties"]["type"]["const"]: body for body in BODIES}
    return [by_type[kind.value] for kind in ContentType]


def test_without_a_type_it_is_a_text_and_whatever_else_is_sent_is_passed_over() -> None:
    body = SendBody.model_validate_json('{"to": "5491123456789", "message": "hola", "caption": "x", "name": 3}').root
    assert isinstance(body, TextBody)
    assert body.foreign() == set()
    said = SendBody.model_validate({"to": "5491123456789", "message": "hola", "type": "text", "caption": "x"}).root
    assert said.foreign() == {"caption"}


@pytest.mark.parametrize(
    ("given", "code", "named"),
    [
        ("{}", "INVALID_TO", {"to", "message"}),
        ('{"to": "x", "message": ""}', "INVALID_MESSAGE", {"message"}),
        ('{"to": "", "message": "x"}', "INVALID_TO", {"to"}),
        ('{"type": "gif"}', "VALIDATION_ERROR", {"type"}),
        ('{"type": null, "to": "x", "message": "x"}', "VALIDATION_ERROR", {"type"}),
        ("[]", "VALIDATION_ERROR", {"body"}),
        ("3", "VALIDATION_ERROR", {"body"}),
        ("{", "VALIDATION_ERROR", {"body"}),
        ('{"type": "poll", "to": "x", "question": "q", "options": [1, "a"]}', "VALIDATION_ERROR", {"options.0"}),
        ('{"type": "contact", "to": "x", "name": "a", "phone_number": ""}', "INVALID_TO", {"phone_number"}),
        ('{"type": "location", "to": "x", "latitude": NaN, "longitude": 1}', "VALIDATION_ERROR", {"latitude"}),
    ],
)
def test_what_is_wrong_is_named_by_its_field_alone(given: str, code: str, named: set[str]) -> None:
    with pytest.raises(ValidationError) as raised:
        SendBody.model_validate_json(given)
    error = rejected(raised.value, SendBody.TAGS)
    assert (error.code, set(error.details or ())) == (code, named)


def test_what_the_document_says_of_the_form_is_what_the_bodies_of_files_take() -> None:
    of_files = [body for body in BODIES if "media" in body.model_fields]
    taken = {name for body in of_files for name in body.model_fields}
    assert set(SendForm.model_fields) == taken - {"media"} | {"file"}
