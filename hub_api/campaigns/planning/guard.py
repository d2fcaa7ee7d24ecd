"""When a tenant's campaigns must stop by themselves: failures, refusals, a ban. Pure."""

from __future__ import annotations

from shared.transitions.message import MessageStatus

LOOKED_AT = 50  # campaign messages
MIN_FAILED = 10  # 20 % of them
IN_SERIES = 3  # refusals by WhatsApp one after the other: a restriction
BANS = frozenset({"ACCOUNT_BANNED", "ACCOUNT_LOCKED"})

FINE, FAILED, REFUSED = "0", "1", "r"


def outcome(status: MessageStatus, code: str) -> str:
    """How one campaign message in its final state counts; "" where it does not."""
    if status is MessageStatus.SENT:
        return FINE
    if status is MessageStatus.UNCERTAIN:
        return FAILED
    if status is MessageStatus.FAILED and code != "RECIPIENT_OPTED_OUT":
        return REFUSED if code == "REFUSED_BY_WHATSAPP" else FAILED
    return ""


def remembered(before: str, counted: str) -> str:
    """The last outcomes, oldest first."""
    return (before + counted)[-LOOKED_AT:]


def verdict(outcomes: str) -> str | None:
    """The code to stop for, or None."""
    if outcomes.endswith(REFUSED * IN_SERIES):
        return "CAMPAIGN_RESTRICTED"
    if len(outcomes) - outcomes.count(FINE) >= MIN_FAILED:
        return "CAMPAIGN_FAILURES"
    return None
