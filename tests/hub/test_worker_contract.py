"""Both ends of the wire: the hub's real calls and a real worker process, over every command and every question.

Only the browser is a stand-in. What one side sends the other reads, or this fails: neither is tested against an idea
of the other.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerProcess
from typing import Any
from unittest.mock import Mock

import pytest
import redis
from celery import Celery
from conversations_told import CHAT, TEXT, WHO, telling
from flask.testing import FlaskClient

from hub_api.recording.drain import Drain
from hub_api.services import Services
from hub_api.workers.control import new_question_id
from session_worker.worker.tasks import Replies, register
from shared.names import Keys
from shared.protocol import commands
from shared.protocol.acts import ActStatus
from shared.protocol.commands import AskContact, Command, MarkRead, MarkReadAnswer, Question
from shared.settings import Settings
from support.waiting import until
from support.worker_process import end_worker, start_worker

URL = "/api/whatsapp/51"
LINKED = "fake://auto"
UNLINKED = "fake://auto?link_ms=3600000"
Start = Callable[[str], None]


@pytest.fixture
def start(settings: Settings, server: redis.Redis) -> Iterator[Start]:
    """Starts the tenant's worker against an address."""
    running: list[ForkServerProcess] = []

    def run(address: str) -> None:
        running.append(start_worker(settings.model_copy(update={"whatsapp_web_url": address})))

    yield run
    for process in running:
        end_worker(process)


@pytest.fixture
def call(client: FlaskClient, maria: dict[str, str]) -> Callable[..., Any]:
    def made(method: str, path: str, body: Any = None) -> Any:
        answer = client.open(f"{URL}{path}", method=method, headers=maria, json=body)
        return {"http": answer.status_code, **(answer.json or {})}

    return made


def until_status(call: Callable[..., Any], status: str) -> None:
    until(lambda: call("GET", "/status")["status"] == status, 30, f"status {status}")


def test_a_worker_serves_every_command_and_question(server: redis.Redis, keys: Keys) -> None:
    app = Celery("x", set_as_current=False)
    register(app, Mock(), Mock(), Mock(), Replies(server, keys))
    known = {
        kind.task
        for kind in vars(commands).values()
        if isinstance(kind, type) and issubclass(kind, Command) and kind not in (Command, Question)
    }
    assert {name for name in app.tasks if name.startswith("session.")} == known


def test_the_status_is_the_workers_own_word(
    start: Start, call: Callable[..., Any], server: redis.Redis, keys: Keys
) -> None:
    # given
    start(LINKED)
    until_status(call, "READY")
    kept = call("GET", "/status")
    # when what Redis keeps is out of date
    server.hset(keys.session(51), "push_name", "somebody else")
    # then
    asked = call("POST", "/status")
    assert (asked["http"], asked["status"], asked["phone_number"]) == (200, "READY", kept["phone_number"])
    assert asked["push_name"] == kept["push_name"]
    assert asked.keys() == kept.keys()


@pytest.mark.parametrize("number", ["5491123456789", "5491100000000"])
def test_a_contact_is_answered_with_its_chat(start: Start, call: Callable[..., Any], number: str) -> None:
    start(LINKED)
    until_status(call, "READY")
    found = call("GET", f"/contacts/{number}")
    assert (found["http"], found["number"]) == (200, number)
    assert found["exists"] is True
    assert found["chat_id"].endswith(("@c.us", "@lid"))


def test_a_conversation_is_read_by_a_callers_word(
    start: Start, call: Callable[..., Any], services: Services, drain: Drain
) -> None:
    # given a person who wrote
    telling(services, drain)(TEXT)
    assert call("GET", "/chats")["items"][0]["unread"] == 1
    start(LINKED)
    until_status(call, "READY")
    # when
    answer = call("POST", f"/chats/{CHAT}/read")
    # then
    assert (answer["http"], answer["unread"], answer["chat_id"]) == (200, 0, CHAT)


def test_acts_have_their_outcome(start: Start, call: Callable[..., Any], drain: Drain) -> None:
    start(LINKED)
    until_status(call, "READY")
    sent = call("POST", "/messages?wait=20", {"to": WHO, "message": "hola"})
    assert sent["status"] in ("sent", "delivered", "read")
    drain.run()
    message = f"/messages/{sent['message_id']}"

    reacted = call("POST", f"{message}/react?wait=20", {"emoji": "👍"})
    edited = call("PATCH", f"{message}?wait=20", {"message": "chau"})
    deleted = call("DELETE", f"{message}?wait=20")

    assert [(one["http"], one["status"]) for one in (reacted, edited, deleted)] == [(200, "done")] * 3
    drain.run()
    [shown] = call("GET", f"/chats/{CHAT}/messages")["items"][-1:]
    assert (shown["message"], shown["message_id"]) == ("chau", sent["message_id"])
    assert None not in (shown["edited_at"], shown["revoked_at"])
    assert [one["emoji"] for one in shown["reactions"]] == ["👍"]


