"""What is installed is locked by the hashes of its files, and the locks name no place from which to take it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")
ENTRY = re.compile(r"^(?P<name>[a-z0-9._-]+)==\S+(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})*)$", re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_hashes_and_none_a_place(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    entries = ENTRY.findall(text)
    named = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert len(entries) == len(named) > 0
    assert [name for name, hashes in entries if not hashes] == []
    assert "://" not in text
    assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)", text)


def test_every_npm_package_has_its_hash() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text("utf-8"))["packages"]

    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
    assert not any("resolved" in package for package in packages.values())


@pytest.mark.parametrize("path", ["scripts/python.sh", "scripts/node.sh", "Dockerfile"])
def test_whoever_installs_a_lock_asks_for_its_hashes(path: str) -> None:
    text = (ROOT / path).read_text("utf-8").replace("\\\n", " ")
    installs = [line for line in re.split(r"\n|&&", text) if "pip install" in line and " -r " in line]

    assert installs
    assert all("--require-hashes" in line for line in installs)


def test_locking_makes_hashes() -> None:
    assert "--generate-hashes" in (ROOT / "Makefile").read_text("utf-8")
