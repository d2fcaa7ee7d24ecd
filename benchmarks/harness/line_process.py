"""A process that is asked by lines on its stdin and answers by lines of JSON on its stdout: both ends."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from typing import Any

import psutil

from testing.processes import descendants


class LineProcess:
    """The asking end. The process must have been started with pipes."""

    def __init__(self, process: subprocess.Popen[str], answer_s: float) -> None:
        """answer_s: how long it may take over one answer; then it and all below it are killed."""
        assert process.stdin is not None
        assert process.stdout is not None
        self.pid = process.pid
        self._process = process
        self._stdin, self._stdout = process.stdin, process.stdout
        self._answer_s = answer_s

    def tell(self, line: str) -> None:
        """Writes one line to it."""
        self._stdin.write(line + "\n")
        self._stdin.flush()

    def heard(self, **wanted: object) -> dict[str, Any]:
        """Waits for its next answer and returns it. wanted: fields that it must have.

        Raises RuntimeError if the process ended, took too long, or answered otherwise.
        """
        late = threading.Event()

        def give_up() -> None:
            late.set()
            for one in descendants(self.pid):  # its browsers would outlive it
                with contextlib.suppress(psutil.NoSuchProcess):
                    one.kill()

        watchdog = threading.Timer(self._answer_s, give_up)
        watchdog.start()
        line = self._stdout.readline()
        watchdog.cancel()
        if not line:
            how = f"said nothing for {self._answer_s:g} s" if late.is_set() else "ended"
            raise RuntimeError(f"waited for {wanted or 'an answer'}, but the process {how}; see its log")
        answer: dict[str, Any] = json.loads(line)
        if any(answer.get(name) != value for name, value in wanted.items()):
            raise RuntimeError(f"waited for {wanted}, heard {line[:200]!r}; see its log")
        return answer

    def ask(self, line: str, **wanted: object) -> dict[str, Any]:
        """Writes one line and returns the next answer, as `heard` does."""
        self.tell(line)
        return self.heard(**wanted)


def answer(**fields: object) -> None:
    """Writes one answer: what the process itself calls."""
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()
