"""What the events of messages and sessions mean for campaigns: recipients move on, opt-outs come in, the guard watches.

Called where the events stream is drained, within its transaction; an event that is read twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hub_api.campaigns import tenant
from hub_api.campaigns.models import CampaignRecord, NotOnWhatsApp, RecipientRecord
from hub_api.campaigns.optouts.keywords import asks_to_stop
from hub_api.campaigns.optouts.service import OptOuts
from hub_api.campaigns.planning import guard
from hub_api.campaigns.releasing.stop_versions import Epochs
from hub_api.campaigns.transitions import OUT, RecipientState
from hub_api.messages.models import MessageRecord
from hub_api.storable import storable
from shared.errors import InvalidTo
from shared.phone_number import canonical
from shared.protocol.events import Event
from shared.settings import Settings
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus

_R = RecipientState
_BY_STATUS = {MessageStatus.SENT: _R.SENT, MessageStatus.DELIVERED: _R.DELIVERED, MessageStatus.READ: _R.READ}
_TAKEN_BACK = ("CAMPAIGN_STOPPED", "EXPIRED")
_STATUSES = frozenset(status.value for status in MessageStatus)


class Outcomes:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, settings: Settings, epochs: Epochs, optouts: OptOuts) -> None:
        self._settings = settings
        self._epochs = epochs
        self._optouts = optouts

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """None: those who record the events say which are new."""
        return set()

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Applies events that are recorded for the first time, in their order."""
        about = [event for event in events if event.message_id and event.type != "message.inbound"]
        recipients = _recipients(session, about)
        for event in events:
            if event.type == "message.inbound":
                self._take_inbound(session, event)
            elif event.type.startswith("session."):
                self._take_session(session, event)
            elif event.message_id:
                self._take_message(session, event, recipients)

    def _take_message(self, session: Session, event: Event, recipients: dict[str, RecipientRecord]) -> None:
        name = event.type.removeprefix("message.")
        if name not in _STATUSES:
            return
        status, code = MessageStatus(name), storable(event.data.get("error") or "", 60)
        if code == "NOT_ON_WHATSAPP":
            self._remember_unknown(session, event)
        recipient = recipients.get(event.message_id)
        if recipient is None:
            return
        counted = _follow(recipient, event, status, code)
        if counted:
            cliente_id = session.scalar(
                select(CampaignRecord.cliente_id).where(CampaignRecord.id == recipient.campaign)
            )
            self._count(session, cliente_id or event.cliente_id, counted, event.at)

    def _count(self, session: Session, cliente_id: int, counted: str, at_ms: int) -> None:
        row = tenant.row_for_change(session, cliente_id)
        row.outcomes = guard.remembered(row.outcomes, counted)
        code = guard.verdict(row.outcomes)
        if code is not None:
            tenant.hold(session, self._epochs, cliente_id, code, at_ms)

    def _remember_unknown(self, session: Session, event: Event) -> None:
        to = event.data.get("to")
        if to is None:
            to = session.scalar(select(MessageRecord.to_number).where(MessageRecord.message_id == event.message_id))
        if to:
            session.merge(NotOnWhatsApp(number=storable(to, 20), cliente_id=event.cliente_id, at=event.at))

    def _take_inbound(self, session: Session, event: Event) -> None:
        rules = tenant.rules(session, event.cliente_id, self._settings)
        if not asks_to_stop(str(event.data.get("message") or ""), rules.keywords):
            return
        try:
            number = canonical("+" + str(event.data.get("from") or "").lstrip("+"), rules.country)
        except InvalidTo:
            return
        self._optouts.add_within(
            session,
            event.cliente_id,
            number,
            "keyword",
            "inbound",
            event.at,
            answer_to=storable(event.message_id, 200),
        )

    def _take_session(self, session: Session, event: Event) -> None:
        cause = str(event.data.get("cause") or "")
        if event.data.get("to") == SessionStatus.ERROR.value and cause in guard.BANS:
            tenant.hold(session, self._epochs, event.cliente_id, cause, event.at)


def _recipients(session: Session, events: Sequence[Event]) -> dict[str, RecipientRecord]:
    """The recipients whom these messages are for, by message id."""
    if not events:
        return {}
    accepted: dict[str, tuple[int, int] | None] = {}
    for event in events:
        accepted[event.message_id] = accepted.get(event.message_id) or _ref(event)
    keys = [ref[0] for ref in accepted.values() if ref is not None]
    rows = session.scalars(
        select(RecipientRecord).where(or_(RecipientRecord.message_id.in_(accepted), RecipientRecord.id.in_(keys)))
    )
    by_key = {row.id: row for row in rows}
    found = {row.message_id: row for row in by_key.values() if row.message_id}
    for message_id, ref in accepted.items():
        if ref is not None and (row := by_key.get(ref[0])) is not None and row.turn == ref[1]:
            found[message_id] = row
    return found


def _ref(event: Event) -> tuple[int, int] | None:
    """`<recipient>:<turn>` of an accepted campaign message."""
    key, colon, turn = str(event.data.get("campaign_ref") or "").partition(":")
    return (int(key), int(turn)) if colon and key.isdigit() and turn.isdigit() else None


def _follow(recipient: RecipientRecord, event: Event, status: MessageStatus, code: str) -> str:
    """Moves a recipient on; never back from what WhatsApp said. Returns how it counts for the guard."""
    state = RecipientState(recipient.state)
    if status is MessageStatus.QUEUED:
        if state is _R.PENDING and _ref(event) is not None:
            recipient.state, recipient.message_id, recipient.error = int(_R.RELEASED), event.message_id, None
            recipient.released_at = event.at
            recipient.released_day = int(event.data.get("campaign_day") or 0) or None
        elif state is _R.UNCERTAIN:
            recipient.state = int(_R.RELEASED)
        return ""
    if status in _BY_STATUS:
        return _acknowledged(recipient, event, state, _BY_STATUS[status])
    if state is not _R.RELEASED:
        return ""
    if status is MessageStatus.FAILED:
        recipient.state = int(_R.SKIPPED if code == "RECIPIENT_OPTED_OUT" else _R.FAILED)
        recipient.error = code
        return guard.outcome(status, code)
    if status is MessageStatus.UNCERTAIN:
        recipient.state, recipient.error = int(_R.UNCERTAIN), code
        return guard.outcome(status, code)
    if status in (MessageStatus.CANCELLED, MessageStatus.EXPIRED):
        if code in _TAKEN_BACK:
            recipient.state, recipient.turn, recipient.released_day = int(_R.PENDING), recipient.turn + 1, None
        else:
            recipient.state, recipient.error = int(_R.SKIPPED), code
    return ""


def _acknowledged(recipient: RecipientRecord, event: Event, state: RecipientState, seen: RecipientState) -> str:
    recipient.sent_at = recipient.sent_at or event.at
    if seen in (_R.DELIVERED, _R.READ):
        recipient.delivered_at = recipient.delivered_at or event.at
    if seen is _R.READ:
        recipient.read_at = recipient.read_at or event.at
    if state not in OUT or seen > state:
        # WhatsApp's word corrects what was only inferred, even where a person has put the recipient back meanwhile.
        recipient.state, recipient.error = int(seen), None
    return guard.FINE if state is _R.RELEASED else ""
