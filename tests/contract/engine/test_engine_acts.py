"""What is done to messages that are on WhatsApp, groups and profiles (session_worker/engine/acts.py)."""

from __future__ import annotations

import hashlib

import pytest

from session_worker.engine.acts import SeenAct
from session_worker.engine.heard import Heard
from session_worker.engine.port import EngineError, Outgoing
from shared.instant import now_ms
from shared.ledger.identity import identity
from shared.ledger.message import new_message_id
from shared.protocol.acts import Act, ActKind
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.groups import GroupRole, Participant
from shared.protocol.inbound import Change, Direction, InboundType, ReactionTo
from shared.recipient_key import forms
from support.waiting import until
from tests.contract.engine.arrivals import ARRIVALS
from tests.contract.engine.engine_run import EngineRun
from tests.contract.engine.engine_world import World, new_number

FIRST_ROW = 1_000_000_000


def an_act(kind: ActKind, key: str, *, emoji: str = "", text: str = "") -> Act:
    return Act(new_message_id(), 51, kind, key, now_ms(), emoji=emoji, text=text)


def sent(run: EngineRun, text: str = "hola") -> str:
    """A message of ours that the server acknowledged; its key."""
    prepared = run.engine.prepare(new_number())
    run.engine.hand_over(prepared, Outgoing(text))
    run.wait_for_ack(prepared.key, 1)
    return prepared.key


def received(world: World, run: EngineRun, number: str) -> str:
    key = world.receive(number, new_number(), ARRIVALS["text"])
    run.wait_for(MessageInbound, lambda event: event.whatsapp_id == key)
    return key


def found(run: EngineRun) -> dict[str, Heard]:
    """What receiving reads of all messages, by its identity."""
    return {identity(one): one for one in run.engine.read_changes(FIRST_ROW, 1_000, 0).heard}


class TestActs:
    """Asked of every adapter, linked."""

    def test_a_reaction_is_what_receiving_will_find(self, world: World, linked: EngineRun, number: str) -> None:
        key = received(world, linked, number)
        act = an_act(ActKind.REACTION, key, emoji="👍")

        change = linked.engine.perform(act)

        assert isinstance(change, MessageInbound)
        assert (change.type, change.direction, change.reaction) == (
            InboundType.REACTION,
            Direction.OUT,
            ReactionTo("👍", key),
        )
        assert change.sender == number
        assert identity(change) in found(linked)
        seen = linked.engine.look_up_act(act)
        assert (seen.took_place, seen.refused, seen.absent) == (True, False, False)
        assert seen.change is not None
        assert identity(seen.change) == identity(change)

    def test_a_reaction_is_replaced_and_taken_back(self, world: World, linked: EngineRun, number: str) -> None:
        key = received(world, linked, number)
        reactions = []
        for emoji in ("👍", "❤", ""):
            change = linked.engine.perform(an_act(ActKind.REACTION, key, emoji=emoji))
            assert isinstance(change, MessageInbound)
            reactions.append((change.reaction, change.whatsapp_id))
        assert [one for one, _ in reactions] == [ReactionTo("👍", key), ReactionTo("❤", key), ReactionTo("", key)]
        assert len({whatsapp_id for _, whatsapp_id in reactions}) == 3

    def test_one_may_react_to_ones_own(self, linked: EngineRun) -> None:
        key = sent(linked)
        change = linked.engine.perform(an_act(ActKind.REACTION, key, emoji="😮"))
        assert isinstance(change, MessageInbound)
        assert change.reaction == ReactionTo("😮", key)

    def test_an_edit_has_a_key_of_its_own_by_which_it_is_found(self, linked: EngineRun) -> None:
        key = sent(linked)
        act = an_act(ActKind.EDIT, key, text="quise decir chau")

        change = linked.engine.perform(act)

        assert isinstance(change, MessageUpdated)
        assert (change.whatsapp_id, change.change, change.message) == (key, Change.EDITED, "quise decir chau")
        assert change.change_id.endswith(hashlib.sha256(act.act_id.encode()).hexdigest()[:18].upper())
        told = found(linked)[identity(change)]
        assert isinstance(told, MessageUpdated)
        assert told.message == "quise decir chau"
        seen = linked.engine.look_up_act(act)
        assert seen.took_place
        assert seen.change is not None
        assert identity(seen.change) == identity(change)

    def test_a_second_edit_replaces_the_first(self, linked: EngineRun) -> None:
        key = sent(linked)
        for text in ("uno", "dos"):
            change = linked.engine.perform(an_act(ActKind.EDIT, key, text=text))
            assert isinstance(change, MessageUpdated)
            assert change.message == text

    def test_an_edit_that_the_server_refuses_is_one_and_nobody_hears_of_it(
        self, world: World, linked: EngineRun, number: str
    ) -> None:
        key = sent(linked)
        world.refuse_next(number)
        act = an_act(ActKind.EDIT, key, text="nunca")

        with pytest.raises(EngineError) as failed:
            linked.engine.perform(act)

        assert failed.value.code == "REFUSED_BY_WHATSAPP"
        seen = linked.engine.look_up_act(act)
        assert (seen.took_place, seen.refused) == (False, True)
        assert [
            one for one in found(linked).values() if isinstance(one, MessageUpdated) and one.whatsapp_id == key
        ] == []
        assert linked.told(MessageUpdated, lambda event: event.whatsapp_id == key) == []

    def test_nobody_elses_message_is_edited(self, world: World, linked: EngineRun, number: str) -> None:
        key = received(world, linked, number)
        with pytest.raises(EngineError) as failed:
            linked.engine.perform(an_act(ActKind.EDIT, key, text="x"))
        assert failed.value.code == "NOT_EDITABLE"

    @pytest.mark.parametrize("kind", list(ActKind))
    def test_a_message_that_the_page_does_not_have(self, linked: EngineRun, kind: ActKind) -> None:
        key = f"true_{new_number()}@c.us_3EB0FFFFFFFFFFFFFFFFFF"
        with pytest.raises(EngineError) as failed:
            linked.engine.perform(an_act(kind, key, emoji="👍", text="x"))
        assert failed.value.code == "MESSAGE_NOT_FOUND"

    def test_a_deletion_and_one_more(self, linked: EngineRun) -> None:
        key = sent(linked)
        act = an_act(ActKind.DELETION, key)

        change = linked.engine.perform(act)

        assert isinstance(change, MessageUpdated)
        assert (change.whatsapp_id, change.change) == (key, Change.REVOKED)
        assert identity(change) in found(linked)
        assert linked.engine.look_up_act(act).took_place
        again = linked.engine.perform(an_act(ActKind.DELETION, key))
        assert identity(again) == identity(change)
        heard = linked.wait_for(MessageUpdated, lambda event: event.whatsapp_id == key)
        assert identity(heard) == identity(change)

    def test_a_deletion_that_the_server_refuses(self, world: World, linked: EngineRun, number: str) -> None:
        key = sent(linked)
        world.refuse_next(number)
        act = an_act(ActKind.DELETION, key)

        with pytest.raises(EngineError) as failed:
            linked.engine.perform(act)

        assert failed.value.code == "REFUSED_BY_WHATSAPP"
        assert linked.engine.look_up_act(act).refused
        assert f"revoked:{key}" not in found(linked)

    @pytest.mark.parametrize("kind", list(ActKind))
    def test_of_what_was_never_asked_the_page_has_nothing(self, linked: EngineRun, kind: ActKind) -> None:
        act = an_act(kind, sent(linked), emoji="👍", text="x")
        assert linked.engine.look_up_act(act) == SeenAct(absent=True)


