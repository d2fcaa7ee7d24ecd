"""The demo's story: two agencies on one gateway, told while it happens. Everything goes over HTTP, except the kill."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import psutil

from leadmaster.caller import Answer, Caller, CallFailed
from leadmaster.campaign_chapter import CampaignChapter
from leadmaster.house import House
from leadmaster.screen import Screen
from leadmaster.up import hub_address
from shared.names import Keys, worker_hostname
from shared.redis import client as redis_client
from shared.sessions.lease import Leases
from shared.settings import Settings
from simulator.client import ControlError, SimulatorClient

T = TypeVar("T")

_READY_WITHIN_S = 90.0
_DELIVERED_WITHIN_S = 40.0
_FOLLOW_EVERY_S = 0.4
_TICKS = {"queued": "·", "sending": "…", "sent": "✓", "delivered": "✓✓", "read": "✔✔"}  # ✔✔ are the blue ones


@dataclass(slots=True)
class Agency:
    """One tenant of the story."""

    cliente_id: int
    name: str
    colour: str
    usuario: str
    phone: str  # the phone that scans, canonical digits
    people: tuple[tuple[str, str], ...]  # number and name of those it writes to
    lines: tuple[str, ...]
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))

    @property
    def path(self) -> str:
        return f"/api/whatsapp/{self.cliente_id}"


AGENCIES = (
    Agency(
        51,
        "Agency A",
        "cyan",
        "agencia-a",
        "5491144445151",
        (("5491155550101", "Ana"), ("5491155550102", "Bruno"), ("5491155550103", "Carla")),
        ("¡Hola {name}! Tu turno es mañana a las 10.", "Recuerda traer el DNI.", "¡Te esperamos!"),
    ),
    Agency(
        52,
        "Agency B",
        "magenta",
        "agencia-b",
        "5491144445252",
        (("5491155550201", "Diego"), ("5491155550202", "Elena"), ("5491155550203", "Fede")),
        ("Hola {name}, tu pedido ya salió.", "Llega entre las 14 y las 16.", "Gracias por tu compra."),
    ),
)


def show_accounts(screen: Screen) -> None:
    """How to sign in as the story's agencies."""
    for agency in AGENCIES:
        screen.plain(
            f"  {agency.name} user {agency.usuario}, password {agency.password}, cliente_id {agency.cliente_id}"
        )


