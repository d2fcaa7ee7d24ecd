"""Real deliveries at a real receiver, verified by the specification's own libraries, Python's and JavaScript's."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from receiver import Received, Receiver
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

ROOT = Path(__file__).parents[3]
TEXTS = ("hola", "¿Cuánto sale? 🏡 — “ya”", 'comillas " y \\ barra\n', "\u2028\u200f", "x" * 4_096)
Verify = Callable[[str, Received], Any]


def _python(secret: str, got: Received) -> Any:
    try:
        return Webhook(secret).verify(got.body, got.headers)
    except WebhookVerificationError:
        return None


def _javascript(secret: str, got: Received) -> Any:
    node = shutil.which("node")
    assert node is not None, "set-up puts node into .venv/bin where the machine has none"
    asked = json.dumps([{"secret": secret, "headers": got.headers, "body": got.body}])
    script = Path(__file__).with_name("verify.js")
    done = subprocess.run([node, str(script)], input=asked, capture_output=True, text=True, cwd=ROOT, check=True)
    [answer] = json.loads(done.stdout)
    return answer.get("event")


@pytest.fixture(params=[_python, _javascript], ids=["python", "javascript"])
def verify(request: pytest.FixtureRequest) -> Verify:
    chosen: Verify = request.param
    return chosen


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_delivery_is_verified_and_says_what_was_written(
    verify: Verify, make: Any, receive: Any, work: Any, receiver: Receiver, text: str
) -> None:
    made = make()
    receive(message=text)
    work()
    event = verify(made["secret"], receiver.received[0])
    assert event is not None
    assert event["data"]["message"] == text


def test_what_was_changed_on_the_way_is_refused(
    verify: Verify, make: Any, receive: Any, work: Any, receiver: Receiver
) -> None:
    made = make()
    receive(message="hola")
    work()
    got = receiver.received[0]
    changed = [
        Received(got.path, got.headers, got.body.replace("hola", "chau")),
        Received(got.path, got.headers | {"webhook-id": "0" * 19}, got.body),
        Received(
            got.path, got.headers | {"webhook-timestamp": str(int(got.headers["webhook-timestamp"]) - 1)}, got.body
        ),
        Received(got.path, got.headers | {"webhook-signature": "v1,AAAA"}, got.body),
    ]
    assert verify(made["secret"], got) is not None
    assert [verify(made["secret"], one) for one in changed] == [None] * 4


def test_both_secrets_count_after_a_rotation(
    verify: Verify, make: Any, receive: Any, work: Any, receiver: Receiver, client: FlaskClient, maria: Any
) -> None:
    made, other = make(), make(active=False)
    rotated = client.post(f"/api/webhooks/{made['webhook_id']}/rotate-secret", headers=maria).json
    receive()
    work()
    found = [verify(one["secret"], receiver.received[0]) is not None for one in (made, rotated, other)]
    assert found == [True, True, False]
