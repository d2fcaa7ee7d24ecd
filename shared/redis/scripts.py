"""Loads the Lua files of `shared/lua`. Each is one change of keys that belong together (STYLE 5).

A file starts with `#!lua flags=…`; the prelude's functions (`emit`, `holds_lease`) are put behind that line.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import redis
from redis.commands.core import Script as RegisteredScript

_FOLDER = Path(__file__).parent / "lua"


@cache
def source(name: str) -> str:
    """The text of `shared/lua/<name>.lua` with the prelude behind its first line."""
    first, rest = (_FOLDER / f"{name}.lua").read_text("utf-8").split("\n", 1)
    prelude = (_FOLDER / "prelude.lua").read_text("utf-8")
    return f"{first}\n{prelude}\n{rest}"


class Scripts:
    """The project's scripts on one client. A script is sent once and then called by its digest."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._registered: dict[str, RegisteredScript] = {}

    def run(self, name: str, keys: Sequence[str], args: Sequence[str | int | float | bytes]) -> Any:
        """Runs one script. Raises redis.RedisError; what it returns is written in the script's header."""
        script = self._registered.get(name)
        if script is None:
            script = self._registered[name] = self._client.register_script(source(name))
        return script(keys=keys, args=args)

    def run_many(
        self, name: str, calls: Sequence[tuple[Sequence[str], Sequence[str | int | float | bytes]]]
    ) -> list[Any]:
        """Runs one script several times in one round trip; each run is a step of its own. Raises redis.RedisError."""
        script = self._registered.get(name)
        if script is None:
            script = self._registered[name] = self._client.register_script(source(name))
        pipeline = self._client.pipeline(transaction=False)
        for keys, args in calls:
            script(keys=keys, args=args, client=pipeline)
        return pipeline.execute()
