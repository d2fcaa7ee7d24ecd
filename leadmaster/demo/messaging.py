"""Steps: both agencies write at once and ticks arrive; one of them answers a lead with a picture."""

from __future__ import annotations

import base64
import hashlib
import time

from leadmaster.demo.agencies import AGENCIES, AGENCY_A, Agency
from leadmaster.demo.context import Context
from leadmaster.demo.picture import house
from leadmaster.hub_caller import Answer, CallFailed

TICKS = {"queued": "·", "sending": "…", "sent": "✓", "delivered": "✓✓", "read": "✔✔"}  # ✔✔ are the blue ones
_ARRIVED = ("delivered", "read")
_DELIVERED_WITHIN_S = 40.0
_FOLLOW_EVERY_S = 0.4
_CAPTION = "Sí, esta. ¡Te esperamos!"


def write(demo: Context) -> None:
    """Three messages to each of three people, by both agencies; every one is read, once and in order."""

    def write_one(agency: Agency) -> None:
        sent = [
            (name, send(demo, agency, number, name, line.format(name=name)))
            for number, name in agency.people
            for line in agency.lines
        ]
        _until_all_read(demo, agency, sent)

    demo.waiting("messages go out, at least 0.2 s apart per tenant")
    demo.both(write_one)
    for agency in AGENCIES:
        number, name = agency.people[0]
        arrived = [str(row["body"]) for row in demo.simulator.messages(agency.phone, to=number)]
        expected = [line.format(name=name) for line in agency.lines]
        if arrived != expected:
            raise CallFailed(f"{name} got {len(arrived)} messages of {agency.name}, not the {len(expected)} in order")
        demo.say(agency, f"{name}'s phone shows all {len(arrived)}, each once, in order: “{arrived[0]}” …")


def send_picture(demo: Context) -> None:
    """Agency A answers what Ana wrote last; her phone has the same bytes, the caption and the quote."""
    agency, picture = AGENCY_A, house()
    number, name = agency.people[0]
    asked = demo.simulator.messages(agency.phone, to=number)[-1]
    media = {"base64": base64.b64encode(picture).decode(), "mime_type": "image/png"}
    body = {"type": "image", "to": number, "media": media, "caption": _CAPTION, "reply_to": asked["key"]}
    accepted = demo.caller(agency).post(f"{agency.path}/messages", body, expect=202)
    demo.say(agency, f"→ {name}: [image] “{_CAPTION}”, in answer to “{asked['body']}”")
    until_delivered(demo, agency, str(accepted["message_id"]), name)
    shown = demo.simulator.messages(agency.phone, to=number)[-1]
    quoted = (shown["quote"] or {}).get("text")
    if (shown["type"], shown["body"], quoted) != ("image", _CAPTION, asked["body"]):
        raise CallFailed(f"{name}'s phone does not show the picture with its caption and what it answers")
    if demo.simulator.media_content(str(shown["media"])) != picture:
        raise CallFailed(f"the picture on {name}'s phone is not the one that was sent")
    digest = hashlib.sha256(picture).hexdigest()
    demo.say(agency, f"{name}'s phone shows it with caption and quote: {len(picture):,} bytes, SHA-256 {digest[:16]}…")


def send(demo: Context, agency: Agency, number: str, name: str, text: str) -> str:
    """Accepts one message and returns its id. Raises CallFailed."""
    accepted = demo.caller(agency).post(f"{agency.path}/messages", {"to": number, "message": text}, expect=202)
    demo.say(agency, f"→ {name}: “{text}”")
    return str(accepted["message_id"])


def until_delivered(demo: Context, agency: Agency, message_id: str, name: str) -> None:
    """Waits until one message is on the phone and shows its ticks. Raises CallFailed."""

    def text(message: Answer) -> str:
        tick = _tick(message, name)
        return f"  {name:<6} {tick}" if message["status"] in ("sent", *_ARRIVED) else ""

    def good(message: Answer) -> bool:
        return message["status"] in _ARRIVED

    path = f"{agency.path}/messages/{message_id}"
    demo.follow(agency, path, good, f"“delivered” of the message to {name}", _DELIVERED_WITHIN_S, text)


def _until_all_read(demo: Context, agency: Agency, sent: list[tuple[str, str]]) -> None:
    """Follows all messages at once: `Ana ✓✓ ✓ ·  Bruno · · ·`, one line whenever a tick changes. sent: name and id."""
    until = time.monotonic() + _DELIVERED_WITHIN_S
    caller, shown = demo.caller(agency), ""
    while True:
        ticks: dict[str, list[str]] = {}
        for name, message_id in sent:
            message = caller.get(f"{agency.path}/messages/{message_id}")
            ticks.setdefault(name, []).append(_tick(message, name))
        text = "   ".join(f"{name} " + " ".join(f"{tick:<2}" for tick in row) for name, row in ticks.items())
        if text != shown:
            shown = text
            demo.say(agency, text)
        if all(tick == TICKS["read"] for row in ticks.values() for tick in row):
            return
        if time.monotonic() > until:
            raise CallFailed(f"not every message was read within {_DELIVERED_WITHIN_S:.0f} s")
        time.sleep(_FOLLOW_EVERY_S)


def _tick(message: Answer, name: str) -> str:
    status = str(message["status"])
    if status not in TICKS:
        raise CallFailed(f"the message to {name} is {status}: {message.get('error')}")
    return TICKS[status]
