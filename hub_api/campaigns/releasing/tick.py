"""The tick: what the planner allows is released, one message at a time per tenant, through the one door.

Its cost grows with the running campaigns, never with their recipients: it reads the next one of each by an index.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis
from sqlalchemy import Row, and_, exists, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from hub_api.campaigns import audit, tenant
from hub_api.campaigns.models import (
    ALL_TENANTS,
    CampaignRecord,
    CampaignTenant,
    NotOnWhatsApp,
    RecipientRecord,
    ScheduleRecord,
)
from hub_api.campaigns.planning import plan
from hub_api.campaigns.planning.hours import day_number, local_day
from hub_api.campaigns.planning.plan import Release
from hub_api.campaigns.recipients.template import EmptyVariable, TemplateError, draw, parse_all
from hub_api.campaigns.releasing.counters import read_counters
from hub_api.campaigns.releasing.message_id import message_id
from hub_api.campaigns.releasing.stop_versions import Epochs, EpochsSeen
from hub_api.campaigns.schedules import service as schedules
from hub_api.campaigns.service import Campaigns, values_of
from hub_api.campaigns.transitions import CampaignState, RecipientState, ScheduleState
from hub_api.messages.service import SendRequest, send_many
from hub_api.services import Services
from shared.errors import InvalidTo, LeadMasterError, RecipientOptedOut
from shared.instant import now_ms
from shared.ledger.message import CampaignRelease
from shared.logs import get_logger
from shared.names import Keys
from shared.transitions.message import Lane

_log = get_logger(__name__)

_SLOT_KEPT_MS = 60_000
_MOST_SKIPS = 50  # rounds of skipping within one tick; the next one goes on
_UNKNOWN_FOR_MS = 30 * 86_400_000  # so long a number is taken for not being on WhatsApp
_R = RecipientState


@dataclass(frozen=True, slots=True)
class _Due:
    """A campaign whose next message may be released. row: its columns and its schedule's."""

    row: Any
    release: Release


