"""What the hub has of what came in, and what webhooks were told, against WhatsApp's record. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

RECEIVED = "message.received"
REACTION, VOTE = "reaction", "poll_vote"
TYPES = {
    "chat": "text",
    "image": "image",
    "video": "video",
    "ptv": "video",
    "audio": "audio",
    "ptt": "voice",
    "document": "document",
    "sticker": "sticker",
    "location": "location",
    "vcard": "contact",
    "multi_vcard": "contact",
    "poll_creation": "poll",
    "buttons_response": "button",
    "template_button_reply": "button",
    "list_response": "list",
    "call_log": "call",
    REACTION: REACTION,
    VOTE: VOTE,
}
"""Of WhatsApp's words, as docs/contract.md has it; any other is `unknown`."""
WITH_TEXT = frozenset({"chat", "image", "video", "document"})
RULES = (
    "missed",
    "made up",
    "doubled",
    "out of order",
    "of another type",
    "of another text",
    "change missed",
    "bytes missed",
    "opt-out missed",
    "opted out unasked",
    "opt-out answered twice",
    "books don't balance",
    "webhook lost",
    "webhook made up",
    "webhook under two ids",
    "webhook with two bodies",
    "webhook out of order",
    "webhook not signed",
)

Row = Mapping[str, Any]
Place = tuple[int, str]  # tenant, what one message is known by


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One webhook. types: what it is told of."""

    cliente_id: int
    name: str
    types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Post:
    """One attempt, as a receiver saw it. key, chat: of the message that it tells of, "" for none. code: 0: no answer.

    What was told of a LID before its number was known is a chat of its own.
    """

    endpoint: str
    webhook_id: str
    type: str
    key: str
    chat: str
    body: str
    code: int
    signed: bool = True

    @property
    def taken(self) -> bool:
        """Whether the receiver said that it has it."""
        return 200 <= self.code < 300


@dataclass(frozen=True, slots=True)
class Happened:
    """What there is to compare.

    record: the simulator's rows of what came in, in order of acceptance, each with its `cliente_id`. told: inbound
    objects, oldest first, as the hub lists them. posts: in the order in which receivers got them. unread: keys of
    messages that were deleted for everyone before they were on record. asked, opted_out: who wrote a word that opts
    out, and who is on the list, as tenant and number. in_doubt: keys
    of messages that went out and that Redis forgot before SQL knew their keys: nobody can tell them from what the owner
    wrote. answered: to whom the hub wrote by itself. books: by tenant what
    `GET …/report` says of received and recorded ones.
    """

    record: Sequence[Row]
    told: Sequence[Row]
    endpoints: Sequence[Endpoint]
    posts: Sequence[Post]
    unread: frozenset[str] = frozenset()
    asked: frozenset[tuple[int, str]] = frozenset()
    opted_out: frozenset[tuple[int, str]] = frozenset()
    in_doubt: frozenset[str] = frozenset()
    answered: Sequence[tuple[int, str]] = ()
    books: Mapping[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class InboundVerdict:
    """Counts, and what was wrong: name of the rule → what broke it. The counts of what may miss are of what did."""

    came: Counter[str] = field(default_factory=Counter)  # WhatsApp's word → how many
    told: int = 0
    silent: int = 0
    superseded: int = 0  # a later reaction or vote of the same person took its place before it was read
    unread: int = 0  # deleted for everyone before it was read
    posts: Counter[int] = field(default_factory=Counter)  # code → how many
    deliveries: int = 0  # messages times endpoints
    attempts: Counter[int] = field(default_factory=Counter)  # how often receivers got one → how many
    broken: dict[str, list[str]] = field(default_factory=lambda: {rule: [] for rule in RULES})

    @property
    def ok(self) -> bool:
        return not any(self.broken.values())


def judge(happened: Happened) -> InboundVerdict:
    """Compares."""
    verdict = InboundVerdict(told=len(happened.told))
    verdict.came.update(str(row["type"]) for row in happened.record)
    verdict.silent = sum(bool(row["silent"]) for row in happened.record)
    by_place = {_place_of_row(row): {**row, "late": _may_be_late(row)} for row in happened.record}
    _judge_presence(verdict, happened, by_place)
    _judge_contents(verdict, happened, by_place)
    listed = [(one["cliente_id"], by_place.get(_place_of_told(one))) for one in happened.told]
    verdict.broken["out of order"] += _out_of_order((who, row) for who, row in listed if row is not None)
    _judge_optouts(verdict, happened)
    _judge_webhooks(verdict, happened, by_place)
    return verdict


def may_miss(row: Row, unread: Collection[str]) -> bool:
    """Whether nobody can know of it: WhatsApp keeps one reaction or vote of a person, nothing of what is deleted."""
    return bool(row["superseded"]) or row["key"] in unread


def is_complete(row: Row, told: Row) -> bool:
    """Whether what became of a message is on record, too."""
    if row["revoked"]:
        return told["revoked_at"] is not None
    if told["media"] is not None and told["media"]["status"] == "pending":
        return False
    return not row["edited_at"] or (told["edited_at"] is not None and told["message"] == row["body"])


def id_of_row(row: Row) -> str:
    """What a message is known by under whichever address of its chat; a vote has no id that is always known."""
    if row["type"] == VOTE:
        return f"{_id_of_key(row['parent'])}-{row['accepted_at']}"
    return _id_of_key(row["key"])


def id_of_told(told: Row) -> str:
    """The same of an inbound object."""
    return _id_of_key(told["whatsapp_id"])


def _id_of_key(key: str) -> str:
    return key.split("_")[2]


def _place_of_row(row: Row) -> Place:
    return row["cliente_id"], id_of_row(row)


def _place_of_told(told: Row) -> Place:
    return told["cliente_id"], id_of_told(told)


def _judge_presence(verdict: InboundVerdict, happened: Happened, by_place: Mapping[Place, Row]) -> None:
    in_doubt = set(map(_id_of_key, happened.in_doubt))
    found = Counter(map(_place_of_told, happened.told))
    verdict.broken["doubled"] += [f"{place} {times} times" for place, times in found.items() if times > 1]
    verdict.broken["made up"] += [str(place) for place in found if place not in by_place and place[1] not in in_doubt]
    for place, row in by_place.items():
        if place in found:
            continue
        if row["superseded"]:
            verdict.superseded += 1
        elif row["key"] in happened.unread:
            verdict.unread += 1
        else:
            verdict.broken["missed"].append(f"{place} {row['type']} seq {row['seq']}")
    for cliente_id, (received, recorded) in happened.books.items():
        if received != recorded:
            verdict.broken["books don't balance"].append(f"{cliente_id}: received {received}, recorded {recorded}")


def _judge_contents(verdict: InboundVerdict, happened: Happened, by_place: Mapping[Place, Row]) -> None:
    for told in happened.told:
        row = by_place.get(_place_of_told(told))
        if row is None:
            continue
        name = f"{told['cliente_id']} {told['whatsapp_id']}"
        if told["type"] != TYPES.get(row["type"], "unknown"):
            verdict.broken["of another type"].append(f"{name}: {row['type']}, told {told['type']}")
        if row["type"] in WITH_TEXT and not row["revoked"] and told["message"] != row["body"]:
            verdict.broken["of another text"].append(name)
        if not row["revoked"] and told["media"] is not None and told["media"]["sha256"] != row["sha256"]:
            verdict.broken["bytes missed"].append(f"{name}: {told['media']}")
        elif not is_complete(row, told):
            verdict.broken["change missed"].append(name)


def _may_be_late(row: Row) -> bool:
    """Whether a row need not be where it was accepted.

    The page gets what was edited or deleted while it was away when that happened, and an empty placeholder's message
    when the phone has sent it again. A loss of Redis is no reason: what it took with it is read from the page's rows
    again before anything else is recorded.
    """
    return bool(row["edited_at"] or row["revoked"] or row["placeholder"])


def _out_of_order(rows: Iterable[tuple[Hashable, Row]]) -> Iterator[str]:
    """Keys of rows that come after a later one of their chat. rows: each with whose list it is in, in their order.

    Reactions and votes are no rows of the page's, and have no place among them.
    """
    latest: dict[tuple[Hashable, str], int] = {}
    for whose, row in rows:
        if row["type"] in (REACTION, VOTE):
            continue
        group, seq = (whose, row["chat"]), int(row["seq"])
        if seq < latest.get(group, 0) and not row["late"]:
            yield f"{whose} {row['key']} seq {seq} after {latest[group]}"
        latest[group] = max(seq, latest.get(group, 0))


def _judge_optouts(verdict: InboundVerdict, happened: Happened) -> None:
    verdict.broken["opt-out missed"] += map(str, happened.asked - happened.opted_out)
    verdict.broken["opted out unasked"] += map(str, happened.opted_out - happened.asked)
    answers = Counter(happened.answered)
    verdict.broken["opt-out answered twice"] += [str(whom) for whom, times in answers.items() if times > 1]


def _judge_webhooks(verdict: InboundVerdict, happened: Happened, by_place: Mapping[Place, Row]) -> None:
    broken = verdict.broken
    ids: defaultdict[tuple[int, str], set[str]] = defaultdict(set)  # of a tenant's message
    bodies: defaultdict[str, set[str]] = defaultdict(set)
    times: Counter[tuple[str, str]] = Counter()
    first: dict[str, list[Post]] = {one.name: [] for one in happened.endpoints}
    taken: dict[str, list[Post]] = {one.name: [] for one in happened.endpoints}
    seen: dict[str, set[str]] = {one.name: set() for one in happened.endpoints}
    had: dict[str, set[str]] = {one.name: set() for one in happened.endpoints}
    of = {one.name: one for one in happened.endpoints}
    for post in happened.posts:
        verdict.posts[post.code] += 1
        if not post.signed:
            broken["webhook not signed"].append(f"{post.endpoint} {post.webhook_id}")
        bodies[post.webhook_id].add(post.body)
        if post.type != RECEIVED:
            continue
        ids[of[post.endpoint].cliente_id, post.key].add(post.webhook_id)
        times[post.endpoint, post.key] += 1
        if post.key not in seen[post.endpoint]:
            seen[post.endpoint].add(post.key)
            first[post.endpoint].append(post)
        if post.taken and post.key not in had[post.endpoint]:
            had[post.endpoint].add(post.key)
            taken[post.endpoint].append(post)
    broken["webhook with two bodies"] += [one for one, found in bodies.items() if len(found) > 1]
    broken["webhook under two ids"] += [str(place) for place, found in ids.items() if len(found) > 1]
    verdict.attempts.update(times.values())
    for endpoint in happened.endpoints:
        due = {one["whatsapp_id"] for one in happened.told if _is_due(one, endpoint)}
        verdict.deliveries += len(due)
        broken["webhook lost"] += [f"{endpoint.name} {key}" for key in sorted(due - had[endpoint.name])]
        broken["webhook made up"] += [f"{endpoint.name} {key}" for key in sorted(seen[endpoint.name] - due)]
        for posts in (first[endpoint.name], taken[endpoint.name]):
            places = [((post.endpoint, post.chat), (endpoint.cliente_id, _id_of_key(post.key))) for post in posts]
            known = [(whose, by_place[place]) for whose, place in places if place in by_place]
            broken["webhook out of order"] += _out_of_order(known)


def _is_due(told: Row, endpoint: Endpoint) -> bool:
    """Reactions are told as an update of what they are put to."""
    return told["cliente_id"] == endpoint.cliente_id and RECEIVED in endpoint.types and told["type"] != REACTION


def table(verdict: InboundVerdict) -> list[str]:
    """The result as lines of text."""
    figures: list[tuple[str, object]] = [("came in, by WhatsApp's record", sum(verdict.came.values()))]
    figures += [(f"  {kind}", count) for kind, count in sorted(verdict.came.items())]
    figures += [
        ("  without an event", verdict.silent),
        ("on record", verdict.told),
        ("superseded before it was read", verdict.superseded),
        ("deleted before it was read", verdict.unread),
        ("to be delivered to webhooks", verdict.deliveries),
    ]
    figures += [(f"  that receivers got {n} times", count) for n, count in sorted(verdict.attempts.items())]
    figures += [(f"posts answered {code or 'not at all'}", count) for code, count in sorted(verdict.posts.items())]
    lines = [f"  {name:<38}{value:>8}" for name, value in figures]
    lines.append("  rules of what comes in")
    lines += [
        f"    {rule:<36}{len(found):>8}  {', '.join(found[:5])}".rstrip() for rule, found in verdict.broken.items()
    ]
    return lines
