"""The control API and what it keeps over a restart; no browser."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.client import ControlError, SimulatorClient
from simulator.errors import BadRequest
from simulator.world.numbers import lid_of, number_of_lid, number_of_wid, parse_number, wid_of


@pytest.mark.parametrize("number", ["5491122223333", "12025550123", "999999999999999", "10000"])
def test_a_lid_leads_back_to_its_number(number: str) -> None:
    assert number_of_lid(lid_of(number)) == number
    assert number_of_wid(wid_of(number, lid=True)) == number
    assert number_of_wid(wid_of(number, lid=False)) == number


@pytest.mark.parametrize("text", ["", "abc", "0123456", "123", "1" * 16, None, True, "120363@g.us"])
def test_what_is_no_number_is_refused(text: object) -> None:
    with pytest.raises(BadRequest):
        parse_number(text)


def test_phones_are_made_once_and_changed(client: SimulatorClient, number: str) -> None:
    client.put_phone(f"+{number}", "Otro nombre", lid=True)
    assert client.phone(number)["name"] == "Otro nombre"
    assert client.put_phone(number)["lid"] is True
    assert [phone["number"] for phone in client.phones()].count(number) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/control/phones", {"number": "x"}, 400),
        ("POST", "/control/phones", [], 400),
        ("GET", "/control/phones/5490000000000", None, 404),
        ("POST", "/control/phones/5490000000000/scan", {"qr": "x"}, 404),
        ("PUT", "/control/settings", {"qr_count": "6"}, 400),
        ("PUT", "/control/settings", {"nothing": 1}, 400),
        ("PUT", "/control/settings", {"web_version": "the newest"}, 400),
        ("PUT", "/control/settings", {"missing": {"2.3000.1": "WAWebCmd"}}, 400),
        ("PUT", "/control/settings", {"refused_versions": [1]}, 400),
        ("POST", "/control/faults", {"kind": "nothing"}, 400),
        ("POST", "/control/faults", {"kind": "offline", "target": "everybody"}, 400),
        ("POST", "/control/faults", {"kind": "offline", "count": 2}, 400),
        ("DELETE", "/control/faults/fault-0", None, 404),
        ("GET", "/control/nothing", None, 404),
        ("PATCH", "/control/settings", {}, 405),
    ],
)
def test_what_is_wrong_is_said_as_json(simulator: Any, method: str, path: str, body: object, status: int) -> None:
    answer = httpx.request(method, simulator.url.rstrip("/") + path, json=body)
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "message"}


def test_the_record_as_json_and_csv(client: SimulatorClient, number: str) -> None:
    first = client.inbound(number, "5491122223333", "uno, con coma")
    client.own(number, "5491122223333", "dos")
    rows = [row for row in client.record() if row["phone"] == number]
    assert [(row["direction"], row["body"]) for row in rows] == [("in", "uno, con coma"), ("out", "dos")]
    assert [row["body"] for row in client.messages(number, after_seq=first["seq"])] == ["dos"]
    assert '"uno, con coma"' in client.record_csv(first["seq"] - 1)
    (chat,) = client.chats(number)
    assert (chat["number"], chat["unread"], chat["last"]["body"]) == ("5491122223333", 1, "dos")


def test_a_code_no_page_shows_is_not_found(client: SimulatorClient, number: str) -> None:
    with pytest.raises(ControlError) as refused:
        client.scan(number, "2@nothing")
    assert refused.value.status == 404


def test_a_restart_keeps_phones_messages_and_settings(simulator: Any, tmp_path: Path) -> None:
    first = type(simulator)(tmp_path / "data")
    with SimulatorClient(first.url) as client:
        client.put_phone("5491100000001", "Negocio", lid=True)
        client.put_number("5491100000404", exists=False)
        client.put_settings(delivered_ms=0, read_ms=0, auto_read=False)
        key = client.own("5491100000001", "5491122223333", "hola")["key"]
        client.inbound("5491100000001", "5491122223333", "buenas")
    assert first.stop() == 0
    second = type(simulator)(tmp_path / "data")
    with SimulatorClient(second.url) as client:
        assert client.phone("5491100000001")["lid"] is True
        rows = client.messages("5491100000001")
        assert [row["body"] for row in rows] == ["hola", "buenas"]
        assert rows[0]["key"] == key
        assert client.settings()["auto_read"] is False
        assert client.read("5491100000001", "5491122223333") == 1
        assert client.own("5491100000001", "5491122223333", "otra")["seq"] > rows[-1]["seq"]
    assert second.stop() == 0


def test_a_file_of_before_is_taken_over(simulator: Any, tmp_path: Path) -> None:
    # given a file whose messages lack the columns of today, with a setting that is no more
    first = type(simulator)(tmp_path / "data")
    with SimulatorClient(first.url) as client:
        client.put_phone("5491100000001")
        key = client.own("5491100000001", "5491122223333", "hola")["key"]
    assert first.stop() == 0
    with sqlite3.connect(tmp_path / "data" / "simulator.sqlite3") as database:
        database.execute("INSERT INTO settings VALUES ('send_timeout_ms', '20000')")
        database.execute("ALTER TABLE messages DROP COLUMN revoke_id")
        database.execute("ALTER TABLE messages DROP COLUMN content")
    # when it is opened
    second = type(simulator)(tmp_path / "data")
    with SimulatorClient(second.url) as client:
        # then what it holds is there and can be changed
        assert [row["key"] for row in client.messages("5491100000001")] == [key]
        client.revoke("5491100000001", key)
        assert client.messages("5491100000001")[0]["revoked"] is True
    assert second.stop() == 0
