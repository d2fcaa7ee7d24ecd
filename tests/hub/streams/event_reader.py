"""A caller who follows events, as a program or a browser does: reads in a thread, remembers the last id, resumes."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Told:
    """One event. data: what stands in it, from JSON."""

    id: str
    kind: str
    data: Any


class EventReader:
    """One connection. What came so far: `told`; `last_id`; `beats`, how many frames without an event."""

    def __init__(
        self, url: str, path: str, headers: Mapping[str, str], last_id: str | None = None, **query: str
    ) -> None:
        """url: the hub's. Raises AssertionError where it is refused."""
        address = urlsplit(url)
        self.told: list[Told] = []
        self.last_id = last_id
        self.beats = 0
        self.ended = threading.Event()
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        sent = dict(headers) | ({} if last_id is None else {"Last-Event-ID": last_id})
        self._connection.request("GET", f"{path}?{urlencode(query)}", headers=sent)
        assert self._connection.sock is not None
        self._socket = self._connection.sock
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200, self._answer.read()
        assert self._answer.headers["Content-Type"].startswith("text/event-stream")
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def numbers(self) -> list[Any]:
        """What tests put into their events to know them by."""
        return [told.data["data"]["n"] for told in self.told if told.kind != "gap"]

    def close(self) -> None:
        """Leaves, as abruptly as a browser does."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._connection.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            while self._read_frame():
                pass
        self.ended.set()

    def _read_frame(self) -> bool:
        fields: dict[str, str] = {}
        while line := self._answer.readline().decode():
            if line == "\n":
                self._take(fields)
                return True
            name, _, value = line.rstrip("\n").partition(":")
            fields[name] = value.removeprefix(" ")
        return False

    def _take(self, fields: Mapping[str, str]) -> None:
        if "data" in fields:
            self.told.append(Told(fields.get("id", ""), fields.get("event", "message"), json.loads(fields["data"])))
        else:
            self.beats += "retry" not in fields
        self.last_id = fields.get("id", self.last_id)
