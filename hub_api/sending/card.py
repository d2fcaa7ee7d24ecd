"""The card of a person as phones read it: vCard 3.0 (RFC 2426), with the field by which WhatsApp finds it. Pure."""

from __future__ import annotations

from shared.protocol.inbound import ContactCard


def contact_card(name: str, number: str) -> ContactCard:
    """name: one line. number: canonical digits."""
    shown = _escaped(name)
    lines = (
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:;{shown};;;",
        f"FN:{shown}",
        f"TEL;type=CELL;waid={number}:+{number}",
        "END:VCARD",
    )
    return ContactCard(name, (number,), "\n".join(lines))


def _escaped(text: str) -> str:
    for mark in ("\\", ";", ","):
        text = text.replace(mark, "\\" + mark)
    return text
