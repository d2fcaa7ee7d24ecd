"""The two worlds an engine is tested in: the fake in memory, and the simulator with a real browser."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

from session_worker.engine.factory import make_engine
from session_worker.engine.port import Engine, EngineConfig, Limits, Observation
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import MediaSource
from simulator.client import SimulatorClient
from support.waiting import until
from testing.fake.engine import FakeEngine
from testing.fake.whatsapp import FakeTimes, FakeWhatsApp
from tests.contract.engine.acts_world import FakeActs, SimulatorActs
from tests.contract.engine.arrivals import Arrival
from tests.contract.engine.engine_run import EngineRun
from tests.contract.engine.fake_conversations import FakeConversations
from tests.contract.engine.outbound import FakeOutbound, Outbound, SimulatorOutbound

REPOSITORY = Path(__file__).resolve().parents[3]
_END_SECONDS = 20
_numbers = itertools.count(5491155510000)


@dataclass(frozen=True)
class SentFile:
    """A document that somebody sent. source: as much of where it is as the world tells; name: in the world."""

    key: str
    source: MediaSource
    name: str


class World(Outbound, Protocol):
    """What tests may do to WhatsApp, whichever it is."""

    url: str

    def engine(self, config: EngineConfig) -> Engine: ...
    def add_phone(self, number: str, name: str) -> None: ...
    def scan(self, number: str, code: str) -> None: ...
    def enter_pairing_code(self, number: str, code: str) -> None: ...
    def unlink(self, number: str) -> None: ...
    def is_linked(self, number: str) -> bool: ...
    def write(self, sender: str, to: str, text: str) -> None: ...
    def write_from_ad(self, sender: str, to: str, text: str) -> None: ...
    def receive(self, number: str, sender: str, arrival: Arrival, **options: Any) -> str: ...
    def react(self, number: str, key: str, emoji: str, **options: Any) -> None: ...
    def vote(self, number: str, key: str, options: Sequence[str], **given: Any) -> None: ...
    def edit(self, number: str, key: str, text: str, *, silent: bool = False) -> None: ...
    def revoke(self, number: str, key: str, *, silent: bool = False) -> None: ...
    def write_while_reloading(self, number: str, engine: Engine, texts: list[tuple[str, str]]) -> None: ...
    def send_file(self, sender: str, to: str, content: bytes) -> SentFile: ...
    def source_of(self, file: SentFile, run: EngineRun) -> MediaSource: ...
    def expire_file(self, file: SentFile, *, on_phone: bool) -> None: ...
    def silence_phone(self, number: str, *, silent: bool) -> None: ...
    def break_downloads(self, number: str, *, broken: bool) -> None: ...
    def has_blue_ticks(self, number: str, sender: str) -> bool: ...
    def was_shown_online(self, number: str) -> bool: ...
    def not_on_whatsapp(self, *numbers: str) -> None: ...
    def known_by_lid(self, number: str) -> None: ...
    def refuse_next(self, number: str, code: str = "") -> None: ...
    def limit(self, number: str, limits: Limits) -> None: ...
    def lose_next_ack(self, number: str) -> None: ...
    def revoke_latest(self, number: str, recipient: str) -> None: ...
    def add_group(self, number: str, subject: str, description: str, others: Sequence[str]) -> str: ...
    def show_profile(self, number: str, name: str, *, picture: bool) -> None: ...
    def typing_of(self, number: str) -> list[tuple[str, str]]: ...
    def go_offline(self, number: str, engine: Engine) -> None: ...
    def come_online(self, number: str, engine: Engine) -> None: ...
    def crash(self, number: str, engine: Engine) -> None: ...
    def hang(self, number: str, engine: Engine) -> None: ...
    def reload(self, number: str, engine: Engine) -> None: ...
    def ban(self, number: str, engine: Engine) -> None: ...
    def shown_to(self, number: str, recipient: str) -> list[str]: ...
    def close(self) -> None: ...


class FakeWorld(FakeConversations, FakeOutbound, FakeActs):
    """In memory."""

    url = "fake://test"

    def __init__(self) -> None:
        super().__init__(FakeWhatsApp(FakeTimes(sync_ms=5, ack_ms=2, delivered_ms=5, read_ms=5)))

    def engine(self, config: EngineConfig) -> Engine:
        return FakeEngine(config, self._whatsapp)

    def add_phone(self, number: str, name: str) -> None:
        self._whatsapp.add_phone(number, name)

    def scan(self, number: str, code: str) -> None:
        self._whatsapp.scan(number, code)

    def enter_pairing_code(self, number: str, code: str) -> None:
        self._whatsapp.scan(number, code)

    def unlink(self, number: str) -> None:
        self._whatsapp.unlink(number)

    def is_linked(self, number: str) -> bool:
        return self._whatsapp.is_linked(number)

    def write(self, sender: str, to: str, text: str) -> None:
        self._whatsapp.write(sender, to, text)

    def write_from_ad(self, sender: str, to: str, text: str) -> None:
        self._whatsapp.write(sender, to, text, from_ad=True)

    def write_while_reloading(self, number: str, engine: Engine, texts: list[tuple[str, str]]) -> None:
        with self._whatsapp.lock:
            _fake(engine).reload()
            for sender, text in texts:
                self._whatsapp.write(sender, number, text)

    def send_file(self, sender: str, to: str, content: bytes) -> SentFile:
        source = self._whatsapp.media.put(content, "document", "application/pdf")
        return SentFile(f"false_{sender}@c.us_{self._whatsapp.new_message_id()}", source, source.direct_path)

    def source_of(self, file: SentFile, run: EngineRun) -> MediaSource:
        return file.source

    def expire_file(self, file: SentFile, *, on_phone: bool) -> None:
        content = self._whatsapp.media.expire(file.source)
        if on_phone and content is not None:
            self._whatsapp.media.kept_by_phone[file.key] = content

    def silence_phone(self, number: str, *, silent: bool) -> None:
        self._whatsapp.phone_answers = not silent

    def break_downloads(self, number: str, *, broken: bool) -> None:
        self._whatsapp.media.failures = 1 if broken else 0

    def has_blue_ticks(self, number: str, sender: str) -> bool:
        return (number, sender) in self._whatsapp.marked_as_read

    def was_shown_online(self, number: str) -> bool:
        return number in self._whatsapp.shown_online

    def not_on_whatsapp(self, *numbers: str) -> None:
        self._whatsapp.not_on_whatsapp.update(numbers)

    def known_by_lid(self, number: str) -> None:
        self._whatsapp.known_by_lid.add(number)

    def refuse_next(self, number: str, code: str = "") -> None:
        self._whatsapp.refusals += 1
        self._whatsapp.refusal_code = code

    def limit(self, number: str, limits: Limits) -> None:
        self._whatsapp.limits = limits

    def lose_next_ack(self, number: str) -> None:
        self._whatsapp.lost_acks += 1

    def revoke_latest(self, number: str, recipient: str) -> None:
        self._whatsapp.revoke(recipient)

    def go_offline(self, number: str, engine: Engine) -> None:
        _fake(engine).set_online(False)

    def come_online(self, number: str, engine: Engine) -> None:
        _fake(engine).set_online(True)

    def crash(self, number: str, engine: Engine) -> None:
        _fake(engine).crash()

    def hang(self, number: str, engine: Engine) -> None:
        _fake(engine).hang()

    def reload(self, number: str, engine: Engine) -> None:
        _fake(engine).reload()

    def ban(self, number: str, engine: Engine) -> None:
        _fake(engine).tell_problem("ACCOUNT_BANNED")

    def shown_to(self, number: str, recipient: str) -> list[str]:
        return self._whatsapp.shown_to(recipient)

    def close(self) -> None:
        self._whatsapp.close()


class SimulatorWorld(SimulatorOutbound, SimulatorActs):
    """A simulator in a process of its own."""

    def __init__(self, folder: Path) -> None:
        ready = folder / "ready.json"
        command = [sys.executable, "-m", "simulator", "--port", "0", "--data", str(folder), "--ready-file", str(ready)]
        self._process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._process.stdout.readline()  # its one line, once it listens
        self.url = str(json.loads(ready.read_text("utf-8"))["url"])
        super().__init__(SimulatorClient(self.url))
        self._control.put_settings(
            sync_ms=50, resume_ms=50, delivered_ms=50, read_ms=50, resend_ms=300, reconnect_ms=100
        )

    def engine(self, config: EngineConfig) -> Engine:
        return make_engine(config)

    def add_phone(self, number: str, name: str) -> None:
        self._control.put_phone(number, name)

    def scan(self, number: str, code: str) -> None:
        self._control.scan(number, code)

    def enter_pairing_code(self, number: str, code: str) -> None:
        self._control.enter_pairing_code(number, code)

    def unlink(self, number: str) -> None:
        self._control.log_out(number)

    def is_linked(self, number: str) -> bool:
        return bool(self._control.phone(number)["devices"])

    def write(self, sender: str, to: str, text: str) -> None:
        self._control.inbound(to, sender, text)

    def write_from_ad(self, sender: str, to: str, text: str) -> None:
        self._control.lead(to, sender, text)

    def receive(self, number: str, sender: str, arrival: Arrival, **options: Any) -> str:
        answer = self._control.receive(number, sender, arrival.type, arrival.text or None, **options, **arrival.fields)
        return str(answer["key"])

    def react(self, number: str, key: str, emoji: str, **options: Any) -> None:
        self._control.react(number, key, emoji, **options)

    def vote(self, number: str, key: str, options: Sequence[str], **given: Any) -> None:
        self._control.vote(number, key, options, **given)

    def edit(self, number: str, key: str, text: str, *, silent: bool = False) -> None:
        self._control.edit(number, key, text, silent=silent)

    def revoke(self, number: str, key: str, *, silent: bool = False) -> None:
        self._control.revoke(number, key, silent=silent)

    def write_while_reloading(self, number: str, engine: Engine, texts: list[tuple[str, str]]) -> None:
        self._control.put_settings(reload_above=len(texts) - 1)
        self.go_offline(number, engine)
        for sender, text in texts:
            self.write(sender, number, text)
        self.come_online(number, engine)

    def send_file(self, sender: str, to: str, content: bytes) -> SentFile:
        """The source says the kind alone: the page's own message says where it is."""
        name = str(self._control.put_media(content, "application/pdf")["media"])
        key = str(self._control.receive(to, sender, "document", media=name)["key"])
        until(lambda: self._is_delivered(to, key), 10, "a page that has the message")
        return SentFile(key, MediaSource("document"), name)

    def source_of(self, file: SentFile, run: EngineRun) -> MediaSource:
        """As the engine tells it."""
        told = run.wait_for(MessageInbound, lambda event: event.whatsapp_id == file.key, "the message")
        assert told.media is not None
        return told.media

    def expire_file(self, file: SentFile, *, on_phone: bool) -> None:
        self._control.expire_media(file.name, on_phone=on_phone)

    def silence_phone(self, number: str, *, silent: bool) -> None:
        self._fault("phone_silent", number, on=silent)

    def break_downloads(self, number: str, *, broken: bool) -> None:
        self._fault("fail_media", number, on=broken)

    def _is_delivered(self, number: str, key: str) -> bool:
        return any(one["key"] == key and one["delivered_at"] for one in self._control.messages(number))

    def has_blue_ticks(self, number: str, sender: str) -> bool:
        heard = [one for one in self._control.messages(number) if one["direction"] == "in" and one["from"] == sender]
        return any(one["read_at"] is not None for one in heard)

    def was_shown_online(self, number: str) -> bool:
        phone = self._control.phone(number)
        return bool(phone["shown_online"] or phone["times_online"])

    def not_on_whatsapp(self, *numbers: str) -> None:
        for number in numbers:
            self._control.put_number(number, exists=False)

    def known_by_lid(self, number: str) -> None:
        self._control.put_number(number, lid=True)

    def refuse_next(self, number: str, code: str = "") -> None:
        self._control.add_fault("refuse_sends", phone=number, value=code or None, count=1)

    def limit(self, number: str, limits: Limits) -> None:
        self._control.put_limits(
            number,
            time_lock_ends=limits.time_lock_until_ms // 1000 or None,
            total_quota=limits.new_chats_allowed,
            used_quota=limits.new_chats_used,
            cycle_ends=limits.cycle_ends_ms // 1000 or None,
        )

    def lose_next_ack(self, number: str) -> None:
        self._control.add_fault("drop_acks", phone=number, count=1)

    def revoke_latest(self, number: str, recipient: str) -> None:
        *_, latest = self._control.messages(number, to=recipient)
        self._control.revoke(number, str(latest["key"]))

    def go_offline(self, number: str, engine: Engine) -> None:
        self._control.add_fault("offline", phone=number)

    def come_online(self, number: str, engine: Engine) -> None:
        for fault in self._control.faults():
            if fault["kind"] == "offline":
                self._control.lift_faults(str(fault["id"]))

    def crash(self, number: str, engine: Engine) -> None:
        self._control.add_fault("crash_page", phone=number)

    def hang(self, number: str, engine: Engine) -> None:
        self._control.add_fault("hang_page", phone=number)

    def reload(self, number: str, engine: Engine) -> None:
        self._control.add_fault("detach", phone=number)

    def ban(self, number: str, engine: Engine) -> None:
        self._control.add_fault("ban", phone=number, value="event", duration_ms=1)

    def serve(self, version: str, *missing: str) -> None:
        """From the next load on, pages get a build without these names."""
        self._control.put_settings(web_version=version, missing={version: list(missing)})

    def shown_to(self, number: str, recipient: str) -> list[str]:
        return [message["body"] for message in self._control.messages(number, to=recipient)]

    def close(self) -> None:
        self._control.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.communicate(timeout=_END_SECONDS)


def new_number() -> str:
    """A phone number that no other test has."""
    return str(next(_numbers))


def new_run(world: World, folder: Path, *, show_online: bool = False) -> EngineRun:
    """An engine of the world's, not started."""
    config = EngineConfig(
        url=world.url, profile_dir=folder / "profile", lock_path=folder / "profile.lock", show_online=show_online
    )
    return EngineRun(world.engine(config), config)


def link(world: World, run: EngineRun, number: str) -> Observation:
    """Has the phone scan the code that is shown."""
    world.scan(number, run.wait_for_code())
    return run.wait_until_ready()


def processes_of(profile_dir: Path) -> list[psutil.Process]:
    """Every living process that names the profile on its command line."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if process.info["status"] != psutil.STATUS_ZOMBIE and any(str(profile_dir) in word for word in words):
            found.append(process)
    return found


def children_of_this_process() -> set[int]:
    return {child.pid for child in psutil.Process(os.getpid()).children() if child.status() != psutil.STATUS_ZOMBIE}


def _fake(engine: Engine) -> FakeEngine:
    assert isinstance(engine, FakeEngine)
    return engine
