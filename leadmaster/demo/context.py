"""What every step of the scenario works with: the hub, the phones, the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from leadmaster.demo.agencies import AGENCIES, Agency
from leadmaster.hub_caller import Answer, Caller, CallFailed
from leadmaster.installation.addresses import hub_address
from leadmaster.screen import Screen
from shared.settings import Settings
from simulator.client import SimulatorClient

T = TypeVar("T")

READY_WITHIN_S = 90.0
_ASK_EVERY_S = 0.25


class Context:
    """One run of the demo. Everything goes over HTTP, except accounts and the kill."""

    def __init__(self, settings: Settings, screen: Screen, simulator_url: str) -> None:
        self.settings = settings
        self.screen = screen
        self.simulator = SimulatorClient(simulator_url)
        self._callers = {agency.cliente_id: Caller(hub_address(settings), agency.name) for agency in AGENCIES}
        self._began = time.monotonic()

    def close(self) -> None:
        """Closes all connections."""
        for caller in self._callers.values():
            caller.close()
        self.simulator.close()

    @property
    def elapsed_s(self) -> float:
        """Since the scenario began."""
        return time.monotonic() - self._began

    def caller(self, agency: Agency) -> Caller:
        """The agency's user."""
        return self._callers[agency.cliente_id]

    def both(self, work: Callable[[Agency], T]) -> dict[int, T]:
        """Does it for both agencies at the same time. Raises what the first failure raised."""
        with ThreadPoolExecutor(len(AGENCIES)) as pool:
            futures = {agency.cliente_id: pool.submit(work, agency) for agency in AGENCIES}
            return {cliente_id: future.result() for cliente_id, future in futures.items()}

    def say(self, agency: Agency, text: str) -> None:
        """Shows a line that is about one agency."""
        self.screen.busy(None)
        self.screen.tagged(f"{self.elapsed_s:5.1f} s", agency.name, agency.colour, text)

    def waiting(self, what: str) -> None:
        """Shows what is waited for now."""
        self.screen.busy(f"{what[0].upper()}{what[1:]} …")

    def follow(
        self,
        agency: Agency,
        path: str,
        good: Callable[[Answer], bool],
        what: str,
        within_s: float,
        text: Callable[[Answer], str] = lambda _: "",
    ) -> Answer:
        """Asks `path` until `good`, and shows each new text that the answers make. Raises CallFailed; so may `text`."""
        until = time.monotonic() + within_s
        shown = ""
        while True:
            answer = self.caller(agency).get(path)
            if (new := text(answer)) and new != shown:
                shown = new
                self.say(agency, new)
            if good(answer):
                return answer
            if time.monotonic() > until:
                status = answer.get("status")
                raise CallFailed(f"{what} ({agency.name}): not within {within_s:.0f} s; last status {status}")
            time.sleep(_ASK_EVERY_S)

    def until_ready(self, agency: Agency, *, without_code: bool = False, since_not: str = "") -> None:
        """Waits for READY and shows each state on the way.

        without_code: being asked for a code is a failure. since_not: READY since then is the former one.
        Raises CallFailed.
        """

        def text(answer: Answer) -> str:
            if answer["status"] == "ERROR":
                raise CallFailed(f"{agency.name}: {answer['last_error_code']} {answer['last_error_message']}")
            if without_code and answer["status"] == "QR_REQUIRED":
                raise CallFailed(f"{agency.name} is asked for a new code")
            return f"session {answer['status']}"

        def good(answer: Answer) -> bool:
            return answer["status"] == "READY" and answer["since"] != since_not and not answer["stale"]

        self.follow(agency, f"{agency.path}/status", good, "READY", READY_WITHIN_S, text)