class Tick:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError; what broke off is repeated by the next."""

    def __init__(
        self,
        services: Services,
        client: redis.Redis,
        keys: Keys,
        campaigns: Campaigns,
        epochs: Epochs,
        rng: random.Random,
    ) -> None:
        self._services = services
        self._client = client
        self._keys = keys
        self._campaigns = campaigns
        self._epochs = epochs
        self._rng = rng

    def run_slot(self) -> int:
        """One tick for this slot of time, whoever asks; two beats make one tick. Returns how many it released."""
        now = now_ms()
        slot = now // max(1, round(self._services.settings.campaign_tick_seconds * 1000))
        if not self._client.set(self._keys.campaign_slot(slot), "1", nx=True, px=_SLOT_KEPT_MS):
            return 0
        return self.run(now)

    def run(self, now: int) -> int:
        """Takes back what was stopped, releases what is due, ends what is done. Returns how many it released."""
        if not self._client.exists(self._keys.rebuilt):
            return 0  # opt-outs and counters are not in this Redis yet
        self._take_back()
        seen = self._epochs.read()  # before the campaigns' states: a pause in between makes the release worthless
        due = self._due(now)
        released, going_on = 0, set[int]()
        for _ in range(_MOST_SKIPS):
            if not due:
                break
            following = self._next_recipients(due, now)
            going_on |= following.keys()
            sent, due = self._release(due, following, seen, now)
            released += sent
        self._finish(going_on, now)
        return released

    # What was stopped.

    def _take_back(self) -> None:
        with self._services.database.reading() as session:
            stopped = [
                (row.id, row.campaign_id, row.cliente_id)
                for row in session.scalars(select(CampaignRecord).where(CampaignRecord.take_back))
            ]
        if not stopped:
            return
        closed = self._campaigns.take_back([(campaign_id, cliente_id) for _, campaign_id, cliente_id in stopped])
        with self._services.database.writing() as session:
            session.execute(
                update(CampaignRecord)
                .where(CampaignRecord.id.in_([key for key, _, _ in stopped]))
                .values(take_back=False)
            )
        _log.info("campaigns_taken_back", campaigns=len(stopped), messages=closed)

    # What is due.

    def _due(self, now: int) -> list[_Due]:
        settings = self._services.settings
        statement = (
            select(CampaignRecord, ScheduleRecord, CampaignTenant)
            .join(ScheduleRecord, ScheduleRecord.id == CampaignRecord.schedule)
            .outerjoin(CampaignTenant, CampaignTenant.cliente_id == CampaignRecord.cliente_id)
            .where(CampaignRecord.state == CampaignState.EN_PROGRESO.value)
            .order_by(CampaignRecord.released_at, CampaignRecord.id)  # whose turn it is within a tenant
        )
        with self._services.database.reading() as session:
            everybody = session.get(CampaignTenant, ALL_TENANTS)
            running = [(*row, tenant.rules_of(row[2], everybody, settings)) for row in session.execute(statement)]
        if not running:
            return []
        days = {campaign.cliente_id: day_number(local_day(rules.timezone, now)) for campaign, _, _, rules in running}
        counters = read_counters(self._client, self._keys, list(days.items()), now)
        for cliente_id, found in counters.items():
            if found.restricted:
                tenant.hold_now(self._services.database, self._epochs, cliente_id, "CAMPAIGN_RESTRICTED")
        due: dict[int, _Due] = {}
        for campaign, schedule, _, rules in running:
            found = counters[campaign.cliente_id]
            if campaign.cliente_id in due or found.restricted or rules.held_code is not None:
                continue
            planned = plan.Campaign(
                CampaignState(campaign.state),
                ScheduleState(schedule.state),
                schedules.rule_of(schedule, rules.timezone),
                rules.switched_on,
            )
            answer = plan.due(planned, now, found.shared, self._rng)
            if isinstance(answer, Release):
                due[campaign.cliente_id] = _Due(campaign, answer)
        return list(due.values())

    # Releasing.

    def _release(
        self, due: Sequence[_Due], following: dict[int, Row[Any]], seen: EpochsSeen, now: int
    ) -> tuple[int, list[_Due]]:
        """Releases the next recipient of each. Returns how many, and the campaigns whose next one was skipped."""
        opted_out = self._opted_out(due, following)
        orders: list[tuple[int, SendRequest]] = []
        chosen: list[tuple[_Due, Row[Any]]] = []
        skipped: dict[int, str] = {}
        again: list[_Due] = []
        for one in due:
            recipient = following.get(one.row.id)
            if recipient is None:
                continue
            picked = plan.pick(
                [recipient.number],
                opted_out.get(one.row.cliente_id, set()),
                {recipient.number} if recipient.unknown_at is not None else set(),
            )
            code = picked.skipped[0][1] if picked.skipped else ""
            order = None if code else self._order(one, recipient, seen)
            if order is None:
                skipped[recipient.id] = code or "EMPTY_VARIABLE"
                again.append(one)
            else:
                orders.append((one.row.cliente_id, order))
                chosen.append((one, recipient))
        answers = send_many(self._services, orders, now)
        kept: list[_Released] = []
        fresh = 0
        for (one, recipient), answer in zip(chosen, answers, strict=True):
            if isinstance(answer, RecipientOptedOut | InvalidTo):
                skipped[recipient.id] = answer.code
                again.append(one)
            elif isinstance(answer, LeadMasterError):
                _log.debug("campaign_release_waits", campaign_id=one.row.campaign_id, code=answer.code)
            else:
                kept.append(_Released(one.row.id, recipient.id, recipient.turn))
                fresh += not answer.duplicate
        if skipped or kept:
            with self._services.database.writing() as session:
                _keep(session, kept, skipped, now)
        return fresh, again

    def _next_recipients(self, due: Sequence[_Due], now: int) -> dict[int, Row[Any]]:
        """The first pending recipient of each campaign, by the campaign's key, in one query."""
        inner = aliased(RecipientRecord)
        first = (
            select(inner.id)
            .where(
                inner.campaign == CampaignRecord.id,
                inner.state == int(_R.PENDING),
                # Not the one whose release is not recorded yet.
                or_(
                    CampaignRecord.released_recipient.is_(None),
                    inner.id != CampaignRecord.released_recipient,
                    inner.turn != CampaignRecord.released_turn,
                ),
            )
            .order_by(inner.position)
            .limit(1)
            .correlate(CampaignRecord)
            .scalar_subquery()
        )
        statement = (
            select(
                RecipientRecord.id,
                RecipientRecord.campaign,
                RecipientRecord.number,
                RecipientRecord.values,
                RecipientRecord.turn,
                NotOnWhatsApp.at.label("unknown_at"),
            )
            .select_from(CampaignRecord)
            .join(RecipientRecord, RecipientRecord.id == first)
            .outerjoin(
                NotOnWhatsApp,
                and_(
                    NotOnWhatsApp.number == RecipientRecord.number,
                    NotOnWhatsApp.cliente_id == CampaignRecord.cliente_id,
                    NotOnWhatsApp.at > now - _UNKNOWN_FOR_MS,
                ),
            )
            .where(CampaignRecord.id.in_([one.row.id for one in due]))
        )
        with self._services.database.reading() as session:
            return {row.campaign: cast("Row[Any]", row) for row in session.execute(statement)}

    def _opted_out(self, due: Sequence[_Due], following: dict[int, Row[Any]]) -> dict[int, set[str]]:
        asked = [(one.row.cliente_id, following[one.row.id].number) for one in due if one.row.id in following]
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id, number in asked:
            pipeline.sismember(self._keys.opted_out(cliente_id), number)
        found: dict[int, set[str]] = {}
        for (cliente_id, number), member in zip(asked, cast("list[int]", pipeline.execute()), strict=True):
            if member:
                found.setdefault(cliente_id, set()).add(number)
        return found

    def _order(self, one: _Due, recipient: Row[Any], seen: EpochsSeen) -> SendRequest | None:
        """The message; None where the recipient lacks what every variant needs (a list edited since)."""
        campaign, release = one.row, one.release
        try:
            templates = parse_all(json.loads(campaign.templates), json.loads(campaign.columns))
            message = draw(templates, variant_seed(campaign.campaign_id, recipient.id)).render(values_of(recipient))
        except (EmptyVariable, TemplateError):
            return None
        return SendRequest(
            to="+" + recipient.number,
            text=message,
            lane=Lane.CAMPAIGN,
            campaign_id=campaign.campaign_id,
            release=CampaignRelease(
                epoch=seen.of(campaign.cliente_id, campaign.campaign_id),
                ref=f"{recipient.id}:{recipient.turn}",
                delay_ms=release.delay_ms,
                day=release.day,
                quota=release.quota,
            ),
            not_after_ms=release.not_after_ms,
            message_id=message_id(campaign.campaign_id, recipient.id, recipient.turn),
        )

    # What is done.

    def _finish(self, going_on: set[int], now: int) -> None:
        """Ends campaigns without anybody left. going_on: keys of those that had somebody in this tick."""
        unsettled = exists().where(
            RecipientRecord.campaign == CampaignRecord.id, RecipientRecord.state == int(_R.PENDING)
        ) | exists().where(RecipientRecord.campaign == CampaignRecord.id, RecipientRecord.state == int(_R.RELEASED))
        running = CampaignRecord.state == CampaignState.EN_PROGRESO.value
        with self._services.database.reading() as session:
            asked = set(session.scalars(select(CampaignRecord.id).where(running))) - going_on
            done = select(CampaignRecord.id).where(CampaignRecord.id.in_(asked), running, ~unsettled)
            keys = list(session.scalars(done)) if asked else []
        if not keys:
            return
        with self._services.database.writing() as session:
            for row in session.scalars(select(CampaignRecord).where(CampaignRecord.id.in_(keys)).with_for_update()):
                if row.state == CampaignState.EN_PROGRESO.value:
                    row.state, row.finished_at = CampaignState.FINALIZADO.value, now
                    audit.note(session, audit.CLOCK, "campaign.finish", row.cliente_id, row.campaign_id)
                    _log.info("campaign_finished", cliente_id=row.cliente_id, campaign_id=row.campaign_id)


