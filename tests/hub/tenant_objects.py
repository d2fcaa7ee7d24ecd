"""What URLs may name, made for tenant 51, with a mark in whatever of it is text."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient

from hub_api.recording.drain import make_drain
from hub_api.repair.lost_state import make_lost_state
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.message import new_message_id
from shared.names import control_queue
from shared.protocol.acts import Act, ActKind
from shared.protocol.events import MessageInbound

MARK = "MARCA51"
PHONE, NUMBER = "5491187654321", "5491123456789"
CHAT_ID = f"{PHONE}@c.us"
WHATSAPP_ID = f"false_{CHAT_ID}_3EB0A1"


def make_objects(client: FlaskClient, headers: dict[str, str]) -> dict[str, str]:
    """Makes them by the calls of tenant 51's user and returns their ids, by the name that URLs have for each."""

    def make(path: str, body: Any) -> Any:
        answer = client.post(f"/api{path}", headers=headers, json=body)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json

    send = {"to": NUMBER, "message": MARK, "on_not_ready": "queue"}
    campaign_id = make("/campaigns", {"name": MARK, "templates": [MARK]})["campaign_id"]
    recipients = make(f"/campaigns/{campaign_id}/recipients", {"recipients": [{"telefono": NUMBER, "nombre": MARK}]})
    [recipient] = client.get(f"/api/campaigns/{campaign_id}/recipients", headers=headers).json["items"]
    make("/optouts", {"numbers": [PHONE], "note": MARK})
    schedule = {"name": MARK, "weekdays": [0], "start": "09:00", "end": "18:00", "comment": MARK}
    _receive(client.application.extensions["services"])
    return {
        "cliente_id": "51",
        "instance_id": "sender_51",
        "schedule_id": make("/schedules", schedule)["schedule_id"],
        "campaign_id": campaign_id,
        "import_id": recipients["import_id"],
        "recipient_id": str(recipient["recipient_id"]),
        "message_id": make("/whatsapp/51/messages", send)["message_id"],
        "bulk_id": make("/whatsapp/51/messages/bulk", {"messages": [send]})["bulk_id"],
        "act_id": _act(client.application.extensions["services"]),
        "number": PHONE,
        "whatsapp_id": WHATSAPP_ID,
        "chat_id": CHAT_ID,
        "group_id": "120363000000000001@g.us",
        "usuario": "maria",
        "key_id": "1",
        "webhook_id": make("/webhooks", {"url": f"https://{MARK}.example/", "active": False})["webhook_id"],
    }


def _act(services: Services) -> str:
    """A reaction of tenant 51's, on record."""
    asked = Act(new_message_id(), 51, ActKind.REACTION, WHATSAPP_ID, now_ms(), emoji=MARK)
    services.ledger.acts.ask(asked, control_queue(51), b"{}")
    services.client.delete(services.keys.queue_list(control_queue(51)))
    return asked.act_id


def _receive(services: Services) -> None:
    """A message for tenant 51, on record."""
    told = MessageInbound(PHONE, MARK, now_ms(), WHATSAPP_ID, chat_id=CHAT_ID, push_name=MARK)
    make_lost_state(services).mend()  # a Redis that was not looked at yet takes nothing that comes in
    services.ledger.receipts.record_inbound(51, [told], told.at)
    make_drain(services).run()


def tells(answer: Any) -> bool:
    """Whether an answer tells anything of tenant 51's."""
    return any(secret in answer.text for secret in (MARK, PHONE))
