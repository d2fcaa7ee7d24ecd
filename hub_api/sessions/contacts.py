"""Whether a number is on WhatsApp: what was answered lately is known, and WhatsApp is asked so often and no more.

Asking for many numbers is what WhatsApp bans phones for.
"""

from __future__ import annotations

import json
from typing import cast

from hub_api.recipients import service as recipients
from hub_api.services import Services
from hub_api.workers.control import new_question_id
from shared.errors import RateLimited, SessionNotReady
from shared.protocol.commands import AskContact, ContactAnswer
from shared.protocol.wire import WireError
from shared.recipient_key import recipient_key

_HOUR_MS = 3_600_000
_ABSENT_KEPT_S = 3_600  # at most: who is not on WhatsApp may join
_UNKNOWN = ContactAnswer(exists=None)


def check(services: Services, cliente_id: int, number: str, now_ms: int) -> ContactAnswer:
    """What WhatsApp says of a number; `exists` None where it could not be asked. number: canonical digits.

    Raises RateLimited where the tenant's questions of this hour are used up; SessionManagerTimeout, WhatsAppError;
    redis.RedisError and sqlalchemy.exc.SQLAlchemyError.
    """
    known = _known(services, cliente_id, number)
    if known is not None:
        return known
    if not services.snapshots.read(cliente_id).can_send:
        return _UNKNOWN
    _count(services, cliente_id, now_ms)
    try:
        answer = services.control.ask(AskContact(cliente_id, new_question_id(), number))
    except SessionNotReady:  # it was ready a moment ago
        return _UNKNOWN
    if answer.chat_id is not None:
        recipients.learn(services, cliente_id, number, answer.chat_id)
    _keep(services, cliente_id, number, answer)
    return answer


def _known(services: Services, cliente_id: int, number: str) -> ContactAnswer | None:
    text = cast("str | None", services.client.get(services.keys.contact(cliente_id, recipient_key(number))))
    try:
        return None if text is None else ContactAnswer.from_wire(json.loads(text))
    except (WireError, ValueError):
        return None


def _keep(services: Services, cliente_id: int, number: str, answer: ContactAnswer) -> None:
    kept_s = services.settings.contact_kept_seconds
    if not answer.exists:
        kept_s = min(kept_s, _ABSENT_KEPT_S)
    if answer.exists is not None and kept_s:
        name = services.keys.contact(cliente_id, recipient_key(number))
        services.client.set(name, json.dumps(answer.to_wire()), ex=kept_s)


def _count(services: Services, cliente_id: int, now_ms: int) -> None:
    limit = services.settings.contact_checks_per_hour
    if not limit:
        return
    name = services.keys.contacts_asked(cliente_id, now_ms // _HOUR_MS)
    pipeline = services.client.pipeline(transaction=True)
    pipeline.incr(name)
    pipeline.pexpire(name, 2 * _HOUR_MS)
    asked, _ = pipeline.execute()
    if asked > limit:
        raise RateLimited(details={"limit_per_hour": limit}, retry_after_s=1 + (_HOUR_MS - now_ms % _HOUR_MS) // 1000)
