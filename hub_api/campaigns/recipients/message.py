"""One recipient's message: its variables, its variant, its text, its id. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from ulid import ULID

from hub_api.campaigns.recipients.template import (
    NUMBER,
    EmptyVariable,
    Template,
    TemplateError,
    draw,
    longest_of,
    parse_all,
)


def values_of(recipient: Any) -> dict[str, str]:
    """A recipient's variables. recipient: anything with the columns `number` and `values`."""
    return {**json.loads(recipient.values), NUMBER: recipient.number}


def variant_seed(campaign_id: str, recipient_id: int) -> str:
    """Which variant a recipient gets, so that a preview shows it."""
    return f"{campaign_id}/{recipient_id}"


def stored_templates(campaign: Any) -> tuple[Template, ...]:
    """The variants of a campaign as kept. campaign: anything with its columns. Raises TemplateError."""
    return parse_all(json.loads(campaign.templates), json.loads(campaign.columns), longest_of(campaign.content))


def text_for(campaign: Any, recipient: Any) -> str | None:
    """The message; None where the recipient lacks what its variant needs (a list edited since)."""
    try:
        seed = variant_seed(campaign.campaign_id, recipient.id)
        return draw(stored_templates(campaign), seed).render(values_of(recipient))
    except (EmptyVariable, TemplateError):
        return None


def rendered(templates: Sequence[Template], number: str, values: dict[str, str], seed: str) -> dict[str, Any]:
    """The same for a preview, with what is wrong with it. seed: draws the variant."""
    answer: dict[str, Any] = {"number": number, "variables": values, "message": None, "problem": None}
    if templates:
        try:
            answer["message"] = draw(templates, seed).render({**values, NUMBER: number})
        except (EmptyVariable, TemplateError) as error:
            answer["problem"] = str(error)
    return answer


def message_id(campaign_id: str, recipient_id: int, turn: int) -> str:
    """The same release makes the same id, so one that broke off can be repeated.

    26 characters like every message id; its time is that of the campaign, so it sorts with its neighbours.
    campaign_id: a ULID. turn: grows each time the recipient goes back to pending.
    """
    begun = ULID.from_str(campaign_id).bytes[:6]
    rest = hashlib.sha256(f"{campaign_id}/{recipient_id}/{turn}".encode()).digest()[:10]
    return str(ULID(begun + rest))
