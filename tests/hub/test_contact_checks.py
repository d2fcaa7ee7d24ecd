"""How often WhatsApp is asked whether a number is there: no oftener than allowed, and not of what is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from shared.protocol.commands import AnyAnswer, ContactAnswer
from shared.settings import Settings
from shared.transitions.session import SessionStatus
from support.owner import Owner
from support.queued_task import Task

URL = "/api/whatsapp/51/contacts"
Answering = Callable[..., list[Task]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"contact_checks_per_hour": 2})


@pytest.fixture(autouse=True)
def ready(own: Callable[..., Owner]) -> None:
    own(SessionStatus.READY)
    own(SessionStatus.READY, 52)


@pytest.mark.parametrize("answer", [ContactAnswer(True, "1@c.us"), ContactAnswer(False)])
def test_what_was_answered_is_known_for_a_time(
    client: FlaskClient, maria: dict[str, str], answering: Answering, answer: AnyAnswer
) -> None:
    taken = answering(answer)
    first = client.get(f"{URL}/5491123456789", headers=maria).json

    again = [client.get(f"{URL}/{form}", headers=maria) for form in ("5491123456789", "+54 11 2345-6789") * 3]

    assert len(taken) == 1
    assert {answer.status_code for answer in again} == {200}
    assert {(answer.json["exists"], answer.json["chat_id"]) for answer in again} == {
        (first["exists"], first["chat_id"])
    }


def test_what_whatsapp_could_not_answer_is_asked_again(
    client: FlaskClient, maria: dict[str, str], answering: Answering
) -> None:
    answering(ContactAnswer(None))
    assert client.get(f"{URL}/5491123456789", headers=maria).json["exists"] is None
    answering(ContactAnswer(True, "1@c.us"))
    assert client.get(f"{URL}/5491123456789", headers=maria).json["exists"] is True


def test_beyond_the_hours_questions_nobody_is_asked(
    client: FlaskClient, maria: dict[str, str], root: dict[str, str], answering: Answering
) -> None:
    for number in ("5491123456701", "5491123456702"):
        answering(ContactAnswer(True, "1@c.us"))
        assert client.get(f"{URL}/{number}", headers=maria).status_code == 200

    refused = client.get(f"{URL}/5491123456703", headers=maria)
    known = client.get(f"{URL}/5491123456701", headers=maria)
    answering(ContactAnswer(True, "1@c.us"), 52)
    of_another = client.get("/api/whatsapp/52/contacts/5491123456703", headers=root)

    assert (refused.status_code, refused.json["error"]) == (429, "RATE_LIMITED")
    assert 0 < int(refused.headers["Retry-After"]) <= 3_600
    assert known.status_code == 200
    assert of_another.json["exists"] is True
