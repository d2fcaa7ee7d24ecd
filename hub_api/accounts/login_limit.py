"""Slows guessing of passwords: attempts per user, per address, per both and in all, counted in Redis.

An attempt is counted before the password is checked, in one step, so that many at once can't slip through; one that
succeeds, or was not checked after all, is taken back.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import math
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import redis

from shared.errors import InvalidCredentials, RateLimited
from shared.names import Keys
from shared.redis.scripts import Argument, Script, Scripts

Limits = tuple[tuple[int, int], ...]  # attempts within seconds

# Of one user from one address. The fifth failure has the sixth attempt wait 15 s, and each further one twice as long as
# the one before, to about 16 minutes in all; whoever goes on has few in an hour.
OF_PAIR: Limits = ((5, 15), (6, 45), (7, 105), (8, 225), (9, 465), (10, 945), (14, 3_600))
OF_USER: Limits = ((20, 60), (60, 3_600))  # from whatever addresses
OF_ADDRESS: Limits = ((30, 60), (120, 3_600))  # for whatever users
OF_ALL: Limits = ((300, 60), (3_000, 3_600))
# So long an address from which a user logged in is held by neither of the limits that others can use up.
KNOWN_S = 30 * 86_400

_COUNT = Script(Path(__file__).with_name("count_attempt.lua"))
_IPV6_CUSTOMER_BITS = 64  # one customer has at least so much of an address to choose from


class LoginLimit:
    """Keeps nothing itself. Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys, clock: Callable[[], int] | None = None) -> None:
        """clock: milliseconds; else the server's own, which all hubs share."""
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)
        self._clock = clock or self._server_ms

    @contextlib.contextmanager
    def attempt(self, usuario: str, address: str) -> Iterator[None]:
        """Counts an attempt around its check, which raises InvalidCredentials where it failed.

        Raises RateLimited, with the seconds to wait, while too many stand; such an attempt does not count.
        """
        attempt = secrets.token_hex(8)
        address = _customer(address)
        pair = _digest(usuario, address)
        keys = {
            "pair": self._keys.login_attempts(f"pair:{pair}"),
            "user": self._keys.login_attempts(f"user:{_digest(usuario)}"),
            "address": self._keys.login_attempts(f"address:{_digest(address)}"),
            "all": self._keys.login_attempts("all"),
        }
        known = self._keys.login_known(pair)
        self._count(attempt, keys, known)
        try:
            yield
        except InvalidCredentials:
            raise
        except BaseException:  # whatever else ended the check, it was no wrong password; raised on
            self._take_back(attempt, list(keys.values()))
            raise
        self._take_back(attempt, list(keys.values()))
        self._client.delete(keys["pair"])
        self._client.set(known, "1", ex=KNOWN_S)

    def _count(self, attempt: str, keys: dict[str, str], known: str) -> None:
        limits = {"pair": OF_PAIR, "user": OF_USER, "address": OF_ADDRESS, "all": OF_ALL}
        args = {name: ",".join(f"{count}:{seconds}" for count, seconds in limit) for name, limit in limits.items()}
        asked: dict[str, Argument] = {"now_ms": self._clock(), "attempt": attempt, **args}
        wait_ms = self._scripts.run(_COUNT, {**keys, "known": known}, asked)
        if wait_ms > 0:
            raise RateLimited(retry_after_s=max(1, math.ceil(wait_ms / 1_000)))

    def _take_back(self, attempt: str, keys: list[str]) -> None:
        pipeline = self._client.pipeline(transaction=False)
        for key in keys:
            pipeline.zrem(key, attempt)
        pipeline.execute()

    def _server_ms(self) -> int:
        seconds, micros = self._client.time()
        return int(seconds) * 1_000 + int(micros) // 1_000


def _customer(address: str) -> str:
    """Whom an address stands for: an IPv4 address, or the network of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_CUSTOMER_BITS), strict=False))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]
