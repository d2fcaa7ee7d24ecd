"""What pages do to messages that are there: react, write anew, delete for everyone. Done twice it is done once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from simulator.errors import BadRequest, SimulatorError
from simulator.settings import Settings
from simulator.world.delivery import Delivery, now_ms
from simulator.world.devices import Device
from simulator.world.faults import FaultBook
from simulator.world.groups.group import GroupBook
from simulator.world.inbound.arrivals import Arrivals
from simulator.world.message import Message
from simulator.world.phones import Phone

_log = logging.getLogger(__name__)

_Answer = dict[str, object]

_Way = Callable[[Phone, Device, Message, str, str], str | None]


class PageChanges:
    """Where such orders of pages come in."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        groups: GroupBook,
        delivery: Delivery,
        arrivals: Arrivals,
        faults: FaultBook,
    ) -> None:
        self._settings = settings
        self._groups = groups
        self._delivery = delivery
        self._arrivals = arrivals
        self._faults = faults
        self._ways: dict[str, _Way] = {"react": self._react, "edit": self._edit, "revoke": self._revoke}

    def take(self, phone: Phone, device: Device, ask: Mapping[str, object]) -> _Answer | None:
        """Do what a page asks (`kind`) to a message (`key`) under an id of its own; None if the answer is dropped.

        Raises:
            BadRequest: an order that isn't one.
        """
        kind, id_, text = ask.get("kind"), str(ask.get("id") or ""), str(ask.get("text") or "")
        way = self._ways.get(str(kind))
        if way is None or not id_:
            raise BadRequest("a change has a kind and an id")
        refusal = self._faults.use("refuse_sends", phone.number, device.id)
        if refusal is not None:
            return {"refused": refusal.value}
        try:
            message = self._arrivals.find(phone, str(ask.get("key")))
            fault = way(phone, device, message, id_, text)
        except SimulatorError as error:
            fault = str(error)
        if fault is not None:
            _log.warning("change.refused %s: %s", kind, fault)
            return {"refused": "unknown"}
        if self._faults.use("drop_acks", phone.number, device.id) is not None:
            return None
        done = self._delivery.mailbox(phone.number).find(from_me=True, chat=message.chat, id_=id_)
        item = self._delivery.item(message, str(kind)) if done is None else self._delivery.item(done, done.type)
        return {"t": now_ms() // 1000, "item": item}

    def _react(self, phone: Phone, device: Device, message: Message, id_: str, text: str) -> str | None:
        mailbox = self._delivery.mailbox(phone.number)
        if message.revoke_id:
            return "it is deleted"
        if mailbox.find(from_me=True, chat=message.chat, id_=id_) is None:
            self._arrivals.react(phone, message.key, text, sender=None, from_me=True, by=(device.id, id_))
        return None

    def _edit(self, phone: Phone, device: Device, message: Message, id_: str, text: str) -> str | None:
        if message.edit_id == id_:
            return None
        if not message.from_me or not text:
            return "only one's own, and not to nothing"
        if _age_s(message) > self._settings().edit_window_s:
            return "it is too old"
        self._arrivals.edit(phone, message.key, text, by=(device.id, id_))
        return None

    def _revoke(self, phone: Phone, device: Device, message: Message, id_: str, text: str) -> str | None:
        if message.revoke_id:
            return None
        group = self._groups.groups.get(message.chat)
        by_admin = not message.from_me and group is not None and group.is_admin(phone.number)
        if not message.from_me and not by_admin:
            return "only one's own, or as an admin"
        if _age_s(message) > self._settings().revoke_window_s:
            return "it is too old"
        self._arrivals.revoke(phone, message.key, by_admin=by_admin, by=(device.id, id_))
        return None


def _age_s(message: Message) -> float:
    return (now_ms() - message.accepted_at) / 1000
