"""What is installed is locked by the hashes of its files, and the locks name no place from which to take it."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-node.lock")
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9._-]+)==\S+(?: ; (?P<marker>[^\\\n]+?))?(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)$",
    re.MULTILINE,
)
PYTHONS = ("3.11.2", "3.11.9", "3.12.3", "3.13.5", "3.14.0")  # the first is Debian 12's own


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_hashes_and_none_a_place(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    entries = ENTRY.findall(text)
    named = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]

    assert len(entries) == len(named) > 0
    assert "://" not in text
    assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)", text)


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_what_a_package_needs_is_locked_for_each_python(lock: str, python: str) -> None:
    # given what a version of Python is to install
    here = {name: str(value) for name, value in default_environment().items()}
    there = here | {"python_full_version": python, "python_version": python.rpartition(".")[0], "extra": ""}
    locked = {
        canonicalize_name(entry["name"])
        for entry in ENTRY.finditer((ROOT / lock).read_text("utf-8"))
        if entry["marker"] is None or Marker(entry["marker"]).evaluate(there)
    }
    # when each of these asks for what it needs there
    missing = set()
    for package in locked:
        try:
            needed = [Requirement(text) for text in distribution(package).requires or []]
        except PackageNotFoundError:
            continue  # what this Python does not need
        for one in needed:
            if (one.marker is None or one.marker.evaluate(there)) and canonicalize_name(one.name) not in locked:
                missing.add(f"{package} needs {one.name}")
    # then
    assert missing == set()


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
