"""Status, life and questions of a session."""

from __future__ import annotations

import pytest

from hub_api.sessions.models import OwedLogout, WantedSession
from shared.instant import now_ms
from shared.protocol.commands import AskStatus, ContactAnswer, Refusal, SessionStatusAnswer
from shared.protocol.snapshot import Snapshot
from shared.transitions.session import SessionStatus

URL = "/api/whatsapp/51"


def _wanted(services):
    with services.database.reading() as session:
        return session.get(WantedSession, 51) is not None, bool(services.client.hexists(services.keys.wanted, "51"))


def test_a_tenant_that_never_connected_has_a_session_object(client, maria, queued):
    answer = client.get(f"{URL}/status", headers=maria)

    assert answer.status_code == 200
    assert answer.json["status"] == answer.json["state"] == "DISCONNECTED"
    assert answer.json["instance_id"] == "sender_51"
    assert answer.json["stale"] is False
    assert queued() == []


def test_an_unknown_tenant_is_not_found_and_opens_nothing(client, root, services):
    for method, path in (("get", "status"), ("post", "status"), ("post", "connect"), ("get", "qr?wait=0")):
        answer = getattr(client, method)(f"/api/whatsapp/99/{path}", headers=root)
        assert (answer.status_code, answer.json["error"]) == (404, "SESSION_NOT_FOUND")
    assert services.client.hgetall(services.keys.wanted) == {}


def test_status_is_what_the_owner_wrote_and_goes_stale_without_it(client, maria, own):
    owner = own(SessionStatus.READY, phone_number="5491100000000")
    ready = client.get(f"{URL}/status", headers=maria).json
    owner.gone()
    stale = client.get(f"{URL}/status", headers=maria).json

    assert (ready["status"], ready["can_send_messages"], ready["stale"]) == ("READY", True, False)
    assert (stale["status"], stale["can_send_messages"], stale["stale"]) == ("READY", False, True)


def test_a_question_is_answered_by_the_live_worker(client, maria, own, answering):
    own(SessionStatus.READY)
    taken = answering(SessionStatusAnswer(Snapshot(51, status=SessionStatus.AUTHENTICATED, push_name="Maria")))

    answer = client.post(f"{URL}/status", headers=maria)

    assert (answer.status_code, answer.json["status"], answer.json["push_name"]) == (200, "AUTHENTICATED", "Maria")
    assert taken[0].name == "session.status"
    assert set(taken[0].kwargs) == {"cliente_id", "question_id"}
    assert taken[0].headers["expires"]


def test_without_an_owner_the_object_comes_at_once(client, maria, queued):
    assert client.post(f"{URL}/status", headers=maria).status_code == 200
    assert queued() == []


def test_a_hung_owner_is_a_timeout_and_the_question_is_revoked(client, maria, own, queued, services, monkeypatch):
    own(SessionStatus.READY)
    monkeypatch.setattr(AskStatus, "within_s", 0.2)

    answer = client.post(f"{URL}/status", headers=maria)

    assert (answer.status_code, answer.json["error"]) == (504, "SESSION_MANAGER_TIMEOUT")
    assert queued() == []


def test_connect_wants_the_session_once(client, maria, services):
    first = client.post(f"{URL}/connect", headers=maria)
    again = client.post(f"{URL}/connect", headers=maria)

    assert (first.status_code, first.json["already_connected"]) == (202, False)
    assert again.status_code == 202
    assert _wanted(services) == (True, True)


def test_connect_tells_the_live_owner_and_wakes_the_hosts(client, maria, own, queued, server, keys):
    own(SessionStatus.READY)
    with server.pubsub(ignore_subscribe_messages=True) as woken:
        woken.subscribe(keys.wake_channel)
        woken.get_message(timeout=1)
        answer = client.post(f"{URL}/connect", headers=maria)
        message = woken.get_message(timeout=5)

    assert (answer.status_code, answer.json["already_connected"]) == (202, True)
    assert [(task.name, task.kwargs) for task in queued()] == [("session.connect", {"cliente_id": 51})]
    assert message["data"] == "51"


def test_disconnect_ends_what_runs(client, maria, own, queued, services):
    client.post(f"{URL}/connect", headers=maria)
    own(SessionStatus.READY)

    answer = client.post(f"{URL}/disconnect", headers=maria, json={"logout": True})

    assert answer.status_code == 202
    assert [(task.name, task.kwargs) for task in queued()] == [
        ("session.disconnect", {"cliente_id": 51, "logout": True})
    ]
    assert _wanted(services) == (False, False)


