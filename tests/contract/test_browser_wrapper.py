"""The wrapper in front of the browser, with a stand-in for the browser that prints what it was given."""

from __future__ import annotations

import subprocess
from pathlib import Path

WRAPPER = Path(__file__).parents[2] / "session_worker" / "engine" / "browser_wrapper.sh"


def run(tmp_path: Path, *arguments: str) -> list[str]:
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    browser.chmod(0o700)
    answer = subprocess.run(
        ["sh", str(WRAPPER), *arguments],
        env={
            "PATH": "/usr/bin:/bin",
            "LEADMASTER_BROWSER": str(browser),
            "LEADMASTER_PROFILE": str(tmp_path),
            "LEADMASTER_PROFILE_LOCK": str(tmp_path / "lock"),
            "LEADMASTER_LAUNCH_ID": "x",
        },
        check=True,
        capture_output=True,
        text=True,
        timeout=20,
    )
    return answer.stdout.splitlines()


def test_lists_of_features_become_one(tmp_path: Path) -> None:
    # given two lists, of which a browser would obey the last alone
    given = ["--a", "--disable-features=One,Two", "--b=with space", "--disable-features=Three", "about:blank"]
    assert run(tmp_path, *given) == ["--a", "--b=with space", "about:blank", "--disable-features=One,Two,Three"]
    given = ["--enable-features=One", "about:blank", "--disable-features=Two", "--enable-features=Three"]
    assert run(tmp_path, *given) == ["about:blank", "--disable-features=Two", "--enable-features=One,Three"]


def test_other_arguments_are_passed_on_as_they_are(tmp_path: Path) -> None:
    given = ["--x=$HOME", "--y='quoted' \"twice\"", "", "*"]
    assert run(tmp_path, *given) == given
