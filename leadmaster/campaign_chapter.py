"""The demo's chapter about campaigns: a small one, from a CSV to its report."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from leadmaster.caller import Answer, Caller, CallFailed
from shared.settings import Settings
from simulator.client import SimulatorClient

_DONE_WITHIN_S = 60.0
_ADMIN = "admin-demo"


@dataclass(slots=True)
class CampaignChapter:
    """One tenant's campaign. people: number and name of those on the list; the last of them asks to be left out."""

    settings: Settings
    simulator: SimulatorClient
    caller: Caller
    admin: Caller
    phone: str
    people: tuple[tuple[str, str], ...]
    say: Callable[[str], None]
    waiting: Callable[[str], None]
    _seen: tuple[object, ...] = field(default=())

    def tell(self) -> None:
        """Plays it. Raises CallFailed."""
        self._opt_out()
        schedule = self._schedule()
        campaign = self._campaign(schedule)
        path = f"/api/campaigns/{campaign}"
        self.caller.post(f"{path}/start", expect=200)
        self.say(f"POST {path}/start → 200 en_progreso")
        self.waiting("the tick releases one message after the other")
        self.caller.wait_for(
            path, lambda answer: answer["state"] == "finalizado", "the campaign's end", _DONE_WITHIN_S, self._follow
        )
        self._report(path)

    def _opt_out(self) -> None:
        number, name = self.people[-1]
        self.simulator.inbound(self.phone, number, "BAJA")
        self.waiting("the opt-out is recorded")
        self.caller.wait_for("/api/optouts", lambda answer: bool(answer["items"]), "the opt-out", 30, lambda _: None)
        self.say(f"{name} wrote “BAJA”: on the list of GET /api/optouts, and answered once")

    def _schedule(self) -> str:
        from hub_api.accounts.service import add_user  # noqa: PLC0415
        from hub_api.database import Database  # noqa: PLC0415

        body = {"name": "Todo el día", "weekdays": list(range(7)), "start": "00:00", "end": "24:00", "daily_quota": 50}
        made = self.caller.post("/api/schedules", body, expect=201)
        self.say(f"POST /api/schedules → 201 {made['state']}")
        password = secrets.token_urlsafe(12)
        database = Database(self.settings.sqlalchemy_url)
        try:
            add_user(database, _ADMIN, password, "admin")
        finally:
            database.close()
        self.admin.log_in(_ADMIN, password)
        answer = self.admin.post(f"/api/schedules/{made['schedule_id']}/approve", expect=200)
        self.say(f"an admin: POST /api/schedules/…/approve → 200 {answer['state']}")
        return str(made["schedule_id"])

    def _campaign(self, schedule: str) -> str:
        templates = [
            "¡Hola {nombre|vecino}! Hoy hay 20 % en {ciudad}.",
            "{nombre|Vecino}: 20 % solo por hoy en {ciudad}.",
        ]
        body = {"name": "Promo", "templates": templates, "columns": ["ciudad"], "schedule_id": schedule}
        campaign = str(self.caller.post("/api/campaigns", body, expect=201)["campaign_id"])
        rows = [f"+{number};{name};Rosario" for number, name in self.people]
        text = "teléfono;nombre;ciudad\n" + "\n".join(
            [*rows, f"{self.people[0][0]};;Rosario", "no es un número;Zoe;Salta"]
        )
        found = self.caller.post_csv(f"/api/campaigns/{campaign}/recipients", text)
        error = found["errors"][0]
        self.say(
            f"POST /api/campaigns/…/recipients (CSV) → {found['added']} added, {found['merged']} merged; "
            f"line {error['line']}, {error['column']}: {error['error']}"
        )
        return campaign

    def _follow(self, answer: Answer) -> None:
        progress = answer["progress"]
        seen = (progress["sent"], progress["delivered"], progress["read"], progress["skipped"])
        if seen != self._seen:
            self._seen = seen
            self.say(
                f"  sent {seen[0]}, delivered {seen[1]}, read {seen[2]}, left out {seen[3]}, "
                f"remaining {progress['remaining']}"
            )

    def _report(self, path: str) -> None:
        lines = self.caller.text(f"{path}/results").splitlines()
        self.say(f"GET {path}/results → {len(lines) - 1} rows of CSV")
        for line in lines[1:]:
            number, state, error, *_ = line.split(",")
            self.say(f"  +{number}  {state}{f'  {error}' if error else ''}")
        left_out = self.people[-1][0]
        promised = [row for row in self.simulator.messages(self.phone, to=left_out) if "20 %" in str(row["body"])]
        if promised:
            raise CallFailed("who asked to be left alone was written to")
