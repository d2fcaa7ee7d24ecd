"""Which saved page a pin names, and whether wa-js was made for a build."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_worker.engine.port import EngineError
from session_worker.engine.versions.builds import is_supported
from session_worker.engine.versions.pinned_page import find_page, kept_versions


@pytest.fixture
def whatsapp_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the package as npm lays it out, and two pages."""
    pages = tmp_path / "whatsapp/node_modules/@wppconnect/wa-version/html"
    pages.mkdir(parents=True)
    for version in ("2.3000.1048032155-alpha", "2.3000.999999999"):
        (pages / f"{version}.html").write_text(version, "utf-8")
    (pages / "readme.html").write_text("no version", "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "whatsapp"


@pytest.mark.parametrize(
    ("pin", "found"),
    [
        ("2.3000.1048032155-alpha", "2.3000.1048032155-alpha"),
        ("2.3000.1048032155", "2.3000.1048032155-alpha"),
        ("2.3000.999999999", "2.3000.999999999"),
    ],
)
def test_a_version_names_its_page(whatsapp_dir: Path, pin: str, found: str) -> None:
    assert find_page(pin, whatsapp_dir).read_text("utf-8") == found


def test_a_path_names_a_file(tmp_path: Path) -> None:
    saved = tmp_path / "saved.html"
    saved.write_text("mine", "utf-8")

    assert find_page(str(saved), None) == saved


def test_versions_are_in_the_order_of_their_numbers(whatsapp_dir: Path) -> None:
    assert kept_versions(whatsapp_dir) == ["2.3000.999999999", "2.3000.1048032155-alpha"]


def test_a_version_that_is_not_kept_says_which_is_the_newest_and_how_to_get_others(whatsapp_dir: Path) -> None:
    with pytest.raises(EngineError) as raised:
        find_page("2.3000.5", whatsapp_dir)

    assert raised.value.code == "PIN_NOT_FOUND"
    assert "2.3000.1048032155-alpha" in raised.value.detail
    assert f"npm install --prefix {whatsapp_dir} @wppconnect/wa-version@latest" in raised.value.detail


def test_without_the_package_the_error_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(EngineError) as raised:
        find_page("2.3000.5", tmp_path / "whatsapp")

    assert "is not installed: npm install --prefix" in raised.value.detail


@pytest.mark.parametrize("text", ["2.3000.", "../2.3000.5", "2.3000.5/../../x"])
def test_what_is_neither_a_version_nor_a_file_is_no_path_into_the_package(whatsapp_dir: Path, text: str) -> None:
    with pytest.raises(EngineError, match="no version, and no file"):
        find_page(text, whatsapp_dir)


@pytest.mark.parametrize(
    ("build", "supported"),
    [
        ("2.3000.1038792969", True),
        ("2.3000.1038792968-alpha", False),
        ("2.3000.999999999", False),
        ("2.3001.1", True),
        ("unknown", None),
    ],
)
def test_a_build_is_held_against_the_floor_by_its_numbers(build: str, supported: bool | None) -> None:
    assert is_supported(build, ">=2.3000.1038792969-alpha") is supported
    assert is_supported(build, "") is None
