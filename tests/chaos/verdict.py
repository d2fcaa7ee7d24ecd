"""What the hub says of its messages against what WhatsApp's server has. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.chaos.contents import Shown, mark_of_message, mark_of_row, shown_of_row

OPEN = frozenset({"queued", "sending"})
OUT = frozenset({"sent", "delivered", "read"})
CERTAINLY_NOT_OUT = frozenset({"failed", "cancelled", "expired"})
REFUSED = "REFUSED_BY_WHATSAPP"
EXAMPLES = 5
UNORDERED = 0  # the number of a message whose place in the order of acceptance nobody knows

RULES = (
    "open",
    "lost",
    "phantom",
    "doubled at the recipient",
    "sent under two keys",
    "out of order",
    "uncertain",
    "failed but there",
    "accepted twice",
    "unknown to the hub",
    "key not the recorded one",
    "not as it was asked for",
    "nobody's",
    "books don't balance",
)


@dataclass(frozen=True, slots=True)
class Posted:
    """One message that a caller was told is accepted."""

    cliente_id: int
    to: str
    lane: str
    number: int  # grows with every message of this recipient and lane; UNORDERED
    mark: str  # unique
    message_id: str
    shown: Shown = field(default_factory=Shown)


@dataclass(slots=True)
class Verdict:
    """Counts, and what was wrong: name of the rule → ids or texts that broke it."""

    posted: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)  # of failed ones, by code
    recorded: int = 0
    doubted: int = 0  # uncertain since Redis lost its state
    copies: Counter[int] = field(default_factory=Counter)  # how often the server got a key → how many keys
    recipient_copies: Counter[int] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)  # of what is on record, in WhatsApp's words
    broken: dict[str, list[str]] = field(default_factory=lambda: {rule: [] for rule in RULES})

    @property
    def ok(self) -> bool:
        return not any(self.broken.values())


def judge(
    posted: Sequence[Posted],
    told: Sequence[Mapping[str, Any]],
    record: Sequence[Mapping[str, Any]],
    *,
    dedupe: bool,
    in_doubt: frozenset[str] = frozenset(),
) -> Verdict:
    """Compares.

    posted: what callers were told is accepted. told: message objects as the hub lists them. record: the simulator's
    rows that linked devices sent, in order of acceptance. dedupe: whether WhatsApp shows the copies of a key once;
    where it doesn't, copies at the recipient are counted, but are nobody's fault. in_doubt: ids of messages that became
    uncertain because Redis lost its state: that is what the documents promise.
    """
    verdict = Verdict(posted=len(posted), recorded=len(record))
    by_id = {str(message["message_id"]): message for message in told}
    rows: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    asked_for = {one.mark: one.shown for one in posted}
    for row in record:
        mark = mark_of_row(row)
        rows[mark].append(row)
        verdict.types[str(row["type"])] += 1
        if mark not in asked_for:
            verdict.broken["nobody's"].append(str(row["key"]))
        elif shown_of_row(row) != asked_for[mark]:
            verdict.broken["not as it was asked for"].append(mark)
        verdict.copies[row["copies"]] += 1
        verdict.recipient_copies[row["recipient_copies"]] += 1
        if dedupe and row["recipient_copies"] > 1:
            verdict.broken["doubled at the recipient"].append(mark)
    for message in told:
        _judge_one(verdict, message, rows.get(mark_of_message(message), []), in_doubt)
    _judge_acceptance(verdict, posted, told, by_id)
    _judge_order(verdict, posted, record)
    return verdict


def _judge_one(
    verdict: Verdict, message: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], in_doubt: frozenset[str]
) -> None:
    status, message_id = str(message["status"]), str(message["message_id"])
    broken = verdict.broken
    verdict.statuses[status] += 1
    if len(rows) > 1:
        broken["sent under two keys"].append(message_id)
    if status in OPEN:
        broken["open"].append(message_id)
    elif status in OUT:
        if not rows:
            broken["phantom"].append(message_id)
        elif message["whatsapp_id"] not in {row["key"] for row in rows}:
            broken["key not the recorded one"].append(message_id)
    elif status == "uncertain":
        if message_id in in_doubt:
            verdict.doubted += 1
        else:
            broken["uncertain"].append(message_id)
    elif status in CERTAINLY_NOT_OUT:
        verdict.errors[str(message["error"])] += 1
        if rows or not message["certain"]:
            broken["failed but there"].append(message_id)


def _judge_acceptance(
    verdict: Verdict,
    posted: Sequence[Posted],
    told: Sequence[Mapping[str, Any]],
    by_id: Mapping[str, Mapping[str, Any]],
) -> None:
    marks = Counter(mark_of_message(message) for message in told)
    verdict.broken["accepted twice"] += [mark for mark, times in marks.items() if times > 1]
    ours = {one.message_id for one in posted}
    verdict.broken["accepted twice"] += [message_id for message_id in by_id if message_id not in ours]
    verdict.broken["unknown to the hub"] += [one.message_id for one in posted if one.message_id not in by_id]
    settled = OPEN | OUT | CERTAINLY_NOT_OUT | {"uncertain"}
    counted = sum(times for status, times in verdict.statuses.items() if status in settled)
    if counted != len(posted):
        verdict.broken["books don't balance"].append(f"accepted {len(posted)}, accounted for {counted}")
    # Lost: accepted, not there, and nobody was told so.
    said = {message_id for message_id, message in by_id.items() if message["status"] not in OPEN}
    verdict.broken["lost"] += [one.message_id for one in posted if one.message_id not in said]


def _judge_order(verdict: Verdict, posted: Sequence[Posted], record: Sequence[Mapping[str, Any]]) -> None:
    by_mark = {one.mark: one for one in posted}
    last: dict[tuple[int, str, str], int] = {}
    for row in sorted(record, key=lambda one: int(one["seq"])):
        one = by_mark.get(mark_of_row(row))
        if one is None or one.number == UNORDERED:
            continue
        group = (one.cliente_id, one.to, one.lane)
        if one.number <= last.get(group, 0):
            verdict.broken["out of order"].append(one.message_id)
        last[group] = max(one.number, last.get(group, 0))


def table(verdict: Verdict, *, dedupe: bool) -> list[str]:
    """The result as lines of text."""
    figures: list[tuple[str, object]] = [("accepted", verdict.posted), ("on WhatsApp's record", verdict.recorded)]
    figures += sorted(verdict.statuses.items())
    figures += [("  of these since Redis lost its state", verdict.doubted)] if verdict.doubted else []
    figures += [(f"failed {code}", times) for code, times in sorted(verdict.errors.items())]
    figures += [(f"keys the server got {_times(n)}", keys) for n, keys in sorted(verdict.copies.items())]
    figures += [(f"of type {name}", times) for name, times in sorted(verdict.types.items())]
    shown = "keys the recipient saw"
    figures += [(f"{shown} {_times(n)}", keys) for n, keys in sorted(verdict.recipient_copies.items())]
    lines = [f"  {name:<34}{value:>8}" for name, value in figures]
    lines.append(f"  rules (WhatsApp dedupes by key: {'yes' if dedupe else 'no'})")
    lines += [f"    {rule:<32}{len(found):>8}  {_examples(found)}".rstrip() for rule, found in verdict.broken.items()]
    return lines


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _examples(found: Iterable[str]) -> str:
    return ", ".join(list(found)[:EXAMPLES])
