"""Streams end when the credentials do that opened them; tickets."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from event_reader import EventReader

from hub_api.accounts.keys import service as keys_service
from hub_api.accounts.tokens.service import issue_token
from hub_api.accounts.users import service as users
from hub_api.services import Services
from shared.settings import Settings
from support.waiting import until

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

OF_51 = "/api/whatsapp/51/events"
Headers = dict[str, str]
Publish = Callable[..., None]
Follow = Callable[..., EventReader]
Start = Callable[..., str]


class TestTheEndOfCredentials:
    """Each ends the stream by itself, and a stream can't be opened with them again."""

    def _ends(self, url: str, reader: EventReader, headers: Headers) -> str:
        until(reader.ended.is_set, 20, "the end of the stream")
        refused = httpx.get(url + OF_51, headers=headers)
        assert refused.status_code == 401
        return str(refused.json()["error"])

    def test_a_token_that_runs_out(
        self, start_hub: Start, follow: Follow, services: Services, settings: Settings
    ) -> None:
        url = start_hub()
        account = users.find_user(services.database, "maria")
        assert account is not None
        token = issue_token(services.database, settings, account.for_token, ttl_s=3)
        headers = {"Authorization": f"Bearer {token}"}
        assert self._ends(url, follow(url, OF_51, headers), headers) == "TOKEN_EXPIRED"

    def test_logging_out_ends_that_tokens_streams_alone(
        self, start_hub: Start, follow: Follow, maria: Headers, token_of: Callable[[str], str], publish: Publish
    ) -> None:
        url = start_hub()
        other = {"Authorization": f"Bearer {token_of('maria')}"}
        reader, stays = follow(url, OF_51, maria), follow(url, OF_51, other)
        assert httpx.post(f"{url}/api/auth/logout", headers=maria).status_code == 200
        self._ends(url, reader, maria)
        publish(1)
        until(lambda: stays.numbers == [1], 20, "the other's event")

    def test_a_user_who_is_disabled_and_a_key_that_is_revoked(
        self, start_hub: Start, follow: Follow, maria: Headers, root: Headers, services: Services
    ) -> None:
        url = start_hub()
        key = keys_service.add_api_key(services.database, "crm", "cliente", 51)
        by_key = {"X-Api-Key": key.key}
        user, program = follow(url, OF_51, maria), follow(url, OF_51, by_key)
        assert httpx.patch(f"{url}/api/users/maria", headers=root, json={"disabled": True}).status_code == 200
        self._ends(url, user, maria)
        assert not program.ended.is_set()
        assert httpx.delete(f"{url}/api/keys/{key.shown['key_id']}", headers=root).status_code == 200
        self._ends(url, program, by_key)


class TestTickets:
    def test_one_opens_one_stream_and_ends_with_the_token_it_was_issued_to(
        self, start_hub: Start, publish: Publish, follow: Follow, maria: Headers
    ) -> None:
        url = start_hub()
        answer = httpx.post(f"{url}/api/events/ticket", headers=maria)
        assert (answer.status_code, answer.json()["expires_in"]) == (201, 60)
        ticket = answer.json()["ticket"]
        reader = follow(url, OF_51, {}, ticket=ticket)
        publish(1)
        until(lambda: reader.numbers == [1], 20, "the event")

        assert httpx.get(url + OF_51, params={"ticket": ticket}).status_code == 401
        assert httpx.post(f"{url}/api/auth/logout", headers=maria).status_code == 200
        until(reader.ended.is_set, 20, "the end of the stream")

    def test_one_reaches_no_further_than_its_owner(self, start_hub: Start, maria: Headers) -> None:
        url = start_hub()
        for path in ("/api/whatsapp/52/events", "/api/events"):
            ticket = httpx.post(f"{url}/api/events/ticket", headers=maria).json()["ticket"]
            assert httpx.get(url + path, params={"ticket": ticket}).status_code == 403

    def test_one_of_a_user_who_is_disabled_meanwhile_opens_nothing(
        self, start_hub: Start, maria: Headers, root: Headers
    ) -> None:
        url = start_hub()
        ticket = httpx.post(f"{url}/api/events/ticket", headers=maria).json()["ticket"]
        httpx.patch(f"{url}/api/users/maria", headers=root, json={"disabled": True}).raise_for_status()
        assert httpx.get(url + OF_51, params={"ticket": ticket}).status_code == 401
