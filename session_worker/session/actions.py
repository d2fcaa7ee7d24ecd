"""What the session wants done, as frozen records, to be carried out in order."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.session.channel import Channel
from session_worker.turn import Log
from shared.builds.verdict import Build, Verdict
from shared.protocol.snapshot import Snapshot
from shared.transitions.session import SessionEvent, SessionStatus


@dataclass(frozen=True, slots=True)
class LaunchBrowser:
    """Start a browser under this id, not waiting for it. Comes back as LaunchBegan; LaunchFailed may follow."""

    browser_run: str
    pinned: bool  # with the pinned build of WhatsApp Web, else with the one that is served


@dataclass(frozen=True, slots=True)
class EndBrowser:
    """End the browser that runs, and wait until it has. logout: unlink the device first."""

    browser_run: str
    logout: bool


@dataclass(frozen=True, slots=True)
class Probe:
    """Ask the page for its evidence. Comes back as PageObserved or ProbeFailed, before anything else is told."""

    browser_run: str


@dataclass(frozen=True, slots=True)
class ProbeBuild:
    """Walk the bridge's table of names. Comes back as BuildProbed or BuildProbeFailed, before anything else is told."""

    browser_run: str


@dataclass(frozen=True, slots=True)
class RecordVerdict:
    """Tell the other sessions what this one found of a build."""

    build: Build
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class RenewCode:
    """Ask WhatsApp for a new code to scan; it comes as PageObserved."""

    browser_run: str


@dataclass(frozen=True, slots=True)
class WipeProfile:
    """Forget the login: remove the browser's profile."""


@dataclass(frozen=True, slots=True)
class ChangeChannel:
    """Tell who sends what may be sent through; None while the session is not READY."""

    channel: Channel | None


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of status, as it is told to the hub."""

    before: SessionStatus
    after: SessionStatus
    event: SessionEvent
    cause: str


@dataclass(frozen=True, slots=True)
class WriteSnapshot:
    """Write the state where the hub reads it. transition: where the status changed."""

    snapshot: Snapshot
    transition: Transition | None


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Nobody wants this session enough to scan its code: hosts stop starting it until someone asks again."""

    cause: str


@dataclass(frozen=True, slots=True)
class RecordUnlinked:
    """The logout that was asked for is done, or there is nothing to unlink any more."""

    cause: str


@dataclass(frozen=True, slots=True)
class EndSession:
    """The session stopped, by itself or on request: so does the worker."""

    cause: str


Action = (
    LaunchBrowser
    | EndBrowser
    | Probe
    | ProbeBuild
    | RecordVerdict
    | RenewCode
    | WipeProfile
    | ChangeChannel
    | WriteSnapshot
    | Withdraw
    | RecordUnlinked
    | EndSession
    | Log
)
