"""Step: a small campaign, from a CSV to its report. The last person of the list asks to be left out."""

from __future__ import annotations

import contextlib
import secrets

from hub_api.accounts.users.service import add_user
from hub_api.database import Database
from leadmaster.demo.agencies import AGENCY_B
from leadmaster.demo.context import Context
from leadmaster.hub_caller import Answer, Caller, CallFailed
from leadmaster.installation.addresses import hub_address

_DONE_WITHIN_S = 60.0
_OPT_OUT_WITHIN_S = 30.0
_ADMIN = "admin-demo"
_AGENCY = AGENCY_B
_OFFER = "20 %"


def run_campaign(demo: Context) -> None:
    """Plays it. Raises CallFailed."""
    _opt_out(demo)
    path = f"/api/campaigns/{_create(demo, _schedule(demo))}"
    caller = demo.caller(_AGENCY)
    caller.post(f"{path}/start", expect=200)
    demo.say(_AGENCY, f"POST {path}/start → 200 en_progreso")
    demo.waiting("the tick releases one message after the other")
    _follow(demo, path)
    lines = caller.text(f"{path}/results").splitlines()
    demo.say(_AGENCY, f"GET {path}/results → {len(lines) - 1} rows of CSV")
    for line in lines[1:]:
        number, state, error, *_ = line.split(",")
        demo.say(_AGENCY, f"  +{number}  {state}{f'  {error}' if error else ''}")
    left_out, _ = _AGENCY.people[-1]
    if any(_OFFER in str(row["body"]) for row in demo.simulator.messages(_AGENCY.phone, to=left_out)):
        raise CallFailed("who asked to be left alone was written to")


def _opt_out(demo: Context) -> None:
    number, name = _AGENCY.people[-1]
    demo.simulator.inbound(_AGENCY.phone, number, "BAJA")
    demo.waiting("the opt-out is recorded")
    demo.follow(_AGENCY, "/api/optouts", lambda page: bool(page["items"]), "the opt-out", _OPT_OUT_WITHIN_S)
    demo.say(_AGENCY, f"{name} wrote “BAJA”: on the list of GET /api/optouts, and answered once")


def _schedule(demo: Context) -> str:
    body = {"name": "Todo el día", "weekdays": list(range(7)), "start": "00:00", "end": "24:00", "daily_quota": 50}
    made = demo.caller(_AGENCY).post("/api/schedules", body, expect=201)
    demo.say(_AGENCY, f"POST /api/schedules → 201 {made['state']}")
    password = secrets.token_urlsafe(12)
    with contextlib.closing(Database(demo.settings.sqlalchemy_url)) as database:
        add_user(database, _ADMIN, password, "admin")
    with Caller(hub_address(demo.settings), "admin") as admin:
        admin.log_in(_ADMIN, password)
        answer = admin.post(f"/api/schedules/{made['schedule_id']}/approve", expect=200)
    demo.say(_AGENCY, f"an admin: POST /api/schedules/…/approve → 200 {answer['state']}")
    return str(made["schedule_id"])


def _create(demo: Context, schedule: str) -> str:
    templates = [
        f"¡Hola {{nombre|vecino}}! Hoy hay {_OFFER} en {{ciudad}}.",
        f"{{nombre|Vecino}}: {_OFFER} solo por hoy en {{ciudad}}.",
    ]
    body = {"name": "Promo", "templates": templates, "columns": ["ciudad"], "schedule_id": schedule}
    caller = demo.caller(_AGENCY)
    campaign = str(caller.post("/api/campaigns", body, expect=201)["campaign_id"])
    rows = [f"+{number};{name};Rosario" for number, name in _AGENCY.people]
    again = f"{_AGENCY.people[0][0]};;Rosario"
    text = "\n".join(["teléfono;nombre;ciudad", *rows, again, "no es un número;Zoe;Salta"])
    found = caller.post_csv(f"/api/campaigns/{campaign}/recipients", text)
    error = found["errors"][0]
    demo.say(
        _AGENCY,
        f"POST /api/campaigns/…/recipients (CSV) → {found['added']} added, {found['merged']} merged; "
        f"line {error['line']}, {error['column']}: {error['error']}",
    )
    return campaign


def _follow(demo: Context, path: str) -> None:
    def text(answer: Answer) -> str:
        progress = answer["progress"]
        return (
            f"  sent {progress['sent']}, delivered {progress['delivered']}, read {progress['read']}, "
            f"left out {progress['skipped']}, remaining {progress['remaining']}"
        )

    def good(answer: Answer) -> bool:
        return bool(answer["state"] == "finalizado")

    demo.follow(_AGENCY, path, good, "the campaign's end", _DONE_WITHIN_S, text)
