"""Whether those who hold streams open may still: asked at once after each change of accounts, and in turn besides."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol, cast

import redis

from hub_api.principal import Principal
from shared.names import Keys

_ROUND = 10  # looks in which everybody has his turn, whatever Redis says of changes
_UNKNOWN = "?"


class Standing(Protocol):
    """What is asked of the directory."""

    def stands(self, caller: Principal) -> bool:
        """Whether the caller's token or key still counts. Raises sqlalchemy.exc.SQLAlchemyError."""


class Credentials:
    """Looks at accounts as far as it must."""

    def __init__(self, client: redis.Redis, keys: Keys, directory: Standing) -> None:
        self._client = client
        self._key = keys.accounts_version
        self._directory = directory
        self._version: str | None = _UNKNOWN
        self._looks = 0

    def ended(self, callers: Collection[Principal]) -> set[Principal]:
        """Those of them whose credentials no longer count. Raises sqlalchemy.exc.SQLAlchemyError."""
        version = self._read_version()
        changed = version not in (_UNKNOWN, self._version)
        chosen = callers if changed else self._in_turn(callers)
        found = {caller for caller in chosen if not self._directory.stands(caller)}
        self._version = version  # only where all could be asked
        return found

    def _in_turn(self, callers: Collection[Principal]) -> list[Principal]:
        self._looks = (self._looks + 1) % _ROUND
        return sorted(callers, key=repr)[self._looks :: _ROUND]

    def _read_version(self) -> str | None:
        try:
            return cast("str | None", self._client.get(self._key))
        except redis.RedisError:
            return _UNKNOWN