def test_disconnect_where_nothing_runs_is_200(client, maria):
    answer = client.post(f"{URL}/disconnect", headers=maria)

    assert (answer.status_code, answer.json.get("logout_pending")) == (200, None)


def _owed(services):
    with services.database.reading() as session:
        on_record = session.get(OwedLogout, 51)
    return services.wanted.owed_logout(51), on_record and on_record.login_id


def test_a_logout_where_nothing_runs_is_remembered(client, maria, own, services, server, keys, lost_state, drain):
    own(SessionStatus.READY, login_id="549/p1").gone()

    answer = client.post(f"{URL}/disconnect", headers=maria, json={"logout": True})

    assert (answer.status_code, answer.json["logout_pending"]) == (200, True)
    assert _owed(services) == ("549/p1", "549/p1")
    # also by a Redis that came up empty
    server.delete(keys.logouts, keys.incarnation)
    lost_state.mend()
    assert _owed(services) == ("549/p1", "549/p1")
    # until the owner has done it
    owner = own(SessionStatus.INIT)
    assert owner.snapshots.unlinked(owner.lease, "logout", now_ms())
    drain.run()
    assert _owed(services) == (None, None)


def test_a_logout_that_was_asked_for_again_is_still_owed(client, maria, own, services, drain):
    owner = own(SessionStatus.INIT)
    client.post(f"{URL}/disconnect", headers=maria, json={"logout": True})
    assert owner.snapshots.unlinked(owner.lease, "logout", now_ms())
    client.post(f"{URL}/disconnect", headers=maria, json={"logout": True})
    drain.run()

    assert _owed(services) == ("", "")


def test_restart_tells_the_owner_or_starts(client, maria, own, queued, services):
    assert client.post(f"{URL}/restart", headers=maria).status_code == 202
    assert _wanted(services) == (True, True)
    own(SessionStatus.READY)
    assert client.post(f"{URL}/restart", headers=maria).status_code == 202
    assert [task.name for task in queued()] == ["session.restart"]


@pytest.mark.parametrize(
    ("reply", "exists", "chat_id"),
    [
        (ContactAnswer(True, "1@c.us"), True, "1@c.us"),
        (ContactAnswer(False), False, None),
        (ContactAnswer(None), None, None),
        (Refusal("SESSION_NOT_READY"), None, None),
    ],
)
def test_a_contact_is_asked_of_the_worker(client, maria, own, answering, reply, exists, chat_id):
    own(SessionStatus.READY)
    taken = answering(reply)

    answer = client.get(f"{URL}/contacts/+54 9 11 2345-6789", headers=maria)

    assert answer.json == {"ok": True, "number": "5491123456789", "exists": exists, "chat_id": chat_id}
    assert taken[0].kwargs["number"] == "5491123456789"


def test_a_contact_of_a_session_that_is_not_ready_is_null(client, maria, queued):
    answer = client.get(f"{URL}/contacts/5491123456789", headers=maria)

    assert (answer.status_code, answer.json["exists"]) == (200, None)
    assert queued() == []


def test_whatsapps_failure_is_a_502(client, maria, own, answering):
    own(SessionStatus.READY)
    answering(Refusal("WHATSAPP_ERROR"))

    answer = client.get(f"{URL}/contacts/5491123456789", headers=maria)

    assert (answer.status_code, answer.json["error"]) == (502, "WHATSAPP_ERROR")


@pytest.mark.parametrize("named", [{"headers": {"X-Cliente-Id": "52"}}, {"query_string": {"cliente_id": "52"}}])
def test_another_tenants_sessions_are_forbidden(client, maria, root, named):
    headers = named.get("headers", {})
    query = named.get("query_string", {})

    foreign = client.get("/api/sessions", headers=maria | headers, query_string=query)
    admins = client.get("/api/sessions", headers=root | headers, query_string=query).json

    assert (foreign.status_code, foreign.json["error"]) == (403, "FORBIDDEN")
    assert [item["cliente_id"] for item in admins["items"]] == [52]


def test_sessions_are_listed_by_reach_and_page(client, maria, root):
    own_ones = client.get("/api/sessions", headers=maria).json
    first = client.get("/api/sessions?limit=1", headers=root).json
    second = client.get(f"/api/sessions?limit=1&cursor={first['next']}", headers=root).json

    assert [item["cliente_id"] for item in own_ones["items"]] == [51]
    assert [item["cliente_id"] for item in first["items"] + second["items"]] == [51, 52]
    assert second["next"] is None
