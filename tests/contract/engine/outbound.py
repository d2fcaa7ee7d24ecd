"""What recipients were shown and how uploads fare, in either world: the same words for both."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from shared.protocol.content import Content, ContentType
from shared.protocol.inbound import ContactCard, Place, Poll
from simulator.client import SimulatorClient
from testing.fake.groups import FakeGroup
from testing.fake.whatsapp import FakeMessage, FakeWhatsApp

_TYPES = {
    "chat": ContentType.TEXT,
    "image": ContentType.IMAGE,
    "video": ContentType.VIDEO,
    "audio": ContentType.AUDIO,
    "ptt": ContentType.VOICE,
    "document": ContentType.DOCUMENT,
    "sticker": ContentType.STICKER,
    "location": ContentType.LOCATION,
    "vcard": ContentType.CONTACT,
    "poll_creation": ContentType.POLL,
}


_MEMBERS = ("5491122220000", "5491122221111")  # of each group, besides the phone


@dataclass(frozen=True)
class Shown:
    """A message as its recipient gets it. file: SHA-256 of its bytes. quote: the id and the text of what it answers."""

    type: ContentType
    text: str = ""
    file: str = ""
    file_name: str = ""
    quote: tuple[str, str] | None = None
    mentions: tuple[str, ...] = ()
    location: Place | None = None
    contact: ContactCard | None = None
    poll: Poll | None = None
    link: tuple[str, str, str] | None = None  # the address, title and description of a card below a text


class Outbound(Protocol):
    """Part of `World`."""

    def shown(self, number: str, recipient: str) -> list[Shown]: ...
    def uploads(self, number: str, recipient: str) -> int: ...
    def join(self, number: str, group: str, *, by_lid: bool) -> None: ...
    def break_uploads(self, number: str, *, broken: bool) -> None: ...
    def silence_uploads(self, number: str, *, silent: bool) -> None: ...
    def upload_in_worker(self) -> None: ...


class FakeOutbound:
    """Part of `FakeWorld`."""

    _whatsapp: FakeWhatsApp

    def shown(self, number: str, recipient: str) -> list[Shown]:
        return [_of_fake(message) for message in self._whatsapp.messages_to(recipient)]

    def uploads(self, number: str, recipient: str) -> int:
        """How many uploads there were of the files that a recipient got."""
        files = {message.file for message in self._whatsapp.messages_to(recipient) if message.file}
        return self._whatsapp.media.uploads_of(files)

    def join(self, number: str, group: str, *, by_lid: bool) -> None:
        self._whatsapp.groups[group] = FakeGroup(group, by_lid)

    def break_uploads(self, number: str, *, broken: bool) -> None:
        self._whatsapp.media.upload_failures = 1 if broken else 0

    def silence_uploads(self, number: str, *, silent: bool) -> None:
        self._whatsapp.media.silent_uploads = 1 if silent else 0

    def upload_in_worker(self) -> None:
        """There are no workers here."""


class SimulatorOutbound:
    """Part of `SimulatorWorld`."""

    def __init__(self, control: SimulatorClient) -> None:
        self._control = control

    def shown(self, number: str, recipient: str) -> list[Shown]:
        return [_of_record(row) for row in self._control.messages(number, to=recipient) if row["direction"] == "out"]

    def uploads(self, number: str, recipient: str) -> int:
        rows = self._control.messages(number, to=recipient)
        return sum(
            int(self._control.media(media)["uploads"]) for media in {row["media"] for row in rows if row["media"]}
        )

    def join(self, number: str, group: str, *, by_lid: bool) -> None:
        self._control.add_group("Vecinos", [number, *_MEMBERS], id=group, lid=by_lid)

    def break_uploads(self, number: str, *, broken: bool) -> None:
        self._fault("fail_uploads", number, on=broken)

    def silence_uploads(self, number: str, *, silent: bool) -> None:
        self._fault("slow_uploads", number, on=silent, value=0)

    def upload_in_worker(self) -> None:
        self._control.put_settings(upload_in_worker=True)

    def _fault(self, kind: str, number: str, *, on: bool, value: int | None = None) -> None:
        if on:
            self._control.add_fault(kind, phone=number, value=value)
            return
        for fault in self._control.faults():
            if fault["kind"] == kind:
                self._control.lift_faults(str(fault["id"]))


def _of_fake(message: FakeMessage) -> Shown:
    content: Content = message.content
    quote, preview = content.quote, content.link_preview
    return Shown(
        content.type,
        message.text,
        message.file,
        content.media.file_name if content.media is not None and content.type is ContentType.DOCUMENT else "",
        None if quote is None else (quote.key.split("_")[2], quote.text),
        content.mentions,
        content.location,
        None if content.contact is None else replace(content.contact, numbers=()),
        content.poll,
        None if preview is None else (preview.url, preview.title, preview.description),
    )


def _of_record(row: dict[str, Any]) -> Shown:
    fields, type_ = row["fields"], _TYPES[row["type"]]
    card = ContactCard(str(fields.get("vcardFormattedName")), (), row["body"]) if type_ is ContentType.CONTACT else None
    quote = row["quote"]
    return Shown(
        type_,
        "" if card is not None else _read(row),
        row["sha256"] or "",
        row["filename"] or "",
        None if quote is None else (quote["id"], quote["text"]),
        tuple(row["mentions"]),
        _place(fields) if type_ is ContentType.LOCATION else None,
        card,
        _poll(fields) if type_ is ContentType.POLL else None,
        _link(fields) if fields.get("matchedText") else None,
    )


def _read(row: dict[str, Any]) -> str:
    """Its text as people read it: who is mentioned by a LID is shown as a person."""
    text = str(row["body"])
    for wid, number in zip(row["fields"].get("mentionedJidList", []), row["mentions"], strict=True):
        text = text.replace(f"@{str(wid).partition('@')[0]}", f"@{number}")
    return text


def _place(fields: dict[str, Any]) -> Place:
    name, _, address = str(fields.get("loc", "")).partition("\n")
    return Place(fields["lat"], fields["lng"], name, address, fields.get("clientUrl", ""))


def _poll(fields: dict[str, Any]) -> Poll:
    options = tuple(option["name"] for option in fields["pollOptions"])
    return Poll(fields["pollName"], options, multiple=fields.get("pollSelectableOptionsCount", 0) == 0)


def _link(fields: dict[str, Any]) -> tuple[str, str, str]:
    return fields["matchedText"], fields.get("title", ""), fields.get("description", "")
