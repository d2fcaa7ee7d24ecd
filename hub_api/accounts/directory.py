"""Who and which tenants exist, read from SQL at most every few seconds per process.

Only what exists is remembered: a user or tenant that was just made is found at once; one that was just disabled is
refused within KEPT_S.
"""

from __future__ import annotations

from hub_api.accounts import service as accounts
from hub_api.accounts import tokens
from hub_api.database import Database
from hub_api.principal import Principal
from hub_api.ttl_cache import TtlCache
from shared.errors import TokenExpired, Unauthorized

KEPT_S = 10.0
_MOST = 50_000
_LONGEST_KEY = 200


class SqlDirectory:
    """Looks callers and tenants up; see `principal.Directory`."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret
        self._tokens: TtlCache[str, tokens.Verified] = TtlCache(KEPT_S, _MOST)
        self._keys: TtlCache[str, Principal] = TtlCache(KEPT_S, _MOST)
        self._tenants: TtlCache[int, bool] = TtlCache(KEPT_S, _MOST)

    def by_token(self, token: str, now_s: int) -> Principal:
        """The caller behind a token. Raises Unauthorized, TokenExpired."""
        verified = self._tokens.get(token)
        if verified is None:
            verified = tokens.verify(token, self._secret, now_s)
            account = accounts.user_by_id(self._database, verified.user_id)
            claimed = verified.principal
            if (
                account is None
                or account.disabled
                or (account.tipo, account.cliente_id) != (claimed.tipo, claimed.cliente_id)
            ):
                raise Unauthorized()
            self._tokens.put(token, verified)
        if verified.expires_at_s <= now_s:
            raise TokenExpired()
        return verified.principal

    def by_key(self, key: str) -> Principal:
        """The program behind an API key. Raises Unauthorized."""
        if not key.isascii() or len(key) > _LONGEST_KEY:
            raise Unauthorized()
        known = self._keys.get(key)
        if known is None:
            known = accounts.find_api_key(self._database, key)
            if known is None:
                raise Unauthorized()
            self._keys.put(key, known)
        return known

    def tenant_known(self, cliente_id: int) -> bool:
        """True where the tenant exists."""
        if self._tenants.get(cliente_id):
            return True
        known = accounts.tenant_exists(self._database, cliente_id)
        if known:
            self._tenants.put(cliente_id, True)
        return known
