"""What the engine port promises, asked of every adapter (session_worker/engine/port.py)."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from engine_run import EngineRun, is_ready
from engine_world import FakeWorld, SimulatorWorld, World, children_of_this_process, processes_of

from session_worker.engine.port import (
    BrowserGone,
    EngineConfig,
    EngineError,
    InboundSeen,
    LoggedOut,
    Observation,
    PageChanged,
    Prepared,
)
from session_worker.engine.profile_lock import is_locked

_numbers = itertools.count(5491155510000)


def _number() -> str:
    return str(next(_numbers))


@pytest.fixture(scope="class", params=["fake", "playwright"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made: World = FakeWorld() if request.param == "fake" else SimulatorWorld(tmp_path_factory.mktemp("simulator"))
    yield made
    made.close()


Launch = Callable[[Path], EngineRun]


@pytest.fixture
def launch(world: World) -> Iterator[Launch]:
    """Starts an engine on a folder; all are stopped when the test ends."""
    runs: list[EngineRun] = []

    def start(folder: Path) -> EngineRun:
        runs.append(_run(world, folder))
        return runs[-1].start()

    yield start
    for run in runs:
        run.engine.stop()


@pytest.fixture
def phone(world: World) -> str:
    """A phone of this test's own."""
    number = _number()
    world.add_phone(number, "Negocio")
    return number


def _run(world: World, folder: Path) -> EngineRun:
    config = EngineConfig(url=world.url, profile_dir=folder / "profile", lock_path=folder / "profile.lock")
    return EngineRun(world.engine(config), config)


def _link(world: World, run: EngineRun, number: str) -> Observation:
    world.scan(number, run.wait_for_code())
    return run.wait_until_ready()


