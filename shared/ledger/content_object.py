"""What a message carries beside its text, as callers see it in the message object. Pure."""

from __future__ import annotations

from shared.protocol.content import Content


def content_object(content: Content) -> dict[str, object]:
    """Every part; null, or an empty list, where the message has none. What only the page needs is left out."""
    media, place, card = content.media, content.location, content.contact
    poll, link = content.poll, content.link_preview
    return {
        "type": content.type.value,
        "media": None
        if media is None
        else {
            "mime_type": media.mime_type,
            "size": media.size,
            "sha256": media.sha256,
            "file_name": media.file_name or None,
        },
        "location": None
        if place is None
        else {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "name": place.name or None,
            "address": place.address or None,
        },
        "contact": None if card is None else {"name": card.name, "phone_number": next(iter(card.numbers), "")},
        "poll": None
        if poll is None
        else {"question": poll.question, "options": list(poll.options), "multiple": poll.multiple},
        "link_preview": None
        if link is None
        else {"url": link.url, "title": link.title, "description": link.description or None},
        "reply_to": None if content.quote is None else content.quote.key,
        "mentions": list(content.mentions),
    }
