"""What an engine tells unasked (session_worker/engine/port.py)."""

from __future__ import annotations

from session_worker.engine.port import Outgoing, PageChanged
from shared.protocol.events import MessageInbound
from tests.contract.engine.engine_run import EngineRun, is_ready
from tests.contract.engine.engine_world import World, new_number


class TestEvents:
    """Asked of every adapter, linked; the ban comes last, as it stays."""

    def test_tells_each_change_on_the_way(self, linked: EngineRun) -> None:
        told = [event.observation for event in linked.told(PageChanged)]

        shown = next(seen for seen in told if seen.code is not None)
        assert not shown.registered
        assert shown.code_expires_at_ms is not None
        assert is_ready(told[-1])

    def test_what_somebody_writes_is_told_with_the_number(self, world: World, linked: EngineRun, number: str) -> None:
        sender = new_number()

        world.write(sender, number, "¿precio?")

        heard = linked.wait_for(MessageInbound, lambda event: event.sender == sender)
        assert heard.message == "¿precio?"
        assert heard.whatsapp_id.startswith("false_")
        assert heard.at > 1_700_000_000_000

    def test_own_messages_are_not_inbound(self, linked: EngineRun) -> None:
        prepared = linked.engine.prepare(new_number())
        linked.engine.hand_over(prepared, Outgoing("mío"))
        linked.wait_for_ack(prepared.key, 1)

        assert linked.told(MessageInbound, lambda event: event.message == "mío") == []

    def test_a_ban_is_a_problem_that_stays(self, world: World, linked: EngineRun, number: str) -> None:
        world.ban(number, linked.engine)

        linked.wait_until(lambda seen: seen.problem == "ACCOUNT_BANNED")
        assert linked.engine.observe().problem == "ACCOUNT_BANNED"
