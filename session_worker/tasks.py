"""The Celery tasks a session worker serves: two-line shells. None of them waits behind a send."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import redis
from celery import Celery

from session_worker.engine.port import Engine, EngineError
from session_worker.sender import Sender
from session_worker.session import Session
from shared import names
from shared.instant import now_ms, to_iso
from shared.logs import get_logger
from shared.sessions.snapshot import SessionView
from shared.texts import Language

_log = get_logger(__name__)

REPLY_TTL_S = 60
ENGINE_WAIT_S = 20.0  # for a browser that is just starting


class Replies:
    """Answers questions through a short-lived list that the asker blocks on."""

    def __init__(self, client: redis.Redis, keys: names.Keys) -> None:
        self._client = client
        self._keys = keys

    def send(self, question_id: str, answer: dict[str, object]) -> None:
        """Puts the answer (JSON) where the asker waits for it."""
        key = self._keys.reply(question_id)
        pipeline = self._client.pipeline(transaction=True)
        pipeline.lpush(key, json.dumps(answer, ensure_ascii=False))
        pipeline.expire(key, REPLY_TTL_S)
        pipeline.execute()


def register(app: Celery, session: Session, sender: Sender, replies: Replies, language: Language) -> None:
    """Makes the tasks of one tenant's session known to its Celery application."""

    @app.task(name=names.TASK_NOTIFY)
    def deliver(cliente_id: int, message_id: str) -> None:
        sender.ring()

    @app.task(name=names.TASK_CONNECT)
    def connect(cliente_id: int, refresh_code: bool = False) -> None:
        session.connect(refresh_code=refresh_code)

    @app.task(name=names.TASK_DISCONNECT)
    def disconnect(cliente_id: int, logout: bool = False) -> None:
        session.stop(logout=logout, cause="disconnect")

    @app.task(name=names.TASK_RESTART)
    def restart(cliente_id: int) -> None:
        session.relaunch("restart")

    @app.task(name=names.TASK_STATUS)
    def status(cliente_id: int, question_id: str, asked_at: int = 0) -> None:
        replies.send(question_id, SessionView(session.snapshot(), True, True).to_object(now_ms(), language))

    @app.task(name=names.TASK_PAIRING_CODE)
    def pairing_code(cliente_id: int, phone_number: str, question_id: str) -> None:
        replies.send(question_id, _asked(session, lambda engine: _pairing_code(engine, phone_number)))

    @app.task(name=names.TASK_CHECK_CONTACT)
    def check_contact(cliente_id: int, number: str, question_id: str) -> None:
        replies.send(question_id, _asked(session, lambda engine: {"exists": engine.exists(number)}))


def _pairing_code(engine: Engine, phone_number: str) -> dict[str, object]:
    made = engine.renew_code(phone_number)
    if made is None:
        raise EngineError("WHATSAPP_ERROR", "no pairing code was given")
    return {"code": made.code, "expires_at": to_iso(made.expires_at_ms)}


def _asked(session: Session, ask: Callable[[Engine], dict[str, object]]) -> dict[str, object]:
    """Asks the engine, waiting for one that is starting; a failure is an answer too."""
    deadline = time.monotonic() + ENGINE_WAIT_S
    while (engine := session.engine()) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    if engine is None:
        return {"ok": False, "error": "SESSION_NOT_READY"}
    try:
        return {"ok": True, **ask(engine)}
    except EngineError as error:
        _log.warning("engine.question_failed", code=error.code, detail=error.detail)
        return {"ok": False, "error": error.code}
