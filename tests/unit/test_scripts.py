"""Lua scripts are called by name: what a header declares is what Python must hand over, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.redis.scripts import Script, lua_table

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path for part in ("shared", "hub_api") for path in (ROOT / part).rglob("*.lua") if path.name != "prelude.lua"
)


@pytest.fixture
def script(tmp_path: Path) -> Script:
    path = tmp_path / "one.lua"
    path.write_text("#!lua\n-- Does it.\n-- keys: a, b\n-- args: x\n-- args: y\n-- rest: pairs\nreturn 1\n")
    return Script(path)


def test_keys_and_arguments_take_the_order_of_the_header(script: Script) -> None:
    assert script.call({"b": "2", "a": "1"}, {"y": 4, "x": 3}, [5]) == (["1", "2"], [3, 4, 5])
    assert "local KEY, ARG = {a = KEYS[1], b = KEYS[2]}, {x = ARGV[1], y = ARGV[2]}" in script.source
    assert "local REST = {unpack(ARGV, 3)}" in script.source


@pytest.mark.parametrize(
    ("keys", "args"),
    [
        ({"a": "1"}, {"x": 1, "y": 2}),
        ({"a": "1", "c": "2"}, {"x": 1, "y": 2}),
        ({"a": "1", "b": "2"}, {"x": 1, "z": 2}),
    ],
)
def test_other_names_are_refused(script: Script, keys: dict[str, str], args: dict[str, int]) -> None:
    with pytest.raises(TypeError, match=r"one\.lua takes"):
        script.call(keys, args)


def test_a_rest_that_is_not_declared_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.lua"
    path.write_text("#!lua\n-- keys: a\n-- args: x\nreturn 1\n")
    with pytest.raises(TypeError):
        Script(path).call({"a": "1"}, {"x": 1}, [2])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_script_says_what_it_does_takes_and_returns(path: Path) -> None:
    text, script = path.read_text("utf-8"), Script(path)
    header, body = text[: text.index("\nlocal ") if "\nlocal " in text else len(text)], text
    assert re.match(r"#!lua( flags=allow-oom)?\n-- [A-Z]", text)
    assert "-- Returns " in header
    for kind, names in (("KEY", script.keys), ("ARG", script.args)):
        used = set(re.findall(rf"\b{kind}\.(\w+)", body))
        assert used == set(names), f"{kind}: declared and used differ"
    assert not re.search(r"\b(KEYS|ARGV)\b", body), "keys and arguments are named"


def test_constants_refuse_a_slip_of_the_pen() -> None:
    assert lua_table("T", (("a", 1), ("b", "x"))).startswith("local T = setmetatable({a = 1, b = 'x'}, ")


# Of these the status of a message, or the session, becomes what somebody may be waiting for.
TELLING = {
    "acts/end",
    "claiming/claim",
    "claiming/complete",
    "lua/host_lost",
    "lua/snapshot",
    "receipts/acknowledge",
    "restoring/restore",
    "review/release",
    "review/resolve",
    "review/withdraw",
}


def test_each_script_that_ends_a_message_or_moves_a_session_tells_who_waits() -> None:
    """Callers that wait look at nothing unless they are told."""
    texts = {f"{path.parent.name}/{path.stem}": path.read_text("utf-8") for path in FILES}
    ending = {
        name
        for name, text in texts.items()
        if re.search(r"\bmove\(|'HSET', KEY\.\w+, 'status'|KEY\.session, .*REST", text)
    }
    telling = {name for name, text in texts.items() if "redis.call('PUBLISH', ARG.changed_channel" in text}

    assert telling == TELLING
    assert ending - telling <= {"claiming/hold"}  # puts messages back into the queue: nothing that anybody waits for


def test_each_script_that_takes_something_in_has_it_recorded_at_once() -> None:
    """The drain would find it a second later otherwise."""
    texts = {f"{path.parent.name}/{path.stem}": path.read_text("utf-8") for path in FILES}
    taking_in = {
        name
        for name, text in texts.items()
        if re.search(r"emit\(.*EVENT(\.message_(inbound|updated|media|act_unknown)\b|\['message_act_')", text)
    }
    telling = {name for name, text in texts.items() if "redis.call('PUBLISH', ARG.arrived_channel" in text}

    assert (
        telling
        == taking_in
        == {
            "receipts/inbound",
            "receipts/updated",
            "media/complete",
            "media/refetch",
            "acts/end",
            "acts/lose",
        }
    )
