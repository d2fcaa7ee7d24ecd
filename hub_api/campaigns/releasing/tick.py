"""The tick: what the planner allows is released, one message at a time per tenant, accepted as every other is.

Its cost grows with the running campaigns, never with their recipients. `planning.round` decides; this reads and writes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from hub_api.campaigns.planning import round as deciding
from hub_api.campaigns.planning.hours import day_number, local_day
from hub_api.campaigns.planning.round import Chosen, Due
from hub_api.campaigns.recipients.message import message_id
from hub_api.campaigns.releasing.counters import read_counters
from hub_api.campaigns.releasing.keeping import finish, keep
from hub_api.campaigns.releasing.reading import next_recipients, running_campaigns, without_anybody
from hub_api.campaigns.releasing.revoking import revoke_marked
from hub_api.campaigns.stop_versions import StopVersions, StopVersionsSeen
from hub_api.campaigns.tenants.service import hold_now
from hub_api.messages.service import SendRequest, send_many
from hub_api.services import Services
from shared.errors import LeadMasterError
from shared.instant import now_ms
from shared.ledger.message import CampaignRelease
from shared.logs import get_logger
from shared.protocol.content import Content
from shared.transitions.message import Lane

_log = get_logger(__name__)

_MAX_ROUNDS = 50  # of skipping within one tick; the next one goes on


class Tick:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError; what broke off is repeated by the next."""

    def __init__(self, services: Services, rng: random.Random) -> None:
        self._services = services
        self._ledger = services.ledger.campaigns
        self._incarnation = services.ledger.incarnation
        self._stop_versions = StopVersions(services.client, services.keys)
        self._rng = rng

    def run_slot(self) -> int:
        """One tick for this slot of time, whoever asks; two beats make one tick. Returns how many it released."""
        now = now_ms()
        slot = now // max(1, round(self._services.settings.campaign_tick_seconds * 1000))
        return self.run(now) if self._ledger.take_slot(slot) else 0

    def run(self, now: int) -> int:
        """Revokes what was stopped, releases what is due, ends what is done. Returns how many it released."""
        if not self._incarnation.is_open():
            return 0
        revoke_marked(self._services)
        seen = self._stop_versions.read()  # before the campaigns' states: a pause in between makes a release worthless
        due: Sequence[Due] = self._due(now)
        released, going_on = 0, set[int]()
        for _ in range(_MAX_ROUNDS):
            if not due:
                break
            following = next_recipients(self._services.database, due, now)
            going_on |= following.keys()
            asked = [
                (one.campaign.cliente_id, following[one.campaign.key].number)
                for one in due
                if one.campaign.key in following
            ]
            decided = deciding.choose(due, following, self._ledger.opted_out_among(asked))
            sent, due = self._release(decided, seen, now)
            released += sent
        finish(self._services, without_anybody(self._services.database, going_on), now)
        return released

    def _due(self, now: int) -> list[Due]:
        running = running_campaigns(self._services.database, self._services.settings)
        if not running:
            return []
        days = {one.cliente_id: day_number(local_day(one.planned.schedule.timezone, now)) for one in running}
        counters = read_counters(self._services, days, now)
        for cliente_id, found in counters.items():
            if found.restricted:
                hold_now(self._services, self._stop_versions, cliente_id, "CAMPAIGN_RESTRICTED")
        return deciding.due_campaigns(running, counters, now, self._rng)

    def _release(self, decided: deciding.Round, seen: StopVersionsSeen, now: int) -> tuple[int, list[Due]]:
        """Asks for the messages of a round. Returns how many are new, and the campaigns whose recipient was skipped."""
        requests = [(one.due.campaign.cliente_id, _order(one, seen)) for one in decided.chosen]
        answers = send_many(self._services, requests, now)
        kept: list[Chosen] = []
        skipped, again, fresh = dict(decided.skipped), list(decided.again), 0
        for one, answer in zip(decided.chosen, answers, strict=True):
            if not isinstance(answer, LeadMasterError):
                kept.append(one)
                fresh += not answer.duplicate
            elif deciding.is_final(answer.code):
                skipped[one.recipient.key] = answer.code
                again.append(one.due)
            else:
                _log.debug("campaign.release_waits", campaign_id=one.due.campaign.campaign_id, code=answer.code)
        if skipped or kept:
            with self._services.database.writing() as session:
                keep(session, kept, skipped, now)
        return fresh, again


def _order(one: Chosen, seen: StopVersionsSeen) -> SendRequest:
    campaign, release, recipient = one.due.campaign, one.due.release, one.recipient
    return SendRequest(
        to="+" + recipient.number,
        text=one.text,
        content=Content.from_text(campaign.content),
        lane=Lane.CAMPAIGN,
        campaign_id=campaign.campaign_id,
        release=CampaignRelease(
            stop_version=seen.of(campaign.cliente_id, campaign.campaign_id),
            ref=f"{recipient.key}:{recipient.turn}",
            delay_ms=release.delay_ms,
            day=release.day,
            quota=release.quota,
        ),
        not_after_ms=release.not_after_ms,
        message_id=message_id(campaign.campaign_id, recipient.key, recipient.turn),
    )
