"""How many recipients of a campaign are in which state, with which code, so that nobody has to look at all of them.

Whoever adds or moves recipients moves these counts in the same transaction, with `move`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub_api.campaigns.models import CampaignCount, CampaignRecord, RecipientRecord
from hub_api.database import Database
from shared.instant import now_ms
from shared.logs import get_logger

_log = get_logger(__name__)

_MAX_CAMPAIGNS, _MAX_RECIPIENTS = 100, 300_000  # that one run looks at

Place = tuple[int, int, str]  # the campaign's key, the recipient's state, its code ("" for none)

_MOVE = text(
    "INSERT INTO campaign_counts (campaign, of_state, of_code, recipients) VALUES (:campaign, :state, :code, :by)"
    " ON CONFLICT (campaign, of_state, of_code)"
    " DO UPDATE SET recipients = campaign_counts.recipients + excluded.recipients"
)
# One statement, so one moment: what others move meanwhile is in both halves or in neither.
_WRONG = text(
    "SELECT of_state, of_code, SUM(n) AS lacking FROM ("
    " SELECT state AS of_state, COALESCE(error, '') AS of_code, COUNT(*) AS n FROM campaign_recipients"
    " WHERE campaign = :campaign GROUP BY state, COALESCE(error, '')"
    " UNION ALL SELECT of_state, of_code, -recipients FROM campaign_counts WHERE campaign = :campaign"
    ") AS both_sides GROUP BY of_state, of_code HAVING SUM(n) <> 0"
)


def place(recipient: RecipientRecord) -> Place:
    """Where a recipient counts just now."""
    return recipient.campaign, recipient.state, recipient.error or ""


def move(session: Session, by: Mapping[Place, int]) -> None:
    """Adds to the counts, within the caller's transaction; always in the same order, so that two never wait for each
    other."""
    rows = [
        {"campaign": campaign, "state": state, "code": code, "by": count}
        for (campaign, state, code), count in sorted(by.items())
        if count
    ]
    if rows:
        session.execute(_MOVE, rows)


def of_campaign(session: Session, key: int) -> Sequence[tuple[int, str, int]]:
    """A campaign's states and codes with how many recipients each has."""
    columns = CampaignCount.of_state, CampaignCount.of_code, CampaignCount.recipients
    rows = session.execute(select(*columns).where(CampaignCount.campaign == key, CampaignCount.recipients != 0))
    return [(state, code, count) for state, code, count in rows]


class Recount:
    """Looks at all recipients of one campaign after the other, and puts right what was counted otherwise."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def run(self) -> int:
        """Looks at those that wait longest for it, some 100,000 recipients; returns how many counts were wrong.

        What is missing is added, never written over: whoever moves the counts meanwhile is right as well. Two runs at
        once would add it twice. Raises sqlalchemy.exc.SQLAlchemyError.
        """
        begun, looked_at, wrong = now_ms(), 0, 0
        for _ in range(_MAX_CAMPAIGNS):
            with self._database.reading() as session:
                campaign = _oldest(session, begun)
                lacking = [] if campaign is None else _lacking(session, campaign.id)
            if campaign is None or looked_at > _MAX_RECIPIENTS:
                break
            with self._database.writing() as session:
                move(session, {(campaign.id, state, code): by for state, code, by in lacking})
                looked_at += sum(count for _, _, count in of_campaign(session, campaign.id))
                session.query(CampaignRecord).filter(CampaignRecord.id == campaign.id).update({"counted_at": begun})
            if lacking:
                wrong += len(lacking)
                ids = {"cliente_id": campaign.cliente_id, "campaign_id": campaign.campaign_id}
                _log.warning("campaign.counts_mended", **ids, counts=len(lacking))
        return wrong


def _oldest(session: Session, before: int) -> Any:
    columns = CampaignRecord.id, CampaignRecord.campaign_id, CampaignRecord.cliente_id
    waiting = select(*columns).where(CampaignRecord.counted_at < before)
    return session.execute(waiting.order_by(CampaignRecord.counted_at, CampaignRecord.id).limit(1)).first()


def _lacking(session: Session, key: int) -> list[tuple[int, str, int]]:
    rows = session.execute(_WRONG, {"campaign": key})
    return [(row.of_state, row.of_code, int(row.lacking)) for row in rows]