def variant_seed(campaign_id: str, recipient_id: int) -> str:
    """Which variant a recipient gets, so that a preview shows it."""
    return f"{campaign_id}/{recipient_id}"


@dataclass(frozen=True, slots=True)
class _Released:
    """What is kept of one release, on the campaign: a tick writes as much as campaigns run, whatever their size."""

    campaign: int
    recipient: int
    turn: int


_UPDATE = "UPDATE campaigns SET released_at = :at, "
_KEEP_EACH = text(_UPDATE + "released_recipient = :recipient, released_turn = :turn WHERE id = :campaign")
# PostgreSQL answers each statement of a batch by itself, so there it is one statement for all of them.
_KEEP_ALL = text(
    _UPDATE + "released_recipient = v.recipient, released_turn = v.turn FROM unnest(CAST(:campaigns AS int[]),"
    " CAST(:recipients AS bigint[]), CAST(:turns AS int[])) AS v(campaign, recipient, turn) WHERE id = v.campaign"
)


def _keep(session: Session, released: Sequence[_Released], skipped: dict[int, str], at: int) -> None:
    """The recipients themselves move on by their messages' events, which are recorded within a second."""
    connection = session.connection()
    if released and connection.dialect.name == "postgresql":
        connection.execute(
            _KEEP_ALL,
            {
                "at": at,
                "campaigns": [one.campaign for one in released],
                "recipients": [one.recipient for one in released],
                "turns": [one.turn for one in released],
            },
        )
    elif released:
        rows = [{"at": at, "campaign": one.campaign, "recipient": one.recipient, "turn": one.turn} for one in released]
        connection.execute(_KEEP_EACH, rows)
    for key, code in skipped.items():
        session.execute(
            update(RecipientRecord)
            .where(RecipientRecord.id == key, RecipientRecord.state == int(_R.PENDING))
            .values(state=int(_R.SKIPPED), error=code)
        )
