"""Edits, deletions, reactions and votes: told by events, or found by their messages, as the same record."""

from __future__ import annotations

from dataclasses import replace

from session_worker.engine.heard import Heard
from shared.ledger.identity import identity
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.inbound import Change, Direction, InboundType, PollVote, ReactionTo
from support.waiting import until
from tests.contract.engine.arrivals import ARRIVALS, POLL
from tests.contract.engine.engine_run import EngineRun
from tests.contract.engine.engine_world import World, new_number

FIRST_ROW = 1_000_000_000
GROUP = "120363000000000002@g.us"


def found(run: EngineRun, name: str) -> Heard:
    """The change that its message shows, by its identity."""
    return until(
        lambda: next((one for one in changes(run) if identity(one) == name), None), 20, f"{name} in the stores"
    )


def changes(run: EngineRun) -> list[Heard]:
    return list(run.engine.read_changes(FIRST_ROW, 1_000, 0).heard)


def about(run: EngineRun, key: str) -> list[MessageInbound]:
    """The reactions and votes that the stores have of a message."""
    heard = [one for one in changes(run) if isinstance(one, MessageInbound)]
    parents = [(one.reaction.to if one.reaction else one.vote.poll if one.vote else "") for one in heard]
    return [one for one, parent in zip(heard, parents, strict=True) if parent == key]


def a_message(world: World, run: EngineRun, number: str, lead: str, **options: str) -> str:
    key = world.receive(number, lead, ARRIVALS["text"], **options)
    run.wait_for(MessageInbound, lambda event: event.whatsapp_id == key)
    return key


