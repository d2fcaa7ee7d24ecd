"""What somebody who watched the demo can do next: commands that work as they are shown."""

from __future__ import annotations

import contextlib

from hub_api.accounts.keys.service import add_api_key
from hub_api.database import Database
from hub_api.public_events.types import PublicEventType
from leadmaster.demo.agencies import AGENCY_A
from leadmaster.installation.addresses import hub_address
from leadmaster.screen import Screen
from shared.settings import Settings

_AGENCY = AGENCY_A
_PORT = 8000
_JSON = "-H 'Content-Type: application/json'"
_WEBHOOK = f'{{"url": "http://127.0.0.1:{_PORT}/", "events": ["{PublicEventType.MESSAGE_RECEIVED.value}"]}}'
_SECRET = """python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])'"""


def receiving_a_lead(hub: str, key: str, simulator_url: str) -> tuple[str, ...]:
    """The lines of a shell: a webhook of Agency A's, who receives it here, and a message from Ana.

    README.md and docs/webhooks.md show the same. hub: without a slash at its end; simulator_url: with one.
    """
    number, _ = _AGENCY.people[0]
    lead = f'{{"from": "{number}", "body": "¿Sigue disponible?"}}'
    return (
        ". .venv/bin/activate",
        f"hub={hub} auth='X-Api-Key: {key}'",
        f"""secret=$(curl -s $hub/api/webhooks -H "$auth" {_JSON} -d '{_WEBHOOK}' | {_SECRET})""",
        f'leadmaster webhook listen --port {_PORT} --secret "$secret" &',
        f"curl -s {simulator_url}control/phones/{_AGENCY.phone}/inbound {_JSON} -d '{lead}'",
    )


def show_commands(settings: Settings, screen: Screen, simulator_url: str) -> None:
    """How to receive a lead by hand, as Agency A, with a key that is made for it."""
    with contextlib.closing(Database(settings.sqlalchemy_url)) as database:
        key = add_api_key(database, "by hand", "cliente", _AGENCY.cliente_id).key
    number, name = _AGENCY.people[0]
    screen.line()
    screen.title(f"Receive a lead of {_AGENCY.name} yourself. In another terminal, in this folder:")
    for line in receiving_a_lead(hub_address(settings).rstrip("/"), key, simulator_url):
        screen.plain(f"  {line}")
    screen.plain(f"With the last one {name} writes; on the phone's page she can also send a picture or a voice note.")
    screen.title("The conversation, and the end of that receiver:")
    screen.plain(f'  curl -s "$hub{_AGENCY.path}/chats/{number}/messages" -H "$auth"')
    screen.plain("  kill %1")
    screen.plain("The demo's own receiver still listens: each event shows here too.")
