"""How people show themselves, and many numbers at once: no oftener asked than allowed, and not of what is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from hub_api.contacts.objects import CheckedNumbers, ContactProfile
from shared.names import TASK_CHECK_CONTACT, TASK_READ_PROFILE
from shared.protocol.commands import ContactAnswer, ProfileAnswer
from shared.protocol.profiles import Profile
from shared.settings import Settings
from shared.transitions.session import SessionStatus
from support.owner import Owner

URL = "/api/whatsapp/51/contacts"
WHO = "5491123456789"
MARTA = Profile(
    f"{WHO}@c.us", "Marta G.", "Marta", about="¡Hola!", picture_url="https://pps.whatsapp.net/v/a.jpg?oe=6B49D200&x=1"
)
Call = Callable[..., Any]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"contact_checks_per_hour": 2})


@pytest.fixture(autouse=True)
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY)


@pytest.fixture
def call(client: FlaskClient, maria: dict[str, str]) -> Call:
    def made(method: str, path: str, body: Any = None) -> Any:
        answer: Any = client.open(URL + path, method=method, headers=maria, json=body)
        return {"http": answer.status_code, **answer.json}

    return made


class TestProfile:
    def test_a_profile_is_known_for_a_time(self, call: Call, answering: Call) -> None:
        taken = answering(ProfileAnswer(MARTA))
        answers = [call("GET", f"/{form}/profile") for form in (WHO, "+54 11 2345-6789", WHO)]
        ContactProfile.model_validate(answers[0])
        assert (answers[0]["name"], answers[0]["push_name"], answers[0]["about"]) == ("Marta G.", "Marta", "¡Hola!")
        assert answers[0]["picture_expires"] == "2027-01-15T08:00:00.000Z"
        assert [one["http"] for one in answers] == [200] * 3
        assert [task.name for task in taken] == [TASK_READ_PROFILE]

    def test_what_is_hidden_is_null(self, call: Call, answering: Call) -> None:
        answering(ProfileAnswer(Profile(f"{WHO}@c.us")))
        answer = call("GET", f"/{WHO}/profile")
        hidden = ("name", "push_name", "about", "picture_url", "picture_expires")
        assert [answer[one] for one in hidden] == [None] * 5

    def test_a_number_that_is_not_on_whatsapp(self, call: Call, answering: Call) -> None:
        answering(ProfileAnswer(None))
        answer = call("GET", f"/{WHO}/profile")
        assert (answer["http"], answer["error"]) == (404, "NOT_FOUND")

    def test_a_session_that_is_not_ready(self, call: Call, owner: Owner) -> None:
        owner.shows(SessionStatus.INIT)
        assert call("GET", f"/{WHO}/profile")["error"] == "SESSION_NOT_READY"

    def test_it_counts_as_a_question(self, call: Call, answering: Call) -> None:
        for number in ("5491123456701", "5491123456702"):
            answering(ProfileAnswer(MARTA))
            assert call("GET", f"/{number}/profile")["http"] == 200
        assert call("GET", f"/{WHO}/profile")["http"] == 429


class TestManyNumbers:
    def test_each_is_answered_in_its_place(self, call: Call, answering: Call) -> None:
        taken = answering(ContactAnswer(True, "1@c.us"))
        call("GET", f"/{WHO}")
        answering(ContactAnswer(False))

        answer = call("POST", "/check", {"numbers": ["5491123456701", "no es", "+54 11 2345-6789", "5491123456702"]})

        CheckedNumbers.model_validate(answer)
        assert [(one["number"], one["exists"], one["error"]) for one in answer["items"]] == [
            ("5491123456701", False, None),
            ("no es", None, "INVALID_TO"),
            ("541123456789", True, None),
            ("5491123456702", None, "RATE_LIMITED"),
        ]
        assert [task.name for task in taken] == [TASK_CHECK_CONTACT]

    def test_without_a_session_nobody_is_asked(self, call: Call, owner: Owner, queued: Call) -> None:
        owner.shows(SessionStatus.INIT)
        answer = call("POST", "/check", {"numbers": [WHO]})
        assert [(one["exists"], one["error"]) for one in answer["items"]] == [(None, "SESSION_NOT_READY")]
        assert queued() == []

    @pytest.mark.parametrize("numbers", [[], [WHO] * 101, [7], "x", None])
    def test_what_is_no_list_of_numbers(self, call: Call, numbers: Any) -> None:
        answer = call("POST", "/check", {"numbers": numbers})
        assert answer["http"] == 400
        assert all(name.startswith("numbers") for name in answer["details"])
