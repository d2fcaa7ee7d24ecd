"""Step: a lead answers with a picture. Its webhook comes signed, is verified and shown; then the picture is fetched."""

from __future__ import annotations

import hashlib
import json
import time
from typing import Any

import httpx

from hub_api.public_events.types import PublicEventType
from leadmaster.demo.agencies import AGENCY_A
from leadmaster.demo.context import Context
from leadmaster.demo.messaging import TICKS
from leadmaster.demo.picture import house
from leadmaster.demo.receiver import Event, Receiver
from leadmaster.hub_caller import CallFailed
from leadmaster.installation import ports
from leadmaster.webhook_listener import printable

_AGENCY = AGENCY_A
_PORT = 8090
_RECEIVED, _UPDATED = PublicEventType.MESSAGE_RECEIVED.value, PublicEventType.MESSAGE_UPDATED.value
_CAPTION = "¿Es esta la casa? Ahí estaré."
_TYPE = "image/png"
_WITHIN_S = 30.0
_TIMEOUT_S = 10.0


def answer_with_picture(demo: Context) -> None:
    """Plays it. Raises CallFailed."""
    url, receiver = _register(demo)
    number, name = _AGENCY.people[0]
    chat = f"{_AGENCY.path}/chats/{number}/messages"
    asked = demo.simulator.messages(_AGENCY.phone, to=number)[-1]
    picture = house()
    media = demo.simulator.put_media(picture, _TYPE)["media"]
    sent_at = time.monotonic()
    answer = demo.simulator.receive(
        _AGENCY.phone, number, "image", _CAPTION, quotes=str(asked["key"]), media=str(media)
    )
    key = str(answer["key"])
    demo.say(_AGENCY, f"{name}'s phone answers “{asked['body']}” with a picture of {len(picture):,} bytes")
    event = _received(demo, receiver, key, sent_at)
    if event["data"]["reply_to"] != asked["key"]:
        raise CallFailed("the webhook does not name the message that was answered")
    _forge(demo, url, receiver, event)
    _fetch(demo, receiver, key, picture)
    _show_conversation(demo, chat, name, key)
    receiver.tell(lambda further: _tell(demo, further))


def _register(demo: Context) -> tuple[str, Receiver]:
    port = ports.preferred_or_free("127.0.0.1", _PORT)
    url = f"http://127.0.0.1:{port}/"
    caller = demo.caller(_AGENCY)
    made = caller.post("/api/webhooks", {"url": url, "events": [_RECEIVED, _UPDATED]}, expect=201)
    secret = str(made["secret"])
    demo.say(_AGENCY, f"POST /api/webhooks, url {url}, {_RECEIVED} and {_UPDATED}")
    demo.say(_AGENCY, f"  → 201 with its secret, {secret[:10]}…: shown this once, and what comes is verified by it")
    if secret in json.dumps(caller.get(f"/api/webhooks/{made['webhook_id']}")):
        raise CallFailed("GET /api/webhooks/… shows the secret again")
    receiver = Receiver(port, secret)
    demo.say(_AGENCY, f"a receiver listens there, as leadmaster webhook listen --port {port} --secret whsec_… does")
    return url, receiver


def _received(demo: Context, receiver: Receiver, key: str, sent_at: float) -> Event:
    demo.waiting("the webhook is on its way")
    event, at = _wait(receiver, _RECEIVED, key)
    demo.say(
        _AGENCY,
        f"webhook received {(at - sent_at) * 1000:.0f} ms later; its signature is good (library standardwebhooks):",
    )
    for line in printable(json.dumps(_without_empty(event), ensure_ascii=False, indent=2)).splitlines():
        demo.screen.plain(f"             {line}")
    demo.screen.plain("             (fields without a value are not shown here)")
    return event


def _forge(demo: Context, url: str, receiver: Receiver, event: Event) -> None:
    """The same body from somebody who has no secret."""
    before = receiver.refusals
    headers = {
        "webhook-id": event["id"],
        "webhook-timestamp": str(int(time.time())),
        "webhook-signature": "v1,Zm9yZ2Vk",
    }
    answer = httpx.post(url, json=event, headers=headers, timeout=_TIMEOUT_S, trust_env=False)
    if answer.status_code != httpx.codes.BAD_REQUEST or receiver.refusals == before:
        raise CallFailed("the receiver took what was not signed with the secret")
    demo.say(_AGENCY, "the same body posted without the secret → 400, the receiver refuses it")


def _fetch(demo: Context, receiver: Receiver, key: str, picture: bytes) -> None:
    demo.waiting("the picture is fetched from WhatsApp")
    event, _ = _wait(receiver, _UPDATED, key)
    told = event["data"]["media"]
    demo.say(_AGENCY, f"webhook {_UPDATED}, verified: the picture is {told['status']}, {told['size']:,} bytes")
    path = f"{_AGENCY.path}/inbound/{key}/media"
    content, kind = demo.caller(_AGENCY).content(path)
    digest = hashlib.sha256(picture).hexdigest()
    if content != picture or kind != _TYPE or told["sha256"] != digest:
        raise CallFailed(f"GET {path}: not the picture that was sent")
    demo.say(_AGENCY, f"GET {_AGENCY.path}/inbound/{{id}}/media → 200 {kind}, {len(content):,} bytes")
    demo.say(_AGENCY, f"  SHA-256 {digest[:16]}…: type, size and hash are those of the file on the phone")


def _show_conversation(demo: Context, path: str, name: str, key: str) -> None:
    rows = demo.caller(_AGENCY).get(path)["items"]
    if rows[0]["whatsapp_id"] != key:
        raise CallFailed("the picture is not the conversation's latest message")
    demo.say(_AGENCY, f"GET {path} → the conversation:")
    texts = {row["whatsapp_id"]: row["message"] for row in rows}
    for row in reversed(rows):
        quoted = texts.get(row["reply_to"])
        reply = "" if quoted is None else f", in answer to “{quoted}”"
        tick = TICKS.get(row["status"], "") if row["direction"] == "out" else ""
        who = f"→ {tick:<2}" if row["direction"] == "out" else f"← {name}"
        demo.say(_AGENCY, f"  {who} {_what(row)}{reply}")


def _tell(demo: Context, event: Event) -> None:
    """What comes later, while somebody plays with the phone."""
    data = event["data"]
    demo.say(_AGENCY, f"webhook {event['type']}, verified: {data['push_name'] or data['from']} {_what(data)}")


def _what(row: dict[str, Any]) -> str:
    """A message in a few words."""
    text = printable(f"“{row['message']}”".replace("\n", " ")) if row["message"] else ""
    media = row.get("media")
    kind = "" if row["type"] == "text" else f"[{row['type']}" + (f", {media['status']}]" if media else "]")
    return " ".join(part for part in (kind, text) if part)


def _wait(receiver: Receiver, kind: str, key: str) -> tuple[Event, float]:
    def good(event: Event) -> bool:
        media = event["data"].get("media") or {}
        here = kind == _RECEIVED or media.get("status") == "available"
        return bool(event["type"] == kind and event["data"]["whatsapp_id"] == key and here)

    found = receiver.wait_for(good, _WITHIN_S)
    if found is None:
        raise CallFailed(f"no webhook {kind} within {_WITHIN_S:.0f} s")
    return found


def _without_empty(value: Any) -> Any:
    """Without fields that have no value."""
    if isinstance(value, dict):
        return {name: _without_empty(one) for name, one in value.items() if one not in (None, [])}
    return value
