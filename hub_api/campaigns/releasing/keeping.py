"""What a tick writes: whom it released, whom it skipped, which campaigns are done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail as audit
from hub_api.campaigns.models import CampaignRecord, RecipientRecord
from hub_api.campaigns.planning.round import Chosen
from hub_api.campaigns.showing import tell_state
from hub_api.campaigns.state_changes import move_campaign, move_recipients
from hub_api.campaigns.transitions import CampaignAction, CampaignState, RecipientAction
from hub_api.services import Services
from shared.logs import get_logger

_log = get_logger(__name__)

# What is kept of a release stands on the campaign: a tick writes as much as campaigns run, whatever their size.
_UPDATE = "UPDATE campaigns SET released_at = :at, "
_KEEP_EACH = text(_UPDATE + "released_recipient = :recipient, released_turn = :turn WHERE id = :campaign")
# PostgreSQL answers each statement of a batch by itself, so there it is one statement for all of them.
_KEEP_ALL = text(
    _UPDATE + "released_recipient = v.recipient, released_turn = v.turn FROM unnest(CAST(:campaigns AS int[]),"
    " CAST(:recipients AS bigint[]), CAST(:turns AS int[])) AS v(campaign, recipient, turn) WHERE id = v.campaign"
)


def keep(session: Session, released: Sequence[Chosen], skipped: Mapping[int, str], at_ms: int) -> None:
    """Keeps the releases and skips; recipients that were released move on by their messages' events, within a second.

    skipped: codes by the recipient's key.
    """
    connection = session.connection()
    rows = [
        {"at": at_ms, "campaign": one.due.campaign.key, "recipient": one.recipient.key, "turn": one.recipient.turn}
        for one in released
    ]
    if rows and connection.dialect.name == "postgresql":
        arrays = {f"{name}s": [row[name] for row in rows] for name in ("campaign", "recipient", "turn")}
        connection.execute(_KEEP_ALL, {"at": at_ms, **arrays})
    elif rows:
        connection.execute(_KEEP_EACH, rows)
    for key, code in skipped.items():
        move_recipients(session, RecipientAction.SKIP, RecipientRecord.id == key, error=code)


def finish(services: Services, keys: Sequence[int], now_ms: int) -> None:
    """Ends those of these campaigns that still run."""
    if not keys:
        return
    still = CampaignRecord.id.in_(keys), CampaignRecord.state == CampaignState.EN_PROGRESO.value
    with services.database.writing() as session:
        for row in session.scalars(select(CampaignRecord).where(*still).with_for_update()):
            move_campaign(row, CampaignAction.FINISH)
            row.finished_at = now_ms
            tell_state(services.settings, session, row)
            audit.note(session, audit.CLOCK, "campaign.finish", row.cliente_id, row.campaign_id)
            _log.info("campaign.finished", cliente_id=row.cliente_id, campaign_id=row.campaign_id)
