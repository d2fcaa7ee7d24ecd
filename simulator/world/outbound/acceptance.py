"""Taking messages from devices: what is refused, what is a copy of one taken before."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from simulator.settings import Settings
from simulator.world.content.media import MediaShelf
from simulator.world.delivery import Delivery, now_ms
from simulator.world.devices import Device
from simulator.world.faults import FaultBook
from simulator.world.groups.group import Group, GroupBook
from simulator.world.message import Draft, Message
from simulator.world.numbers import chat_of_wid
from simulator.world.outbound.sent import Sent, fault_of, is_older_than
from simulator.world.phones import Phone, PhoneBook

_STALE_ADDRESSING = "421"
"""The page addressed a group by phone numbers where it goes by LIDs, or the other way round."""

_log = logging.getLogger(__name__)

_Answer = dict[str, object]


class Acceptance:
    """Where messages of pages come in."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        book: PhoneBook,
        groups: GroupBook,
        delivery: Delivery,
        faults: FaultBook,
        media: MediaShelf,
    ) -> None:
        self._settings = settings
        self._book = book
        self._groups = groups
        self._delivery = delivery
        self._faults = faults
        self._media = media

    def accept(self, phone: Phone, device: Device, sent: Sent) -> _Answer | None:
        """Take a message from a device and return the answer to it; None if the answer is dropped.

        A second copy of an id is counted; whether the recipient sees it again is up to the `dedupe` setting.

        Raises:
            BadRequest: the wid isn't a chat's.
        """
        chat = chat_of_wid(sent.wid)
        refusal = self._faults.use("refuse_sends", phone.number, device.id)
        if refusal is not None:
            return {"refused": refusal.value}
        message = self._delivery.mailbox(phone.number).find(from_me=True, chat=chat, id_=sent.id)
        if message is not None:
            self._delivery.count_copy(message)
        else:
            refused = self._refusal(phone, device, chat, sent)
            if refused is not None:
                return {"refused": refused}
            message = self._take(phone, device, chat, sent)
        if self._faults.use("drop_acks", phone.number, device.id) is not None:
            device.unacked[message.seq] = message
            return None
        if device.unacked.pop(message.seq, None) is not None and message.ack > 1:
            self._delivery.send_receipt(device, message)
        return {"t": message.accepted_at // 1000, "rev": message.rev}

    def _refusal(self, phone: Phone, device: Device, chat: str, sent: Sent) -> str | None:
        fault = fault_of(sent, self._media.by_direct_path)
        old = self._faults.find("old_media_keys", phone.number, device.id)
        if old is not None and fault is None and is_older_than(sent, int(old.value or 0), now_ms() // 1000):
            fault = "its media key is too old"
        if fault is not None:
            _log.warning("send.refused %s: %s", sent.type, fault)
            return "unknown"
        if chat.endswith("@g.us"):
            return self._refusal_in_group(phone, self._groups.groups.get(chat), sent)
        if not self._book.exists(chat, self._settings().not_on_whatsapp_prefix):
            return "unknown"
        if chat not in self._delivery.mailbox(phone.number).by_chat:
            limit = phone.limits.refusal()
            if limit is not None:
                return limit
            phone.limits.used_quota += 1
        return None

    def _refusal_in_group(self, phone: Phone, group: Group | None, sent: Sent) -> str | None:
        if group is None or not group.may_write(phone.number):
            return "unknown"
        return None if sent.participant == group.wid_of(phone.number) else _STALE_ADDRESSING

    def _take(self, phone: Phone, device: Device, chat: str, sent: Sent) -> Message:
        media = self._media.by_direct_path(str(sent.fields.get("directPath")))
        draft = Draft(
            chat=chat,
            wid=sent.wid,
            id=sent.id,
            from_me=True,
            body=sent.text,
            origin="device",
            device_id=device.id,
            type=sent.type,
            participant=sent.participant,
            content=json.dumps(dict(sent.fields)) if sent.fields else "",
            media="" if media is None else media.id,
        )
        message = self._delivery.add(phone, draft)
        self._delivery.push(message, "message", but=device.id)
        self._delivery.schedule(message)
        return message
