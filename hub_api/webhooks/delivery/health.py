"""How an endpoint fares, and when it is disabled. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from hub_api.webhooks.answer import Answer, AttemptError

MAX_FAILING_MS = 5 * 86_400_000  # an endpoint at which nothing succeeded for so long is disabled
SLOW_MS = 2_000  # an answer that takes longer makes the endpoint a slow one


class Disabled(StrEnum):
    """Why an endpoint was disabled by itself."""

    GONE = "gone"  # it answered 410
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class Health:
    """failing_since: since when nothing succeeded, in milliseconds; None where the latest attempt did."""

    failing_since: int | None = None
    slow: bool = False
    disabled: Disabled | None = None


def after(failing_since: int | None, answers: Sequence[Answer]) -> Health:
    """How an endpoint fares after attempts, given since when it was failing before. answers: at least one."""
    disabled = None
    for answer in answers:
        if answer.succeeded:
            failing_since = None
        elif failing_since is None:
            failing_since = answer.at_ms
        elif answer.at_ms - failing_since >= MAX_FAILING_MS:
            disabled = Disabled.FAILING
        if answer.error is AttemptError.GONE:
            disabled = Disabled.GONE
    if failing_since is None and disabled is Disabled.FAILING:
        disabled = None
    return Health(failing_since, max(answer.duration_ms for answer in answers) > SLOW_MS, disabled)
