"""How far a session's owners have come, in a file beside their profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.ledger.claiming.progress import Progress, ProgressFile


def test_it_outlives_its_process(tmp_path: Path) -> None:
    path = tmp_path / "progress"
    first = ProgressFile(path)
    assert first.read() == Progress()
    first.write(Progress("a" * 16, 10))
    first.write(Progress("b" * 16, 9))
    assert ProgressFile(path).read() == Progress("b" * 16, 9)


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"a", b"a b", b"a 1 2", b"\xff\xfe", b"a -1"])
def test_what_is_no_record_counts_for_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "progress"
    path.write_bytes(content)
    assert ProgressFile(path).read() == Progress()
