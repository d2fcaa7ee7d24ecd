"""A caller of the hub, as any program outside would be: HTTP and a token, nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Self

import httpx

_TIMEOUT_S = 40.0
_ASK_EVERY_S = 0.25

Answer = dict[str, Any]


class CallFailed(Exception):
    """The hub answered otherwise than the story needs, or not at all. Its text is for people."""


class Caller:
    """One signed-in user."""

    def __init__(self, base_url: str, name: str) -> None:
        """name: how the user is called in what is told of a failure."""
        self.name = name
        self._client = httpx.Client(base_url=base_url, timeout=_TIMEOUT_S, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def log_in(self, usuario: str, password: str) -> None:
        """Signs in; later calls carry the token. Raises CallFailed."""
        answer = self.post("/api/auth/login", {"usuario": usuario, "password": password}, expect=200)
        self._client.headers["Authorization"] = f"Bearer {answer['token']}"

    def get(self, path: str, *, expect: int | tuple[int, ...] = 200, **query: object) -> Answer:
        """A GET whose answer is JSON. Raises CallFailed where the status is none of `expect`."""
        return self._json("GET", path, expect, params={name: str(value) for name, value in query.items()})

    def post(self, path: str, body: Mapping[str, object] | None = None, *, expect: int | tuple[int, ...]) -> Answer:
        """A POST of JSON. Raises CallFailed where the status is none of `expect`."""
        return self._json("POST", path, expect, json=dict(body or {}))

    def post_csv(self, path: str, text: str) -> Answer:
        """A POST of CSV whose answer is JSON. Raises CallFailed."""
        return self._json("POST", path, 200, content=text.encode(), headers={"Content-Type": "text/csv"})

    def text(self, path: str) -> str:
        """A GET whose answer is text. Raises CallFailed."""
        response = self._request("GET", path, headers={"Accept": "text/plain"})
        if response.status_code != 200:
            raise CallFailed(f"GET {path} ({self.name}): {_told(response)}")
        return response.text

    def wait_for(
        self, path: str, good: Callable[[Answer], bool], what: str, within_s: float, seen: Callable[[Answer], None]
    ) -> Answer:
        """Asks `path` again and again until `good`; every answer is shown to `seen`. Raises CallFailed."""
        until = time.monotonic() + within_s
        while True:
            answer = self.get(path)
            seen(answer)
            if good(answer):
                return answer
            if time.monotonic() > until:
                raise CallFailed(
                    f"{what} ({self.name}): not within {within_s:.0f} s; last status {answer.get('status')}"
                )
            time.sleep(_ASK_EVERY_S)

    def _json(self, method: str, path: str, expect: int | tuple[int, ...], **options: Any) -> Answer:
        response = self._request(method, path, **options)
        wanted = (expect,) if isinstance(expect, int) else expect
        if response.status_code not in wanted:
            raise CallFailed(
                f"{method} {path} ({self.name}): {_told(response)}, expected {' or '.join(map(str, wanted))}"
            )
        try:
            answer = response.json()
        except ValueError:
            raise CallFailed(f"{method} {path} ({self.name}): the answer is no JSON") from None
        if not isinstance(answer, dict):
            raise CallFailed(f"{method} {path} ({self.name}): the answer is no JSON object")
        return {**answer, "http_status": response.status_code}

    def _request(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            return self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            raise CallFailed(f"{method} {path} ({self.name}): {type(error).__name__}") from error


def _told(response: httpx.Response) -> str:
    """Status, code and text of a failure."""
    try:
        body = response.json()
        return f"HTTP {response.status_code} {body.get('error', '')} {body.get('message', '')}".strip()
    except (ValueError, AttributeError):
        return f"HTTP {response.status_code}"
