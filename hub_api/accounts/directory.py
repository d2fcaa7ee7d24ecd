"""Who and which tenants exist, read from SQL at most every few seconds per process.

Only what exists is remembered: a user or tenant that was just made is found at once; one that was just disabled is
refused as soon as this process has seen that accounts changed (`remembered.py`).
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from hub_api.accounts.keys.service import find_api_key, key_stands
from hub_api.accounts.tenants import service as tenants
from hub_api.accounts.tenants.profiles import profile_of
from hub_api.accounts.tokens.service import has_ended, signing_secrets
from hub_api.accounts.tokens.signed import Verified, user_name, verify
from hub_api.accounts.users.service import user_of
from hub_api.principal import Principal, TenantProfile, TokenRef
from hub_api.services import Services
from shared.errors import TokenExpired, Unauthorized

_MAX_KEY = 200  # characters


class SqlDirectory:
    """Looks callers and tenants up; see `principal.Directory`."""

    def __init__(self, services: Services) -> None:
        """Raises SettingsError without a JWT_SECRET."""
        self._services = services
        self._database = services.database
        self._remembered = services.remembered
        self._secrets = signing_secrets(services.settings)

    def by_token(self, token: str, now_s: int) -> Principal:
        """The caller behind a token. Raises Unauthorized, TokenExpired."""
        verified = self._remembered.get("token", token, lambda: self._verify(token, now_s))
        if verified is None:
            raise Unauthorized()
        if verified.token.expires_at_s <= now_s:
            raise TokenExpired()
        return verified.principal

    def by_key(self, key: str) -> Principal:
        """The program behind an API key. Raises Unauthorized."""
        if not key.isascii() or len(key) > _MAX_KEY:
            raise Unauthorized()
        found = self._remembered.get("key", key, lambda: find_api_key(self._database, key))
        if found is None:
            raise Unauthorized()
        return found

    def tenant_known(self, cliente_id: int) -> bool:
        """True where the tenant exists."""
        return bool(
            self._remembered.get(
                "tenant", cliente_id, lambda: tenants.tenant_exists(self._database, cliente_id) or None
            )
        )

    def profile(self, cliente_id: int) -> TenantProfile:
        """What holds for a tenant; the installation's where there is none of that id."""
        return profile_of(self._services, cliente_id)

    def stands(self, caller: Principal) -> bool:
        """Whether what a caller was verified by has not ended early since; asked of SQL anew."""
        with self._database.reading() as session:
            if caller.token is None:
                return key_stands(session, caller)
            return _token_stands(session, caller, caller.token)

    def _verify(self, token: str, now_s: int) -> Verified | None:
        verified = verify(token, self._secrets, now_s)
        with self._database.reading() as session:
            return verified if _token_stands(session, verified.principal, verified.token) else None


def _token_stands(session: Session, claimed: Principal, token: TokenRef) -> bool:
    account = user_of(session, token.user_id)
    if account is None or account.disabled or has_ended(session, token):
        return False
    same = (user_name(account.usuario), account.tipo, account.cliente_id)
    return same == (claimed.name, claimed.tipo, claimed.cliente_id)
