"""The import arrows of docs/architecture.md, read off the syntax trees."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ALLOWED: dict[str, set[str]] = {
    "shared": set(),
    "simulator": set(),
    "celery_config": {"shared"},
    "hub_api": {"celery_config", "shared"},
    "session_worker": {"celery_config", "shared"},
    "leadmaster": {"celery_config", "shared", "hub_api", "session_worker", "simulator"},
}
# What decides is pure: it takes `now` and `rng` and knows none of these (STYLE 3).
PURE = (
    "shared/session_state.py",
    "shared/message_state.py",
    "shared/phone_number.py",
    "shared/texts.py",
    "shared/errors.py",
    "shared/names.py",
    "shared/process/backoff.py",
    "session_worker/turn.py",
    "session_worker/host/children.py",
    *(f"session_worker/session/{name}.py" for name in ("state", "reducer", "reading", "deadlines")),
    *(
        f"session_worker/sending/{name}.py"
        for name in ("state", "doubts", "rounds", "looking", "attempts", "reducer", "pace", "restriction")
    ),
    *(
        f"hub_api/campaigns/{name}.py"
        for name in (
            "states",
            "schedule",
            "plan",
            "forecast",
            "template",
            "recipients",
            "keywords",
            "guard",
            "message_id",
        )
    ),
)
DOERS = {"redis", "celery", "kombu", "flask", "sqlalchemy", "playwright", "threading", "queue", "time"}


def files_of(package: str) -> list[Path]:
    single = ROOT / f"{package}.py"
    return [single] if single.exists() else sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top-level names of everything a file imports, wherever the import stands."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrow"
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_arrows(package: str) -> None:
    ours = set(ALLOWED)
    files = files_of(package)
    assert files
    for path in files:
        forbidden = (imported(path) & ours) - ALLOWED[package] - {package}
        assert not forbidden, f"{path.relative_to(ROOT)} imports {sorted(forbidden)}"


@pytest.mark.parametrize("name", PURE)
def test_pure_files_do_nothing(name: str) -> None:
    assert not imported(ROOT / name) & DOERS


def test_the_test_sees_a_wrong_arrow(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from session_worker import host\n")
    assert imported(wrong) == {"session_worker"}