class TestTyping:
    @pytest.mark.parametrize(("recording", "state"), [(False, "composing"), (True, "recording")])
    def test_it_is_shown_in_the_chat(
        self, world: World, linked: EngineRun, number: str, recording: bool, state: str
    ) -> None:
        chat = linked.engine.prepare(new_number()).chat_id
        linked.engine.show_typing(chat, 1.0, recording=recording)
        until(lambda: (chat, state) in world.typing_of(number), 20, "typing on the other side")


class TestGroups:
    def test_a_group_comes_with_its_participants_and_their_roles(
        self, world: World, linked: EngineRun, number: str
    ) -> None:
        other = new_number()
        group_id = world.add_group(number, "Vecinos", "De la cuadra", [other])

        [group] = until(
            lambda: [one for one in linked.engine.groups() if one.group_id == group_id] or None, 20, "the group"
        )

        assert (group.subject, group.description, group.size) == ("Vecinos", "De la cuadra", 2)
        assert set(group.participants) == {
            Participant(f"{number}@c.us", number, GroupRole.SUPERADMIN),
            Participant(f"{other}@c.us", other, GroupRole.MEMBER),
        }


class TestProfiles:
    def test_a_person_with_a_picture(self, world: World, linked: EngineRun) -> None:
        number = new_number()
        world.show_profile(number, "Marta", picture=True)

        profile = linked.engine.profile(number)

        assert profile is not None
        assert profile.chat_id == f"{number}@c.us"
        assert not profile.business
        assert profile.picture_url is not None
        assert profile.picture_url.startswith("http")

    def test_what_is_hidden_is_null(self, world: World, linked: EngineRun) -> None:
        number = new_number()
        world.show_profile(number, "Leo", picture=False)
        profile = linked.engine.profile(number)
        assert profile is not None
        assert profile.picture_url is None

    def test_a_number_without_whatsapp_has_none(self, world: World, linked: EngineRun) -> None:
        number = new_number()
        world.not_on_whatsapp(*forms(number))
        assert linked.engine.profile(number) is None
