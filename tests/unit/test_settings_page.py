"""Every setting is documented: the page made from the fields is current, and `.env.example` shows each default."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared import settings_page
from shared.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "settings.md"
EXAMPLE = ROOT / ".env.example"
ASSIGNMENT = re.compile(r"^# ([A-Z_]+)=", re.M)


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == settings_page.text(), "run: python -m shared.settings_page docs/settings.md"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_each_field_stands_on_the_page_with_what_it_sets(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert description.endswith(".")
    rows = [line for line in settings_page.text().splitlines() if line.startswith(f"| `{name.upper()}` |")]
    assert len(rows) == 1
    assert description in rows[0]


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name.endswith(("_seconds", "_days"))])
def test_a_duration_says_its_unit_and_its_bounds(name: str) -> None:
    unit = name.rpartition("_")[2]
    (row,) = [line for line in settings_page.text().splitlines() if line.startswith(f"| `{name.upper()}` |")]
    assert unit in row.lower().split("|", 2)[2]
    assert re.search(r"\| [0-9.]+ to [0-9.]+ \|", row)


def test_the_example_names_every_setting_once() -> None:
    named = ASSIGNMENT.findall(EXAMPLE.read_text("utf-8"))
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_the_example_shows_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text(ASSIGNMENT.sub(r"\1=", EXAMPLE.read_text("utf-8")), "utf-8")
    example = Settings()
    Path(".env").unlink()
    assert example == Settings()
