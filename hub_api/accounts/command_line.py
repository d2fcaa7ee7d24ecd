"""What `leadmaster user`, `key`, `tenant`, `token` and `audit` call: the services of accounts, beside a running hub.

Where nothing runs there is no Redis, and nobody needs to be told of a change: what starts later reads it from SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import redis
from pydantic import BaseModel, ValidationError

from hub_api.accounts.audit import trail
from hub_api.accounts.keys import service as keys
from hub_api.accounts.tenants import service as tenants
from hub_api.accounts.tenants.bodies import NewTenantBody, TenantBody
from hub_api.accounts.tokens.service import issue_token
from hub_api.accounts.users import service as users
from hub_api.database import migrate
from hub_api.services import Services, make_services
from hub_api.web.inputs import rejected
from shared import logs
from shared.errors import NotFound
from shared.redis.client import unreachable
from shared.settings import Settings

Model = TypeVar("Model", bound=BaseModel)

_PAGE = 500
_WHO = trail.COMMAND_LINE


def add_user(settings: Settings, usuario: str, password: str, tipo: str, cliente_id: int | None) -> dict[str, Any]:
    """Raises ValidationFailed, InvalidClienteId."""
    with _services(settings) as services:
        made = users.add_user(services.database, usuario, password, tipo, cliente_id).to_object()
        services.remembered.changed()
        return made


def list_users(settings: Settings) -> list[dict[str, Any]]:
    """All of them."""
    with _services(settings) as services:
        return _all(lambda after: [one.to_object() for one in users.listed(services.database, after, _PAGE)], "id")


def set_disabled(settings: Settings, usuario: str, disabled: bool) -> dict[str, Any]:
    """Raises NotFound; InvalidState for the last admin."""
    with _services(settings) as services:
        changed = users.set_disabled(services.database, usuario, disabled).to_object()
        services.remembered.changed()
        return changed


def set_password(settings: Settings, usuario: str, password: str) -> dict[str, Any]:
    """Raises NotFound, ValidationFailed."""
    with _services(settings) as services:
        changed = users.set_password(services.database, usuario, password).to_object()
        services.remembered.changed()
        return changed


def token(settings: Settings, usuario: str) -> str:
    """A token for a user that isn't disabled. Raises NotFound; SettingsError without a JWT_SECRET."""
    with _services(settings) as services:
        account = users.find_user(services.database, usuario)
        if account is None or account.disabled:
            raise NotFound(details={"usuario": f"{usuario}: no such user; add one with `leadmaster user add`"})
        return issue_token(services.database, settings, account.for_token)


def add_key(settings: Settings, name: str, tipo: str, cliente_id: int | None) -> str:
    """The key itself, which nobody can show again. Raises ValidationFailed, InvalidClienteId."""
    with _services(settings) as services:
        made = keys.add_api_key(services.database, name, tipo, cliente_id)
        services.remembered.changed()
        return made.key


def list_keys(settings: Settings) -> list[dict[str, Any]]:
    """All of them."""
    with _services(settings) as services:
        return _all(lambda after: keys.listed(services.database, after, _PAGE), "key_id")


def revoke_key(settings: Settings, key_id: int) -> dict[str, Any]:
    """Raises NotFound."""
    with _services(settings) as services:
        revoked = keys.revoke(services.database, key_id)
        services.remembered.changed()
        return revoked


def add_tenant(settings: Settings, cliente_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """fields: as `POST /api/tenants` takes them. Raises LeadMasterError."""
    body = _valid(NewTenantBody, {"cliente_id": cliente_id, **fields})
    with _services(settings) as services:
        return tenants.create(services, cliente_id, body.given(), _WHO)


def list_tenants(settings: Settings) -> list[dict[str, Any]]:
    """All of them."""
    with _services(settings) as services:
        return _all(lambda after: tenants.listed(services, after, _PAGE), "cliente_id")


def change_tenant(settings: Settings, cliente_id: int, fields: Mapping[str, Any]) -> dict[str, Any]:
    """fields: as `PATCH /api/tenants/{cliente_id}` takes them. Raises LeadMasterError."""
    body = _valid(TenantBody, fields)
    with _services(settings) as services:
        tenants.edit(services, cliente_id, body.given(), body.suspended, _WHO)
        return tenants.find(services, cliente_id)


def audit(settings: Settings, chosen: trail.Filter, limit: int) -> list[dict[str, Any]]:
    """The newest lines of the trail."""
    with _services(settings) as services:
        return trail.listed(services.database, chosen, None, limit)[0]


COMMANDS: dict[str, Callable[..., Any]] = {
    "user add": add_user,
    "user list": list_users,
    "user disable": set_disabled,
    "user password": set_password,
    "token": token,
    "key add": add_key,
    "key list": list_keys,
    "key revoke": revoke_key,
    "tenant add": add_tenant,
    "tenant list": list_tenants,
    "tenant set": change_tenant,
    "audit list": audit,
}


@contextmanager
def _services(settings: Settings) -> Iterator[Services]:
    """On the newest schema. Raises SessionManagerUnreachable where a change needs the Redis that is away."""
    logs.configure("command-line", "error", "console")
    absent = f"unix://{settings.leadmaster_data_dir.resolve()}/no-redis-runs"
    settings = settings.model_copy(update={"redis_url": settings.redis_url or absent})
    migrate(settings.sqlalchemy_url)
    services = make_services(settings)
    try:
        yield services
    except redis.RedisError as error:
        raise unreachable(error) from error
    finally:
        services.close()


def _all(page: Callable[[int], list[dict[str, Any]]], number: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while rows := page(int(found[-1][number]) if found else 0):
        found += rows
    return found


def _valid(model: type[Model], fields: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise rejected(error) from None
