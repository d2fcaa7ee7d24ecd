"""A caller of the REST API: logged in as one tenant's user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import httpx

from testing.waiting import until


@dataclass(frozen=True)
class Caller:
    """One logged-in caller. http: with the token set."""

    http: httpx.Client
    cliente_id: int

    @classmethod
    def logged_in(cls, hub_url: str, usuario: str, password: str, cliente_id: int) -> Self:
        """Raises httpx.HTTPError where the hub is away or refuses."""
        client = httpx.Client(base_url=hub_url, timeout=40)
        answer = client.post("/api/auth/login", json={"usuario": usuario, "password": password}).raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return cls(client, cliente_id)

    def path(self, rest: str) -> str:
        """Of a call of this tenant."""
        return f"/api/whatsapp/{self.cliente_id}/{rest}"

    def status(self) -> dict[str, Any]:
        """As Redis has it."""
        return dict(self.http.get(self.path("status")).raise_for_status().json())

    def connect(self) -> httpx.Response:
        return self.http.post(self.path("connect"))

    def send(self, to: str, text: str, **more: object) -> httpx.Response:
        """more: the body's other fields."""
        return self.http.post(self.path("messages"), json={"to": to, "message": text, **more})

    def accepted(self, to: str, text: str, **more: object) -> str:
        """Sends, and returns the id. Raises AssertionError where it was not accepted."""
        answer = self.send(to, text, **more)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["message_id"])

    def message(self, message_id: str) -> dict[str, Any]:
        return dict(self.http.get(self.path(f"messages/{message_id}")).raise_for_status().json())

    def until_status(self, status: str, seconds: float = 90.0) -> dict[str, Any]:
        """The session's status once it is this one, and its owner says so."""

        def ask() -> dict[str, Any] | None:
            seen = self.status()
            return seen if seen["status"] == status and not seen["stale"] else None

        return until(ask, seconds, f"session {self.cliente_id} {status}")

    def until_ready_since(self, before: str, seconds: float = 90.0) -> dict[str, Any]:
        """The session's status once it is READY by another transition than that of `before`, its former `since`."""

        def ask() -> dict[str, Any] | None:
            seen = self.status()
            return seen if seen["status"] == "READY" and seen["since"] != before else None

        return until(ask, seconds, f"session {self.cliente_id} READY again")

    def until_message(self, message_id: str, *statuses: str, seconds: float = 60.0) -> dict[str, Any]:
        """The message once it has one of these statuses."""

        def ask() -> dict[str, Any] | None:
            seen = self.message(message_id)
            return seen if seen["status"] in statuses else None

        return until(ask, seconds, f"message {message_id} {statuses}")

    def until_sent(self, message_id: str, seconds: float = 60.0) -> dict[str, Any]:
        """The message once WhatsApp's server has it, whoever has read it since."""
        return self.until_message(message_id, "sent", "delivered", "read", seconds=seconds)
