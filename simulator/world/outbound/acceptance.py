"""Taking messages from devices: what is refused, what is a copy of one taken before."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

from simulator.settings import Settings
from simulator.world.content.media import MediaShelf
from simulator.world.delivery import Delivery
from simulator.world.devices import Device
from simulator.world.faults import FaultBook
from simulator.world.message import Draft, Message
from simulator.world.numbers import number_of_wid
from simulator.world.outbound.sent import Sent, fault_of
from simulator.world.phones import Phone, PhoneBook

_log = logging.getLogger(__name__)

_Answer = dict[str, object]


class Acceptance:
    """Where messages of pages come in."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        book: PhoneBook,
        delivery: Delivery,
        faults: FaultBook,
        media: MediaShelf,
    ) -> None:
        self._settings = settings
        self._book = book
        self._delivery = delivery
        self._faults = faults
        self._media = media

    def accept(self, phone: Phone, device: Device, sent: Sent) -> _Answer | None:
        """Take a message from a device and return the answer to it; None if the answer is dropped.

        A second copy of an id is counted; whether the recipient sees it again is up to the `dedupe` setting.

        Raises:
            BadRequest: the wid isn't a chat's.
        """
        chat = number_of_wid(sent.wid)
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
        if fault is not None:
            _log.warning("send.refused %s: %s", sent.type, fault)
            return "unknown"
        if not self._book.exists(chat, self._settings().not_on_whatsapp_prefix):
            return "unknown"
        if chat not in self._delivery.mailbox(phone.number).by_chat:
            limit = phone.limits.refusal()
            if limit is not None:
                return limit
            phone.limits.used_quota += 1
        return None

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
        self._delivery.push(message, "message", but=device)
        self._delivery.schedule(message)
        return message