class TestLinkedEngine:
    """A linked engine at work; the tests share one browser, each with recipients of its own."""

    @pytest.fixture(scope="class")
    @classmethod
    def number(cls, world: World) -> str:
        number = _number()
        world.add_phone(number, "Negocio")
        return number

    @pytest.fixture(scope="class")
    @classmethod
    def run(cls, world: World, number: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineRun]:
        made = _run(world, tmp_path_factory.mktemp("linked")).start()
        try:
            _link(world, made, number)
            yield made
        finally:
            made.engine.stop()

    def test_observes_the_linked_phone(self, run: EngineRun, number: str) -> None:
        seen = run.engine.observe()

        assert is_ready(seen)
        assert (seen.phone_number, seen.push_name, seen.code, seen.problem) == (number, "Negocio", None, None)
        assert seen.online
        assert seen.pairing_id
        assert seen.web_version

    def test_tells_each_change_on_the_way(self, run: EngineRun) -> None:
        told = [event.observation for event in run.told(PageChanged)]

        shown = next(seen for seen in told if seen.code is not None)
        assert not shown.registered
        assert shown.code_expires_at_ms is not None
        assert is_ready(told[-1])

    def test_a_message_goes_from_key_to_read(self, world: World, run: EngineRun, number: str) -> None:
        recipient = _number()

        prepared = run.engine.prepare(recipient)
        before = run.engine.acknowledgement(prepared)
        run.engine.hand_over(prepared, "hola")

        assert prepared.key.startswith(f"true_{prepared.chat_id}_")
        assert before is None
        for ack in (1, 2, 3):
            run.wait_for_ack(prepared.key, ack)
        assert run.engine.acknowledgement(prepared) == 3
        assert world.shown_to(number, recipient) == ["hola"]

    def test_preparing_sends_nothing_and_makes_a_new_key_each_time(
        self, world: World, run: EngineRun, number: str
    ) -> None:
        recipient = _number()

        first, second = run.engine.prepare(recipient), run.engine.prepare(recipient)

        assert first.chat_id == second.chat_id
        assert first.key != second.key
        assert world.shown_to(number, recipient) == []

    def test_the_same_key_again_is_no_second_message(self, world: World, run: EngineRun, number: str) -> None:
        recipient = _number()
        prepared = run.engine.prepare(recipient)
        run.engine.hand_over(prepared, "una vez")
        run.wait_for_ack(prepared.key, 2)

        run.engine.hand_over(prepared, "una vez")

        following = run.engine.prepare(recipient)
        run.engine.hand_over(following, "después")
        run.wait_for_ack(following.key, 1)
        assert world.shown_to(number, recipient) == ["una vez", "después"]

    def test_a_chat_known_by_lid_gets_its_key_from_the_chat(self, world: World, run: EngineRun, number: str) -> None:
        recipient = _number()
        world.known_by_lid(recipient)

        prepared = run.engine.prepare(recipient)
        run.engine.hand_over(prepared, "hola")

        assert prepared.chat_id.endswith("@lid")
        run.wait_for_ack(prepared.key, 1)
        run.wait_for_ack(prepared.key, 2)
        assert run.engine.acknowledgement(prepared) in (2, 3)

    def test_a_number_without_whatsapp_is_certain(self, world: World, run: EngineRun) -> None:
        recipient = _number()
        world.not_on_whatsapp(recipient)

        with pytest.raises(EngineError) as raised:
            run.engine.prepare(recipient)

        assert raised.value.code == "NOT_ON_WHATSAPP"
        assert raised.value.certain
        assert run.engine.exists(recipient) is False

    def test_a_number_with_whatsapp_exists(self, run: EngineRun) -> None:
        assert run.engine.exists(_number()) is True

    def test_a_refusal_is_told_and_kept(self, world: World, run: EngineRun, number: str) -> None:
        prepared = run.engine.prepare(_number())
        world.refuse_next(number)

        run.engine.hand_over(prepared, "no")

        run.wait_for_ack(prepared.key, -1)
        assert run.engine.acknowledgement(prepared) == -1

    def test_a_refused_later_copy_is_told_apart(self, world: World, run: EngineRun, number: str) -> None:
        # what becomes of a copy that the page sends again by itself says nothing of the one before it
        prepared = run.engine.prepare(_number())
        world.go_offline(number, run.engine)
        run.wait_until(lambda seen: not is_ready(seen) or not seen.online)
        run.engine.hand_over(prepared, "no")
        world.refuse_next(number)

        world.come_online(number, run.engine)

        run.wait_for_ack(prepared.key, -2)
        assert run.engine.acknowledgement(prepared) == -1

    def test_a_key_of_another_chat_is_refused(self, run: EngineRun) -> None:
        prepared, other = run.engine.prepare(_number()), run.engine.prepare(_number())

        with pytest.raises(EngineError) as raised:
            run.engine.hand_over(replace(prepared, key=other.key), "hola")

        assert raised.value.code == "WHATSAPP_ERROR"
        assert not raised.value.certain

    def test_an_unknown_key_is_not_there(self, run: EngineRun) -> None:
        prepared = run.engine.prepare(_number())

        unknown = Prepared(prepared.chat_id, f"true_{prepared.chat_id}_3EB0000000000000000000")

        assert run.engine.acknowledgement(unknown) is None

    def test_what_somebody_writes_is_told_with_the_number(self, world: World, run: EngineRun, number: str) -> None:
        sender = _number()

        world.write(sender, number, "¿precio?")

        heard = run.wait_for(InboundSeen, lambda event: event.sender == sender)
        assert heard.text == "¿precio?"
        assert heard.key.startswith("false_")
        assert heard.at_ms > 1_700_000_000_000

    def test_own_messages_are_not_inbound(self, run: EngineRun) -> None:
        prepared = run.engine.prepare(_number())
        run.engine.hand_over(prepared, "mío")
        run.wait_for_ack(prepared.key, 1)

        assert run.told(InboundSeen, lambda event: event.text == "mío") == []

    def test_no_code_for_a_linked_device(self, run: EngineRun) -> None:
        with pytest.raises(EngineError) as raised:
            run.engine.renew_code()

        assert raised.value.code == "WHATSAPP_ERROR"

    def test_offline_nothing_is_certain_but_a_message_in_hand_goes_out_later(
        self, world: World, run: EngineRun, number: str
    ) -> None:
        recipient, unknown = _number(), _number()
        prepared = run.engine.prepare(recipient)
        world.go_offline(number, run.engine)
        run.wait_until(lambda seen: not is_ready(seen) or not seen.online)

        run.engine.hand_over(prepared, "luego")
        pending = run.engine.acknowledgement(prepared)
        with pytest.raises(EngineError) as raised:
            run.engine.prepare(unknown)
        exists = run.engine.exists(unknown)

        assert pending == 0
        assert raised.value.code == "WHATSAPP_ERROR"
        assert raised.value.certain
        assert exists is None
        world.come_online(number, run.engine)
        run.wait_until_ready()
        run.wait_for_ack(prepared.key, 1)
        assert world.shown_to(number, recipient) == ["luego"]
        assert run.engine.exists(unknown) is True

    def test_many_threads_may_ask_at_once(self, run: EngineRun) -> None:
        keys: list[str] = []
        threads = [threading.Thread(target=lambda: keys.append(run.engine.prepare(_number()).key)) for _ in range(8)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(set(keys)) == 8

    def test_a_ban_is_a_problem_that_stays(self, world: World, run: EngineRun, number: str) -> None:
        world.ban(number, run.engine)

        run.wait_until(lambda seen: seen.problem == "ACCOUNT_BANNED")
        assert run.engine.observe().problem == "ACCOUNT_BANNED"


class TestEngineLife:
    """Start, code, restart, logout and every way to end; each test with browsers of its own."""

    def test_a_code_can_be_renewed_and_nothing_else_works_yet(
        self, world: World, launch: Launch, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        first = run.wait_for_code()
        seen = run.engine.observe()

        assert run.engine.renew_code() is None
        run.wait_for(PageChanged, lambda event: event.observation.code not in (None, first), "another code")

        assert (seen.registered, seen.phone_number, seen.pairing_id) == (False, None, None)
        assert run.engine.exists(_number()) is None
        with pytest.raises(EngineError) as raised:
            run.engine.prepare(_number())
        assert raised.value.certain

    def test_a_pairing_code_links(self, world: World, launch: Launch, phone: str, tmp_path: Path) -> None:
        run = launch(tmp_path)
        code = run.wait_for_code()

        pairing = run.engine.renew_code(phone)

        assert pairing is not None
        assert pairing.code != code
        world.enter_pairing_code(phone, pairing.code)
        assert run.wait_until_ready().phone_number == phone

    def test_a_restart_keeps_login_pairing_and_messages(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        linked = _link(world, run, phone)
        prepared = run.engine.prepare(_number())
        run.engine.hand_over(prepared, "hola")
        run.wait_for_ack(prepared.key, 2)
        run.engine.stop()

        again = launch(tmp_path)
        seen = again.wait_until_ready()

        assert (seen.phone_number, seen.pairing_id) == (phone, linked.pairing_id)
        assert again.engine.acknowledgement(prepared) in (2, 3)
        again.wait_for(PageChanged, lambda event: is_ready(event.observation))

    def test_the_phone_unlinks_and_links_anew(self, world: World, launch: Launch, phone: str, tmp_path: Path) -> None:
        run = launch(tmp_path)
        first = _link(world, run, phone)

        world.unlink(phone)

        told = run.wait_for(LoggedOut)
        assert told.reason == "user_initiated"
        second = _link(world, run, phone)
        assert second.pairing_id not in (None, first.pairing_id)
        assert len(run.told(LoggedOut)) == 1
        assert run.told(BrowserGone) == []

    def test_stopping_with_logout_unlinks(self, world: World, launch: Launch, phone: str, tmp_path: Path) -> None:
        run = launch(tmp_path)
        _link(world, run, phone)

        run.engine.stop(logout=True)

        again = launch(tmp_path)
        assert again.wait_for_code()
        assert not world.is_linked(phone)

    def test_a_crash_is_told_once_and_ends_the_talk(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        _link(world, run, phone)

        world.crash(phone, run.engine)

        run.wait_for(BrowserGone)
        with pytest.raises(EngineError) as raised:
            run.engine.observe()
        assert raised.value.code == "PAGE_FAILED"
        run.engine.stop()
        assert len(run.told(BrowserGone)) == 1
        assert not is_locked(run.config.lock_path)

    def test_a_hung_page_does_not_answer_and_still_stops(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        _link(world, run, phone)
        prepared = run.engine.prepare(_number())
        world.hang(phone, run.engine)
        failures: list[EngineError] = []

        def hand_over() -> None:
            try:
                run.engine.hand_over(prepared, "hola")
            except EngineError as error:
                failures.append(error)

        sending = threading.Thread(target=hand_over)
        with pytest.raises(EngineError) as raised:
            run.observe_until_failure()
        sending.start()
        run.engine.stop()
        sending.join()

        assert raised.value.code == "PAGE_FAILED"
        assert [(error.code, error.certain) for error in failures] == [("PAGE_FAILED", False)]
        assert not is_locked(run.config.lock_path)
        assert processes_of(run.config.profile_dir) == []

    def test_stopping_is_sure_and_may_be_repeated(self, world: World, launch: Launch, tmp_path: Path) -> None:
        before = children_of_this_process()
        run = launch(tmp_path)
        run.wait_for_code()
        was_locked = is_locked(run.config.lock_path)

        run.engine.stop()
        run.engine.stop(logout=True)

        assert was_locked
        assert not is_locked(run.config.lock_path)
        assert processes_of(run.config.profile_dir) == []
        assert children_of_this_process() <= before
        assert run.told(BrowserGone) == []
        with pytest.raises(EngineError):
            run.engine.observe()

    def test_a_profile_has_one_browser(self, world: World, launch: Launch, tmp_path: Path) -> None:
        first = launch(tmp_path)
        first.wait_for_code()

        with pytest.raises(EngineError) as raised:
            launch(tmp_path)

        assert raised.value.code == "PROFILE_LOCKED"
        assert first.engine.observe().code is not None

    def test_an_engine_that_never_started_stops_and_answers_nothing(self, world: World, tmp_path: Path) -> None:
        run = _run(world, tmp_path)

        with pytest.raises(EngineError) as raised:
            run.engine.observe()
        run.engine.stop()

        assert raised.value.code == "PAGE_FAILED"
