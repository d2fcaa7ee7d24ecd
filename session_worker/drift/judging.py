"""What a probe's report and the page's behaviour say of the build that it loaded. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.port import MissingName, ProbeReport
from shared.builds.verdict import Build, Capability, Standing, Verdict

LATE_MS = 45_000  # a page that is not full-ready by then may be judged as it is
MAX_UNREADY_LOADS = 3  # in a row, on a page that answers: it is the build, not the moment
MIN_RECIPIENTS = 3  # whose messages stay without an acknowledgement, one after the other
MIN_SILENT = 3  # messages whose event never came: one may have been on its way
_MAX_REASONS = 12


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the page did, as far as it has been told since it was loaded."""

    unready_loads: int = 0  # in a row, this one included, that never became full-ready though their page answered
    reload_loop: bool = False  # it loads itself anew again and again
    unacknowledged: int = 0  # recipients, one after the other, whose message the server left without an ack
    silent_messages: int = 0  # that came into the page's database without an event


def judge(report: ProbeReport | None, behaviour: Behaviour, *, linked: bool) -> Verdict | None:
    """The verdict; None where nothing can be said yet.

    linked: the page is in sync with a phone. Before that only what the page says of itself is looked for: what sends
    and receives may not be loaded yet.
    """
    if behaviour.reload_loop:
        return Verdict(Standing.BROKEN, reasons=("RELOAD_LOOP",))
    if report is None or report.web_version is None:
        return None  # WhatsApp's own scripts did not run: that is the network's, not the build's
    gone = [one for one in report.missing if not one.has_fallback]
    blind = [one for one in gone if one.capability is Capability.SESSION]
    ready = report.full_ready_ms is not None
    if blind and (ready or report.age_ms >= LATE_MS):
        return Verdict(Standing.BROKEN, reasons=_named(blind))
    if not ready:
        if behaviour.unready_loads < MAX_UNREADY_LOADS:
            return None
        return Verdict(Standing.BROKEN, reasons=("NOT_FULL_READY", *_named(gone), *report.complaints)[:_MAX_REASONS])
    return _of_parts(gone if linked else [], behaviour)


def build_of(report: ProbeReport) -> Build | None:
    """Which build it is; None where the page does not say."""
    if report.web_version is None or report.wa_js_version is None:
        return None
    return Build(report.web_version, report.wa_js_version)


def _of_parts(gone: list[MissingName], behaviour: Behaviour) -> Verdict:
    capabilities = {one.capability for one in gone}
    reasons = list(_named(gone))
    if behaviour.unacknowledged >= MIN_RECIPIENTS:
        capabilities.add(Capability.SEND)
        reasons.append("SENDS_UNACKNOWLEDGED")
    if behaviour.silent_messages >= MIN_SILENT:
        capabilities.add(Capability.INBOUND)
        reasons.append("EVENTS_SILENT")
    if not capabilities:
        return Verdict(Standing.OK)
    return Verdict(Standing.DEGRADED, frozenset(capabilities), tuple(reasons[:_MAX_REASONS]))


def _named(gone: list[MissingName]) -> tuple[str, ...]:
    """Each once, though it may be gone for several capabilities."""
    return tuple(dict.fromkeys(f"{one.name} {one.fault}" for one in gone))[:_MAX_REASONS]
