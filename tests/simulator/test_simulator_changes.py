"""Reactions, votes, edits and deletions through the unmodified wa-js: told by events, or found in the stores alone."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.client import SimulatorClient
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

LEAD = "5491122223333"
OTHER = "5491144445555"
GROUP = "120363000000000001@g.us"

WATCH = """() => {
  window.told = [];
  WPP.on('chat.new_reaction', (one) => window.told.push(['reaction', String(one.id), String(one.msgId),
    one.reactionText, String(one.sender), typeof one.timestamp]));
  WPP.on('chat.msg_edited', ({ id, msg }) => window.told.push(['edited', id, msg.caption ?? msg.body,
    String(msg.latestEditMsgKey)]));
  WPP.on('chat.msg_revoke', (one) => window.told.push(['revoked', String(one.id), String(one.refId), String(one.from),
    one.type]));
  WPP.on('chat.poll_response', (one) => window.told.push(['vote', String(one.msgId),
    one.selectedOptions.filter(Boolean), String(one.sender)]));
  WPP.on('chat.new_message', ({ type }) => window.told.push(['message', type]));
}"""
STORE = """(store) => new Promise((resolve) => {
  const opening = indexedDB.open('model-storage');
  opening.onsuccess = () => {
    const all = opening.result.transaction(store).objectStore(store).getAll();
    all.onsuccess = () => { opening.result.close(); resolve(all.result); };
  };
})"""
FIELDS = """async (key) => {
  const { messages } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
  const [message] = messages;
  return message && [message.type, message.caption ?? message.body, String(message.latestEditMsgKey)];
}"""


def told(page: WebPage, *kinds: str) -> list[list[Any]]:
    """What events told, of some kinds."""
    return [one for one in page.run("() => window.told") if one[0] in kinds]


def reactions(page: WebPage) -> list[tuple[str, str, str]]:
    """What stands in the store: whose, to what, which."""
    rows = page.run(STORE, "reactions")
    return [(row["senderUserJid"], row["parentMsgKey"], row["reactionText"]) for row in rows]


def until_edited(page: WebPage, key: str, edit: str) -> None:
    """Wait until a message's row says that this edit is its last."""
    until(lambda: page.row(key).get("latestEditMsgKey") == edit, 15, "the edit")


def test_reactions_are_told_and_stored(linked: WebPage, client: SimulatorClient, number: str) -> None:
    key = linked.send(LEAD, "hola")["key"]
    linked.run(WATCH)
    first = client.react(number, key, "👍")["key"]
    linked.until("() => window.told.length === 1")
    client.react(number, key, "❤")
    linked.until("() => window.told.length === 2")
    assert told(linked, "reaction") == [
        ["reaction", first, key, "👍", f"{LEAD}@c.us", "number"],
        ["reaction", told(linked, "reaction")[1][1], key, "❤", f"{LEAD}@c.us", "number"],
    ]
    assert reactions(linked) == [(f"{LEAD}@c.us", key, "❤")]
    assert linked.row(key)["hasReaction"] is True
    standing = "(key) => WPP.chat.getReactions(key).then(({ reactions }) => reactions.map((one) => one.aggregateEmoji))"
    assert linked.run(standing, key) == ["❤"]
    client.react(number, key, "")
    linked.until("() => window.told.length === 3")
    assert linked.run(standing, key) == []
    assert reactions(linked) == [(f"{LEAD}@c.us", key, "")]


def test_silent_reactions_are_in_the_store_alone(linked: WebPage, client: SimulatorClient, number: str) -> None:
    key = client.receive(number, OTHER, text="hola", group=GROUP)["key"]
    linked.run(WATCH)
    client.react(number, key, "😂", sender=LEAD, silent=True)
    until(lambda: reactions(linked) == [(f"{LEAD}@c.us", key, "😂")], 15, "the reaction")
    linked.close()
    client.react(number, key, "🙏", sender=OTHER)
    client.react(number, key, "👍", from_me=True)
    linked.open().until_ready()
    assert sorted(reactions(linked)) == sorted(
        [(f"{LEAD}@c.us", key, "😂"), (f"{OTHER}@c.us", key, "🙏"), (f"{number}@c.us", key, "👍")]
    )
    mine = "(key) => WPP.chat.getReactions(key).then(({ reactionByMe }) => reactionByMe.reactionText)"
    assert linked.run(mine, key) == "👍"
    until(
        lambda: all(row["delivered_at"] or row["direction"] == "out" for row in client.messages(number)), 15, "receipts"
    )


@pytest.mark.parametrize("silent", [False, True])
def test_edits_change_row_and_message(linked: WebPage, client: SimulatorClient, number: str, silent: bool) -> None:
    keys = [client.receive(number, LEAD, text="hloa")["key"], client.receive(number, LEAD, "image", "al")["key"]]
    until(lambda: linked.row(keys[1]) != {}, 15, "both")
    linked.run(WATCH)
    edits = [client.edit(number, key, "hola", silent=silent)["key"] for key in keys]
    for key, edit in zip(keys, edits, strict=True):
        until_edited(linked, key, edit)
        type_, text, latest = linked.run(FIELDS, key)
        assert (text, latest) == ("hola", edit)
        assert type_ == ("chat" if key == keys[0] else "image")
    wanted = [] if silent else [["edited", key, "hola", edit] for key, edit in zip(keys, edits, strict=True)]
    assert told(linked, "edited") == wanted
    linked.page.reload()
    linked.until_ready()
    assert [linked.run(FIELDS, key)[1:] for key in keys] == [["hola", edit] for edit in edits]


