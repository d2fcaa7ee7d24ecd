"""The receivers of docs/webhooks.md, as they stand there, take real deliveries and refuse others."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from receiver import Receiver

from leadmaster.demo.by_hand import receiving_a_lead

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
# What n8n gives the code of a node: its input, its environment, and `this.helpers`.
NODE = """
async function receive($input, $env) { CODE }
const { headers, body, secret } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
const helpers = { getBinaryDataBuffer: async () => Buffer.from(body) }
receive.call({ helpers }, { first: () => ({ json: { headers } }) }, { LEADMASTER_SECRET: secret })
  .then(([{ json }]) => console.log(JSON.stringify(json)), (error) => console.log(JSON.stringify(error.message)))
"""


def _example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("name", ["README.md", "docs/webhooks.md"])
def test_the_five_lines_are_those_that_the_demo_prints(name: str) -> None:
    lines = receiving_a_lead("http://127.0.0.1:3012", "lm_…", "http://127.0.0.1:3080/")
    assert len(lines) == 5
    assert "```bash\n" + "\n".join(lines) + "\n```" in (ROOT / name).read_text("utf-8")


def test_the_one_in_flask(make: Any, receive: Any, work: Any, receiver: Receiver, tmp_path: Path) -> None:
    made = make()
    receive(message="¿cuánto sale?")
    work()
    got = receiver.received[0]
    program = tmp_path / "receiver_of_leads.py"
    program.write_text(_example("python").replace("whsec_…", made["secret"]), "utf-8")
    app = runpy.run_path(str(program))["app"]
    app.config["PROPAGATE_EXCEPTIONS"] = False
    leads = app.test_client()

    assert leads.post("/leads", data=got.body.encode(), headers=got.headers).status_code == 204
    assert leads.post("/leads", data=b"{}").status_code == 500


def test_the_one_in_n8n(make: Any, receive: Any, work: Any, receiver: Receiver) -> None:
    made = make()
    receive(message="¿cuánto sale?")
    work()
    got = receiver.received[0]

    def run(body: str) -> Any:
        asked = json.dumps({"headers": got.headers, "body": body, "secret": made["secret"]})
        script = NODE.replace("CODE", _example("js"))
        done = subprocess.run(
            [shutil.which("node") or "node", "-e", script], input=asked, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    assert run(got.body)["data"]["message"] == "¿cuánto sale?"
    assert run(got.body.replace("sale", "vale")) == "not from LeadMaster"
