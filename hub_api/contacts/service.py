"""Who is on WhatsApp, and how they show themselves there. What was answered lately is known; else WhatsApp is asked, so
often and no more.

Asking for many numbers is what WhatsApp bans phones for.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from hub_api.recipients import service as recipients
from hub_api.services import Services
from hub_api.sessions.service import require_ready
from hub_api.web.fields import canonical
from hub_api.workers.control import new_question_id
from shared.errors import InvalidTo, LeadMasterError, NotOnWhatsApp, RateLimited, SessionManagerTimeout, SessionNotReady
from shared.instant import steady_ms
from shared.protocol.commands import AskContact, AskProfile, ContactAnswer, ProfileAnswer
from shared.protocol.profiles import Profile
from shared.protocol.wire import Record, WireError
from shared.recipient_key import recipient_key
from shared.texts import Language

_R = TypeVar("_R", bound=Record)
_HOUR_MS = 3_600_000
_ABSENT_KEPT_S = 3_600  # at most: who is not on WhatsApp may join
_PROFILE_KEPT_S = 3_600  # at most: people change their picture
_MANY_WITHIN_MS = 25_000  # of a call about many numbers: who calls has not gone by then
_UNKNOWN = ContactAnswer(exists=None)


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one number among many. error: a code, where WhatsApp was not asked or did not answer."""

    number: str  # canonical digits, or as it was given where it is none
    answer: ContactAnswer
    error: str = ""


def check_many(services: Services, cliente_id: int, numbers: Sequence[str], country: str, now_ms: int) -> list[Checked]:
    """What WhatsApp says of each, in their order; those that are known cost nothing.

    Once the hour's questions or the call's time are used up, or the session is not there, the rest is not asked: what
    was answered is known, so the call can be repeated for the rest.
    Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    deadline_ms, stopped = steady_ms() + _MANY_WITHIN_MS, ""
    found: list[Checked] = []
    for given in numbers:
        try:
            number = canonical(given, country, "numbers")
        except InvalidTo as error:
            found.append(Checked(given, _UNKNOWN, error.code))
            continue
        if not stopped and steady_ms() >= deadline_ms:
            stopped = SessionManagerTimeout.code
        if stopped:
            known = _known(services, cliente_id, number)
            found.append(Checked(number, known or _UNKNOWN, "" if known else stopped))
            continue
        try:
            answer = check(services, cliente_id, number, now_ms)
            found.append(Checked(number, answer, "" if answer.exists is not None else SessionNotReady.code))
        except LeadMasterError as error:
            stopped = error.code
            found.append(Checked(number, _UNKNOWN, stopped))
    return found


def profile(services: Services, cliente_id: int, number: str, now_ms: int, language: Language) -> Profile:
    """How the owner of a number shows himself. number: canonical digits.

    Raises NotOnWhatsApp, SessionNotReady, RateLimited, SessionManagerTimeout, WhatsAppError; redis.RedisError.
    """
    name = services.keys.contact_profile(cliente_id, recipient_key(number))
    answer = _read(services, name, ProfileAnswer)
    if answer is None:
        require_ready(services, cliente_id, language)
        _count(services, cliente_id, now_ms)
        answer = services.control.ask(AskProfile(cliente_id, new_question_id(), number))
        kept_s = min(services.settings.contact_kept_seconds, _PROFILE_KEPT_S)
        if kept_s:
            services.client.set(name, json.dumps(answer.to_wire()), ex=kept_s)
    if answer.profile is None:
        raise NotOnWhatsApp()
    return answer.profile


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
    return _read(services, services.keys.contact(cliente_id, recipient_key(number)), ContactAnswer)


def _read(services: Services, name: str, kind: type[_R]) -> _R | None:
    """What was kept under a key; None where nothing was, or an older version wrote something else."""
    text = cast("str | None", services.client.get(name))
    try:
        return None if text is None else kind.from_wire(json.loads(text))
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
