"""The session under test, through the running hub as any caller sees it, with a trace of its statuses."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from leadmaster.hub_caller import Answer, Caller
from leadmaster.live.findings import Moment
from leadmaster.live.person import Person, Skipped

_ASK_EVERY_S = 0.5
_START_S = 120.0
_SETTLED = frozenset({"sent", "delivered", "read", "failed", "uncertain", "expired", "cancelled"})


class LiveSession:
    """Every method may raise CallFailed."""

    def __init__(self, caller: Caller, cliente_id: int, person: Person) -> None:
        self._caller = caller
        self._path = f"/api/whatsapp/{cliente_id}"
        self._person = person
        self._began = time.monotonic()
        self.trace: list[Moment] = []

    def status(self) -> Answer:
        """As Redis has it; a change goes into the trace."""
        answer = self._caller.get(f"{self._path}/status")
        error = str(answer["last_error_code"] or "")
        moment = Moment(time.monotonic() - self._began, str(answer["status"]), str(answer["qr_status"]), error)
        last = self.trace[-1] if self.trace else None
        if last is None or (last.status, last.qr_status, last.error_code) != (moment.status, moment.qr_status, error):
            self.trace.append(moment)
        return answer

    def is_ready(self) -> bool:
        answer = self.status()
        return answer["status"] == "READY" and not answer["stale"]

    def becomes_ready(self) -> bool:
        """Whether it is READY, once it has started or says that it needs a person."""
        decided = ("READY", "ERROR", "QR_REQUIRED")
        self.until(lambda: self.status()["status"] in decided, _START_S)
        return self.is_ready()

    def until(self, good: Callable[[], Any], within_s: float, *, may_skip: bool = False) -> Any:
        """Asks until `good` is truthy and returns that; None when time is up. Follows the status meanwhile.

        may_skip: a line from the person ends it. Raises Skipped then.
        """
        deadline = time.monotonic() + within_s
        while True:
            self.status()
            if found := good():
                return found
            if may_skip and self._person.typed():
                raise Skipped
            if time.monotonic() > deadline:
                return None
            time.sleep(_ASK_EVERY_S)

    def connect(self) -> None:
        self._caller.post(f"{self._path}/connect", expect=202)

    def restart(self) -> None:
        self._caller.post(f"{self._path}/restart", expect=202)

    def end(self) -> None:
        """Ends the browser, keeps the login."""
        self._caller.post(f"{self._path}/disconnect", expect=202)

    def is_down(self) -> bool:
        return bool(self.status()["status"] == "DISCONNECTED")

    def draw_code(self) -> str:
        """The code that is shown now, for a terminal."""
        return self._caller.text(f"{self._path}/qr")

    def send(self, to: str, text: str) -> str:
        """Accepts a message and returns its id."""
        body = {"to": to, "message": text, "on_not_ready": "queue"}
        return str(self._caller.post(f"{self._path}/messages", body, expect=202)["message_id"])

    def message(self, message_id: str) -> Answer:
        return self._caller.get(f"{self._path}/messages/{message_id}")

    def settled(self, message_id: str) -> Answer | None:
        """The message once it can be said what became of it."""
        answer = self.message(message_id)
        return answer if answer["status"] in _SETTLED else None

    def received(self) -> dict[str, str]:
        """The latest received messages: WhatsApp's id and the sender of each."""
        answer = self._caller.get(f"{self._path}/inbound", limit=50)
        return {str(item["whatsapp_id"]): str(item["from"]) for item in answer["items"]}
