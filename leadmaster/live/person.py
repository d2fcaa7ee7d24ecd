"""The person at the terminal, told what to do and asked what a phone shows; a test can be that person, by lines."""

from __future__ import annotations

import queue
import sys
import threading
from typing import TextIO

from leadmaster.screen import Screen


class Skipped(Exception):
    """The person skipped the step, or nobody is there any more."""


class Person:
    """Lines come in on a thread of their own, so that watching goes on while nobody types."""

    def __init__(self, screen: Screen, lines: TextIO | None = None) -> None:
        self.screen = screen
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._gone = False
        source = lines or sys.stdin
        self._at_terminal = source.isatty()
        threading.Thread(target=self._read, args=(source,), name="person", daemon=True).start()

    def typed(self) -> bool:
        """Whether a line came since the last look; True for ever once nobody is there."""
        try:
            self._gone = self._gone or self._lines.get_nowait() is None
        except queue.Empty:
            return self._gone
        return True

    def confirm(self, instruction: str) -> None:
        """Waits until the person has done it. Raises Skipped for the word `skip`."""
        if self._ask(f"{instruction}, then press Enter (or type skip)").lower() == "skip":
            raise Skipped

    def is_so(self, question: str) -> bool:
        """Raises Skipped where the answer is neither yes nor no."""
        answer = self._ask(f"{question} [y/n]").lower()
        if answer[:1] not in ("y", "n", "s"):
            raise Skipped
        return answer[:1] != "n"

    def count(self, question: str) -> int:
        """Raises Skipped where the answer is no number."""
        answer = self._ask(f"{question} [a number]")
        if not answer.isdecimal():
            raise Skipped
        return int(answer)

    def text(self, question: str) -> str:
        """Raises Skipped where nothing was answered."""
        answer = self._ask(question)
        if not answer:
            raise Skipped
        return answer

    def _ask(self, question: str) -> str:
        self.screen.busy(None)
        if self._at_terminal:
            while self.typed() and not self._gone:
                pass  # what was typed before the question is no answer to it
        self.screen.plain(f"  ? {question}")
        if self._gone:
            raise Skipped
        line = self._lines.get()
        if line is None:
            self._gone = True
            raise Skipped
        return line.strip()

    def _read(self, lines: TextIO) -> None:
        for line in lines:
            self._lines.put(line)
        self._lines.put(None)
