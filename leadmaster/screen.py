"""What the operator sees: ticks and a spinner on a terminal, plain lines elsewhere."""

from __future__ import annotations

import io
import re
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.status import Status

_REPEAT_AFTER_S = 15.0
_RECORDED_COLUMNS = 114
_CODE_MARGIN = 4
_WEB_FONT = re.compile(r"@font-face {.*?}\s*", re.DOTALL)
_CHANGING = re.compile(r"[0-9a-f-]*[0-9][0-9a-f-]*")  # ids and figures, by which repetitions differ


class Screen:
    """Prints whole lines; may be used from several threads."""

    def __init__(self, console: Console | None = None, *, recording: bool = False) -> None:
        """recording: keep what is shown for a picture of it."""
        self.console = console or Console(highlight=False, soft_wrap=True)
        # One of its own: a picture has colours and a width, whatever the operator's terminal has.
        self._recorder = _recorder() if recording else None
        self._lock = threading.RLock()
        self._status: Status | None = None
        self._told: dict[str, float] = {}

    @property
    def is_terminal(self) -> bool:
        return self.console.is_terminal

    def line(self, text: str = "") -> None:
        """A line; `text` may carry rich's markup."""
        with self._lock:
            self.console.print(text)
            if self._recorder is not None:
                self._recorder.print(text)

    def plain(self, text: str) -> None:
        """A line taken as it is."""
        self.line(escape(text))

    def title(self, text: str) -> None:
        self.line(f"[bold]{escape(text)}[/bold]")

    def fits(self, rows: Sequence[str]) -> bool:
        """True where a code of these rows is not too wide. A file or a pipe takes any width."""
        return not self.is_terminal or len(max(rows, key=len)) + _CODE_MARGIN <= self.console.width

    def tagged(self, clock: str, name: str, colour: str, text: str) -> None:
        """A line of one of several voices."""
        self.line(f"  [dim]{clock}[/dim]  [{colour}]{escape(name)}[/{colour}]  {escape(text)}")

    def code(self, rows: Sequence[str]) -> None:
        """A code to scan, whose light parts are its full blocks: white on black, whatever the terminal's colours."""
        with self._lock:
            for row in rows:
                self.console.print(f"{' ' * _CODE_MARGIN}[bright_white on black]{escape(row)}[/bright_white on black]")
            if self._recorder is not None:
                # Fonts draw blocks with gaps between them where a picture is shown: no code can be read there.
                self._recorder.print("    [dim](here the terminal shows the codes to scan)[/dim]")

    def done(self, text: str) -> None:
        self.line(f"  [green]✓[/green] {escape(text)}")

    def note(self, text: str) -> None:
        self.line(f"  [dim]·[/dim] {escape(text)}")

    def warning(self, text: str) -> None:
        self.line(f"  [yellow]![/yellow] {escape(text)}")

    def failure(self, text: str, lines: Sequence[str] = ()) -> None:
        """What went wrong, and the log lines that say why."""
        with self._lock:
            self.line(f"  [red]✗ {escape(text)}[/red]")
            for line in lines:
                self.line(f"      [dim]{escape(line)}[/dim]")

    def repeated_warning(self, key: str, text: str) -> None:
        """A warning that may come in hundreds: the same `key` is shown once in a while."""
        now = time.monotonic()
        key = _CHANGING.sub("#", key)
        if now - self._told.get(key, -_REPEAT_AFTER_S) >= _REPEAT_AFTER_S:
            self._told[key] = now
            self.warning(text)

    def busy(self, text: str | None) -> None:
        """What is waited for right now; None ends it. Only a terminal shows it."""
        if not self.is_terminal:
            return
        with self._lock:
            if text is None:
                if self._status is not None:
                    self._status.stop()
                    self._status = None
            elif self._status is None:
                self._status = self.console.status(escape(text))
                self._status.start()
            else:
                self._status.update(escape(text))

    def save_picture(self, path: Path, title: str) -> None:
        """Writes an SVG of what was shown so far; there must be a recording. Raises OSError."""
        assert self._recorder is not None
        with self._lock:
            picture = self._recorder.export_svg(title=title, clear=False)
        path.write_text(_WEB_FONT.sub("", picture), "utf-8")  # a picture loads nothing from elsewhere


def _recorder() -> Console:
    return Console(
        record=True,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        width=_RECORDED_COLUMNS,
        highlight=False,
    )
