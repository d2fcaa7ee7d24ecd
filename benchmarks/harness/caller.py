"""One keep-alive connection to the hub, as a benchmark's client."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


class Caller:
    """Calls the hub with a token, one request at a time. Both methods raise RuntimeError for anything but 2xx."""

    def __init__(self, hub_url: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(hub_url).netloc, timeout=40)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def get(self, path: str) -> dict[str, Any]:
        """Returns the answer's JSON object."""
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
        """Sends a JSON object, an empty one by default. Returns the answer's JSON object."""
        return self._call("POST", path, json.dumps(body or {}))

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def _call(self, method: str, path: str, body: str | None) -> dict[str, Any]:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        fields: dict[str, Any] = json.loads(answer.read())
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {fields.get('error')}")
        return fields
