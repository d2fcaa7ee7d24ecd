"""One round of a tick, decided: which campaigns are due, who is skipped and why, whom a message is asked for. Pure."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from hub_api.campaigns.planning import plan
from hub_api.campaigns.planning.plan import Counters, Release

OPTED_OUT, NOT_ON_WHATSAPP, EMPTY_VARIABLE = "RECIPIENT_OPTED_OUT", "NOT_ON_WHATSAPP", "EMPTY_VARIABLE"
_FOR_GOOD = frozenset({OPTED_OUT, "INVALID_TO"})  # refusals that no later tick would change


@dataclass(frozen=True, slots=True)
class RunningCampaign:
    """A campaign in progress, as a tick finds it."""

    key: int
    campaign_id: str
    cliente_id: int
    templates: str  # JSON array of variants
    columns: str  # JSON array
    planned: plan.Campaign
    held: bool  # by the guard
    content: str | None = None  # JSON of `Content`: what the message carries, for which the text is the caption


@dataclass(frozen=True, slots=True)
class TenantCounters:
    """shared: for the planner. restricted: WhatsApp refused one message after the other."""

    shared: Counters
    restricted: bool


@dataclass(frozen=True, slots=True)
class Due:
    """A campaign whose next message may be released."""

    campaign: RunningCampaign
    release: Release


@dataclass(frozen=True, slots=True)
class NextRecipient:
    """The first pending recipient of a campaign. text: None where it lacks what every variant needs."""

    key: int
    number: str  # canonical
    turn: int
    text: str | None
    not_on_whatsapp: bool  # when it was last tried, not long ago


@dataclass(frozen=True, slots=True)
class Chosen:
    """A message to be asked for."""

    due: Due
    recipient: NextRecipient
    text: str


@dataclass(frozen=True, slots=True)
class Round:
    """skipped: recipients that are never written to, with the code that says why. again: campaigns that were given
    nobody thereby; they look for the next one."""

    chosen: tuple[Chosen, ...]
    skipped: Mapping[int, str]
    again: tuple[Due, ...]


def due_campaigns(
    running: Sequence[RunningCampaign], counters: Mapping[int, TenantCounters], now_ms: int, rng: random.Random
) -> list[Due]:
    """At most one campaign for each tenant. running: in the order whose turn it is. rng: draws the delays."""
    due: dict[int, Due] = {}
    for campaign in running:
        found = counters[campaign.cliente_id]
        if campaign.cliente_id in due or found.restricted or campaign.held:
            continue
        answer = plan.due(campaign.planned, now_ms, found.shared, rng)
        if isinstance(answer, Release):
            due[campaign.cliente_id] = Due(campaign, answer)
    return list(due.values())


def choose(due: Sequence[Due], following: Mapping[int, NextRecipient], opted_out: Collection[tuple[int, str]]) -> Round:
    """Whom each campaign writes to. following: by the campaign's key. opted_out: tenants and numbers."""
    chosen: list[Chosen] = []
    skipped: dict[int, str] = {}
    again: list[Due] = []
    for one in due:
        recipient = following.get(one.campaign.key)
        if recipient is None:
            continue
        code = _never(recipient, (one.campaign.cliente_id, recipient.number) in opted_out)
        if code is None and recipient.text is not None:
            chosen.append(Chosen(one, recipient, recipient.text))
        else:
            skipped[recipient.key] = code or EMPTY_VARIABLE
            again.append(one)
    return Round(tuple(chosen), skipped, tuple(again))


def is_final(code: str) -> bool:
    """Whether a refusal holds for this recipient; any other is of the moment, and the next tick asks again."""
    return code in _FOR_GOOD


def _never(recipient: NextRecipient, opted_out: bool) -> str | None:
    if opted_out:
        return OPTED_OUT
    return NOT_ON_WHATSAPP if recipient.not_on_whatsapp else None
