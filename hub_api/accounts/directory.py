"""Who and which tenants exist, read from SQL at most every few seconds per process.

Only what exists is remembered: a user or tenant that was just made is found at once; one that was just disabled is
refused as soon as this process has seen that accounts changed (`remembered.py`).
"""

from __future__ import annotations

from hub_api.accounts import service as accounts
from hub_api.accounts import tokens
from hub_api.accounts.tenants.profiles import profile_of
from hub_api.principal import Principal, TenantProfile
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
        self._secret = accounts.jwt_secret(services.settings)

    def by_token(self, token: str, now_s: int) -> Principal:
        """The caller behind a token. Raises Unauthorized, TokenExpired."""
        verified = self._remembered.get("token", token, lambda: self._verify(token, now_s))
        if verified is None:
            raise Unauthorized()
        if verified.expires_at_s <= now_s:
            raise TokenExpired()
        return verified.principal

    def by_key(self, key: str) -> Principal:
        """The program behind an API key. Raises Unauthorized."""
        if not key.isascii() or len(key) > _MAX_KEY:
            raise Unauthorized()
        found = self._remembered.get("key", key, lambda: accounts.find_api_key(self._database, key))
        if found is None:
            raise Unauthorized()
        return found

    def tenant_known(self, cliente_id: int) -> bool:
        """True where the tenant exists."""
        return bool(
            self._remembered.get(
                "tenant", cliente_id, lambda: accounts.tenant_exists(self._database, cliente_id) or None
            )
        )

    def profile(self, cliente_id: int) -> TenantProfile:
        """What holds for a tenant; the installation's where there is none of that id."""
        return profile_of(self._services, cliente_id)

    def _verify(self, token: str, now_s: int) -> tokens.Verified | None:
        verified = tokens.verify(token, self._secret, now_s)
        account = accounts.user_by_id(self._database, verified.user_id)
        claimed = verified.principal
        if account is None or account.disabled:
            return None
        return verified if (account.tipo, account.cliente_id) == (claimed.tipo, claimed.cliente_id) else None