def test_edited_and_deleted_while_the_page_is_down(linked: WebPage, client: SimulatorClient, number: str) -> None:
    known = [client.receive(number, LEAD, text=text)["key"] for text in ("uno", "dos")]
    until(lambda: linked.row(known[1]) != {}, 15, "both")
    before = [linked.row(key)["rowId"] for key in known]
    linked.close()
    missed = [client.receive(number, LEAD, text=text)["key"] for text in ("tres", "cuatro")]
    edits = [client.edit(number, key, "otra cosa")["key"] for key in (known[0], missed[0])]
    deletions = [client.revoke(number, key)["key"] for key in (known[1], missed[1])]
    linked.open().until_ready()
    assert [linked.run(FIELDS, key) for key in (known[0], missed[0])] == [["chat", "otra cosa", key] for key in edits]
    rows = [linked.row(key) for key in deletions]
    assert [(row["type"], row["protocolMessageKey"]) for row in rows] == [("revoked", known[1]), ("revoked", missed[1])]
    assert [linked.row(known[0])["rowId"], rows[0]["rowId"]] == before
    assert linked.row(known[1]) == {}


@pytest.mark.parametrize("silent", [False, True])
def test_deletions_change_the_key(linked: WebPage, client: SimulatorClient, number: str, silent: bool) -> None:
    direct = client.receive(number, LEAD, "image", "ups")["key"]
    in_group = client.receive(number, OTHER, text="ups", group=GROUP)["key"]
    until(lambda: linked.row(in_group) != {}, 15, "both")
    linked.run(WATCH)
    deletions = [
        client.revoke(number, direct, silent=silent)["key"],
        client.revoke(number, in_group, by_admin=True, silent=silent)["key"],
    ]
    until(lambda: linked.row(deletions[1]) != {}, 15, "the deletions")
    assert deletions[1].split("_")[3] == f"{OTHER}@c.us"
    rows = [linked.row(key) for key in deletions]
    assert [(row["type"], row["subtype"], row["protocolMessageKey"]) for row in rows] == [
        ("revoked", "sender", direct),
        ("revoked", "admin", in_group),
    ]
    assert rows[0].keys().isdisjoint({"directPath", "mediaKey", "caption"})
    assert [linked.run(FIELDS, key)[0] for key in deletions] == ["revoked", "revoked"]
    assert [linked.run(FIELDS, key) for key in (direct, in_group)] == [None, None]
    if silent:
        assert linked.run("() => window.told") == []
        return
    linked.until("() => window.told.length === 4")
    assert told(linked, "revoked") == [
        ["revoked", deletions[0], direct, f"{LEAD}@c.us", "sender_revoke"],
        ["revoked", deletions[1], in_group, GROUP, "admin_revoke"],
    ]
    assert told(linked, "message") == [["message", "protocol"], ["message", "protocol"]]


def test_votes_are_told_and_stored(linked: WebPage, client: SimulatorClient, number: str) -> None:
    poll = client.receive(number, OTHER, "poll_creation", group=GROUP, pollOptions=["hoy", "mañana"])["key"]
    until(lambda: linked.row(poll) != {}, 15, "the poll")
    linked.run(WATCH)
    client.vote(number, poll, ["mañana"], sender=LEAD)
    linked.until("() => window.told.length === 1")
    assert told(linked, "vote") == [["vote", poll, [{"name": "mañana", "localId": 1}], f"{LEAD}@c.us"]]
    client.vote(number, poll, ["hoy", "mañana"], sender=OTHER, silent=True)
    client.vote(number, poll, [], sender=LEAD, silent=True)
    read = """async (key) => {
      const { votes } = await WPP.chat.getVotes(key);
      return votes.map((vote) => [String(vote.sender), vote.selectedOptions.filter(Boolean).map(({ name }) => name)]);
    }"""
    wanted = sorted([[f"{OTHER}@c.us", ["hoy", "mañana"]], [f"{LEAD}@c.us", []]])
    until(lambda: sorted(linked.run(read, poll)) == wanted, 15, "the votes")
    assert len(told(linked, "vote")) == 1
    assert [row["sender"] for row in linked.run(STORE, "poll-votes")] == sorted([f"{LEAD}@c.us", f"{OTHER}@c.us"])


def test_a_newly_linked_device_is_given_what_was_put_to_messages(
    linked: WebPage, client: SimulatorClient, number: str
) -> None:
    key = client.receive(number, LEAD, "poll_creation")["key"]
    client.react(number, key, "👍")
    client.vote(number, key, ["Lunes"])
    until(lambda: len(linked.run(STORE, "poll-votes")) == 1, 15, "the vote")
    client.log_out(number)
    linked.until("() => location.search.includes('post_logout=1')")
    assert (linked.run(STORE, "reactions"), linked.run(STORE, "poll-votes")) == ([], [])
    client.scan(number, linked.until_code())
    linked.until_ready()
    assert reactions(linked) == [(f"{LEAD}@c.us", key, "👍")]
    assert len(linked.run(STORE, "poll-votes")) == 1
    rows = linked.run("() => WPP.indexdb.getMessagesFromRowId({ minRowId: 0 })")
    assert [(row["id"], row["rowId"] < 1e9) for row in rows] == [(key, True)]
