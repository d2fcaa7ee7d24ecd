"""Which session loads a new build first, and who waits until it is known to work. Pure.

Pages do not ask for updates themselves (their polls are blocked): a build changes where we load it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from shared.builds.served import BuildTrial, ServedBuild
from shared.builds.verdict import Build, Verdict

TRIAL_MS = 600_000  # a canary that has said nothing by then has failed: the next one tries
TRIAL_PAUSE_MS = 6 * 3_600_000  # between trials of two builds that work: several come each day, and a load is not free
BUSY_PATIENCE_MS = 3_600_000  # so long a new build waits for a session that has nothing to send


@dataclass(frozen=True, slots=True)
class OwnPage:
    """This session's page."""

    build: Build | None  # that it loaded; None: not known
    age_ms: int  # since it was loaded
    linked: bool  # its phone's messages can go through it, or could but for the build
    held: bool  # nothing is sent: the build does not let us
    idle: bool = False  # nothing waits to be sent


class Step(Enum):
    STAY = "stay"
    TRY = "try"  # be the canary, if the trial can be had
    ADOPT = "adopt"  # load what others found to work


@dataclass(frozen=True, slots=True)
class Advice:
    """step: what is done now. may_relaunch: whether a relaunch that could as well wait may load what is served."""

    step: Step
    may_relaunch: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the others know, and who goes first."""

    served: ServedBuild
    verdict: Verdict | None  # of the sessions that loaded what is served; None: none has
    trial: BuildTrial | None  # the latest one
    canary: int | None  # the session that always goes first; None: the first idle one
    adopt_ms: int  # a page that works is replaced by a newer build once it is this old


def advise(cliente_id: int, own: OwnPage, known: Surroundings, now_ms: int) -> Advice:
    """What a session does about the build that is served. now_ms: milliseconds since the epoch."""
    if own.build is None or known.served.revision <= own.build.revision:
        return Advice(Step.STAY, may_relaunch=True)
    if known.verdict is None:
        return _untried(cliente_id, own, known, now_ms)
    if known.verdict.holds_sender:
        return Advice(Step.STAY, may_relaunch=False)
    wanted = own.held or (own.linked and own.age_ms >= known.adopt_ms)
    return Advice(Step.ADOPT if wanted else Step.STAY, may_relaunch=True)


def _untried(cliente_id: int, own: OwnPage, known: Surroundings, now_ms: int) -> Advice:
    trial, revision = known.trial, known.served.revision
    overdue = now_ms - known.served.since >= BUSY_PATIENCE_MS
    stay = Advice(Step.STAY, may_relaunch=overdue)
    if not own.linked or (trial is not None and trial.revision == revision and now_ms - trial.at < TRIAL_MS):
        return stay
    if known.canary is not None:
        return Advice(Step.TRY, may_relaunch=False) if cliente_id == known.canary else stay
    resting = trial is not None and trial.revision != revision and now_ms - trial.at < TRIAL_PAUSE_MS
    if own.held or (not resting and (own.idle or overdue)):
        return Advice(Step.TRY, may_relaunch=False)
    return stay
