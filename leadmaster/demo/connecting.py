"""Steps: accounts, QR codes, scanning them, a restart under the same login, a token at the wrong session."""

from __future__ import annotations

import contextlib
import time

from hub_api.accounts.users.service import add_user
from hub_api.database import Database
from leadmaster.demo import messaging
from leadmaster.demo.agencies import AGENCIES, AGENCY_A, AGENCY_B, Agency
from leadmaster.demo.context import READY_WITHIN_S, Context
from leadmaster.hub_caller import CallFailed
from leadmaster.screen import Screen
from shared.names import worker_hostname

_LONG_WAIT_S = 25


def sign_in(demo: Context) -> None:
    """Gives each agency an account, as `leadmaster user add` does, and signs it in."""
    with contextlib.closing(Database(demo.settings.sqlalchemy_url)) as database:
        for agency in AGENCIES:
            add_user(database, agency.usuario, agency.password, "cliente", agency.cliente_id)
            demo.say(agency, f"leadmaster user add {agency.usuario} --tipo cliente --cliente-id {agency.cliente_id}")
    for agency in AGENCIES:
        demo.caller(agency).log_in(agency.usuario, agency.password)
        demo.say(agency, "POST /api/auth/login → 200, a token for 24 h")


def show_codes(demo: Context) -> None:
    """Connects both and shows their codes side by side."""
    for agency in AGENCIES:
        answer = demo.caller(agency).post(f"{agency.path}/connect", expect=202)
        demo.say(agency, f"POST {agency.path}/connect → 202 {answer['status']}")
    demo.waiting("two browsers start and load WhatsApp Web")
    codes = demo.both(lambda agency: _read_code(demo, agency))
    for agency in AGENCIES:
        demo.say(agency, f"GET {agency.path}/qr → 200, a code of {len(codes[agency.cliente_id])} characters")
    _draw(demo.screen, [demo.caller(agency).text(f"{agency.path}/qr") for agency in AGENCIES])


def scan(demo: Context) -> None:
    """Each agency's phone scans the code that the hub shows."""

    def scan_one(agency: Agency) -> None:
        demo.simulator.put_phone(agency.phone, agency.name)
        for number, name in agency.people:
            demo.simulator.put_number(number, name=name)
        # Asked for once more: a code lives for seconds.
        demo.simulator.scan(agency.phone, _read_code(demo, agency))
        demo.say(agency, f"the phone +{agency.phone} scanned the code that the hub showed")
        demo.until_ready(agency)

    demo.waiting("WhatsApp links the two phones")
    demo.both(scan_one)
    for agency in AGENCIES:
        demo.say(agency, f"Celery worker {worker_hostname(agency.cliente_id)}, see Flower")


def restart(demo: Context) -> None:
    """A new browser under the same login, which sends without a new code."""
    agency = AGENCY_A
    before = demo.caller(agency).get(f"{agency.path}/status")
    answer = demo.caller(agency).post(f"{agency.path}/restart", expect=202)
    demo.say(agency, f"POST {agency.path}/restart → 202 {answer['status']}")
    demo.waiting("a new browser starts with the same login")
    demo.until_ready(agency, without_code=True, since_not=str(before["since"]))
    number, name = agency.people[1]
    message_id = messaging.send(demo, agency, number, name, "Seguimos conectados, sin escanear de nuevo.")
    messaging.until_delivered(demo, agency, message_id, name)


def refuse(demo: Context) -> None:
    """One agency's token opens nothing of the other's."""
    answer = demo.caller(AGENCY_A).get(f"{AGENCY_B.path}/status", expect=403)
    if answer.get("error") != "FORBIDDEN":
        raise CallFailed(f"the code is {answer.get('error')}, not FORBIDDEN")
    demo.say(AGENCY_A, f"GET {AGENCY_B.path}/status → 403 FORBIDDEN")


def _read_code(demo: Context, agency: Agency) -> str:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until:
        answer = demo.caller(agency).get(f"{agency.path}/qr", expect=(200, 202), wait=_LONG_WAIT_S)
        if answer.get("qr_string"):
            return str(answer["qr_string"])
    raise CallFailed(f"no QR code for {agency.name} within {READY_WITHIN_S:.0f} s")


def _draw(screen: Screen, codes: list[str]) -> None:
    """Side by side where the terminal is wide enough, else one below the other."""
    drawn = [code.rstrip("\n").splitlines() for code in codes]
    rows = ["  ".join(row) for row in zip(*drawn, strict=False)]
    if not screen.fits(rows):
        rows = [row for code in drawn for row in code]
    if screen.fits(rows):
        screen.code(rows)
    else:
        screen.note("(this terminal is too narrow for the codes)")
