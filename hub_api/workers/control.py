"""Commands and questions to the live worker of a session, through its queue (CONTRACT section 7).

They are put where the worker takes its next task from, so that control never waits behind doorbells of messages.
"""

from __future__ import annotations

import json
import uuid
from typing import Any, cast

import redis

from hub_api.workers.notifications import Notifications
from shared.errors import LeadMasterError, SessionManagerTimeout, WhatsAppError
from shared.instant import now_ms
from shared.names import TASK_STATUS, Keys, session_queue

ANSWER_WITHIN_S = 5
_COMMAND_EXPIRES_S = 60.0

_ERRORS = {kind.code: kind for kind in LeadMasterError.__subclasses__()}


class Control:
    """Speaks to workers. Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, blocking: redis.Redis, keys: Keys, notifications: Notifications) -> None:
        """blocking: a client whose reads may last longer than ANSWER_WITHIN_S."""
        self._client = client
        self._blocking = blocking
        self._keys = keys
        self._notifications = notifications
        self.within_s: float = ANSWER_WITHIN_S

    def tell(self, task: str, cliente_id: int, **kwargs: Any) -> None:
        """Publishes a command; a worker that takes it more than a minute later drops it."""
        payload = self._notifications.task(
            task, {"cliente_id": cliente_id, **kwargs}, task_id=str(uuid.uuid4()), expires_s=_COMMAND_EXPIRES_S
        )
        self._client.rpush(self._keys.queue_list(session_queue(cliente_id)), payload)

    def ask(self, task: str, cliente_id: int, **kwargs: Any) -> dict[str, Any]:
        """Publishes a question and waits for the worker's answer, a JSON object.

        Raises SessionManagerTimeout where none came in time, and the error that the worker answered with.
        """
        question_id = uuid.uuid4().hex
        queue = self._keys.queue_list(session_queue(cliente_id))
        payload = self._notifications.task(
            task,
            {"cliente_id": cliente_id, "question_id": question_id, **kwargs},
            task_id=question_id,
            expires_s=self.within_s,
        )
        self._client.rpush(queue, payload)
        answer = cast(
            "list[str] | None", self._blocking.blpop([self._keys.reply(question_id)], timeout=cast(int, self.within_s))
        )
        if answer is None:
            self._client.lrem(queue, -1, cast(str, payload))
            raise SessionManagerTimeout(details={"waited_seconds": self.within_s})
        return _read(answer[1])

    def ask_status(self, cliente_id: int) -> dict[str, Any]:
        """Asks how the session is. asked_at: milliseconds. Raises as `ask`."""
        return self.ask(TASK_STATUS, cliente_id, asked_at=now_ms())


def _read(text: str) -> dict[str, Any]:
    answer = json.loads(text)
    if not isinstance(answer, dict):
        raise WhatsAppError(details={"answer": "not an object"})
    code = answer.get("error")
    if code:
        raise _ERRORS.get(str(code), WhatsAppError)(answer.get("message"), details={"cause": str(code)})
    return answer
