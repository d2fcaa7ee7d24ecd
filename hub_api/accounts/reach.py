"""What a user or a key may be allowed to reach."""

from __future__ import annotations

from hub_api.web.cliente_id import MAX_CLIENTE_ID
from shared.errors import InvalidClienteId, ValidationFailed


def check_reach(tipo: str, cliente_id: int | None) -> None:
    """A `cliente` has a tenant, an `admin` may have one as its own. Raises ValidationFailed, InvalidClienteId."""
    if tipo not in ("admin", "cliente"):
        raise ValidationFailed(details={"tipo": "admin or cliente"})
    if (cliente_id is None and tipo == "cliente") or (cliente_id is not None and not 1 <= cliente_id <= MAX_CLIENTE_ID):
        raise InvalidClienteId(details={"cliente_id": "a positive integer"})
