"""Step: kill -9 of one agency's session worker, while the other goes on."""

from __future__ import annotations

import os
import signal
import time

import psutil

from leadmaster.demo import messaging
from leadmaster.demo.agencies import AGENCY_A, AGENCY_B, Agency
from leadmaster.demo.context import READY_WITHIN_S, Context
from leadmaster.hub_caller import CallFailed
from shared.names import Keys
from shared.redis import client as redis_client
from shared.sessions.lease import Leases

_LOOK_EVERY_S = 0.1


def kill_worker(demo: Context) -> None:
    """Kills A's worker: B sends on, A comes back under the same login and sends what was accepted meanwhile, once."""
    pid, unaffected = _worker_pid(demo, AGENCY_A), _worker_pid(demo, AGENCY_B)
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    demo.say(AGENCY_A, f"kill -9 {pid}")
    number, name = AGENCY_A.people[0]
    queued = demo.caller(AGENCY_A).post(
        f"{AGENCY_A.path}/messages",
        {"to": number, "message": "Aceptado mientras no había nadie.", "on_not_ready": "queue"},
        expect=202,
    )
    demo.say(AGENCY_A, f"POST {AGENCY_A.path}/messages on_not_ready=queue → 202 {queued['status']}")
    demo.waiting("Agency B goes on, Agency A's worker comes back")
    _send_meanwhile(demo, AGENCY_B, unaffected)
    back = _pid_after(demo, AGENCY_A, pid)
    demo.until_ready(AGENCY_A, without_code=True)
    demo.say(AGENCY_A, f"READY again in a new worker ({back}) after {time.monotonic() - began:.1f} s, no new code")
    messaging.until_delivered(demo, AGENCY_A, str(queued["message_id"]), name)
    copies = [row for row in demo.simulator.messages(AGENCY_A.phone, to=number) if "Aceptado" in str(row["body"])]
    if len(copies) != 1:
        raise CallFailed(f"{name} got the queued message {len(copies)} times")
    if _worker_pid(demo, AGENCY_B) != unaffected:
        raise CallFailed(f"{AGENCY_B.name}'s worker changed too")
    demo.say(AGENCY_A, f"{name} got the message that waited, once")


def _send_meanwhile(demo: Context, agency: Agency, pid: int) -> None:
    number, name = agency.people[0]
    body = {"to": number, "message": "Seguimos trabajando como siempre."}
    sent = demo.caller(agency).post(f"{agency.path}/messages?wait=30", body, expect=200)
    demo.say(agency, f"→ {name} {messaging.TICKS[str(sent['status'])]} meanwhile, in worker {pid} as before")


def _worker_pid(demo: Context, agency: Agency) -> int:
    """Who owns the session now, which no call tells."""
    with redis_client.connect(demo.settings.redis_url) as client:
        holder = Leases(client, Keys(demo.settings.redis_prefix), 0).holder(agency.cliente_id)
    if holder is None:
        raise CallFailed(f"nobody holds {agency.name}'s session")
    return holder.pid


def _pid_after(demo: Context, agency: Agency, killed: int) -> int:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        try:
            pid = _worker_pid(demo, agency)
        except CallFailed:
            pid = killed
        if pid != killed and psutil.pid_exists(pid):
            return pid
        time.sleep(_LOOK_EVERY_S)
    raise CallFailed(f"no new worker for {agency.name} within {READY_WITHIN_S:.0f} s")
