"""One chaos run: start everything, pair, post while things go wrong, settle, compare."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.names import EventType
from shared.recipient_key import recipient_key
from testing.caller import Caller
from testing.waiting import until
from tests.chaos.asking import asked, pages_of
from tests.chaos.contents import mark_of_message, mark_of_row
from tests.chaos.faults import Injector
from tests.chaos.inbound import half as inbound
from tests.chaos.inbound.verdict import InboundVerdict
from tests.chaos.inbound.verdict import table as inbound_table
from tests.chaos.kinds import KINDS, phone
from tests.chaos.plan import Fault, Kind, schedule
from tests.chaos.stocks import stocked
from tests.chaos.supervised import Supervised
from tests.chaos.traffic import Load, Traffic, is_recipient, recipient
from tests.chaos.verdict import OPEN, Verdict, judge, table

FIRST_TENANT = 71
LEASE_S = 5.0
QUIET_S = 60.0
INBOUND_QUIET_S = 150.0


@dataclass(frozen=True, slots=True)
class Campaign:
    """What one run does."""

    seed: int
    seconds: float  # of posting, of arrivals and of faults
    tenants: int
    messages: int  # that each tenant sends; 0: no way out
    every_s: float  # one fault in so many seconds
    arrivals: int = 0  # that come in for each tenant; 0: no way in
    recipients: int = 12  # per tenant
    dedupe: bool = True  # WhatsApp shows the copies of one key once
    page_resends: bool = False  # the page sends by itself again, after a reload, what was not acknowledged
    kinds: tuple[Kind, ...] = KINDS
    ack_timeout_s: float = 5.0

    @property
    def cliente_ids(self) -> list[int]:
        return [FIRST_TENANT + index for index in range(self.tenants)]

    def plan(self) -> list[Fault]:
        """The faults that the seed stands for."""
        rng = random.Random(self.seed)
        kinds = [kind for kind in self.kinds if not (kind.forgets_what_came and self.arrivals)]
        return schedule(rng, self.cliente_ids, kinds, seconds=self.seconds, every_s=self.every_s, lease_s=LEASE_S)


@dataclass(frozen=True, slots=True)
class Outcome:
    """quiet_s: seconds from the last fault until no message was open, None where some still were.

    inbound, inbound_quiet_s: the same of what came in, until all was on record and delivered; None without a way in.
    """

    verdict: Verdict
    quiet_s: float | None
    inbound: InboundVerdict | None
    inbound_quiet_s: float | None
    missed: int  # faults that met nobody
    repeated: Counter[str]
    restarts: Counter[str]
    statuses: dict[int, str]  # of the sessions, at the end

    @property
    def ok(self) -> bool:
        return self.verdict.ok and (self.inbound is None or self.inbound.ok)


def run(campaign: Campaign, folder: Path, say: Callable[[str], None]) -> Outcome:
    """Runs it with everything under `folder`, and ends every process it started."""
    plan = campaign.plan()
    say(f"seed {campaign.seed}: {len(plan)} faults in {campaign.seconds:.0f} s")
    for fault in plan:
        say(fault.line())
    settings = {
        "SESSION_LEASE_SECONDS": str(LEASE_S),
        "SESSION_START_LIMIT": str(campaign.tenants),
        "SEND_ACK_TIMEOUT_SECONDS": str(campaign.ack_timeout_s),
        "SEND_DELAY_MIN_SECONDS": "0",
        "SEND_DELAY_MAX_SECONDS": "0",
        **(inbound.SETTINGS if campaign.arrivals else {}),
    }
    simulator = {"dedupe": campaign.dedupe, "page_resends": campaign.page_resends}
    with Supervised(folder, settings, simulator) as system:
        callers = _paired(system, campaign.cliente_ids)
        say("all sessions are READY; it begins")
        if not campaign.arrivals:
            return _run(campaign, plan, system, callers, None, say)
        load = inbound.InboundLoad(campaign.arrivals, campaign.seconds, campaign.recipients)
        with inbound.InboundHalf(system, callers, load, random.Random(campaign.seed + 2), say) as coming_in:
            return _run(campaign, plan, system, callers, coming_in, say)


def report(campaign: Campaign, outcome: Outcome) -> list[str]:
    """The result as lines of text."""
    lines = [f"result of seed {campaign.seed}"]
    lines += table(outcome.verdict, dedupe=campaign.dedupe)
    quiet = "never" if outcome.quiet_s is None else f"{outcome.quiet_s:.1f} s after the last fault"
    lines.append(f"  nothing open: {quiet}")
    if outcome.inbound is not None:
        lines += inbound_table(outcome.inbound)
        quiet = "never" if outcome.inbound_quiet_s is None else f"{outcome.inbound_quiet_s:.1f} s after the last of it"
        lines.append(f"  all on record and delivered: {quiet}")
    lines.append(f"  the page resends by itself: {'yes' if campaign.page_resends else 'no'}")
    lines.append(f"  faults that met nobody: {outcome.missed}")
    lines.append(f"  calls made again: {dict(outcome.repeated)}")
    lines.append(f"  parts started again: {dict(outcome.restarts)}")
    lines.append(f"  sessions at the end: {outcome.statuses}")
    lines.append("OK" if outcome.ok else "FAILED")
    return lines


def _paired(system: Supervised, cliente_ids: Sequence[int]) -> list[Caller]:
    callers = []
    for cliente_id in cliente_ids:
        callers.append(system.add_caller(f"tenant{cliente_id}", cliente_id))
        callers[-1].connect()
    for caller in callers:
        system.pair(caller, phone(caller.cliente_id))
    return callers


def _run(
    campaign: Campaign,
    plan: Sequence[Fault],
    system: Supervised,
    callers: list[Caller],
    coming_in: inbound.InboundHalf | None,
    say: Callable[[str], None],
) -> Outcome:
    load = Load(campaign.messages, campaign.recipients, campaign.seconds)
    people = {one.cliente_id: [recipient(one.cliente_id, at) for at in range(load.recipients)] for one in callers}
    stocks = stocked(system, callers, people) if load.messages else {}
    traffic = Traffic(callers, stocks, load, random.Random(campaign.seed + 1))
    injector = Injector(system, say)
    traffic.start()
    if coming_in is not None:
        coming_in.start()
    try:
        injector.run(plan)
        over = time.monotonic()
        say(f"the last fault is over; {len(traffic.posted)} messages were accepted")
        traffic.finish(QUIET_S)
    finally:
        traffic.stop()
    quiet_s = _until_quiet(callers, len(traffic.posted), over)
    inbound_quiet_s = None if coming_in is None else coming_in.finish(INBOUND_QUIET_S)
    recorded = [message for caller in callers for message in pages_of(caller, caller.path("messages"))]
    told = [message for message in recorded if is_recipient(str(message["to"]))]
    left = [row for row in system.simulator.record() if row["origin"] == "device"]
    record = [row for row in left if is_recipient(row["to"])]
    in_doubt = _in_doubt(recorded, callers) if any(fault.kind.loses_state for fault in plan) else frozenset()
    forgotten = forgotten_keys([message for message in recorded if message["message_id"] in in_doubt], left)
    verdict = judge(traffic.posted, told, record, dedupe=campaign.dedupe, in_doubt=in_doubt)
    _show_open(verdict, told, callers, say)
    return Outcome(
        verdict,
        quiet_s,
        None if coming_in is None else coming_in.verdict(forgotten),
        inbound_quiet_s,
        len(injector.missed),
        traffic.repeated,
        system.restarts,
        {caller.cliente_id: str(asked(caller, caller.path("status"))["status"]) for caller in callers},
    )


def forgotten_keys(doubted: Sequence[Mapping[str, Any]], left: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """The keys under which WhatsApp has messages in doubt, what the hub answers to an opt-out among them."""
    marks = {(recipient_key(message["to"]), mark_of_message(message)) for message in doubted}
    return frozenset(str(row["key"]) for row in left if (recipient_key(row["to"]), mark_of_row(row)) in marks)


def _in_doubt(told: Sequence[dict[str, Any]], callers: Sequence[Caller]) -> frozenset[str]:
    """Ids of uncertain messages whose history says that Redis lost their entry, as docs/operation.md has it."""
    of = {caller.cliente_id: caller for caller in callers}
    found = set()
    for message in told:
        if message["status"] == "uncertain":
            shown = _with_events(of[message["cliente_id"]], message["message_id"])
            causes = [
                (event.get("data") or {}).get("cause")
                for event in shown["events"]
                if event["type"] == EventType.MESSAGE_UNCERTAIN
            ]
            if causes and causes[-1] == "ENTRY_LOST":
                found.add(str(message["message_id"]))
    return frozenset(found)


def _until_quiet(callers: Sequence[Caller], posted: int, over: float) -> float | None:
    """Seconds from `over` until no message is open and all are on record; None where that took more than QUIET_S."""

    def look() -> float | None:
        if any(
            asked(caller, caller.path("messages"), status=status, limit=1)["items"]
            for caller in callers
            for status in OPEN
        ):
            return None
        at = time.monotonic()
        messages = [message for caller in callers for message in listed(caller)]
        is_quiet = len(messages) >= posted and not any(message["status"] in OPEN for message in messages)
        return at - over if is_quiet else None

    try:
        return until(look, over + QUIET_S - time.monotonic(), "every message to be complete", every_s=1.0)
    except AssertionError:
        return None


def listed(caller: Caller) -> list[dict[str, Any]]:
    """A tenant's messages to those that the callers write to, as the hub's history has them."""
    return [one for one in pages_of(caller, caller.path("messages")) if is_recipient(str(one["to"]))]


def _with_events(caller: Caller, message_id: str) -> dict[str, Any]:
    return asked(caller, caller.path(f"messages/{message_id}"), events="true")


def _show_open(
    verdict: Verdict, told: Sequence[dict[str, Any]], callers: Sequence[Caller], say: Callable[[str], None]
) -> None:
    """What broke a rule, with its history: the first few of each rule."""
    of = {caller.cliente_id: caller for caller in callers}
    tenant = {message["message_id"]: message["cliente_id"] for message in told}
    for rule, found in verdict.broken.items():
        for message_id in [one for one in found if one in tenant][:2]:
            message = _with_events(of[tenant[message_id]], message_id)
            events = [(event["type"], event["at"], event.get("data")) for event in message.pop("events")]
            say(f"{rule}: {message}")
            for event in events:
                say(f"    {event}")
