"""What a message carries beside its text, in the ledger: kept with it, claimed with it, counted, and gone with it."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from shared.errors import QueueFull
from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.claiming.work import Outcome
from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.message import Draft, new_message_id
from shared.ledger.restoring.restoring import RestoreAs
from shared.ledger.script import ENTRY_BYTES
from shared.names import Keys
from shared.protocol.content import (
    PLAIN,
    Content,
    ContentType,
    LinkPreview,
    MediaFile,
    Quote,
)
from shared.protocol.inbound import ContactCard, Place, Poll
from shared.transitions.message import Lane, MessageStatus
from shared.transitions.session import SessionStatus
from support.owner import Owner, own

NOW = 1_800_000_000_000
FILE = MediaFile("ab" * 32, "image/jpeg", 12_345, "año – ñandú.jpg")
CONTENTS = {
    "image": ("", Content(ContentType.IMAGE, FILE)),
    "video": ("mire: ñ", Content(ContentType.VIDEO, replace(FILE, mime_type="video/mp4"))),
    "voice": ("", Content(ContentType.VOICE, replace(FILE, mime_type="audio/ogg"))),
    "document": ("el presupuesto", Content(ContentType.DOCUMENT, replace(FILE, mime_type="application/pdf"))),
    "location": ("", Content(ContentType.LOCATION, location=Place(-34.6, -58.38, "Obelisco", "9 de Julio"))),
    "contact": ("", Content(ContentType.CONTACT, contact=ContactCard("Ana", ("5491100000009",), "BEGIN:VCARD"))),
    "poll": ("", Content(ContentType.POLL, poll=Poll("¿Cuándo?", ("lunes", "martes"), multiple=True))),
    "answer": (
        "sí",
        Content(quote=Quote("false_x@c.us_1", "5491100000009", "image", "esa"), mentions=("5491100000009",)),
    ),
    "link": ("https://a.example", Content(link_preview=LinkPreview("https://a.example", "A", "b"))),
    "text": ("hola", PLAIN),
}


@pytest.fixture
def ledger(client: redis.Redis, keys: Keys) -> Ledger:
    return make_ledger(client, keys)


@pytest.fixture
def owner(client: redis.Redis, keys: Keys) -> Owner:
    return own(client, keys, SessionStatus.READY, clock=lambda: NOW)


def accept(ledger: Ledger, text: str, content: Content, to: str = "5491100000001", memory: int = 0) -> Draft:
    draft = Draft(new_message_id(), 51, to, text, Lane.SINGLE, NOW, NOW + 60_000, wake=True, content=content)
    ledger.accepting.accept(draft, b"", AcceptLimits(queue=100, per_minute=0, memory=memory))
    return draft


def counted(client: redis.Redis, keys: Keys) -> int:
    return int(client.hget(keys.counts(51), "bytes") or 0)


@pytest.mark.parametrize("kind", CONTENTS)
def test_what_is_accepted_is_what_is_claimed(ledger: Ledger, owner: Owner, kind: str) -> None:
    text, content = CONTENTS[kind]

    draft = accept(ledger, text, content)

    claimed = owner.claim()
    assert (claimed.message_id, claimed.text, claimed.content) == (draft.message_id, text, content)


@pytest.mark.parametrize("kind", CONTENTS)
def test_what_an_entry_counts_for_is_given_back_to_the_byte(
    ledger: Ledger, owner: Owner, client: redis.Redis, keys: Keys, kind: str
) -> None:
    waiting = accept(ledger, "espera", PLAIN, "5491100000002")
    of_it = counted(client, keys)
    text, content = CONTENTS[kind]

    sent, cancelled = accept(ledger, text, content), accept(ledger, text, content)
    taken = len(text.encode()) + len(content.to_text().encode()) + ENTRY_BYTES
    assert counted(client, keys) == of_it + 2 * taken
    assert ledger.review.cancel(51, waiting.message_id, NOW) == "ended"
    waiting = accept(ledger, "espera", PLAIN, "5491100000003")
    owner.send_next()
    ledger.review.cancel(51, cancelled.message_id, NOW)
    assert counted(client, keys) == 2 * of_it + 2 * taken  # nobody recorded any of it yet

    assert ledger.settling.settle([(51, sent.message_id), (51, cancelled.message_id)]) == 2
    assert counted(client, keys) == 2 * of_it
    for name in ("message", "content", "upload"):
        assert not client.hexists(keys.message(sent.message_id), name)
    assert ledger.settling.settle([(51, sent.message_id)]) == 0  # once
    assert counted(client, keys) == 2 * of_it


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize("gone", [True, False])
def test_what_is_restored_carries_it_and_counts_once(
    ledger: Ledger, owner: Owner, client: redis.Redis, keys: Keys, kind: str, gone: bool
) -> None:
    text, content = CONTENTS[kind]
    draft = accept(ledger, text, content)
    of_it, marker = counted(client, keys), ledger.incarnation.marker() or ""
    if gone:
        client.delete(keys.message(draft.message_id), keys.counts(51))

    seen = "" if gone else "queued"
    assert ledger.restoring.restore(draft.queued(), RestoreAs.QUEUED, NOW, marker, seen=seen) == "restored"

    assert counted(client, keys) == of_it
    claimed = owner.claim()
    assert (claimed.text, claimed.content, claimed.status) == (text, content, MessageStatus.SENDING)


def test_a_content_counts_for_the_memory_of_its_tenant(ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
    _, content = CONTENTS["image"]
    with pytest.raises(QueueFull):
        accept(ledger, "", content, memory=ENTRY_BYTES + len(content.to_text().encode()) - 1)
    accept(ledger, "", content, memory=ENTRY_BYTES + len(content.to_text().encode()))


def test_an_uncertain_one_keeps_it_until_a_person_has_it_sent_again(ledger: Ledger, owner: Owner) -> None:
    text, content = CONTENTS["document"]
    draft = accept(ledger, text, content)
    claimed = owner.claim()
    owner.put_key(claimed)
    assert owner.complete(claimed, Outcome.UNCERTAIN, "OUTCOME_UNKNOWN") == "uncertain"

    assert ledger.settling.settle([(51, draft.message_id)]) == 0
    assert ledger.review.resolve(51, draft.message_id, MessageStatus.QUEUED, "ana", NOW, NOW + 60_000) == "resolved"

    assert owner.claim().content == content
