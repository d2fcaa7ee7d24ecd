"""What documents and comments point at is there, and decisions are numbered once."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
PATH = re.compile(r"`((?:[a-z_]+/)+[A-Za-z0-9_.-]+\.(?:py|md|lua|js|sh|json|svg))`")
CITED = re.compile(r"\bdocs/[a-z0-9/_-]+\.(?:md|json|svg)\b")
ELSEWHERE = re.compile(r"\b(?:CONTRACT|DESIGN|STYLE)\b")  # names of papers that are not in the repository
MADE = {"node_modules", "data", "demo-data", "build", "__pycache__"}
DECISION = re.compile(r"^(\d{4})-[a-z0-9-]+\.md$")


@cache
def ours() -> tuple[Path, ...]:
    """Every file of the repository: not those that set-up, a run or a tool made."""
    found: list[Path] = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in MADE and not name.startswith("."))
        found += [Path(folder, name) for name in sorted(names)]
    return tuple(found)


def documents() -> list[Path]:
    return [path for path in ours() if path.suffix == ".md"]


def sources() -> list[Path]:
    here = Path(__file__)
    return [path for path in ours() if path.suffix in {".py", ".lua", ".js", ".sh", ".md"} and path != here]


def missing_from(text: str, folder: Path) -> list[str]:
    """What a document in `folder` points at, by link or by path, and is not there."""
    links = [link for link in LINK.findall(text) if "://" not in link and not (folder / link).exists()]
    return links + [path for path in PATH.findall(text) if not (ROOT / path).exists()]


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_points_at_what_is_there(document: Path) -> None:
    assert not missing_from(document.read_text("utf-8"), document.parent)


def test_the_test_sees_a_dead_link_and_a_dead_path() -> None:
    text = (
        "[a](docs/nowhere.md) ![b](docs/settings.md) `shared/nowhere.py` `shared/settings.py` [c](https://x.example/y)"
    )
    assert missing_from(text, ROOT) == ["docs/nowhere.md", "shared/nowhere.py"]


def test_comments_cite_only_what_is_in_the_repository() -> None:
    wrong = []
    for path in sources():
        text = path.read_text("utf-8")
        found = ELSEWHERE.findall(text) + [cited for cited in CITED.findall(text) if not (ROOT / cited).exists()]
        wrong += [f"{path.relative_to(ROOT)}: {cited}" for cited in found]
    assert not wrong


def test_decisions_are_numbered_once_and_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    names = sorted(path.name for path in folder.glob("*.md") if path.name != "README.md")
    numbers = [int(match[1]) for name in names if (match := DECISION.match(name))]
    assert numbers == list(range(1, len(names) + 1))
    index = (folder / "README.md").read_text("utf-8")
    for number, name in zip(numbers, names, strict=True):
        title = (folder / name).read_text("utf-8").splitlines()[0].removeprefix(f"# {number}. ")
        assert f"| [{number}]({name}) | {title} |" in index
