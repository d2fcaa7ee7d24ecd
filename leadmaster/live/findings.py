"""What a step came to, and the report of all of them. Pure; nothing in it names a number, a text or a code."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from leadmaster.live.steps import STEPS

_MAX_OFF_S = 6.0  # the session is looked at every half second, and the page tells a second late
_FIRST_CODE_S, _NEXT_CODE_S = 60.0, 20.0
_LONG_DIGITS = re.compile(r"(?<![\d.])\d{7,}")  # a build's number stands behind a dot


class Verdict(StrEnum):
    AS_ASSUMED = "as assumed"
    OTHERWISE = "otherwise"
    SKIPPED = "skipped"
    FAILED = "failed"  # it could not be carried out


@dataclass(frozen=True, slots=True)
class Finding:
    """One step's outcome. facts: what was seen, each a few words."""

    verdict: Verdict
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """The session's status when it changed. at_s: seconds since the beginning."""

    at_s: float
    status: str
    qr_status: str
    error_code: str  # "" for none


@dataclass(frozen=True, slots=True)
class CodeLife:
    """One code that was replaced. told_s: how long it was said to live. lived_s: how long it did."""

    told_s: float
    lived_s: float


def of_codes(lives: Sequence[CodeLife]) -> Finding:
    """Judges the codes that were seen replaced, in the order in which they were shown."""
    if not lives:
        return Finding(Verdict.SKIPPED, ("no code was seen replaced",))
    facts = tuple(f"code {n} told {life.told_s:.0f} s, lived {life.lived_s:.0f} s" for n, life in enumerate(lives, 1))
    assumed = [_FIRST_CODE_S, *[_NEXT_CODE_S] * (len(lives) - 1)]
    good = all(abs(life.lived_s - wanted) <= _MAX_OFF_S for life, wanted in zip(lives, assumed, strict=True))
    return Finding(Verdict.AS_ASSUMED if good else Verdict.OTHERWISE, facts)


def of_linking(trace: Sequence[Moment]) -> Finding:
    """Judges the way to READY: a code was shown, and AUTHENTICATED followed it."""
    way: list[Moment] = []
    for moment in trace:
        if not way or way[-1].status != moment.status:
            way.append(moment)
    statuses = [moment.status for moment in way]
    lasted = [f"{now.status} {then.at_s - now.at_s:.0f} s" for now, then in itertools.pairwise(way)]
    # AUTHENTICATED may pass between two looks.
    good = statuses[-1:] == ["READY"] and statuses[-2:-1] in (["AUTHENTICATED"], ["QR_REQUIRED"])
    return Finding(Verdict.AS_ASSUMED if good else Verdict.OTHERWISE, (" → ".join([*lasted, *statuses[-1:]]),))


def masked(number: str) -> str:
    """A number by its country's first digits and its last two."""
    return f"{number[:2]}…{number[-2:]}"


def exit_status(findings: Mapping[str, Finding]) -> int:
    """0 where all that was seen is as assumed, else 1."""
    return int(any(found.verdict in (Verdict.OTHERWISE, Verdict.FAILED) for found in findings.values()))


def report(heading: Sequence[tuple[str, str]], findings: Mapping[str, Finding], trace: Sequence[Moment]) -> str:
    """The report as Markdown. heading: what ran where. Steps that were not reached are left out."""
    lines = ["# LeadMaster on the real WhatsApp Web", ""]
    lines += [f"- {name}: {value}" for name, value in heading]
    lines += ["", "| step | what we assume | outcome | seen |", "|---|---|---|---|"]
    for step in STEPS:
        if step.name in findings:
            found = findings[step.name]
            lines.append(f"| {step.name} | {step.assumption} | {found.verdict} | {'; '.join(found.facts)} |")
    lines += ["", "| second | status | code | error |", "|---|---|---|---|"]
    lines += [f"| {each.at_s:.1f} | {each.status} | {each.qr_status} | {each.error_code} |" for each in trace]
    return _LONG_DIGITS.sub("…", "\n".join(lines) + "\n")
