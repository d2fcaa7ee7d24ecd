"""Turns a failed validation into the contract's error, naming each field (CONTRACT section 5). Pure."""

from __future__ import annotations

from pydantic import ValidationError

from shared.errors import InvalidClienteId, InvalidMessage, InvalidTo, LeadMasterError, ValidationFailed

_BY_FIELD: dict[str, type[LeadMasterError]] = {
    "cliente_id": InvalidClienteId,
    "to": InvalidTo,
    "number": InvalidTo,
    "phone_number": InvalidTo,
    "destinatario": InvalidTo,
    "message": InvalidMessage,
    "mensaje": InvalidMessage,
}
_MOST_NAMED = 20


def rejected(error: ValidationError) -> LeadMasterError:
    """The error to raise: a field's own code where only such fields are wrong, else VALIDATION_ERROR."""
    details: dict[str, object] = {}
    kinds: list[type[LeadMasterError]] = []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in fault["loc"]) or "body"
        details.setdefault(where, fault["msg"].removeprefix("Value error, "))
        kinds.append(_BY_FIELD.get(str(fault["loc"][0]) if fault["loc"] else "", ValidationFailed))
        if len(details) >= _MOST_NAMED:
            break
    kind = ValidationFailed if ValidationFailed in kinds else kinds[0]
    return kind(details=details)
