"""How large a file and a folder may be, so that a newcomer finds everything in a minute."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
MAX_LINES = 400
MAX_FILES = 12  # of code in one folder
CODE = (".py", ".js", ".lua", ".sh", ".css", ".html")
GENERATED = ("docs/openapi.json", "package-lock.json", "benchmarks/peers/package-lock.json", "LICENSE")


def ours() -> list[Path]:
    """Every file that git knows or would take up."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).is_file()]


def test_no_file_is_longer_than_one_reads_in_a_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in ours()
        if path.suffix in (*CODE, ".md") and str(path.relative_to(ROOT)) not in GENERATED
        if (lines := len(path.read_text("utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_no_folder_of_code_holds_more_than_a_dozen_files() -> None:
    folders = Counter(
        path.parent.relative_to(ROOT)
        for path in ours()
        if path.suffix in CODE
        and path.name != "__init__.py"
        and not {"tests", "migrations"} & set(path.relative_to(ROOT).parts[:-1])  # migrations are a diary
    )
    assert {str(folder): count for folder, count in folders.items() if count > MAX_FILES} == {}
