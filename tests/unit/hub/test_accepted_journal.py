"""What a process accepted outlives it, is taken up once, and goes when it is on record."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub_api.workers import accepted_journal
from hub_api.workers.accepted_journal import AcceptedJournal
from hub_api.workers.accepted_lately import AcceptedLately
from shared.ledger.message import Draft, new_message_id
from shared.protocol.content import Content, ContentType, MediaFile
from shared.transitions.message import Lane

ROOT = Path(__file__).parents[3]
KILLED = """
import os, pathlib, signal, sys
from hub_api.workers.accepted_journal import AcceptedJournal
from shared.ledger.message import Draft
from shared.protocol.content import Content, ContentType, MediaFile
from shared.transitions.message import Lane
picture = Content(ContentType.IMAGE, MediaFile("ab" * 32, "image/jpeg", 5, "a\u00f1o.jpg"), mentions=("1",))
journal = AcceptedJournal(pathlib.Path(sys.argv[1]))
for message_id in sys.argv[2:]:
    said = "hola \\ud83d\\ude00"
    journal.write(Draft(message_id, 51, "5491123456789", said, Lane.BULK, 5, 9, True, bulk_id="b", content=picture))
os.kill(os.getpid(), signal.SIGKILL)
"""


def draft(text: str = "hola") -> Draft:
    return Draft(new_message_id(), 51, "5491123456789", text, Lane.SINGLE, 5, 9, wake=True)


def test_the_next_one_takes_up_what_a_killed_process_had(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), "M1", "M2"], cwd=ROOT, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    next_one, another = AcceptedLately(AcceptedJournal(tmp_path)), AcceptedLately(AcceptedJournal(tmp_path))
    assert (next_one.adopt(), another.adopt(), next_one.adopt()) == (2, 0, 0)
    taken = next_one.take(0, 10)
    assert [one.draft.message_id for one in taken] == ["M1", "M2"]
    message = taken[0].draft.queued()
    assert (message.text, message.to, message.lane, message.bulk_id) == ("hola 😀", "5491123456789", Lane.BULK, "b")
    file = MediaFile("ab" * 32, "image/jpeg", 5, "año.jpg")
    assert message.content == Content(ContentType.IMAGE, file, mentions=("1",))
    # it is on this one's disk now, until it is on record
    assert len(list(tmp_path.iterdir())) == 1
    next_one.put_back([])
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_was_cut_off_takes_no_other_with_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), "M1", "M2"], cwd=ROOT, timeout=60, check=False)
    [path] = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-20])
    found: list[str] = []
    assert AcceptedJournal(tmp_path).adopt(lambda one: found.append(one.message_id)) == 1
    assert found == ["M1"]


def test_a_file_goes_when_all_of_its_own_is_on_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepted_journal, "MAX_BYTES", 600)
    lately = AcceptedLately(AcceptedJournal(tmp_path))
    for _ in range(9):
        lately.remember(draft("x" * 100))
    assert len(list(tmp_path.iterdir())) > 2
    taken = lately.take(0, 8)
    lately.put_back(taken[-1:])
    assert 1 <= len(list(tmp_path.iterdir())) <= 2
    lately.take(0, 9)
    lately.put_back([])
    assert list(tmp_path.iterdir()) == []


def test_where_the_disk_refuses_memory_remembers(tmp_path: Path) -> None:
    folder = tmp_path / "no-folder"
    folder.write_text("a file")
    lately = AcceptedLately(AcceptedJournal(folder))
    for _ in range(2):
        lately.remember(draft())
    assert lately.adopt() == 0
    assert len(lately.take(0, 9)) == 2
    lately.put_back([])
