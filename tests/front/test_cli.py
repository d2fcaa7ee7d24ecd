"""The command line as an operator meets it: one clear line and status 2 for what is wrong with the input."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import jwt
import pytest

from leadmaster.installation import credentials
from leadmaster.installation.data_dir import DataDir
from testing.processes import free_port


class Shell:
    """Runs `python -m leadmaster` in a directory of its own, with few variables set."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = directory / "data"

    def run(self, *arguments: str, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return subprocess.run(
            [sys.executable, "-m", "leadmaster", *arguments],
            cwd=self.directory,
            env={**kept, **variables},
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def one_line(text: str) -> str:
    lines = text.strip().splitlines()
    assert len(lines) == 1, text
    return lines[0]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HUB_PORT", "many"),
        ("HUB_PORT", "70000"),
        ("JWT_SECRET", "short"),
        ("DEFAULT_TIMEZONE", "Mars/Olympus"),
        ("DEFAULT_COUNTRY", "ZZ"),
        ("WHATSAPP_WEB_URL", "ftp://x"),
        ("SEND_GAP_MIN_SECONDS", "9"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_stops_the_start_naming_its_variable(shell: Shell, variable: str, value: str) -> None:
    done = shell.run("up", **{variable: value})
    assert done.returncode == 2
    assert one_line(done.stderr).startswith(f"leadmaster: {variable}")
    assert not shell.data.exists()


def test_a_bad_value_in_dotenv_too(shell: Shell) -> None:
    (shell.directory / ".env").write_text("FLOWER_PORT=no\n")
    done = shell.run("up")
    assert (done.returncode, one_line(done.stderr).startswith("leadmaster: FLOWER_PORT")) == (2, True)


@pytest.mark.parametrize("variable", ["HUB_PORT", "FLOWER_PORT", "LEGACY_PORT"])
def test_a_port_in_use_is_named(shell: Shell, variable: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = shell.run("up", **{"HUB_PORT": "0", "FLOWER_PORT": "0", variable: port})
    assert done.returncode == 2
    assert one_line(done.stderr).startswith(f"leadmaster: {variable}: port {port} on 127.0.0.1 is in use")


def test_variables_of_the_replaced_system_are_one_warning(shell: Shell) -> None:
    done = shell.run(
        "token", "nobody", SESSION_MANAGER_BASE_URL="http://x", CLIENTE_ID="5", PORT="3000", JWT_SECRET="j" * 40
    )
    lines = done.stderr.strip().splitlines()
    assert lines[0] == "leadmaster: SESSION_MANAGER_BASE_URL, CLIENTE_ID, PORT: set, but no longer used; ignored"
    assert len(lines) == 2


def test_they_are_found_in_the_file_too(shell: Shell) -> None:
    (shell.directory / ".env").write_text("PORT=3000\nsession_manager_base_url=http://x\nHUB_PORT=3999\n")

    done = shell.run("token", "nobody", CLIENTE_ID="5", JWT_SECRET="j" * 40)

    lines = done.stderr.strip().splitlines()
    assert lines[0] == "leadmaster: SESSION_MANAGER_BASE_URL, CLIENTE_ID, PORT: set, but no longer used; ignored"
    assert len(lines) == 2


@pytest.mark.parametrize("service", ["hub", "background", "webhooks", "beat", "host", "flower"])
def test_a_service_alone_needs_a_broker(shell: Shell, service: str) -> None:
    done = shell.run(service)
    assert (done.returncode, one_line(done.stderr)[:22]) == (2, "leadmaster: REDIS_URL:")


def test_flower_does_not_start_without_a_password(shell: Shell) -> None:
    done = shell.run("flower", REDIS_URL="redis://127.0.0.1:1/0")
    assert (done.returncode, one_line(done.stderr)[:28]) == (2, "leadmaster: FLOWER_PASSWORD:")


def test_users_are_added_and_get_tokens(shell: Shell) -> None:
    added = shell.run(
        "user", "add", "ana", "--tipo", "cliente", "--cliente-id", "51", "--password-stdin", text="long enough\n"
    )
    assert (added.returncode, added.stdout) == (0, "added ana (cliente, cliente_id 51)\n")
    secret = "k" * 40
    shown = shell.run("token", "ana", JWT_SECRET=secret)
    claims = jwt.decode(shown.stdout.strip(), secret, algorithms=["HS256"])
    assert (claims["usuario"], claims["tipo"], claims["cliente_id"]) == ("ana", "cliente", 51)


def test_a_token_is_signed_with_the_kept_secret(shell: Shell) -> None:
    kept = credentials.read_or_make_secret(shell.data, credentials.JWT_SECRET)
    shell.run("user", "add", "root", "--tipo", "admin", "--password-stdin", text="long enough\n")
    shown = shell.run("token", "root")
    assert jwt.decode(shown.stdout.strip(), kept, algorithms=["HS256"])["tipo"] == "admin"


@pytest.mark.parametrize(
    ("arguments", "text", "told"),
    [
        (("user", "add", "a", "--tipo", "cliente", "--password-stdin"), "long enough\n", "--cliente-id"),
        (("user", "add", "a", "--tipo", "cliente", "--cliente-id", "0", "--password-stdin"), "x\n", "--cliente-id"),
        (("user", "add", "a", "--tipo", "boss", "--password-stdin"), "x\n", "--tipo"),
        (("user", "add", "a", "--tipo", "admin", "--password-stdin"), "", "password is empty"),
        (("user", "add", "a", "--tipo", "admin", "--password-stdin"), "short\n", "password"),
        (("user", "add", "a", "--tipo", "admin"), "", "--password-stdin"),
        (("user", "add", " ", "--tipo", "admin", "--password-stdin"), "long enough\n", "usuario"),
        (("token", "nobody"), "", "no such user"),
        (("nonsense",), "", "nonsense"),
        (("up", "--nonsense"), "", "--nonsense"),
    ],
)
def test_bad_input_is_told_in_words(shell: Shell, arguments: tuple[str, ...], text: str, told: str) -> None:
    done = shell.run(*arguments, text=text, JWT_SECRET="j" * 40)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_user_is_added_once(shell: Shell) -> None:
    add = ("user", "add", "ana", "--tipo", "admin", "--password-stdin")
    assert shell.run(*add, text="long enough\n").returncode == 0
    again = shell.run(*add, text="long enough\n")
    assert again.returncode == 2
    assert "already taken" in one_line(again.stderr)


def test_a_password_is_never_shown(shell: Shell) -> None:
    done = shell.run("user", "add", "ana", "--tipo", "admin", "--password-stdin", text="Tr0ub4dor&3\n")
    assert "Tr0ub4dor" not in done.stdout + done.stderr


def test_the_demo_empties_no_directory_but_its_own(shell: Shell) -> None:
    precious = shell.directory / "precious"
    precious.mkdir()
    (precious / "letter").write_text("x")
    done = shell.run("demo", "--exit", "--data-dir", str(precious))
    assert done.returncode == 2
    assert "--data-dir" in one_line(done.stderr)
    assert (precious / "letter").read_text() == "x"


def test_a_second_up_is_refused(shell: Shell) -> None:
    with DataDir(shell.data).held():
        done = shell.run("up", HUB_PORT="0", FLOWER_PORT="0")
    assert done.returncode == 2
    assert "is in use by another `leadmaster up`" in one_line(done.stderr)


def test_help_starts_nothing(shell: Shell) -> None:
    done = shell.run("--help")
    assert done.returncode == 0
    for command in ("up", "demo", "hub", "background", "beat", "host", "simulator", "user", "token", "doctor"):
        assert f"  {command} " in done.stdout
    assert not shell.data.exists()


def test_the_doctor_names_a_bad_setting(shell: Shell) -> None:
    done = shell.run("doctor", HUB_PORT="x")
    assert done.returncode == 1
    assert "HUB_PORT" in done.stdout


def test_the_doctor_says_what_to_do(shell: Shell) -> None:
    free = {"HUB_PORT": str(free_port()), "FLOWER_PORT": str(free_port())}
    done = shell.run("doctor", REDIS_URL="redis://127.0.0.1:1/0", BROWSER_PATH="/no/such/browser", **free)
    assert done.returncode == 1
    assert "✗ Redis: not reachable" in done.stdout
    assert "✗ Browser:" in done.stdout
    assert done.stdout.count("→") == 2


def test_the_doctor_tries_where_media_lie(shell: Shell) -> None:
    (shell.directory / "store").mkdir()
    (shell.directory / "file").write_text("")

    good = shell.run("doctor", MEDIA_URL=str(shell.directory / "store"))
    not_yet = shell.run("doctor", MEDIA_URL=str(shell.directory / "later"))
    bad = shell.run("doctor", MEDIA_URL=str(shell.directory / "file"))

    assert "can be written, read and deleted from" in " ".join(good.stdout.split())
    assert not any(path.is_file() for path in (shell.directory / "store").rglob("*"))
    assert "not there yet" in " ".join(not_yet.stdout.split())
    assert not (shell.directory / "later").exists()
    assert (bad.returncode, "✗ Media:" in bad.stdout) == (1, True)


def test_the_doctor_says_where_webhooks_may_go(shell: Shell) -> None:
    private = shell.run("doctor", WEBHOOK_ALLOWED_NETWORKS="10.0.0.0/8")
    metadata = shell.run("doctor", WEBHOOK_ALLOWED_NETWORKS="169.0.0.0/8")

    assert "Webhooks: reach public addresses, 10.0.0.0/8;" in " ".join(private.stdout.split())
    assert "✗ Webhooks: reach 169.0.0.0/8" in " ".join(metadata.stdout.split())


def test_the_doctor_says_how_chromiums_sandbox_stands(shell: Shell) -> None:
    switched_off = shell.run("doctor", BROWSER_NO_SANDBOX="true")
    as_it_is = shell.run("doctor")

    assert "Sandbox: Chromium's is off, by BROWSER_NO_SANDBOX" in switched_off.stdout
    assert "Sandbox: Chromium" in as_it_is.stdout
