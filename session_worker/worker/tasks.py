"""The Celery tasks a session worker serves: thin shells. None of them waits behind a send."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import redis
from celery import Celery

from session_worker.acting.shell import Performer
from session_worker.engine.port import EngineError
from session_worker.sending.shell import Sender
from session_worker.session.shell import Session
from shared.logs import get_logger
from shared.names import Keys
from shared.protocol.commands import (
    AnyAnswer,
    AskContact,
    AskGroup,
    AskGroups,
    AskPairingCode,
    AskProfile,
    AskStatus,
    Command,
    Connect,
    ContactAnswer,
    Disconnect,
    GroupAnswer,
    GroupsAnswer,
    MarkRead,
    MarkReadAnswer,
    Notify,
    PairingCodeAnswer,
    PerformActs,
    ProfileAnswer,
    Question,
    Refusal,
    Restart,
    SessionStatusAnswer,
    ShowTyping,
    TypingAnswer,
    answer_text,
)

_log = get_logger(__name__)

REPLY_TTL_S = 60


class Replies:
    """Answers questions through a short-lived list that the asker blocks on."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def send(self, question_id: str, answer: AnyAnswer) -> None:
        """Puts the answer where the asker waits for it. Raises redis.RedisError."""
        key = self._keys.reply(question_id)
        pipeline = self._client.pipeline(transaction=True)
        pipeline.lpush(key, answer_text(answer))
        pipeline.expire(key, REPLY_TTL_S)
        pipeline.execute()


def register(app: Celery, session: Session, sender: Sender, performer: Performer, replies: Replies) -> None:
    """Makes the tasks of one tenant's session known to its Celery application, one for each command and question."""
    commands: dict[type[Command], Callable[[Any], None]] = {
        Notify: lambda command: sender.notify(),
        Connect: lambda command: session.connect(refresh_code=command.refresh_code),
        Disconnect: lambda command: session.disconnect(logout=command.logout),
        Restart: lambda command: session.restart(),
        PerformActs: lambda command: performer.notify(),
    }
    questions: dict[type[Question[Any]], Callable[[Any], AnyAnswer]] = {
        AskStatus: lambda question: SessionStatusAnswer(session.snapshot()),
        AskPairingCode: lambda question: _pairing_code(session, question.phone_number),
        AskContact: lambda question: _contact(session, question.number),
        MarkRead: lambda question: _mark_read(session, question.chat_id),
        ShowTyping: lambda question: _show_typing(session, question),
        AskGroups: lambda question: GroupsAnswer(tuple(replace(one, participants=()) for one in session.groups())),
        AskGroup: lambda question: _group(session, question.group_id),
        AskProfile: lambda question: ProfileAnswer(session.profile(question.number)),
    }
    for command, obey in commands.items():
        app.task(_task(command, obey), name=command.task, shared=False)
    for question, ask in questions.items():
        app.task(_task(question, _answering(replies, ask)), name=question.task, shared=False)


def _task(kind: type[Command], work: Callable[[Any], None]) -> Callable[..., None]:
    """A task whose keyword arguments are a record's wire form."""

    def run(**wire: Any) -> None:
        work(kind.from_wire(wire))

    return run


def _answering(replies: Replies, ask: Callable[[Any], AnyAnswer]) -> Callable[[Question[Any]], None]:
    """Sends the answer to a question; a failure is an answer too."""

    def answer(question: Question[Any]) -> None:
        try:
            found = ask(question)
        except EngineError as error:
            _log.warning("engine.question_failed", code=error.code, detail=error.detail)
            found = Refusal(error.code)
        replies.send(question.question_id, found)

    return answer


def _pairing_code(session: Session, phone_number: str) -> PairingCodeAnswer:
    made = session.pairing_code(phone_number)
    return PairingCodeAnswer(made.code, made.expires_at_ms)


def _contact(session: Session, number: str) -> ContactAnswer:
    contact = session.find_contact(number)
    return ContactAnswer(None) if contact is None else ContactAnswer(contact.exists, contact.chat_id)


def _mark_read(session: Session, chat_id: str) -> MarkReadAnswer:
    session.mark_read(chat_id)
    return MarkReadAnswer()


def _show_typing(session: Session, question: ShowTyping) -> TypingAnswer:
    session.show_typing(question.chat_id, question.seconds, recording=question.recording)
    return TypingAnswer()


def _group(session: Session, group_id: str) -> GroupAnswer:
    return GroupAnswer(next((one for one in session.groups() if one.group_id == group_id), None))
