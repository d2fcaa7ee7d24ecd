"""Reads of the groups that a number is in, from its live session; conversations keep what they are called."""

from __future__ import annotations

from collections.abc import Sequence

from hub_api.chats.service import name_groups
from hub_api.services import Services
from hub_api.sessions.service import require_ready
from hub_api.workers.control import new_question_id
from shared.errors import NotFound
from shared.protocol.commands import AskGroup, AskGroups
from shared.protocol.groups import Group
from shared.texts import Language


def listed(services: Services, cliente_id: int, language: Language) -> list[Group]:
    """All of them, by name. Raises SessionNotReady, SessionManagerTimeout, WhatsAppError; redis.RedisError."""
    require_ready(services, cliente_id, language)
    found = services.control.ask(AskGroups(cliente_id, new_question_id())).groups
    _learn(services, cliente_id, found)
    return sorted(found, key=lambda one: (one.subject.casefold(), one.group_id))


def read(services: Services, cliente_id: int, group_id: str, language: Language) -> Group:
    """One, with its participants. Raises NotFound where the number is not in it, and as `listed`."""
    require_ready(services, cliente_id, language)
    group = services.control.ask(AskGroup(cliente_id, new_question_id(), group_id)).group
    if group is None:
        raise NotFound()
    _learn(services, cliente_id, [group])
    return group


def _learn(services: Services, cliente_id: int, groups: Sequence[Group]) -> None:
    name_groups(services, cliente_id, {one.group_id: one.subject for one in groups if one.subject})
