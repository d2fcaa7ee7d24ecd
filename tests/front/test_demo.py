"""`leadmaster demo --exit`: the whole scenario with real browsers, a picture of it, and nothing left running."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest

ROOT = Path(__file__).parents[2]
SHOWN = (
    "3. Each agency's phone scans its code",
    "Ana's phone shows all 3, each once, in order",
    "Diego's phone shows all 3, each once, in order",
    "its signature is good",
    '"type": "message.received"',
    '"message": "¿Es esta la casa? Ahí estaré."',
    "without the secret → 400",
    "the picture is available, 2,175 bytes",
    "type, size and hash are those of the file on the phone",
    "← Ana [image, available] “¿Es esta la casa? Ahí estaré.”, in answer to “¡Te esperamos!”",
    "[image] “Sí, esta. ¡Te esperamos!”, in answer to “¿Es esta la casa? Ahí estaré.”",
    "Ana's phone shows it with caption and quote: 2,175 bytes",
    "Ana got the message that waited, once",
    "/status → 403 FORBIDDEN",
    "every step worked",
)


@pytest.mark.timeout(400)
def test_the_scenario_works_and_cleans_up_and_can_be_repeated(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    kept = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "DATABASE_URL")}
    # A killed run before it left files: they are the demo's own and go.
    data.mkdir()
    (data / ".leadmaster-demo").touch()
    (data / "stale").write_text("x")
    picture = tmp_path / "demo.svg"
    done = subprocess.run(
        [sys.executable, "-m", "leadmaster", "demo", "--exit", "--data-dir", str(data), "--record", str(picture)],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        timeout=380,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    assert [line for line in SHOWN if line not in done.stdout] == []
    assert "\x1b[" not in done.stdout, "plain lines where no terminal is"
    assert not (data / "stale").exists()
    assert processes_of(data) == []
    drawn = "".join(ElementTree.parse(picture).getroot().itertext()).replace("\xa0", " ")
    assert [line for line in SHOWN if line not in drawn] == []
    assert "http://127.0.0.1" in drawn
    assert not re.search(r"url\([\"']?https?:", picture.read_text()), "it loads nothing from elsewhere"


def processes_of(data: Path) -> list[str]:
    """Whatever still runs with this data directory in its environment or command line."""
    found = []
    for process in psutil.process_iter():
        try:
            told = [*process.cmdline(), process.environ().get("LEADMASTER_DATA_DIR", "")]
            if process.status() != psutil.STATUS_ZOMBIE and any(str(data) in text for text in told):
                found.append(process.name())
        except psutil.Error:
            continue
    return found
