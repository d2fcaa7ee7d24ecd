"""What somebody who watched the demo can do next: commands that work as they are shown."""

from __future__ import annotations

import contextlib

from hub_api.accounts.keys.service import add_api_key
from hub_api.database import Database
from leadmaster.demo.agencies import AGENCY_A
from leadmaster.installation.addresses import hub_address
from leadmaster.screen import Screen
from shared.settings import Settings

_AGENCY = AGENCY_A
_PORT = 8000
_JSON = "-H 'Content-Type: application/json'"
_SECRET = """python3 -c 'import json, sys; print(json.load(sys.stdin)["secret"])'"""


def show_commands(settings: Settings, screen: Screen, simulator_url: str) -> None:
    """How to receive a lead by hand, as Agency A, with a key that is made for it."""
    with contextlib.closing(Database(settings.sqlalchemy_url)) as database:
        key = add_api_key(database, "by hand", "cliente", _AGENCY.cliente_id).key
    number, name = _AGENCY.people[0]
    hub = hub_address(settings).rstrip("/")
    webhook = f'{{"url": "http://127.0.0.1:{_PORT}/", "events": ["message.received"]}}'
    lead = f'{{"from": "{number}", "body": "¿Sigue disponible?"}}'
    inbound = f"{simulator_url}control/phones/{_AGENCY.phone}/inbound"
    screen.line()
    screen.title(f"Receive a lead yourself, as {_AGENCY.name}. In another terminal, in this folder:")
    for line in (
        ". .venv/bin/activate",
        f"hub={hub} auth='X-Api-Key: {key}'",
        f"""secret=$(curl -s $hub/api/webhooks -H "$auth" {_JSON} -d '{webhook}' | {_SECRET})""",
        f'leadmaster webhook listen --port {_PORT} --secret "$secret"',
    ):
        screen.plain(f"  {line}")
    screen.title(f"Then {name} writes: on the phone's page, also with a picture or a voice note, or by")
    screen.plain(f"  curl -s {inbound} {_JSON} -d '{lead}'")
    screen.title("and the conversation is")
    screen.plain(f"  curl -s {hub}/api/whatsapp/{_AGENCY.cliente_id}/chats/{number}/messages -H 'X-Api-Key: {key}'")
    screen.plain("Each event also shows here: the demo's own receiver still listens.")
