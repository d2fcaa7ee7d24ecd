"""Lua scripts by file: each is one change of keys that belong together, called with its keys and arguments by name.

A script's header declares what it takes, and what it declares is what Python must hand over:

    #!lua flags=allow-oom
    -- keys: lease, message
    -- args: token, fence
    -- rest: field, value pairs        (optional: what follows the named arguments)

In the script `KEY.lease`, `ARG.token` and `REST` (a list) stand for them. Before its own lines every script gets the
names of all events (`EVENT.message_queued` …), the functions of `prelude.lua` and the preamble of its subject.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import redis
from redis.commands.core import Script as RegisteredScript

from shared.names import EventType

Argument = str | int | float | bytes
_PRELUDE = Path(__file__).parent / "prelude.lua"
_DECLARED = re.compile(r"^-- (keys|args|rest): *(.*)$", re.MULTILINE)


class Script:
    """One Lua file. Made once per file, at import; read at its first use."""

    def __init__(self, path: Path, preamble: Sequence[str] = ()) -> None:
        """preamble: the definitions of its subject in Lua: constants, see `lua_table`, and functions."""
        self.path = path
        self._preamble = preamble

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The names of the keys, in the order of KEYS."""
        return self._declared["keys"]

    @cached_property
    def args(self) -> tuple[str, ...]:
        """The names of the arguments, in the order of ARGV."""
        return self._declared["args"]

    @cached_property
    def source(self) -> str:
        """What is sent to Redis."""
        first, own = self.path.read_text("utf-8").split("\n", 1)
        if not first.startswith("#!lua"):
            raise ValueError(f"{self.path.name}: the first line must be `#!lua …`")
        keys = ", ".join(f"{name} = KEYS[{at}]" for at, name in enumerate(self.keys, 1))
        args = ", ".join(f"{name} = ARGV[{at}]" for at, name in enumerate(self.args, 1))
        names = f"local KEY, ARG = {{{keys}}}, {{{args}}}"
        if self._takes_rest:
            names += f"\nlocal REST = {{unpack(ARGV, {len(self.args) + 1})}}"
        prelude = _PRELUDE.read_text("utf-8")
        return "\n".join((first, *_used_by(own, [_EVENTS, *prelude.split("\n\n"), *self._preamble]), names, own))

    def call(
        self, keys: Mapping[str, str], args: Mapping[str, Argument], rest: Sequence[Argument] = ()
    ) -> tuple[list[str], list[Argument]]:
        """Keys and arguments as Redis takes them. Raises TypeError where they are not what the header declares."""
        if len(keys) != len(self.keys) or len(args) != len(self.args) or (rest and not self._takes_rest):
            raise TypeError(f"{self.path.name} takes keys {self.keys} and args {self.args}")
        try:
            return [keys[name] for name in self.keys], [*(args[name] for name in self.args), *rest]
        except KeyError as missing:
            raise TypeError(f"{self.path.name} takes {missing}") from None

    @cached_property
    def _declared(self) -> dict[str, tuple[str, ...]]:
        found = {"keys": (), "args": ()} | {
            kind: tuple(name.strip() for name in names.split(",") if name.strip())
            for kind, names in self._header_lines()
        }
        return found

    @cached_property
    def _takes_rest(self) -> bool:
        return any(kind == "rest" for kind, _ in self._header_lines())

    def _header_lines(self) -> list[tuple[str, str]]:
        """The declarations; one that is too long goes on in a second line of its kind."""
        merged: dict[str, str] = {}
        for kind, names in _DECLARED.findall(self.path.read_text("utf-8")):
            merged[kind] = f"{merged[kind]}, {names}" if kind in merged else names
        return list(merged.items())


class Scripts:
    """The project's scripts on one client. A script is sent once and then called by its digest."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._registered: dict[Path, RegisteredScript] = {}

    def run(
        self, script: Script, keys: Mapping[str, str], args: Mapping[str, Argument], rest: Sequence[Argument] = ()
    ) -> Any:
        """Runs one script. Raises redis.RedisError; what it returns is written in the script's header."""
        listed_keys, listed_args = script.call(keys, args, rest)
        return self._of(script)(keys=listed_keys, args=listed_args)

    def run_many(self, script: Script, calls: Sequence[tuple[Sequence[str], Sequence[Argument]]]) -> list[Any]:
        """Runs one script several times in one round trip; each run is a step of its own. calls: of `Script.call`.

        Raises redis.RedisError.
        """
        registered = self._of(script)
        pipeline = self._client.pipeline(transaction=False)
        for keys, args in calls:
            registered(keys=keys, args=args, client=pipeline)
        return pipeline.execute()

    def _of(self, script: Script) -> RegisteredScript:
        found = self._registered.get(script.path)
        if found is None:
            found = self._registered[script.path] = self._client.register_script(script.source)
        return found


def _used_by(own: str, definitions: Sequence[str]) -> list[str]:
    """Those definitions that a script, or another one that it uses, names: Redis makes each of them at every call."""
    text, used = own, list[str]()
    for definition in reversed(definitions):
        name = re.search(r"^local (?:function )?(\w+)", definition, re.MULTILINE)
        if name and re.search(rf"\b{name[1]}\b", text):
            text += definition
            used.insert(0, definition)
    return used


@cache
def lua_table(name: str, entries: tuple[tuple[str, str | int], ...]) -> str:
    """A Lua table of constants that refuses a name it does not have, so that a slip of the pen can't pass as nil."""
    pairs = ", ".join(f"{key} = {_lua(value)}" for key, value in entries)
    unknown = f"__index = function(_, name) error('{name} has no ' .. tostring(name)) end"
    return f"local {name} = setmetatable({{{pairs}}}, {{{unknown}}})"


def _lua(value: str | int) -> str:
    return f"'{value}'" if isinstance(value, str) else str(value)


_EVENTS = lua_table("EVENT", tuple((event.name.lower(), event.value) for event in EventType))
