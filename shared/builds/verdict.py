"""What a build of WhatsApp Web can do, as one session sees it, and as several of them do. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from shared.protocol.wire import Record

_REVISION = re.compile(r"(\d+)(?:-\w+)?$")


class Capability(StrEnum):
    """What of our work a name in the page serves."""

    SESSION = "session"
    SEND = "send"
    RECEIPTS = "receipts"
    INBOUND = "inbound"
    CONTACTS = "contacts"
    LIMITS = "limits"
    MEDIA = "media"
    ACTS = "acts"  # on messages that are on WhatsApp: reactions, edits, deletions, that somebody is writing


class Standing(StrEnum):
    """In words that operators see; the later, the worse."""

    OK = "ok"
    DEGRADED = "degraded"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One look at a build."""

    standing: Standing
    capabilities: frozenset[Capability] = frozenset()  # which do not work, where it is degraded
    reasons: tuple[str, ...] = ()  # names that are gone, codes of behaviour; no phone numbers, no texts

    @property
    def holds_sender(self) -> bool:
        """Whether nothing may be sent through such a page."""
        return self.standing is Standing.BROKEN or Capability.SEND in self.capabilities

    @property
    def words(self) -> str:
        """For people: `ok`, `degraded: media, send`, `broken`."""
        named = ", ".join(sorted(self.capabilities))
        return f"{self.standing.value}: {named}" if named else self.standing.value


@dataclass(frozen=True, slots=True)
class Build:
    """A version of WhatsApp Web with the wa-js that was put on it: a newer wa-js may do what the older could not."""

    web_version: str  # WhatsApp Web's own, `2.3000.1044822804`
    wa_js_version: str  # `4.6.0`

    @property
    def build_id(self) -> str:
        """Its name in Redis and in logs."""
        return f"{self.web_version}+{self.wa_js_version}"

    @property
    def revision(self) -> int:
        """By which builds are ordered, and by which the site says what it serves; 0 where it can't be read."""
        return revision_of(self.web_version)

    @classmethod
    def parse(cls, build_id: str) -> Build:
        """Of `build_id`."""
        web_version, _, wa_js_version = build_id.partition("+")
        return cls(web_version, wa_js_version)


def revision_of(web_version: str) -> int:
    """`2.3000.1044822804` → 1044822804."""
    found = _REVISION.search(web_version)
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Judgement(Record):
    """What one session says of a build, as Redis keeps it."""

    standing: Standing
    at: int  # milliseconds since the epoch
    capabilities: str = ""  # separated by spaces
    reasons: str = ""  # one per line

    @classmethod
    def of(cls, verdict: Verdict, at_ms: int) -> Judgement:
        """Of a verdict."""
        return cls(verdict.standing, at_ms, " ".join(sorted(verdict.capabilities)), "\n".join(verdict.reasons))

    @property
    def verdict(self) -> Verdict:
        """The verdict that was kept; a capability of a newer version is passed over."""
        known = set(Capability)
        capabilities = frozenset(Capability(word) for word in self.capabilities.split() if word in known)
        return Verdict(self.standing, capabilities, tuple(self.reasons.splitlines()))


@dataclass(frozen=True, slots=True)
class JudgedBuild:
    """A build and what the sessions that loaded it say."""

    build: Build
    verdict: Verdict
    judged_at: int  # milliseconds since the epoch, of the latest
    sessions: int  # that said something
    agreeing: int  # of them, as the verdict says


def summed_up(build: Build, judgements: Iterable[Judgement]) -> JudgedBuild | None:
    """What most sessions say, the worse of two that as many say; None where none does.

    One session may see ruins for reasons of its own (a locked account, a slow machine); then the others outvote it.
    """
    found = list(judgements)
    if not found:
        return None
    holding = [one for one in found if one.verdict.holds_sender]
    rest = [one for one in found if not one.verdict.holds_sender]
    side = holding if len(holding) >= len(rest) else rest
    order = list(Standing)
    votes = {standing: sum(one.standing is standing for one in side) for standing in order}
    standing = max(order, key=lambda each: (votes[each], order.index(each)))
    latest = max((one for one in side if one.standing is standing), key=lambda one: one.at)
    return JudgedBuild(build, latest.verdict, max(one.at for one in found), len(found), votes[standing])
