"""What the operator sees, and the picture of it."""

from __future__ import annotations

import io
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console

from leadmaster.screen import Screen


def test_a_picture_shows_the_lines_and_loads_nothing(tmp_path: Path) -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out, width=80), recording=True)
    screen.title("Two [agencies]")
    screen.done("Hub ready")
    screen.code(["█▀▄█"])
    picture = tmp_path / "x.svg"
    screen.save_picture(picture, "demo")
    text = picture.read_text("utf-8")
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("https://www.textualize.io", "")
    drawn = "".join(ElementTree.fromstring(text).itertext()).replace("\xa0", " ")
    assert "Two [agencies]" in drawn
    assert "✓ Hub ready" in drawn
    # blocks are for the terminal, which draws them without gaps
    assert "█▀▄█" not in drawn
    assert "█▀▄█" in out.getvalue()


def test_a_code_fits_a_wide_terminal_and_any_file() -> None:
    rows = ["█" * 130]
    assert not Screen(Console(file=io.StringIO(), force_terminal=True, width=100)).fits(rows)
    assert Screen(Console(file=io.StringIO(), force_terminal=True, width=134)).fits(rows)
    assert Screen(Console(file=io.StringIO(), width=100)).fits(rows)


def test_a_repeated_warning_is_shown_once_in_a_while() -> None:
    out = io.StringIO()
    screen = Screen(Console(file=out, width=80))
    for number in range(3):
        screen.repeated_warning(f"host:lease.lost {number}", f"lost {number}")
    assert out.getvalue().splitlines() == ["  ! lost 0"]
