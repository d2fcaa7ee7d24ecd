"""Threads of one process that run the same script at the same moment share one round trip to Redis.

The first to come leads: it sends alone. Who comes while it is under way waits; when it is back, one of those leads and
sends for all of them. Nobody waits for company, so a single caller loses nothing. With `appendfsync always` Redis syncs
once for all commands it reads together, too.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import redis

from shared.redis.client import NotSent
from shared.redis.scripts import Script

MAX_TOGETHER = 64  # entries of one round trip


class _Entry:
    """One caller's script run. gate: held until there is an answer, or the lead, for this caller."""

    __slots__ = ("answer", "args", "batch", "gate", "keys")

    def __init__(self, keys: Sequence[str], args: Sequence[str | int | float | bytes]) -> None:
        self.keys = keys
        self.args = args
        self.gate = threading.Lock()
        self.gate.acquire()
        self.batch: list[_Entry] | None = None  # set where this caller is to lead it
        self.answer: Any = None  # or the exception to raise


class GroupCommit:
    """Runs one script for many threads."""

    def __init__(self, client: redis.Redis, script: Script) -> None:
        self._client = client
        self._script = client.register_script(script.source)
        self._guard = threading.Lock()
        self._waiting: list[_Entry] = []
        self._under_way = False

    def run(self, keys: Sequence[str], args: Sequence[str | int | float | bytes]) -> Any:
        """Runs the script. Raises redis.RedisError: where a trip fails, each who shared it gets the error.

        Who has no answer may have been heard all the same; NotSent says that the script did not run.
        """
        entry = _Entry(keys, args)
        with self._guard:
            if self._under_way:
                self._waiting.append(entry)
            else:
                self._under_way = True
                entry.batch = [entry]
        if entry.batch is None:
            entry.gate.acquire()
        if entry.batch is not None:
            self._lead(entry.batch)
        if isinstance(entry.answer, BaseException):
            raise entry.answer
        return entry.answer

    def _lead(self, batch: list[_Entry]) -> None:
        try:
            self._send(batch)
        except redis.RedisError as error:
            for entry in batch:
                if entry.answer is None:
                    entry.answer = error
                elif isinstance(entry.answer, redis.exceptions.NoScriptError):
                    entry.answer = NotSent(str(error))
            with self._guard:  # who waits must not wait for a server that is away once more
                unsent, self._waiting = self._waiting, []
            for entry in unsent:
                entry.answer = NotSent(str(error))
            batch += unsent
        except BaseException:  # whatever ends this thread must not leave the others at their gates; it is raised on
            for entry in batch:
                if entry.answer is None:
                    entry.answer = redis.ConnectionError("the round trip was cut short")
            raise
        finally:
            self._hand_over()
            for entry in batch[1:]:
                entry.gate.release()

    def _hand_over(self) -> None:
        with self._guard:
            following, self._waiting = self._waiting[:MAX_TOGETHER], self._waiting[MAX_TOGETHER:]
            self._under_way = bool(following)
        if following:
            following[0].batch = following
            following[0].gate.release()

    def _send(self, batch: list[_Entry]) -> None:
        self._trip(batch)
        unknown = [entry for entry in batch if isinstance(entry.answer, redis.exceptions.NoScriptError)]
        if unknown:  # a server that was restarted; what it does not know it did not run
            self._client.script_load(self._script.script)
            for entry in unknown:
                entry.answer = None
            self._trip(unknown)

    def _trip(self, batch: list[_Entry]) -> None:
        sha = self._script.sha
        if len(batch) == 1:
            [entry] = batch
            try:
                entry.answer = self._client.evalsha(sha, len(entry.keys), *entry.keys, *entry.args)
            except redis.ResponseError as error:
                entry.answer = error
            return
        pipeline = self._client.pipeline(transaction=False)
        for entry in batch:
            pipeline.evalsha(sha, len(entry.keys), *entry.keys, *entry.args)
        for entry, answer in zip(batch, pipeline.execute(raise_on_error=False), strict=True):
            entry.answer = answer
