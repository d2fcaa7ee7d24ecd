"""What the session is told, as frozen records. `browser_run` says of which run; those of an earlier one are echoes."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.port import Limits, Observation, ProbeReport

# By the clock and by others.


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened; the clock may say that something is due."""


@dataclass(frozen=True, slots=True)
class Started:
    """The owner holds the lease."""


@dataclass(frozen=True, slots=True)
class ConnectAsked:
    """Start what does not run; refresh_code: ask for a new code where WhatsApp stopped showing one."""

    refresh_code: bool


@dataclass(frozen=True, slots=True)
class RelaunchAsked:
    """A new browser, the same login."""

    cause: str


@dataclass(frozen=True, slots=True)
class StopAsked:
    """End browser and session. logout: unlink the device and forget the login."""

    logout: bool
    cause: str


@dataclass(frozen=True, slots=True)
class RestrictionTold:
    """Until when bulk and campaigns wait (wall clock), by WhatsApp's refusals and by its own word."""

    restricted_until_ms: int
    limited_until_ms: int
    limits: Limits


@dataclass(frozen=True, slots=True)
class SendingPaused:
    """The page makes no key for anybody, and sending waits; or it does so no longer."""

    paused: bool


# By the browser.


@dataclass(frozen=True, slots=True)
class FromBrowser:
    browser_run: str


@dataclass(frozen=True, slots=True)
class LaunchBegan(FromBrowser):
    """The launch is under way; ending the browser before it may have taken its time."""


@dataclass(frozen=True, slots=True)
class LaunchFailed(FromBrowser):
    """The browser, or its page, could not be started."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class PageObserved(FromBrowser):
    """What the page says of itself: unasked, or answering a probe."""

    seen: Observation
    probed: bool = False


@dataclass(frozen=True, slots=True)
class ProbeFailed(FromBrowser):
    """The page did not answer a probe."""

    code: str


@dataclass(frozen=True, slots=True)
class BuildProbed(FromBrowser):
    """What the page is made of: the answer to ProbeBuild."""

    report: ProbeReport


@dataclass(frozen=True, slots=True)
class BuildProbeFailed(FromBrowser):
    """The page did not answer ProbeBuild: it is being left, or it hangs, which a probe will tell."""

    code: str


@dataclass(frozen=True, slots=True)
class PageReloaded(FromBrowser):
    """The page loaded itself anew, unasked."""


@dataclass(frozen=True, slots=True)
class SendsUnacknowledged(FromBrowser):
    """Messages that this page took, while it was connected all the time, got no acknowledgement.

    recipients: how many people in a row; 0 once one was acknowledged again.
    """

    recipients: int


@dataclass(frozen=True, slots=True)
class InboundSilent(FromBrowser):
    """So many messages more stood in this page's database, and no event of it had told them."""

    messages: int


@dataclass(frozen=True, slots=True)
class LoginRemoved(FromBrowser):
    """The phone, or WhatsApp, removed this device."""

    reason: str  # WhatsApp's word


@dataclass(frozen=True, slots=True)
class BrowserEnded(FromBrowser):
    """The page or the browser ended, or stopped answering, unasked."""

    reason: str


Input = (
    TimePassed
    | Started
    | ConnectAsked
    | RelaunchAsked
    | StopAsked
    | RestrictionTold
    | SendingPaused
    | LaunchBegan
    | LaunchFailed
    | PageObserved
    | ProbeFailed
    | BuildProbed
    | BuildProbeFailed
    | PageReloaded
    | SendsUnacknowledged
    | InboundSilent
    | LoginRemoved
    | BrowserEnded
)
