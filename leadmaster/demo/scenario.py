"""The demo's scenario: two agencies on one gateway, step by step, shown while it happens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leadmaster.demo import campaign, connecting, lead, messaging, worker_kill
from leadmaster.demo.context import Context
from leadmaster.hub_caller import CallFailed
from leadmaster.screen import Screen
from leadmaster.up.supervisor import Supervisor
from shared.settings import Settings
from simulator.client import ControlError


@dataclass(frozen=True, slots=True)
class Step:
    """One step. Its play raises CallFailed, ControlError or OSError where it fails."""

    title: str
    service: str  # whose log tells most where it fails
    play: Callable[[Context], None]


STEPS = (
    Step("Two agencies get an account and sign in", "hub", connecting.sign_in),
    Step("Both connect and are shown a QR code", "host", connecting.show_codes),
    Step("Each agency's phone scans its code", "host", connecting.scan),
    Step("Both write at once; ticks arrive: ✓ sent, ✓✓ delivered, ✔✔ read", "host", messaging.write),
    Step("A lead answers with a picture; the webhook is verified and printed", "webhooks", lead.answer_with_picture),
    Step("Agency A answers with a picture, too; the phone has its very bytes", "host", messaging.send_picture),
    Step("A small campaign of Agency B, from a CSV to its report", "background", campaign.run_campaign),
    Step("kill -9 of Agency A's session worker", "host", worker_kill.kill_worker),
    Step("Agency A restarts its session: same login, no new code", "host", connecting.restart),
    Step("Agency A's token does not open Agency B's session", "hub", connecting.refuse),
)


def play(supervisor: Supervisor, settings: Settings, screen: Screen, simulator_url: str) -> bool:
    """Plays all steps, until the first that fails. False where one failed, which it has explained by then."""
    context = Context(settings, screen, simulator_url)
    try:
        for number, step in enumerate(STEPS, 1):
            screen.line()
            screen.title(f"{number}. {step.title}")
            try:
                step.play(context)
            except (CallFailed, ControlError, OSError) as error:
                screen.busy(None)
                if not supervisor.stopping:
                    lines = [f"{step.service}.log: {line}" for line in supervisor.last_lines(step.service)]
                    screen.failure(f"This step failed: {error}", lines)
                return False
        screen.line()
        screen.title(f"The whole scenario took {context.elapsed_s:.0f} s; every step worked.")
        return True
    finally:
        context.close()
