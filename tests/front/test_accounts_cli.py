"""Accounts as an operator keeps them at the machine, without anything running."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import structlog
from click.testing import CliRunner

from leadmaster.cli import cli
from shared.errors import LeadMasterError


class Shell:
    """Runs commands in this process, in a directory of its own."""

    def run(self, *arguments: str, text: str = "") -> tuple[str, str]:
        """What it printed, and in one text what it refused; one of both is empty."""
        done = CliRunner().invoke(cli, arguments, input=text, standalone_mode=False)
        if done.exception is None:
            return done.stdout, ""
        assert isinstance(done.exception, (click.ClickException, LeadMasterError)), done.exception
        error = done.exception
        return "", error.message if isinstance(error, click.ClickException) else f"{error.code} {error.details}"


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JWT_SECRET", "j" * 40)
    root, before = logging.getLogger(), structlog.get_config()  # a command sets up the logs of its process
    handlers, level = root.handlers[:], root.level
    yield Shell()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**before)


def told(shell: Shell, *arguments: str, text: str = "") -> str:
    printed, refused = shell.run(*arguments, text=text)
    assert refused == ""
    return printed


def rows(shell: Shell, *arguments: str) -> list[list[str]]:
    return [line.split() for line in told(shell, *arguments).splitlines()[1:]]


def test_an_agency_is_set_up_from_nothing(shell: Shell) -> None:
    told(shell, "tenant", "add", "51", "--name", "Sol", "--country", "BR", "--daily-cap", "200")
    told(shell, "user", "add", "root", "--tipo", "admin", "--password-stdin", text="long enough\n")
    told(
        shell, "user", "add", "ana", "--tipo", "cliente", "--cliente-id", "51", "--password-stdin", text="long enough\n"
    )
    key = told(shell, "key", "add", "crm", "--cliente-id", "51").strip()
    assert [row[:3] for row in rows(shell, "tenant", "list")] == [["51", "Sol", "BR"]]
    assert [row[:3] for row in rows(shell, "user", "list")] == [["root", "admin", "-"], ["ana", "cliente", "51"]]
    assert [row[:3] for row in rows(shell, "key", "list")] == [["1", key.rpartition("_")[0][:11], "crm"]]
    assert told(shell, "token", "ana").count(".") == 2
    lines = rows(shell, "audit", "list")
    assert [row[2] for row in lines] == ["key.create", "user.create", "user.create", "tenant.create"]
    assert {row[1] for row in lines} == {"command-line"}
    assert key not in str(lines)


def test_what_was_made_is_changed(shell: Shell) -> None:
    told(
        shell, "user", "add", "ana", "--tipo", "cliente", "--cliente-id", "51", "--password-stdin", text="long enough\n"
    )
    told(shell, "user", "password", "ana", "--password-stdin", text="longer than that\n")
    told(shell, "user", "disable", "ana")
    assert "no such user" in shell.run("token", "ana")[1]
    told(shell, "user", "enable", "ana")
    told(shell, "token", "ana")
    told(shell, "key", "add", "crm", "--cliente-id", "51")
    told(shell, "key", "revoke", "1")
    assert rows(shell, "key", "list")[0][-1] != "-"
    told(shell, "tenant", "set", "51", "--country", "BR", "--daily-cap", "0")
    assert rows(shell, "tenant", "list")[0][2:5] == ["BR", "America/Argentina/Buenos_Aires", "0"]
    told(shell, "tenant", "set", "51", "--unset", "country", "--unset", "daily-cap")
    assert rows(shell, "tenant", "list")[0][2:5] == ["AR", "America/Argentina/Buenos_Aires", "1000"]
    for option, allowed in (("--allow-groups", "True"), ("--no-groups", "False")):
        told(shell, "tenant", "set", "51", option)
        assert rows(shell, "tenant", "list")[0][6] == allowed
    told(shell, "tenant", "suspend", "51")
    assert rows(shell, "tenant", "list")[0][-1] != "-"
    told(shell, "tenant", "resume", "51")
    assert rows(shell, "tenant", "list")[0][-1] == "-"
    assert [row[2] for row in rows(shell, "audit", "list", "--what", "tenant", "--limit", "2")] == [
        "tenant.resume",
        "tenant.suspend",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("user", "disable", "nobody"), "NOT_FOUND"),
        (("user", "disable", "root"), "last admin"),
        (("key", "add", "crm"), "--cliente-id"),
        (("key", "add", "crm", "--cliente-id", "5", "--tipo", "admin"), "--cliente-id"),
        (("key", "revoke", "9"), "NOT_FOUND"),
        (("tenant", "add", "51", "--country", "XX"), "country"),
        (("tenant", "add", "51", "--timezone", "Nowhere/Here"), "timezone"),
        (("tenant", "set", "51", "--daily-cap", "-1"), "daily_cap"),
        (("tenant", "set", "51"), "nothing to change"),
        (("tenant", "suspend", "51"), "SESSION_NOT_FOUND"),
    ],
)
def test_bad_input_is_told(shell: Shell, arguments: tuple[str, ...], words: str) -> None:
    told(shell, "user", "add", "root", "--tipo", "admin", "--password-stdin", text="long enough\n")
    assert words in shell.run(*arguments)[1]


def test_a_change_that_redis_must_follow_is_refused_while_it_is_away(shell: Shell) -> None:
    told(shell, "tenant", "add", "51")
    refused = shell.run("tenant", "set", "51", "--timezone", "America/Sao_Paulo")[1]
    assert "SESSION_MANAGER_UNREACHABLE" in refused
    assert rows(shell, "tenant", "list")[0][3] == "America/Argentina/Buenos_Aires"
