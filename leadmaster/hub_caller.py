"""A caller of the hub, as any program outside would be: HTTP and a token, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import httpx

_TIMEOUT_S = 40.0
_MAX_SHOWN_CHARACTERS = 300  # of an answer that is a failure: its code and text

Answer = dict[str, Any]


class CallFailed(Exception):
    """The hub answered otherwise than the scenario needs, or not at all. Its text is for people."""


class Caller:
    """One signed-in user."""

    def __init__(self, base_url: str, name: str) -> None:
        """name: how the user is called in a failure's text."""
        self.name = name
        self._client = httpx.Client(base_url=base_url, timeout=_TIMEOUT_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes its connections."""
        self._client.close()

    def log_in(self, usuario: str, password: str) -> None:
        """Signs in; later calls carry the token. Raises CallFailed."""
        answer = self.post("/api/auth/login", {"usuario": usuario, "password": password}, expect=200)
        self.bear(str(answer["token"]))

    def bear(self, token: str) -> None:
        """Later calls carry this token."""
        self._client.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, *, expect: int | tuple[int, ...] = 200, **query: object) -> Answer:
        """A GET whose answer is JSON. Raises CallFailed where the status is none of `expect`."""
        return self._json("GET", path, expect, params={name: str(value) for name, value in query.items()})

    def post(self, path: str, body: Mapping[str, object] | None = None, *, expect: int) -> Answer:
        """A POST of JSON. Raises CallFailed where the status is not `expect`."""
        return self._json("POST", path, expect, json=dict(body or {}))

    def post_csv(self, path: str, text: str) -> Answer:
        """A POST of CSV whose answer is JSON. Raises CallFailed."""
        return self._json("POST", path, 200, content=text.encode(), headers={"Content-Type": "text/csv"})

    def text(self, path: str) -> str:
        """A GET whose answer is text. Raises CallFailed."""
        return self._call("GET", path, 200, headers={"Accept": "text/plain"}).text

    def content(self, path: str) -> tuple[bytes, str]:
        """A GET whose answer is a file: its bytes and its type. Raises CallFailed."""
        answer = self._call("GET", path, 200)
        return answer.content, answer.headers.get("Content-Type", "")

    def _json(self, method: str, path: str, expect: int | tuple[int, ...], **options: Any) -> Answer:
        try:
            answer = self._call(method, path, expect, **options).json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise CallFailed(f"{method} {path} ({self.name}): the answer is no JSON object")
        return answer

    def _call(self, method: str, path: str, expect: int | tuple[int, ...], **options: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise CallFailed(f"{method} {path} ({self.name}): {type(error).__name__}") from error
        expected = (expect,) if isinstance(expect, int) else expect
        if response.status_code not in expected:
            text = f"HTTP {response.status_code} {response.text[:_MAX_SHOWN_CHARACTERS]}"
            raise CallFailed(f"{method} {path} ({self.name}): {text}, expected {' or '.join(map(str, expected))}")
        return response
