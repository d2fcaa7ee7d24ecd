"""Who and which tenants exist, read from SQL at most every few seconds per process.

Only what exists is remembered: a user or tenant that was just made is found at once; one that was just disabled is
refused within KEPT_S.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from cachetools import TTLCache

from hub_api.accounts import service as accounts
from hub_api.accounts import tokens
from hub_api.database import Database
from hub_api.principal import Principal
from shared.errors import TokenExpired, Unauthorized

KEPT_S = 10.0
_MAX_ENTRIES = 50_000
_MAX_KEY = 200  # characters

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SqlDirectory:
    """Looks callers and tenants up; see `principal.Directory`."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        self._secret = secret
        self._tokens: _Remembered[str, tokens.Verified] = _Remembered()
        self._keys: _Remembered[str, Principal] = _Remembered()
        self._tenants: _Remembered[int, bool] = _Remembered()

    def by_token(self, token: str, now_s: int) -> Principal:
        """The caller behind a token. Raises Unauthorized, TokenExpired."""
        verified = self._tokens.get(token, lambda: self._verify(token, now_s))
        if verified is None:
            raise Unauthorized()
        if verified.expires_at_s <= now_s:
            raise TokenExpired()
        return verified.principal

    def by_key(self, key: str) -> Principal:
        """The program behind an API key. Raises Unauthorized."""
        if not key.isascii() or len(key) > _MAX_KEY:
            raise Unauthorized()
        found = self._keys.get(key, lambda: accounts.find_api_key(self._database, key))
        if found is None:
            raise Unauthorized()
        return found

    def tenant_known(self, cliente_id: int) -> bool:
        """True where the tenant exists."""
        return bool(self._tenants.get(cliente_id, lambda: accounts.tenant_exists(self._database, cliente_id) or None))

    def _verify(self, token: str, now_s: int) -> tokens.Verified | None:
        verified = tokens.verify(token, self._secret, now_s)
        account = accounts.user_by_id(self._database, verified.user_id)
        claimed = verified.principal
        if account is None or account.disabled:
            return None
        return verified if (account.tipo, account.cliente_id) == (claimed.tipo, claimed.cliente_id) else None


class _Remembered(Generic[Key, Value]):
    """What was found lately. Threads share it: two that miss at once both look, outside the lock."""

    def __init__(self) -> None:
        self._found: TTLCache[Key, Value] = TTLCache(_MAX_ENTRIES, KEPT_S)
        self._lock = threading.Lock()

    def get(self, key: Key, look: Callable[[], Value | None]) -> Value | None:
        """What stands under the key, else what `look` finds. None is not remembered."""
        with self._lock:
            known = self._found.get(key)
        if known is None:
            known = look()
            if known is not None:
                with self._lock:
                    self._found[key] = known
        return known
