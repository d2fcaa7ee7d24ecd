"""What the events of messages and sessions do to campaigns: recipients move on, opt-outs come in, the guard watches.

Called where the events stream is drained, within its transaction; an event that is read twice changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from hub_api.campaigns import counting
from hub_api.campaigns.models import CampaignRecord, NotOnWhatsApp, RecipientRecord
from hub_api.campaigns.optouts.keywords import asks_to_stop
from hub_api.campaigns.optouts.service import OptOuts
from hub_api.campaigns.optouts.unattributed import Unattributed
from hub_api.campaigns.planning import guard
from hub_api.campaigns.planning.recipient import meaning
from hub_api.campaigns.releasing import event_facts
from hub_api.campaigns.releasing.event_facts import Accepted, Inbound
from hub_api.campaigns.state_changes import move_recipient
from hub_api.campaigns.stop_versions import StopVersions
from hub_api.campaigns.tenants import service as tenants
from hub_api.campaigns.transitions import RecipientAction, RecipientState
from hub_api.messages.models import MessageRecord
from hub_api.recipients import service as recipients
from hub_api.recording.rows import among
from hub_api.services import Services
from hub_api.storable import storable
from shared.protocol.events import Event
from shared.recipient_key import recipient_key
from shared.transitions.message import MessageStatus

_A = RecipientAction


class Outcomes:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._settings = services.settings
        self._stop_versions = StopVersions(services.client, services.keys)
        self._optouts = OptOuts(services)
        self._unattributed = Unattributed(services)

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """None: campaigns keep no events; those that others know already are not applied again."""
        return set()

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Applies events that are recorded for the first time, in their order."""
        recipients = _recipients(session, [event for event in events if event_facts.status_of(event) is not None])
        before = {row.id: counting.place(row) for row in recipients.values()}
        keywords: dict[int, tuple[str, ...]] = {}  # each tenant's are read once, however many wrote
        for event in events:
            status, inbound = event_facts.status_of(event), event_facts.inbound_of(event)
            if status is not None:
                self._take_message(session, event, status, recipients.get(event.message_id))
            elif inbound is not None:
                if event.cliente_id not in keywords:
                    keywords[event.cliente_id] = tenants.rules(session, event.cliente_id, self._settings).keywords
                if asks_to_stop(inbound.text, keywords[event.cliente_id]):
                    self._opt_out(session, event, inbound)
            elif (cause := event_facts.failure_of(event)) in guard.BANS:
                self._hold(session, event.cliente_id, cause, event.at)
        counting.move(session, _moved(recipients.values(), before))

    def _take_message(
        self, session: Session, event: Event, status: MessageStatus, recipient: RecipientRecord | None
    ) -> None:
        code = event_facts.error_of(event)
        if code == "NOT_ON_WHATSAPP":
            _remember_unknown(session, event)
        if recipient is None:
            return
        accepted = event_facts.accepted_of(event)
        meant = meaning(RecipientState(recipient.state), status, code, accepted=accepted is not None)
        if meant.action is not None:
            _follow(recipient, meant.action, event, code, accepted)
        if meant.counted:
            of_campaign = select(CampaignRecord.cliente_id).where(CampaignRecord.id == recipient.campaign)
            self._count(session, session.scalar(of_campaign) or event.cliente_id, meant.counted, event.at)

    def _count(self, session: Session, cliente_id: int, counted: str, at_ms: int) -> None:
        row = tenants.row_for_change(session, cliente_id)
        row.outcomes = guard.remembered(row.outcomes, counted)
        code = guard.verdict(row.outcomes)
        if code is not None:
            self._hold(session, cliente_id, code, at_ms)

    def _hold(self, session: Session, cliente_id: int, code: str, at_ms: int) -> None:
        tenants.hold(self._settings, session, self._stop_versions, cliente_id, code, at_ms)

    def _opt_out(self, session: Session, event: Event, inbound: Inbound) -> None:
        sender, asked_by = storable(inbound.sender, 100), storable(event.message_id, 200)
        numbers = [sender] if sender.isdigit() else []
        written_to = recipients.number_of(session, event.cliente_id, recipient_key(sender))
        if written_to is not None:
            numbers.append(written_to)
        for number in numbers:
            self._optouts.add_by_keyword(session, event.cliente_id, number, event.at, asked_by)
        if not numbers:
            self._unattributed.add(session, event.cliente_id, sender, event.at, asked_by)


def _moved(recipients: Iterable[RecipientRecord], before: Mapping[int, counting.Place]) -> Counter[counting.Place]:
    moved: Counter[counting.Place] = Counter()
    for row in {row.id: row for row in recipients}.values():
        moved[before[row.id]] -= 1
        moved[counting.place(row)] += 1
    return moved


def _remember_unknown(session: Session, event: Event) -> None:
    to = session.scalar(select(MessageRecord.to_number).where(MessageRecord.message_id == event.message_id))
    if to and to.isdigit():
        session.merge(NotOnWhatsApp(recipient_key=recipient_key(to), cliente_id=event.cliente_id, at=event.at))


def _recipients(session: Session, events: Sequence[Event]) -> dict[str, RecipientRecord]:
    """The recipients whom these messages are for, by message id."""
    if not events:
        return {}
    accepted: dict[str, Accepted | None] = {}
    for event in events:
        accepted[event.message_id] = accepted.get(event.message_id) or event_facts.accepted_of(event)
    keys = [one.recipient for one in accepted.values() if one is not None]
    rows = session.scalars(
        select(RecipientRecord)
        .where(or_(among(session, RecipientRecord.message_id, accepted), RecipientRecord.id.in_(keys)))
        .order_by(RecipientRecord.id)
        .with_for_update()  # nobody else moves them until they are counted
    )
    by_key = {row.id: row for row in rows}
    found = {row.message_id: row for row in by_key.values() if row.message_id}
    for message_id, one in accepted.items():
        if one is not None and (row := by_key.get(one.recipient)) is not None and row.turn == one.turn:
            found[message_id] = row
    return found


def _follow(
    recipient: RecipientRecord, action: RecipientAction, event: Event, code: str, accepted: Accepted | None
) -> None:
    """Moves a recipient on where its state allows it, with what is kept besides."""
    _acknowledge(recipient, action, event.at)
    if not move_recipient(recipient, action):
        return
    if action in (_A.SENT, _A.DELIVERED, _A.READ):
        recipient.error = None
    elif action is _A.RELEASE and accepted is not None:
        recipient.message_id, recipient.error = event.message_id, None
        recipient.released_at, recipient.released_day = event.at, accepted.day
    elif action in (_A.FAIL, _A.DOUBT, _A.DROP):
        recipient.error = code
    elif action is _A.REVOKE:
        recipient.turn, recipient.released_day = recipient.turn + 1, None


def _acknowledge(recipient: RecipientRecord, action: RecipientAction, at_ms: int) -> None:
    """The moments of what WhatsApp said, whether or not it moves the recipient; the first of each stays."""
    if action in (_A.SENT, _A.DELIVERED, _A.READ):
        recipient.sent_at = recipient.sent_at or at_ms
    if action in (_A.DELIVERED, _A.READ):
        recipient.delivered_at = recipient.delivered_at or at_ms
    if action is _A.READ:
        recipient.read_at = recipient.read_at or at_ms
