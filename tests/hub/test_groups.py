"""Groups: asked of the live session; what they are called shows among the conversations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conversations_told import GROUP, WHO, Tell, message, telling
from flask.testing import FlaskClient

from hub_api.groups.objects import GroupList, GroupObject
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.names import TASK_READ_GROUP, TASK_READ_GROUPS
from shared.protocol.commands import GroupAnswer, GroupsAnswer, Refusal
from shared.protocol.groups import Group, GroupRole, Participant
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51"
VECINOS = Group(
    GROUP, "Vecinos", "De la cuadra", owner=WHO, created_at=1_800_000_000_000, size=2,
    participants=(
        Participant(f"{WHO}@c.us", WHO, GroupRole.SUPERADMIN), Participant("123456789012345@lid", "", GroupRole.MEMBER),
    ),
)  # fmt: skip
ASADO = Group("120363000000000007@g.us", "asado", only_admins=True)
Call = Callable[..., Any]


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY)


@pytest.fixture
def tell(services: Services, drain: Drain) -> Tell:
    return telling(services, drain)


@pytest.fixture
def call(client: FlaskClient, maria: dict[str, str]) -> Call:
    def made(path: str) -> Any:
        answer: Any = client.get(URL + path, headers=maria)
        return {"http": answer.status_code, **answer.json}

    return made


def test_all_of_them_by_name(call: Call, owner: Owner, answering: Call) -> None:
    taken = answering(GroupsAnswer((replace(VECINOS, participants=()), ASADO)))
    answer = call("/groups")
    GroupList.model_validate(answer)
    assert [(one["subject"], one["size"], one["only_admins"]) for one in answer["items"]] == [
        ("asado", 0, True),
        ("Vecinos", 2, False),
    ]
    assert answer["items"][1]["created_at"] == "2027-01-15T08:00:00.000Z"
    assert [task.name for task in taken] == [TASK_READ_GROUPS]


def test_one_with_its_participants(call: Call, owner: Owner, answering: Call) -> None:
    taken = answering(GroupAnswer(VECINOS))
    answer = call(f"/groups/{GROUP}")
    GroupObject.model_validate(answer)
    assert answer["participants"] == [
        {"participant_id": f"{WHO}@c.us", "number": WHO, "role": "superadmin"},
        {"participant_id": "123456789012345@lid", "number": None, "role": "member"},
    ]
    assert [(task.name, task.kwargs["group_id"]) for task in taken] == [(TASK_READ_GROUP, GROUP)]


def test_one_that_the_number_is_not_in(call: Call, owner: Owner, answering: Call) -> None:
    answering(GroupAnswer(None))
    assert call(f"/groups/{GROUP}")["http"] == 404


@pytest.mark.parametrize("group_id", ["123@c.us", "x@g.us", "@g.us"])
def test_what_is_no_group(call: Call, owner: Owner, group_id: str) -> None:
    answer = call(f"/groups/{group_id}")
    assert (answer["http"], list(answer["details"])) == (400, ["group_id"])


@pytest.mark.parametrize("path", ["/groups", f"/groups/{GROUP}"])
def test_a_session_that_is_not_ready_is_not_asked(call: Call, owner: Owner, path: str) -> None:
    owner.shows(SessionStatus.INIT)
    answer = call(path)
    assert (answer["http"], answer["error"]) == (503, "SESSION_NOT_READY")


def test_a_page_that_refuses(call: Call, owner: Owner, answering: Call) -> None:
    answering(Refusal("WHATSAPP_ERROR"))
    assert call("/groups")["http"] == 502


def test_conversations_have_their_names(call: Call, owner: Owner, tell: Tell, answering: Call) -> None:
    """As a message in them told it, and as they are called by now."""
    author = {"author": WHO, "chat_id": GROUP, "push_name": "Ana"}
    tell(message("G1", **author))
    assert [one["name"] for one in call("/chats")["items"]] == [None]
    tell(message("G2", chat_name="Vecinos viejo", **author))
    assert [one["name"] for one in call("/chats")["items"]] == ["Vecinos viejo"]
    answering(GroupsAnswer((VECINOS,)))
    call("/groups")
    assert [one["name"] for one in call("/chats")["items"]] == ["Vecinos"]
    tell(message("G3", **author))
    assert [one["name"] for one in call("/chats")["items"]] == ["Vecinos"]
