"""A Redis that becomes an older copy of itself."""

from __future__ import annotations

import redis

from shared.names import Keys

Copy = dict[str, tuple[bytes, int]]


class Server:
    """A Redis that can be replaced by a copy of what it had."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._binary = redis.Redis.from_url(
            "redis://{host}:{port}/{db}".format(**client.connection_pool.connection_kwargs)
        )
        self._keys = keys

    def copy(self) -> Copy:
        """Of every key, with what is left of its life."""
        names = [str(name) for name in self._client.keys(self._keys.prefix + "*")]
        return {name: (self._binary.dump(name) or b"", max(0, self._binary.pttl(name))) for name in names}

    def become(self, copy: Copy) -> None:
        """As another server that holds the copy; one that was being restored says so still."""
        self._client.delete(*self._client.keys(self._keys.prefix + "*"))
        for name, (value, left_ms) in copy.items():
            self._binary.restore(name, left_ms, value)
        mark = str(self._client.get(self._keys.incarnation))
        if not mark.endswith(" restoring"):
            self._client.set(self._keys.incarnation, mark.split(" ", maxsplit=1)[0] + " another-run:of-a-server")
