"""Commands and questions to the live worker of a session, through its queue.

They have a queue of their own, which is served first, so that control never waits behind notifications of messages; and
in order, so that who disconnects and then connects is connected.
"""

from __future__ import annotations

import uuid
from typing import Any, cast

import redis

from hub_api.workers.task_messages import TaskMessages
from shared.errors import LeadMasterError, SessionManagerTimeout, WhatsAppError
from shared.names import Keys
from shared.protocol.commands import (
    Answer,
    AskContact,
    AskGroup,
    AskGroups,
    AskPairingCode,
    AskProfile,
    AskStatus,
    Command,
    MarkRead,
    Question,
    Refusal,
    ShowTyping,
)
from shared.protocol.wire import WireError

_QUESTIONS: tuple[type[Question[Any]], ...] = (
    AskStatus,
    AskPairingCode,
    AskContact,
    MarkRead,
    ShowTyping,
    AskGroups,
    AskGroup,
    AskProfile,
)
MAX_ANSWER_S = max(kind.within_s for kind in _QUESTIONS)
_COMMAND_EXPIRES_S = 60.0

_ERRORS = {kind.code: kind for kind in LeadMasterError.__subclasses__()}


class Control:
    """Speaks to workers. Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, waiting: redis.Redis, keys: Keys, messages: TaskMessages) -> None:
        """waiting: a client whose reads may last longer than MAX_ANSWER_S."""
        self._client = client
        self._waiting = waiting
        self._keys = keys
        self._messages = messages

    def tell(self, command: Command) -> None:
        """Publishes a command; a worker that takes it more than a minute later drops it."""
        payload = self._messages.command(command, task_id=str(uuid.uuid4()), expires_s=_COMMAND_EXPIRES_S)
        self._client.lpush(self._queue(command), payload)

    def ask(self, question: Question[Answer]) -> Answer:
        """Publishes a question and waits for the worker's answer.

        Raises SessionManagerTimeout where none came in time, and the error of the code that the worker refused with.
        """
        payload = self._messages.command(question, task_id=question.question_id, expires_s=question.within_s)
        self._client.lpush(self._queue(question), payload)
        replies = [self._keys.reply(question.question_id)]
        arrived = cast("list[str] | None", self._waiting.blpop(replies, timeout=cast(int, question.within_s)))
        if arrived is None:
            self._client.lrem(self._queue(question), 1, cast(str, payload))
            raise SessionManagerTimeout(details={"waited_seconds": question.within_s})
        try:
            answer = question.read(arrived[1])
        except WireError as error:
            raise WhatsAppError(details={"answer": str(error)}) from None
        if isinstance(answer, Refusal):
            raise _ERRORS.get(answer.error, WhatsAppError)(details={"cause": answer.error})
        return answer

    def _queue(self, command: Command) -> str:
        return self._keys.queue_list(command.queue)


def new_question_id() -> str:
    """Names one question and the list on which its answer is awaited."""
    return uuid.uuid4().hex
