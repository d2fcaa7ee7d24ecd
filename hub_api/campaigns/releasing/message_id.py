"""The id of a campaign's message: the same release makes the same id, so one that broke off can be repeated. Pure."""

from __future__ import annotations

import hashlib

from ulid import ULID


def message_id(campaign_id: str, recipient_id: int, turn: int) -> str:
    """26 characters like every message id; its time is that of the campaign, so it sorts with its neighbours.

    campaign_id: a ULID. turn: grows each time the recipient goes back to pending.
    """
    begun = ULID.from_str(campaign_id).bytes[:6]
    rest = hashlib.sha256(f"{campaign_id}/{recipient_id}/{turn}".encode()).digest()[:10]
    return str(ULID(begun + rest))
