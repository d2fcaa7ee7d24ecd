"""`leadmaster webhook listen`: prints what is verified, refuses the rest, and obeys nothing that strangers wrote."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from leadmaster.webhook_listener import described, make_listener
from testing.processes import free_port

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def shown() -> list[str]:
    return []


@pytest.fixture
def listener(shown: list[str]) -> Iterator[ThreadingHTTPServer]:
    server = make_listener(0, SECRET, lambda posted: shown.append(described(posted)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def _post(port: int, body: str, secret: str = SECRET) -> int:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("1", now, body),
    }
    url = f"http://127.0.0.1:{port}/"
    return httpx.post(url, content=body.encode(), headers=headers, trust_env=False).status_code


def test_what_is_verified_is_shown(listener: ThreadingHTTPServer, shown: list[str]) -> None:
    assert _post(listener.server_address[1], '{"type": "message.received", "data": {"message": "¿cuánto?"}}') == 204
    assert '"type": "message.received"' in shown[0]
    assert "¿cuánto?" in shown[0]


def test_what_is_not_is_refused(listener: ThreadingHTTPServer, shown: list[str]) -> None:
    port = listener.server_address[1]
    assert _post(port, '{"type": "x"}', "whsec_" + "A" * 32) == 400
    assert httpx.post(f"http://127.0.0.1:{port}/", content=b"{}", trust_env=False).status_code == 400
    assert len(shown) == 2
    assert all(line.startswith("refused: ") for line in shown)


def test_a_terminal_obeys_nothing_of_an_event(listener: ThreadingHTTPServer, shown: list[str]) -> None:
    assert _post(listener.server_address[1], '{"message": "\\u001b[2J \\u009b31m \\u202e"}') == 204
    assert all(each.isprintable() or each == "\n" for each in shown[0])


def test_the_command_listens_on_this_machine_until_it_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "leadmaster", "webhook", "listen", "--port", str(port), "--secret", SECRET],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == f"Listening on http://127.0.0.1:{port}/\n"
        assert _post(port, '{"type": "session.status"}') == 204
        assert process.stdout.readline() == "{\n"
        assert process.stdout.readline() == '  "type": "session.status"\n'
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.parametrize(
    "arguments", [("--port", "0", "--secret", "whsec_"), ("--port", "x", "--secret", SECRET), ("--port", "0")]
)
def test_bad_input_is_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "leadmaster", "webhook", "listen", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
