"""One `up` per data directory, and what it leaves for the next one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from leadmaster.installation.data_dir import DataDir, DataDirBusy
from leadmaster.up.leftovers import clear, end_leftovers, record, recorded

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"


def test_a_second_up_is_refused_in_one_line(tmp_path: Path) -> None:
    with DataDir(tmp_path).held():
        assert DataDir(tmp_path).is_held()
        with (
            pytest.raises(DataDirBusy, match=r"LEADMASTER_DATA_DIR: .* is in use") as refused,
            DataDir(tmp_path).held(),
        ):
            pytest.fail("held twice")
        assert "\n" not in str(refused.value)
    assert not DataDir(tmp_path).is_held()


def test_the_directory_is_free_again_after_a_clean_end(tmp_path: Path) -> None:
    for _ in range(2):
        with DataDir(tmp_path).held():
            pass


def test_what_a_killed_up_left_is_ended_even_where_it_resists(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        data = DataDir(tmp_path)
        data.make()
        record(data, {"hub": child.pid})
        assert end_leftovers(data, grace_s=0.3) == ["hub"]
        assert not psutil.pid_exists(child.pid)
        assert recorded(data) == {}


def test_another_process_with_the_same_number_is_left_alone(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.make()
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as child:
        record(data, {"hub": child.pid})
        file = data.run / "processes.json"
        file.write_text(json.dumps({"hub": [child.pid, psutil.Process(child.pid).create_time() - 100]}))
        assert end_leftovers(data, grace_s=1) == []
        assert child.poll() is None
        child.kill()


def test_a_broken_record_counts_as_none(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.make()
    assert recorded(data) == {}
    (data.run / "processes.json").write_text("{half")
    assert recorded(data) == {}


def test_a_record_is_cleared(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.make()
    record(data, {"hub": os.getpid()})
    assert {name: process.pid for name, process in recorded(data).items()} == {"hub": os.getpid()}
    clear(data)
    assert recorded(data) == {}