class TestChanges:
    """Asked of every adapter, linked."""

    def test_a_reaction_is_a_message_of_its_own(self, world: World, linked: EngineRun, number: str) -> None:
        lead = new_number()
        key = a_message(world, linked, number, lead)

        world.react(number, key, "👍")

        heard = linked.wait_for(MessageInbound, lambda event: event.reaction == ReactionTo("👍", key))
        assert (heard.type, heard.sender, heard.direction) == (InboundType.REACTION, lead, Direction.IN)
        assert heard.chat_id == f"{lead}@c.us"
        assert heard.whatsapp_id not in ("", key)
        assert abs(heard.at - heard.at % 1000) > 1_700_000_000_000
        assert replace(found(linked, heard.whatsapp_id), at=heard.at) == heard

    def test_a_reaction_that_is_taken_back(self, world: World, linked: EngineRun, number: str) -> None:
        key = a_message(world, linked, number, new_number())
        world.react(number, key, "👍")
        first = linked.wait_for(MessageInbound, lambda event: event.reaction == ReactionTo("👍", key))

        world.react(number, key, "")

        second = linked.wait_for(MessageInbound, lambda event: event.reaction == ReactionTo("", key))
        assert second.whatsapp_id != first.whatsapp_id
        assert [one.whatsapp_id for one in about(linked, key)] == [second.whatsapp_id]

    def test_the_owners_reaction_goes_out(self, world: World, linked: EngineRun, number: str) -> None:
        key = a_message(world, linked, number, new_number())

        world.react(number, key, "❤", from_me=True, silent=True)

        [heard] = until(lambda: about(linked, key), 20, "the reaction in its store")
        assert (heard.direction, heard.sender, heard.reaction) == (Direction.OUT, number, ReactionTo("❤", key))

    def test_reactions_that_no_event_tells_are_found(self, world: World, linked: EngineRun, number: str) -> None:
        ana, leo = new_number(), new_number()
        key = a_message(world, linked, number, ana, group=GROUP)

        world.react(number, key, "👍", sender=ana, silent=True)
        world.react(number, key, "😮", sender=leo, silent=True)

        heard = until(lambda: two(about(linked, key)), 20, "both reactions in their store")
        assert {(one.author, one.reaction) for one in heard} == {
            (ana, ReactionTo("👍", key)),
            (leo, ReactionTo("😮", key)),
        }
        assert linked.told(MessageInbound, lambda event: event.reaction is not None and event.reaction.to == key) == []

    def test_a_vote_is_all_that_is_chosen_now(self, world: World, linked: EngineRun, number: str) -> None:
        lead = new_number()
        poll = world.receive(number, lead, POLL)
        linked.wait_for(MessageInbound, lambda event: event.whatsapp_id == poll)

        world.vote(number, poll, ["Martes"])

        heard = linked.wait_for(MessageInbound, lambda event: event.vote == PollVote(poll, ("Martes",)))
        assert (heard.type, heard.sender, heard.chat_id) == (InboundType.POLL_VOTE, lead, f"{lead}@c.us")
        assert found(linked, heard.whatsapp_id) == heard

    def test_a_vote_that_no_event_tells_is_found(self, world: World, linked: EngineRun, number: str) -> None:
        ana, leo = new_number(), new_number()
        poll = world.receive(number, ana, POLL, group=GROUP)
        linked.wait_for(MessageInbound, lambda event: event.whatsapp_id == poll)

        world.vote(number, poll, ["Lunes"], sender=ana, silent=True)
        world.vote(number, poll, [], sender=leo, silent=True)

        heard = until(lambda: two(about(linked, poll)), 20, "both votes in their store")
        assert {(one.author, one.vote) for one in heard} == {(ana, PollVote(poll, ("Lunes",))), (leo, PollVote(poll))}
        assert len({one.whatsapp_id for one in heard}) == 2

    def test_an_edit_brings_the_text_that_it_has_now(self, world: World, linked: EngineRun, number: str) -> None:
        key = a_message(world, linked, number, new_number())

        world.edit(number, key, "quise decir chau")

        heard = linked.wait_for(MessageUpdated, lambda event: event.whatsapp_id == key)
        assert (heard.change, heard.message) == (Change.EDITED, "quise decir chau")
        assert heard.change_id not in ("", key)
        assert found(linked, identity(heard)) == heard

    def test_an_edit_that_no_event_tells_is_found(self, world: World, linked: EngineRun, number: str) -> None:
        key = a_message(world, linked, number, new_number())

        world.edit(number, key, "en silencio", silent=True)

        edits = until(lambda: [one for one in changes(linked) if one.whatsapp_id == key], 20, "the edit")
        assert [(type(one), one.message) for one in edits] == [(MessageUpdated, "en silencio")]
        assert linked.told(MessageUpdated, lambda event: event.whatsapp_id == key) == []

    def test_a_deletion_names_the_key_that_the_message_had(self, world: World, linked: EngineRun, number: str) -> None:
        key = a_message(world, linked, number, new_number())

        world.revoke(number, key)

        heard = linked.wait_for(MessageUpdated, lambda event: event.whatsapp_id == key)
        assert (heard.change, heard.message) == (Change.REVOKED, "")
        assert replace(found(linked, identity(heard)), at=heard.at, change_id=heard.change_id) == heard
        rows = [row.heard for row in linked.engine.read_rows(FIRST_ROW, 1_000).messages]
        assert [identity(one) for one in rows if one.whatsapp_id == key] == [identity(heard)]

    def test_a_deletion_that_no_event_tells_is_found(self, world: World, linked: EngineRun, number: str) -> None:
        key = a_message(world, linked, number, new_number())

        world.revoke(number, key, silent=True)

        name = f"revoked:{key}"
        assert isinstance(found(linked, name), MessageUpdated)
        assert linked.told(MessageUpdated, lambda event: event.whatsapp_id == key) == []

    def test_messages_that_are_old_are_passed_over(self, world: World, linked: EngineRun, number: str) -> None:
        key = a_message(world, linked, number, new_number())
        world.react(number, key, "👍", silent=True)
        [reaction] = until(lambda: about(linked, key), 20, "the reaction in its store")

        page = linked.engine.read_changes(FIRST_ROW, 1_000, reaction.at + 60_000)

        assert page.rows > 0
        assert page.heard == ()


def two(heard: list[MessageInbound]) -> list[MessageInbound] | None:
    return heard if len(heard) == 2 else None
