"""What people do to a phone from outside, and its owner on it: write, react, vote, edit, delete."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.errors import BadRequest, Conflict, NotFound
from simulator.world.content.media import Media
from simulator.world.content.types import complete, kind_of
from simulator.world.delivery import Delivery, new_message_id, now_ms
from simulator.world.groups.group import Group, GroupBook
from simulator.world.message import POLL_VOTE, REACTION, Draft, Message
from simulator.world.numbers import chat_of_wid, wid_of
from simulator.world.phones import Phone, PhoneBook

_EDITABLE = frozenset({"chat", "image", "video", "document"})


@dataclass(frozen=True, slots=True)
class Arrival:
    """What somebody writes.

    Attributes:
        contact: the number of who writes; of what the owner writes to one person, that person's.
        type: WhatsApp's word.
        text: what is written, over media their caption; None for what the type has anyway.
        group: the wid of the group it is written in; None between two.
        from_me: the owner writes it, on the phone.
        fields: what else it carries, by WhatsApp's names.
        quotes: the key of the message that it answers.
        media: its bytes.
        placeholder, tells_number, silent: see `Message`.
    """

    contact: str
    type: str = "chat"
    text: str | None = None
    group: str | None = None
    from_me: bool = False
    fields: Mapping[str, object] = field(default_factory=dict)
    quotes: str | None = None
    media: Media | None = None
    placeholder: bool = False
    tells_number: bool = False
    silent: bool = False


class Arrivals:
    """Brings all that to phones."""

    def __init__(
        self, book: PhoneBook, groups: GroupBook, join: Callable[[str, Phone, str], Group], delivery: Delivery
    ) -> None:
        """join(wid, phone, contact): puts both into a group, and tells the pages of it if that is new."""
        self._book = book
        self._groups = groups
        self._join = join
        self._delivery = delivery

    def receive(self, phone: Phone, arrival: Arrival) -> Message:
        """Bring a message to a phone and its devices.

        Raises:
            BadRequest: a field that no message has.
            NotFound: what it quotes isn't there.
        """
        fields = complete(arrival.type, arrival.fields)
        if arrival.quotes is not None:
            fields |= self._quote(phone, self.find(phone, arrival.quotes))
        if arrival.media is not None:
            fields |= {"mimetype": arrival.media.mimetype, **arrival.media.fields(now_ms() // 1000)}
        name = phone.name if arrival.from_me else self._book.name_of(arrival.contact)
        if name:
            fields.setdefault("notifyName", name)
        wid = arrival.group or self._wid(phone, arrival.contact)
        author = arrival.contact if arrival.group and not arrival.from_me else ""
        participant = ""
        if arrival.group:
            group = self._join(arrival.group, phone, arrival.contact)
            participant = group.wid_of(phone.number) if arrival.from_me else group.wid_of(arrival.contact)
        text = kind_of(arrival.type).text if arrival.text is None else arrival.text
        draft = Draft(
            chat=arrival.group or arrival.contact,
            wid=wid,
            id=new_message_id(),
            from_me=arrival.from_me,
            body=text,
            origin="phone" if arrival.from_me else "contact",
            type=arrival.type,
            author=author,
            participant=participant,
            content=json.dumps(fields),
            placeholder=arrival.placeholder,
            tells_number=arrival.tells_number,
            silent=arrival.silent,
            media="" if arrival.media is None else arrival.media.id,
        )
        message = self._delivery.add(phone, draft)
        self._delivery.push(message, "message")
        if arrival.from_me:
            self._delivery.schedule(message)
        return message

    def react(
        self,
        phone: Phone,
        key: str,
        emoji: str,
        *,
        sender: str | None,
        from_me: bool,
        silent: bool = False,
        by: tuple[str, str] | None = None,
    ) -> Message:
        """Somebody puts an emoji to a message; an empty one takes the former back. Raises NotFound, BadRequest.

        by: the device of the phone's owner by which it is done, and the reaction's id there.
        """
        parent = self.find(phone, key)
        return self._put_to(phone, parent, REACTION, emoji, {}, sender, from_me=from_me, silent=silent, by=by)

    def vote(
        self, phone: Phone, key: str, options: list[object], *, sender: str | None, from_me: bool, silent: bool = False
    ) -> Message:
        """Somebody votes in a poll: all that is chosen now, by name or place; none takes the vote back.

        Raises:
            NotFound: there is no such message.
            Conflict: it isn't a poll.
            BadRequest: an option it doesn't have.
        """
        poll = self.find(phone, key)
        if poll.type != "poll_creation":
            raise Conflict(f"{key} is no poll")
        offered = poll.fields["pollOptions"]
        names = [str(option["name"]) for option in offered] if isinstance(offered, list) else []
        places: dict[object, int] = {name: place for place, name in enumerate(names)}
        places |= {place: place for place in range(len(names))}
        if not all(type(option) in (str, int) and option in places for option in options):
            raise BadRequest(f"options must be among {', '.join(names)}, or their places from 0")
        chosen = [places[option] for option in options]
        content = {"selectedOptionLocalIds": chosen}
        text = ", ".join(names[place] for place in chosen)
        return self._put_to(phone, poll, POLL_VOTE, text, content, sender, from_me=from_me, silent=silent)

    def edit(
        self, phone: Phone, key: str, text: str, *, silent: bool = False, by: tuple[str, str] | None = None
    ) -> Message:
        """Who wrote a message writes it anew: a text or a caption.

        Raises:
            NotFound: there is no such message.
            Conflict: it is deleted, or of a type that can't be edited.
        """
        message = self.find(phone, key)
        if message.revoke_id or message.type not in _EDITABLE:
            raise Conflict(f"{key} can't be edited")
        device_id, id_ = by or ("", new_message_id())
        changes: dict[str, int | str | None] = {"body": text, "edit_id": id_, "edited_at": now_ms(), "silent": silent}
        self._delivery.change(message, "edit", by=device_id, **changes)
        return message

    def revoke(
        self, phone: Phone, key: str, *, by_admin: bool = False, silent: bool = False, by: tuple[str, str] | None = None
    ) -> Message:
        """Who wrote a message, or a group's admin, deletes it for everyone. Devices are told, now or when they connect.

        Raises:
            BadRequest: not a key.
            NotFound: the phone has no message under this key.
        """
        message = self.find(phone, key)
        device_id, id_ = by or ("", new_message_id())
        self._delivery.change(
            message,
            "revoke",
            by=device_id,
            revoke_id=message.revoke_id or id_,
            revoke_subtype="admin" if by_admin else "sender",
            silent=silent,
        )
        return message

    def find(self, phone: Phone, key: str) -> Message:
        """Return the message under a key. Raises BadRequest if it isn't one, NotFound if there is none."""
        from_me, _, rest = key.partition("_")
        wid, _, rest = rest.partition("_")
        mailbox = self._delivery.mailbox(phone.number)
        message = None
        if from_me in ("true", "false"):
            id_ = rest.partition("_")[0]
            message = mailbox.find(from_me=from_me == "true", chat=chat_of_wid(wid), id_=id_)
        if message is None:
            raise NotFound(f"{phone.number} has no message {key}")
        return message

    def _put_to(
        self,
        phone: Phone,
        parent: Message,
        type_: str,
        text: str,
        content: Mapping[str, object],
        sender: str | None,
        *,
        from_me: bool,
        silent: bool,
        by: tuple[str, str] | None = None,
    ) -> Message:
        in_group = bool(parent.participant)
        contact = parent.chat if sender is None and not in_group else sender
        if not from_me and (contact is None or (not in_group and contact != parent.chat)):
            raise BadRequest("from must be somebody of the message's chat")
        participant = ""
        if in_group:
            group = self._groups.joined(parent.chat, phone.number, lid=phone.lid)
            participant = group.wid_of(phone.number if from_me else str(contact))
        device_id, id_ = by or ("", new_message_id())
        origin = "device" if by else "phone"
        draft = Draft(
            chat=parent.chat,
            wid=parent.wid,
            id=id_,
            from_me=from_me,
            body=text,
            origin=origin if from_me else "contact",
            device_id=device_id,
            type=type_,
            author=str(contact) if in_group and not from_me else "",
            participant=participant,
            content=json.dumps(content),
            silent=silent,
            parent=parent.key,
        )
        return self._delivery.add_to(phone, draft)

    def _quote(self, phone: Phone, quoted: Message) -> dict[str, object]:
        by_lid = quoted.wid.endswith("@lid")
        own = wid_of(phone.number, lid=by_lid or phone.lid)
        author = own if quoted.from_me else quoted.participant or quoted.wid
        text = {"caption" if kind_of(quoted.type).shows_thumbnail else "body": quoted.body}
        return {
            "quotedStanzaID": quoted.id,
            "quotedParticipant": author,
            "quotedMsg": {"type": quoted.type, **text},
        }

    def _wid(self, phone: Phone, contact: str) -> str:
        return wid_of(contact, lid=self._book.uses_lid(phone, contact))
