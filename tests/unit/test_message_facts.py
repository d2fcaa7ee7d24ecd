"""What WhatsApp's words for a message mean, of every type (message_facts.py and change_facts.py of the adapter)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_worker.engine.playwright_adapter.change_facts import deletion_of, edit_of, reaction_of, vote_of
from session_worker.engine.playwright_adapter.message_facts import message_of
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.inbound import (
    Change,
    Choice,
    ContactCard,
    Direction,
    InboundType,
    MediaSource,
    MissedCall,
    Place,
    Poll,
    PollVote,
    ReactionTo,
)
from tests.support.message_facts import CHAT, facts, inbound

VCARD = "BEGIN:VCARD\nFN:Leo\nTEL;type=CELL;waid=5491100000001:+54 9 11 0000-0001\nitem1.TEL:4444-0000\r\nEND:VCARD"
BYTES = {
    "mimetype": "image/jpeg",
    "size": "1234",
    "filename": "a.jpg",
    "duration": "7",
    "directPath": "/v/t62",
    "mediaKey": "a2V5",
    "mediaKeyTimestamp": 1_700_000_000,
    "filehash": "aGFzaA==",
    "encFilehash": "ZW5j",
}


def told(kind: str, **given: Any) -> MessageInbound:
    found = message_of(facts(type=kind, **given))
    assert found is not None
    return found


def test_a_text() -> None:
    assert message_of(facts()) == inbound()


@pytest.mark.parametrize(
    ("kind", "fields", "type_", "wa_type"),
    [
        ("image", {}, InboundType.IMAGE, "image"),
        ("video", {}, InboundType.VIDEO, "video"),
        ("video", {"isGif": True}, InboundType.VIDEO, "gif"),
        ("ptv", {}, InboundType.VIDEO, "ptv"),
        ("audio", {}, InboundType.AUDIO, "audio"),
        ("ptt", {}, InboundType.VOICE, "ptt"),
        ("document", {}, InboundType.DOCUMENT, "document"),
        ("sticker", {}, InboundType.STICKER, "sticker"),
    ],
)
def test_media_say_where_their_bytes_are(kind: str, fields: dict[str, Any], type_: InboundType, wa_type: str) -> None:
    found = told(kind, text="mirá", fields=BYTES | fields)
    assert (found.type, found.message) == (type_, "mirá")
    assert found.media == MediaSource(
        wa_type, "image/jpeg", 1234, "a.jpg", 7, "/v/t62", "a2V5", 1_700_000_000, "aGFzaA==", "ZW5j"
    )


def test_media_of_which_the_page_says_nothing() -> None:
    assert told("image").media == MediaSource("image")


def test_a_place() -> None:
    found = told(
        "location", fields={"lat": -34.6, "lng": -58, "loc": "Obelisco\nCorrientes 1", "clientUrl": "https://x"}
    )
    assert found.location == Place(-34.6, -58.0, "Obelisco", "Corrientes 1", "https://x")
    assert told("location", fields={"lat": "?"}).location is None
    assert told("location", fields={"lat": "nan", "lng": 10**400}).location is None


def test_cards() -> None:
    leo = ContactCard("Leo", ("+54 9 11 0000-0001", "4444-0000"), VCARD)
    one = told("vcard", text=VCARD, fields={"vcardFormattedName": "Leo"})
    several = told("multi_vcard", fields={"vcardList": [{"displayName": "Leo", "vcard": VCARD}, {}, 5]})
    assert (one.type, one.message, one.contacts) == (InboundType.CONTACT, "", (leo,))
    assert several.contacts == (leo, ContactCard(""))


@pytest.mark.parametrize(("selectable", "multiple"), [(0, True), (1, False), (2, True), (None, True)])
def test_a_poll(selectable: int | None, multiple: bool) -> None:
    options = [{"name": "sí", "localId": 0}, {"name": "no", "localId": 1}]
    fields = {"pollName": "¿Vamos?", "pollOptions": options, "pollSelectableOptionsCount": selectable}
    assert told("poll_creation", fields=fields).poll == Poll("¿Vamos?", ("sí", "no"), multiple)


def test_choices() -> None:
    button = told("buttons_response", text="Sí", fields={"selectedButtonId": "b1"})
    template = told("template_button_reply", text="Sí", fields={"selectedId": "t1"})
    row = told(
        "list_response",
        text="x",
        fields={"listResponse": {"title": "Rojo", "singleSelectReply": {"selectedRowId": "r1"}}},
    )
    assert (button.type, button.message, button.choice) == (InboundType.BUTTON, "Sí", Choice("b1", "Sí"))
    assert template.choice == Choice("t1", "Sí")
    assert (row.type, row.choice) == (InboundType.LIST, Choice("r1", "Rojo"))


@pytest.mark.parametrize(
    ("given", "call"),
    [
        ({"subtype": "miss"}, MissedCall()),
        ({"subtype": "miss_video"}, MissedCall(video=True)),
        ({"fields": {"callOutcome": "Missed", "isVideoCall": True}}, MissedCall(video=True)),
        ({"fields": {"isGroupCall": True}}, MissedCall(group=True)),
    ],
)
def test_a_missed_call(given: dict[str, Any], call: MissedCall) -> None:
    found = told("call_log", **given)
    assert (found.type, found.message, found.call) == (InboundType.CALL, "", call)


@pytest.mark.parametrize(
    "given", [{"from_me": True}, {"fields": {"callDuration": 8}}, {"fields": {"callOutcome": "Connected"}}]
)
def test_a_call_that_was_made_or_taken_is_none(given: dict[str, Any]) -> None:
    assert message_of(facts(type="call_log", **given)) is None


def test_an_album_is_what_says_that_pictures_follow() -> None:
    found = told("album", text="", fields={})
    assert (found.type, found.raw_type, found.media, found.message) == (InboundType.ALBUM, "", None, "")


@pytest.mark.parametrize("kind", ["order", "groups_v4_invite", "a_new_word", "undefined"])
def test_what_is_not_known_is_told_with_its_word(kind: str) -> None:
    found = told(kind)
    assert (found.type, found.raw_type, found.message) == (InboundType.UNKNOWN, kind, "hola")


def test_a_picture_is_no_text() -> None:
    assert told("product", text="/9j/" + "A" * 400).message == ""
    assert told("chat", text="/9j/" + "A" * 400).message == "/9j/" + "A" * 400


def test_who_writes_in_a_group() -> None:
    group = {"chat": "1203@g.us", "key": "false_1203@g.us_A1_77@lid"}
    found = told("chat", sender="77@lid", reply_to="true_1203@g.us_B1_5@c.us", **group)
    assert (found.chat_id, found.sender, found.author) == ("1203@g.us", "77@lid", "77@lid")
    assert found.reply_to == "true_1203@g.us_B1_5@c.us"


def test_what_the_owner_writes_on_the_phone() -> None:
    found = told("chat", from_me=True, sender="5491150000051", key=f"true_{CHAT}_A1")
    assert (found.direction, found.sender, found.chat_id, found.author) == (Direction.OUT, "5491150000051", CHAT, "")


def test_the_ad_that_a_lead_came_from() -> None:
    context = {
        "sourceUrl": "https://fb.me/x",
        "title": "Oferta",
        "mediaType": 2,
        "conversionData": "b64",
        "other": {"a": 1},
    }
    referral = told("chat", fields={"ctwaContext": context}).referral
    assert referral is not None
    assert (referral.source_url, referral.title, referral.media_type) == ("https://fb.me/x", "Oferta", "2")
    assert json.loads(referral.raw) == context
    large = told("chat", fields={"ctwaContext": context | {"thumbnail": "A" * 40_000}}).referral
    assert large is not None
    assert json.loads(large.raw) == context
    assert told("chat", fields={"ctwaContext": {}}).referral is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    *BYTES,
    "isGif",
    "lat",
    "lng",
    "loc",
    "clientUrl",
    "vcardFormattedName",
    "vcardList",
    "pollName",
    "pollOptions",
]
MORE_NAMES = [
    "pollSelectableOptionsCount",
    "selectedButtonId",
    "listResponse",
    "callOutcome",
    "callDuration",
    "ctwaContext",
]
KINDS = ["chat", "image", "location", "vcard", "multi_vcard", "poll_creation", "list_response", "call_log", "new"]


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from([*NAMES, *MORE_NAMES]), ANYTHING))
def test_whatever_the_page_says_of_it_is_a_record(kind: str, fields: dict[str, Any]) -> None:
    found = message_of(facts(type=kind, fields=fields))
    assert found is None or MessageInbound.from_wire(json.loads(json.dumps(found.to_wire()))) == found


def test_a_reaction_is_a_message_of_its_own() -> None:
    given = {"key": "false_1@c.us_R1", "parent": "true_1@c.us_A1", "chat": "1@c.us", "from_me": False}
    found = reaction_of({**given, "sender": "5491122334455", "emoji": "👍", "at_ms": 7})
    assert (found.type, found.whatsapp_id, found.chat_id, found.at) == (
        InboundType.REACTION,
        "false_1@c.us_R1",
        "1@c.us",
        7,
    )
    assert found.reaction == ReactionTo("👍", "true_1@c.us_A1")
    without = reaction_of({**given, "key": "", "sender": "5491122334455", "emoji": "", "at_ms": 7})
    assert (without.whatsapp_id, without.reaction) == ("false_1@c.us_A1-7", ReactionTo("", "true_1@c.us_A1"))


def test_a_vote_is_a_message_of_its_own() -> None:
    given = {"key": "false_1@g.us_P1-7_77@lid", "poll": "true_1@g.us_P1", "chat": "1@g.us", "from_me": False}
    found = vote_of({**given, "sender": "77@lid", "options": ["sí", "no"], "at_ms": 7})
    assert (found.type, found.author, found.vote) == (
        InboundType.POLL_VOTE,
        "77@lid",
        PollVote("true_1@g.us_P1", ("sí", "no")),
    )


def test_an_edit_and_a_deletion_update_a_message() -> None:
    edit = edit_of({"key": "k", "text": "ya no", "change_id": "e", "at_ms": 3})
    assert edit == MessageUpdated("k", Change.EDITED, 3, "ya no", "e")
    assert deletion_of({"key": "k", "change_id": "r", "at_ms": 4}) == MessageUpdated(
        "k", Change.REVOKED, 4, change_id="r"
    )
