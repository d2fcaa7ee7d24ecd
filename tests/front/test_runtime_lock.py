"""What `make demo` installs is enough for every service: development tools must not lend it modules."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[2]

IMPORTS = """
import importlib, sys
missing = set(sys.argv[1].split(","))
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
for name in sys.argv[2:]:
    importlib.import_module(name)
"""

MODULES = (
    "leadmaster.cli", "leadmaster.demo.run", "leadmaster.up.run", "leadmaster.doctor", "leadmaster.dashboard",
    "hub_api.campaigns.imports.file_import", "hub_api.server", "hub_api.background", "hub_api.beat",
    "session_worker.host.forker",
    "simulator.__main__", "kombu.transport.redis", "celery.worker", "celery.beat", "celery.concurrency.thread",
)  # fmt: skip


def locked(name: str) -> set[str]:
    lines = (ROOT / name).read_text().splitlines()
    return {normal(line.split("==")[0]) for line in lines if "==" in line.split("#")[0]}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def test_the_runtime_lock_is_enough() -> None:
    tools = locked("requirements-dev.lock") - locked("requirements.lock")
    modules = {
        module for module, owners in packages_distributions().items() if {normal(owner) for owner in owners} <= tools
    }
    assert "pytest" in modules
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, ",".join(sorted(modules)), *MODULES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_both_locks_agree_and_name_no_registry() -> None:
    runtime, tools = ((ROOT / name).read_text() for name in ("requirements.lock", "requirements-dev.lock"))
    pins = [
        {line.split("#")[0].strip() for line in text.splitlines() if "==" in line.split("#")[0]}
        for text in (runtime, tools)
    ]
    assert pins[0] <= pins[1]
    for text in (runtime, tools):
        assert not re.search(r"https?://|file://|--index|--find-links|--extra-index", text)
