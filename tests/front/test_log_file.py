"""A service's log as `up` reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from leadmaster.up import log_file
from leadmaster.up.log_file import LogFile, parse_line


def write(log: LogFile, text: str) -> None:
    descriptor = log.open()
    os.write(descriptor, text.encode())
    os.close(descriptor)


def test_a_structured_line_is_understood() -> None:
    line = parse_line('{"event": "lease.lost", "level": "warning", "cliente_id": 51, "timestamp": "x", "part": "host"}')
    assert (line.level, line.text, line.shown) == ("warning", "lease.lost cliente_id=51", True)


@pytest.mark.parametrize("raw", ["Traceback (most recent call last):", "{not json", '{"no": "event"}', "[1, 2]"])
def test_any_other_line_is_kept_as_it_is(raw: str) -> None:
    assert parse_line(raw).text == raw
    assert not parse_line(raw).shown


def test_only_whole_new_lines_are_read(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "hub.log")
    assert log.new_lines() == []
    write(log, "one\ntw")
    assert log.new_lines() == ["one"]
    write(log, "o\nthree\n")
    assert log.new_lines() == ["two", "three"]
    assert log.new_lines() == []


def test_the_former_runs_log_is_put_aside(tmp_path: Path) -> None:
    write(LogFile(tmp_path / "hub.log"), "former\n")
    fresh = LogFile(tmp_path / "hub.log")
    assert fresh.new_lines() == []
    assert (tmp_path / "hub.log.1").read_text() == "former\n"


def test_a_log_is_begun_anew_above_its_limit_while_the_service_keeps_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_file, "_MAX_BYTES", 100)
    log = LogFile(tmp_path / "hub.log")
    descriptor = log.open()
    try:
        os.write(descriptor, b"x" * 120 + b"\n")
        assert log.new_lines() == ["x" * 120]
        os.write(descriptor, b"after\n")
    finally:
        os.close(descriptor)
    assert log.new_lines() == ["after"]
    assert log.path.with_name("hub.log.1").stat().st_size == 121
    assert (tmp_path / "hub.log").stat().st_size < 100


def test_the_log_is_its_owners_alone(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "hub.log")
    write(log, "x\n")
    assert log.path.stat().st_mode & 0o777 == 0o600