class Story:
    """Tells the story once. `tell` returns False where a step failed, which it has explained by then."""

    def __init__(self, house: House, settings: Settings, screen: Screen, simulator_url: str) -> None:
        self._house = house
        self._settings = settings
        self._screen = screen
        self._simulator = SimulatorClient(simulator_url)
        self._callers = {agency.cliente_id: Caller(hub_address(settings), agency.name) for agency in AGENCIES}
        self._seen: dict[str, str] = {}
        self._began = time.monotonic()

    def tell(self) -> bool:
        """All chapters, until the first that fails."""
        chapters: tuple[tuple[str, str, Callable[[], None]], ...] = (
            ("Two agencies get an account and sign in", "hub", self._accounts),
            ("Both connect and are shown a QR code", "host", self._codes),
            ("Each agency's phone scans its code", "host", self._scan),
            ("Both write at once; ticks arrive: ✓ sent, ✓✓ delivered, ✔✔ read", "host", self._write),
            ("Someone answers", "background", self._answer),
            ("A small campaign of Agency B, from a CSV to its report", "background", self._campaign),
            ("kill -9 of Agency A's session worker", "host", self._kill),
            ("Agency A restarts its session: same login, no new code", "host", self._restart),
            ("Agency A's token does not open Agency B's session", "hub", self._refuse),
        )
        for number, (title, guilty, chapter) in enumerate(chapters, 1):
            self._screen.line()
            self._screen.title(f"{number}. {title}")
            try:
                chapter()
            except (CallFailed, ControlError, OSError) as error:
                if self._house.stopping:
                    return False
                self._explain(str(error), guilty)
                return False
        self._screen.line()
        self._screen.title(f"The whole story took {time.monotonic() - self._began:.0f} s; every step worked.")
        return True

    def close(self) -> None:
        for caller in self._callers.values():
            caller.__exit__()
        self._simulator.close()

    # ---- chapters

    def _accounts(self) -> None:
        # What `leadmaster user add` does; the story's process is that command's for a moment.
        from hub_api.accounts.service import add_user  # noqa: PLC0415
        from hub_api.database import Database  # noqa: PLC0415

        database = Database(self._settings.sqlalchemy_url)
        try:
            for agency in AGENCIES:
                add_user(database, agency.usuario, agency.password, "cliente", agency.cliente_id)
                self._say(
                    agency, f"leadmaster user add {agency.usuario} --tipo cliente --cliente-id {agency.cliente_id}"
                )
        finally:
            database.close()
        for agency in AGENCIES:
            self._caller(agency).log_in(agency.usuario, agency.password)
            self._say(agency, "POST /api/auth/login → 200, a token for 24 h")

    def _codes(self) -> None:
        for agency in AGENCIES:
            answer = self._caller(agency).post(f"{agency.path}/connect", expect=202)
            self._say(agency, f"POST {agency.path}/connect → 202 {answer['status']}")
        self._waiting("two browsers start and load WhatsApp Web")
        codes = self._both(self._read_code)
        for agency in AGENCIES:
            self._say(agency, f"GET {agency.path}/qr → 200, a code of {len(codes[agency.cliente_id])} characters")
        self._draw([self._caller(agency).text(f"{agency.path}/qr") for agency in AGENCIES])

    def _read_code(self, agency: Agency) -> str:
        until = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < until:
            answer = self._caller(agency).get(f"{agency.path}/qr", expect=(200, 202), wait=25)
            if answer.get("qr_string"):
                return str(answer["qr_string"])
        raise CallFailed(f"no QR code for {agency.name} within {_READY_WITHIN_S:.0f} s")

    def _scan(self) -> None:
        def scan(agency: Agency) -> None:
            self._simulator.put_phone(agency.phone, agency.name)
            # Asked for once more: a code lives for seconds.
            code = self._read_code(agency)
            self._simulator.scan(agency.phone, code)
            self._say(agency, f"the phone +{agency.phone} scanned the code that the hub showed")
            self._until_ready(agency)

        self._waiting("WhatsApp links the two phones")
        self._both(scan)
        for agency in AGENCIES:
            self._say(agency, f"Celery worker {worker_hostname(agency.cliente_id)}, see Flower")

    def _write(self) -> None:
        def write(agency: Agency) -> None:
            sent = [
                self._send(agency, number, name, line.format(name=name))
                for number, name in agency.people
                for line in agency.lines
            ]
            self._until_all_read(agency, sent)

        self._waiting("messages go out, at least 0.2 s apart per tenant")
        self._both(write)
        for agency in AGENCIES:
            number, name = agency.people[0]
            arrived = [str(row["body"]) for row in self._simulator.messages(agency.phone, to=number)]
            expected = [line.format(name=name) for line in agency.lines]
            if arrived != expected:
                raise CallFailed(
                    f"{name} got {len(arrived)} messages of {agency.name}, not the {len(expected)} in order"
                )
            self._say(agency, f"{name}'s phone shows all {len(arrived)}, each once, in order: “{arrived[0]}” …")

    def _answer(self) -> None:
        agency = AGENCIES[0]
        number, name = agency.people[0]
        text = "¡Gracias! Ahí estaré."
        self._simulator.inbound(agency.phone, number, text)
        self._waiting("the answer is recorded")
        answer = self._caller(agency).wait_for(
            f"{agency.path}/inbound", lambda page: bool(page["items"]), "the answer in /inbound", 30, lambda _: None
        )
        row = answer["items"][0]
        shown = next((str(value) for value in row.values() if value == text), None)
        if shown is None:
            raise CallFailed("GET /inbound does not show the answer's text")
        self._say(agency, f"GET {agency.path}/inbound → {name} (+{number}): “{shown}”")

    def _campaign(self) -> None:
        agency = AGENCIES[1]
        with Caller(hub_address(self._settings), "admin") as admin:
            CampaignChapter(
                self._settings,
                self._simulator,
                self._caller(agency),
                admin,
                agency.phone,
                agency.people,
                lambda text: self._say(agency, text),
                self._waiting,
            ).tell()

    def _kill(self) -> None:
        killed, other = AGENCIES
        pid = self._worker_pid(killed)
        unaffected = self._worker_pid(other)
        began = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        self._say(killed, f"kill -9 {pid}")
        number, name = killed.people[0]
        waiting = self._caller(killed).post(
            f"{killed.path}/messages",
            {"to": number, "message": "Aceptado mientras no había nadie.", "on_not_ready": "queue"},
            expect=202,
        )
        self._say(killed, f"POST {killed.path}/messages on_not_ready=queue → 202 {waiting['status']}")
        self._waiting("Agency B goes on, Agency A's worker comes back")
        other_number, other_name = other.people[0]
        during = self._caller(other).post(
            f"{other.path}/messages?wait=30",
            {"to": other_number, "message": "Seguimos trabajando como siempre."},
            expect=200,
        )
        self._say(other, f"→ {other_name} {_TICKS[str(during['status'])]} meanwhile, in worker {unaffected} as before")
        back = self._pid_after(killed, pid)
        self._until_ready(killed, without_code=True)
        self._say(killed, f"READY again in a new worker ({back}) after {time.monotonic() - began:.1f} s, no new code")
        self._until_delivered(killed, str(waiting["message_id"]), name, "delivered")
        copies = [row for row in self._simulator.messages(killed.phone, to=number) if "Aceptado" in str(row["body"])]
        if len(copies) != 1:
            raise CallFailed(f"{name} got the queued message {len(copies)} times")
        if self._worker_pid(other) != unaffected:
            raise CallFailed(f"{other.name}'s worker changed too")
        self._say(killed, f"{name} got the message that waited, once")

    def _restart(self) -> None:
        agency = AGENCIES[0]
        before = self._caller(agency).get(f"{agency.path}/status")
        answer = self._caller(agency).post(f"{agency.path}/restart", expect=202)
        self._say(agency, f"POST {agency.path}/restart → 202 {answer['status']}")
        self._waiting("a new browser starts with the same login")
        self._until_ready(agency, without_code=True, since_not=str(before["since"]))
        number, name = agency.people[1]
        message_id, _ = self._send(agency, number, name, "Seguimos conectados, sin escanear de nuevo.")
        self._until_delivered(agency, message_id, name, "delivered")

    def _refuse(self) -> None:
        mine, other = AGENCIES
        answer = self._caller(mine).get(f"{other.path}/status", expect=403)
        if answer.get("error") != "FORBIDDEN":
            raise CallFailed(f"the code is {answer.get('error')}, not FORBIDDEN")
        self._say(mine, f"GET {other.path}/status → 403 FORBIDDEN")

    # ---- steps of chapters

    def _caller(self, agency: Agency) -> Caller:
        return self._callers[agency.cliente_id]

    def _both(self, work: Callable[[Agency], T]) -> dict[int, T]:
        """Does it for both agencies at the same time. Raises what the first failure raised."""
        with ThreadPoolExecutor(len(AGENCIES)) as pool:
            futures = {agency.cliente_id: pool.submit(work, agency) for agency in AGENCIES}
            return {cliente_id: future.result() for cliente_id, future in futures.items()}

    def _send(self, agency: Agency, number: str, name: str, text: str) -> tuple[str, str]:
        answer = self._caller(agency).post(f"{agency.path}/messages", {"to": number, "message": text}, expect=202)
        self._say(agency, f"→ {name}: “{text}”")
        return str(answer["message_id"]), name

    def _until_ready(self, agency: Agency, *, without_code: bool = False, since_not: str = "") -> None:
        key = f"session:{agency.cliente_id}"
        self._seen.pop(key, None)

        def seen(answer: Answer) -> None:
            if answer["status"] == "ERROR":
                raise CallFailed(f"{agency.name}: {answer['last_error_code']} {answer['last_error_message']}")
            if without_code and answer["status"] == "QR_REQUIRED":
                raise CallFailed(f"{agency.name} is asked for a new code")
            if self._seen.get(key) != answer["status"]:
                self._seen[key] = str(answer["status"])
                self._say(agency, f"session {answer['status']}")

        self._caller(agency).wait_for(
            f"{agency.path}/status",
            lambda answer: answer["status"] == "READY" and answer["since"] != since_not and not answer["stale"],
            "READY",
            _READY_WITHIN_S,
            seen,
        )

    def _until_all_read(self, agency: Agency, sent: list[tuple[str, str]]) -> None:
        """Follows all messages at once: `Ana ✓✓ ✓ ·  Bruno · · ·`, one line whenever a tick changes."""
        until = time.monotonic() + _DELIVERED_WITHIN_S
        before = ""
        while True:
            states = [
                (name, str(self._caller(agency).get(f"{agency.path}/messages/{message_id}")["status"]))
                for message_id, name in sent
            ]
            bad = [f"the message to {name} is {status}" for name, status in states if status not in _TICKS]
            if bad:
                raise CallFailed("; ".join(bad))
            names = dict.fromkeys(name for name, _ in states)
            shown = "   ".join(
                f"{name} " + " ".join(f"{_TICKS[status]:<2}" for other, status in states if other == name)
                for name in names
            )
            if shown != before:
                before = shown
                self._say(agency, shown)
            if all(status == "read" for _, status in states):
                return
            if time.monotonic() > until:
                raise CallFailed(f"not every message was read within {_DELIVERED_WITHIN_S:.0f} s")
            time.sleep(_FOLLOW_EVERY_S)

    def _until_delivered(self, agency: Agency, message_id: str, name: str, goal: str) -> None:
        order = list(_TICKS)

        def seen(answer: Answer) -> None:
            status = str(answer["status"])
            if status not in order:
                raise CallFailed(f"the message to {name} is {status}: {answer.get('error')}")
            if self._seen.get(message_id) != status:
                self._seen[message_id] = status
                if status in ("sent", "delivered", "read"):
                    self._say(agency, f"  {name:<6} {_TICKS[status]}")

        self._caller(agency).wait_for(
            f"{agency.path}/messages/{message_id}",
            lambda answer: order.index(answer["status"]) >= order.index(goal),
            f"“{goal}” of the message to {name}",
            _DELIVERED_WITHIN_S,
            seen,
        )

    def _worker_pid(self, agency: Agency) -> int:
        """Who owns the session now: the one look behind the curtain, for the kill."""
        with redis_client.connect(self._settings.redis_url) as client:
            holder = Leases(client, Keys(self._settings.redis_prefix), 0).holder(agency.cliente_id)
        if holder is None:
            raise CallFailed(f"nobody holds {agency.name}'s session")
        return holder.pid

    def _pid_after(self, agency: Agency, killed: int) -> int:
        until = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < until:
            try:
                pid = self._worker_pid(agency)
            except CallFailed:
                pid = killed
            if pid != killed and psutil.pid_exists(pid):
                return pid
            time.sleep(0.1)
        raise CallFailed(f"no new worker for {agency.name} within {_READY_WITHIN_S:.0f} s")

    # ---- how it is told

    def _say(self, agency: Agency, text: str) -> None:
        self._screen.busy(None)
        clock = f"{time.monotonic() - self._began:5.1f} s"
        self._screen.tagged(clock, agency.name, agency.colour, text)

    def _waiting(self, what: str) -> None:
        self._screen.busy(f"{what[0].upper()}{what[1:]} …")

    def _draw(self, pictures: list[str]) -> None:
        """Side by side where the terminal is wide enough, else one below the other."""
        drawn = [picture.rstrip("\n").splitlines() for picture in pictures]
        rows = ["  ".join(parts) for parts in zip(*drawn, strict=False)]
        widest = max(len(row) for row in rows) + 4
        if widest > self._screen.width:
            rows = [row for picture in drawn for row in picture]
            widest = max(len(row) for row in rows) + 4
        if widest > self._screen.width:
            self._screen.note(f"(the codes need {widest} columns; this terminal has {self._screen.width})")
        else:
            self._screen.picture(rows)

    def _explain(self, text: str, guilty: str) -> None:
        self._screen.busy(None)
        lines: Iterable[str] = [f"{guilty}.log: {line}" for line in self._house.last_lines(guilty)]
        self._screen.failure(f"This step failed: {text}", list(lines))