def test_an_act_whose_worker_is_killed_is_the_successors(
    settings: Settings, call: Callable[..., Any], drain: Drain, services: Services
) -> None:
    """Nobody had begun it."""
    worker = start_worker(settings.model_copy(update={"whatsapp_web_url": LINKED}))
    until_status(call, "READY")
    sent = call("POST", "/messages?wait=20", {"to": WHO, "message": "hola"})
    drain.run()
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGSTOP)
    asked = call("DELETE", f"/messages/{sent['message_id']}")
    worker.kill()
    worker.join(20)
    assert asked["status"] == "asked"
    until(lambda: not services.client.exists(services.keys.lease(51)), 30, "the lease's end")
    successor = start_worker(settings.model_copy(update={"whatsapp_web_url": LINKED}))
    try:
        found = until(
            lambda: (entry := services.ledger.acts.read(asked["act_id"])) and entry.ended_at and entry, 60, "an outcome"
        )
        # its page is another one, in memory: it says that it does not have the message
        assert (found.status, found.error) == (ActStatus.FAILED, "MESSAGE_NOT_FOUND")
    finally:
        end_worker(successor)


def test_what_is_asked_of_the_live_session(start: Start, call: Callable[..., Any]) -> None:
    start(LINKED)
    until_status(call, "READY")
    typing = call("POST", f"/chats/{CHAT}/typing", {"seconds": 1})
    assert (typing["http"], typing["chat_id"]) == (200, CHAT)
    assert (call("GET", "/groups")["http"], call("GET", "/groups")["items"]) == (200, [])
    assert call("GET", "/groups/120363000000000001@g.us")["http"] == 404
    profile = call("GET", f"/contacts/{WHO}/profile")
    assert (profile["http"], profile["chat_id"], profile["picture_url"]) == (200, CHAT, None)
    checked = call("POST", "/contacts/check", {"numbers": [WHO, "5491123456789"]})
    assert [one["exists"] for one in checked["items"]] == [True, True]


def test_a_pairing_code_comes_from_the_page(start: Start, call: Callable[..., Any]) -> None:
    start(UNLINKED)
    until_status(call, "QR_REQUIRED")
    made = call("POST", "/pairing-code", {"phone_number": "11 2345-6789"})
    assert (made["http"], made["status"]) == (200, "QR_REQUIRED")
    assert len(made["code"]) == 8
    assert made["expires_at"].endswith("Z")


def test_what_the_page_refuses_is_an_answer(start: Start, call: Callable[..., Any], services: Services) -> None:
    start(UNLINKED)
    until_status(call, "QR_REQUIRED")
    # the call asks no session that is not READY, so the question is put as it would
    answer = services.control.ask(AskContact(51, new_question_id(), "5491123456789"))
    assert answer.exists is None


def test_a_chat_is_marked_as_read(start: Start, call: Callable[..., Any], services: Services) -> None:
    start(LINKED)
    until_status(call, "READY")
    answer = services.control.ask(MarkRead(51, new_question_id(), "5491123456789@c.us"))
    assert answer == MarkReadAnswer()


def test_commands_reach_the_worker(start: Start, call: Callable[..., Any], services: Services) -> None:
    start(LINKED)
    until_status(call, "READY")
    # a message wakes it
    sent = call("POST", "/messages?wait=20", {"to": "11 2345-6789", "message": "hola"})
    assert (sent["http"], sent["status"] in ("sent", "delivered", "read")) == (200, True)
    # connect changes nothing, restart gives another browser run
    before = services.snapshots.read(51).snapshot.browser_run
    assert call("POST", "/connect")["already_connected"] is True
    call("POST", "/restart")
    until(lambda: services.snapshots.read(51).snapshot.browser_run != before, 20, "another browser run")
    until_status(call, "READY")
    # disconnect ends it and gives the lease back
    call("POST", "/disconnect")
    until(lambda: not services.snapshots.read(51).owned, 30, "the lease given back")
    assert call("GET", "/status")["status"] == "DISCONNECTED"


def test_a_logout_asked_for_while_nothing_runs_is_done_at_the_next_start(
    start: Start, call: Callable[..., Any], services: Services
) -> None:
    # given a login whose session was stopped, and a message that waits for it
    start(LINKED)
    until_status(call, "READY")
    call("POST", "/disconnect")
    until(lambda: not services.wanted.owned([51]), 30, "the worker's end")
    waits = call("POST", "/messages", {"to": "11 2345-6789", "message": "hola", "on_not_ready": "queue"})
    # when
    asked = call("POST", "/disconnect", {"logout": True})
    start(UNLINKED)
    # then the login is gone, the message still waits, and nothing more is owed
    until_status(call, "QR_REQUIRED")
    assert asked["logout_pending"] is True
    assert call("GET", "/status")["phone_number"] is None
    assert call("GET", f"/messages/{waits['message_id']}")["status"] == "queued"
    until(lambda: services.wanted.owed_logout(51) is None, 10, "the logout to be recorded")
