"""The import arrows of docs/architecture.md, read off the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
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
    "testing": {"shared", "hub_api", "session_worker", "leadmaster", "simulator"},
}
# What decides is pure: it takes `now` and `rng` and knows none of these.
PURE = (
    "shared/transitions/session.py",
    "shared/transitions/message.py",
    "shared/protocol/events.py",
    "shared/protocol/commands.py",
    "shared/protocol/snapshot.py",
    "shared/protocol/content.py",
    "shared/ledger/content_object.py",
    "hub_api/sending/card.py",
    "shared/phone_number.py",
    "shared/recipient_key.py",
    "shared/texts.py",
    "shared/errors.py",
    "shared/names.py",
    *(
        f"shared/keys/{name}.py"
        for name in ("prefixed", "messages", "acts", "inbound", "campaigns", "sessions", "service")
    ),
    "shared/public_address.py",
    "shared/process/backoff.py",
    "session_worker/turn.py",
    "session_worker/host/children.py",
    "shared/builds/verdict.py",
    "shared/builds/served.py",
    "shared/clock/agreement.py",
    *(f"session_worker/drift/{name}.py" for name in ("judging", "canary")),
    *(
        f"session_worker/session/{name}.py"
        for name in ("state", "reducer", "reading", "deadlines", "holding", "moves", "runs")
    ),
    *(
        f"session_worker/sending/{name}.py"
        for name in ("state", "doubts", "rounds", "looking", "attempts", "reducer", "pace", "restriction", "breaker")
    ),
    "session_worker/sending/uploads/upload.py",
    *(f"session_worker/receiving/{name}.py" for name in ("state", "rows", "placeholders", "changes", "reducer")),
    "session_worker/engine/heard.py",
    *(f"session_worker/acting/{name}.py" for name in ("state", "reducer")),
    *(f"session_worker/engine/playwright_adapter/{name}.py" for name in ("inbound_rows", "message_facts")),
    "session_worker/engine/playwright_adapter/change_facts.py",
    "shared/ledger/identity.py",
    *(f"session_worker/media/{name}.py" for name in ("state", "reducer")),
    "session_worker/engine/versions/builds.py",
    "leadmaster/live/steps.py",
    "leadmaster/live/findings.py",
    "hub_api/principal.py",
    "hub_api/messages/restored_status.py",
    "hub_api/pairing/qr_answer.py",
    *(f"hub_api/campaigns/planning/{name}.py" for name in ("hours", "plan", "forecast", "guard", "recipient", "round")),
    *(f"hub_api/campaigns/recipients/{name}.py" for name in ("template", "sheet", "message")),
    "hub_api/campaigns/transitions.py",
    "hub_api/webhooks/answer.py",
    "hub_api/webhooks/described.py",
    "hub_api/reaching/url.py",
    *(f"hub_api/webhooks/delivery/{name}.py" for name in ("schedule", "health")),
    "hub_api/campaigns/optouts/keywords.py",
)
DOERS = {"redis", "celery", "kombu", "flask", "sqlalchemy", "playwright", "threading", "queue", "time"}
APPS = ("campaigns", "older", "webhooks")  # of the hub: the list of subjects names them, and nobody imports them


def files_of(package: str) -> list[Path]:
    single = ROOT / f"{package}.py"
    return [single] if single.exists() else sorted((ROOT / package).rglob("*.py"))


def modules_imported(path: Path) -> set[str]:
    """Full names of everything a file imports, wherever the import stands; of `from a import b` both a and a.b."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrow"
            found |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def imported(path: Path) -> set[str]:
    return {name.split(".")[0] for name in modules_imported(path)}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str, depth: int) -> str:
    """The folder or file in which a module stands, seen from `depth` levels up."""
    return ".".join(module.split(".")[: depth + 1])


def circles(arrows: dict[str, set[str]]) -> Iterator[list[str]]:
    """Every circle that a walk along the arrows runs into."""
    done: set[str] = set()

    def walk(at: str, path: list[str]) -> Iterator[list[str]]:
        if at in path:
            yield [*path[path.index(at) :], at]
        elif at not in done:
            for following in sorted(arrows.get(at, ())):
                yield from walk(following, [*path, at])
            done.add(at)

    for start in sorted(arrows):
        yield from walk(start, [])


def arrows_between(package: str, depth: int) -> dict[str, set[str]]:
    """Who imports whom below a package. depth: 1 for its folders and files, more for what is in them."""
    known = {module_of(path) for path in files_of(package)}
    found: dict[str, set[str]] = {}
    for path in files_of(package):
        here = room_of(module_of(path), depth)
        there = {room_of(name, depth) for name in modules_imported(path) if name in known}
        found.setdefault(here, set()).update(there - {here, package})
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_arrows(package: str) -> None:
    ours = set(ALLOWED)
    files = files_of(package)
    assert files
    for path in files:
        forbidden = (imported(path) & ours) - ALLOWED[package] - {package}
        assert not forbidden, f"{path.relative_to(ROOT)} imports {sorted(forbidden)}"


@pytest.mark.parametrize("package", ALLOWED)
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_no_circle_of_files_or_folders(package: str, depth: int) -> None:
    assert list(circles(arrows_between(package, depth))) == []


@pytest.mark.parametrize("app", APPS)
def test_nobody_imports_an_app_of_the_hub(app: str) -> None:
    inside = ROOT / "hub_api" / app
    for package in ("hub_api", "leadmaster", "celery_config"):
        for path in files_of(package):
            if inside not in path.parents:
                wrong = {name for name in modules_imported(path) if name.startswith(f"hub_api.{app}")}
                assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


@pytest.mark.parametrize("name", PURE)
def test_pure_files_do_nothing(name: str) -> None:
    assert not imported(ROOT / name) & DOERS


def test_the_fakes_know_only_the_port() -> None:
    for path in files_of("testing/fake"):
        modules = {name for name in modules_imported(path) if name.startswith("session_worker.")}
        assert all(name.startswith("session_worker.engine") for name in modules), path


def test_the_test_sees_a_wrong_arrow(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from session_worker import host\n")
    assert imported(wrong) == {"session_worker"}


def test_the_test_sees_a_circle() -> None:
    assert list(circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == [["a", "b", "c", "a"]]
