"""`leadmaster doctor --live` from end to end: the simulator's phones do the person's part, the test answers."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import IO, Any

import pytest

from leadmaster.live.steps import STEPS
from testing.system import System
from testing.waiting import until

pytestmark = pytest.mark.browser

AGENCY, PHONE, LEAD = 51, "5491155557001", "5491155557002"
SECRET = "un texto que nadie debe ver"
_WAIT_S = 120


class Terminal:
    """The command's terminal: what it says, and lines to type."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._seen = 0
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def until_said(self, words: str) -> str:
        """Waits for a line with these words after the last one that was waited for."""

        def found() -> str:
            for number in range(self._seen, len(self._lines)):
                if words in self._lines[number]:
                    self._seen = number + 1
                    return self._lines[number]
            assert self._process.poll() is None, self.all()
            return ""

        return until(found, _WAIT_S, f"{words!r}; said:\n{self.all()}")

    def type(self, line: str = "") -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def all(self) -> str:
        return "\n".join(self._lines)

    def _read(self, output: IO[str] | None) -> None:
        assert output is not None
        for line in output:
            self._lines.append(line.rstrip("\n"))


def sent(system: System, ending: str) -> list[dict[str, Any]]:
    """What the second phone was sent of this run, by how it ends."""
    return [each for each in system.simulator.messages(PHONE, to=LEAD) if str(each["body"]).endswith(ending)]


def written_by(system: System, sender: str) -> list[dict[str, Any]]:
    """What the first phone got from the second."""
    return [each for each in system.simulator.messages(PHONE) if each["from"] == sender]


def copies(system: System, ending: str) -> str:
    """How often the second phone shows it."""
    return str(sum(each["recipient_copies"] for each in sent(system, ending)))


def test_a_person_goes_through_the_checklist(tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    with System(tmp_path / "system") as system:
        caller = system.add_caller("agencia", AGENCY)
        command = ["-m", "leadmaster", "doctor", "--live", str(AGENCY), "--to", f"+{LEAD}", "--report", str(report)]
        process = system.services.start("doctor", *command, pipes=True)
        terminal = Terminal(process)
        terminal.until_said("wait without scanning")
        terminal.type()
        terminal.until_said("Linked devices, Link a device")
        system.pair(caller, PHONE)
        terminal.until_said("· 1”?")
        terminal.type(copies(system, "· 1"))
        terminal.until_said("write anything to the first")
        system.simulator.inbound(PHONE, LEAD, SECRET)
        terminal.until_said("? Does the second phone show blue ticks")
        terminal.type("y" if any(each["read_at"] for each in written_by(system, LEAD)) else "n")
        terminal.until_said("? Does it show the first phone's account as online")
        terminal.type("y" if system.simulator.phone(PHONE)["times_online"] else "n")
        terminal.until_said("? The browser is down")
        for text in (SECRET, "otro"):
            system.simulator.inbound(PHONE, LEAD, text)
        terminal.type()
        terminal.until_said("· 3”?")
        terminal.type(copies(system, "· 3"))
        terminal.until_said("? The browser is down")
        (before,) = sent(system, "· 4")
        system.simulator.revoke(PHONE, str(before["key"]))
        terminal.type()
        terminal.until_said("? Does the second phone show it again")
        terminal.type("y" if any(each["id"] != before["id"] for each in sent(system, "· 4")) else "n")
        terminal.until_said("remove this one")
        system.simulator.log_out(PHONE)
        status = process.wait(_WAIT_S)

        written = report.read_text("utf-8")
        rows = [[cell.strip() for cell in line.split("|")] for line in written.splitlines()]
        names = [step.name for step in STEPS]
        outcomes = {row[1]: row[3] for row in rows if len(row) == 6 and row[1] in names}
        assert outcomes == {step.name: "skipped" if step.name == "code" else "as assumed" for step in STEPS}, written
        assert status == 0
        code = str(caller.status()["qr_string"])
        for private in (PHONE, LEAD, PHONE[3:], LEAD[3:], SECRET, "· 1", "LeadMaster ", code):
            assert private not in written.replace("# LeadMaster on", "").replace("LeadMaster: ", "")
        assert SECRET not in terminal.all()
