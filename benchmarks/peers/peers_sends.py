"""Texts per second of a bulk, beside WPPConnect and whatsapp-web.js sending as many, each in its own process.

Ours is one bulk call over HTTP: accepted, claimed, keyed and acknowledged in the ledger, no gaps (`SEND_GAP=0`).
Theirs is one call after the other in one Node process, as their users write it: nothing is kept anywhere. Each has a
session of its own on the same simulator and kind of browser, and writes to the same recipients, whose chats were
opened before; the server's acknowledgement comes after 5 ms. Rounds run A B C A B C …; those that wait are idle. A
round's figure is taken from the server's record alike for all: the messages between its first and its last, over the
time between them. WPPConnect's call resolves once the server has acknowledged; whatsapp-web.js' does so where it is
asked to (`waitUntilMsgSent`), as it is here.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from benchmarks.harness.figures import Figures, median_ratio
from benchmarks.harness.running_system import running_system
from benchmarks.peers.subjects import Ours, Subject, WhatsappWeb, WPPConnect, install_peers, node_version
from simulator.client import SimulatorClient
from testing.waiting import until

_SUBJECTS: tuple[type[Subject], ...] = (Ours, WPPConnect, WhatsappWeb)
_NAMES = ("LeadMaster, a bulk over HTTP", "WPPConnect, in process", "whatsapp-web.js, in process")
_ACK_MS = 5
_ROUND_S = 120.0
_QUIET_S = 3.0  # until the receipts of a round are in


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    install_peers()
    rounds, each = (2, 20) if quick else (7, 100)
    numbers = [f"54911{23_450_000 + number}" for number in range(each)]
    with running_system(folder, accept_rate_per_minute=0, send_delay_min_seconds=0, send_delay_max_seconds=0) as system:
        simulator = system.start_simulator(ack_ms=_ACK_MS)
        subjects = [make(system, simulator) for make in _SUBJECTS]
        for number, subject in enumerate(subjects):
            subject.open_session(number)
            _per_second(subject, number, simulator, numbers)  # opens the chats
        measured = [
            [_per_second(subject, number, simulator, numbers) for number, subject in enumerate(subjects)]
            for _ in range(rounds)
        ]
    return _figures(measured, each)


def _per_second(subject: Subject, number: int, simulator: SimulatorClient, numbers: list[str]) -> float:
    time.sleep(_QUIET_S)
    before = max((int(str(one["seq"])) for one in simulator.record()), default=0)
    subject.send(number, numbers, f"ronda {before}")
    accepted = until(lambda: _accepted(simulator, before, len(numbers)), _ROUND_S, "all messages at the server")
    return (len(accepted) - 1) / (max(accepted) - min(accepted)) * 1000


def _accepted(simulator: SimulatorClient, after_seq: int, count: int) -> list[int]:
    """When the server took each, in ms; empty until it has all."""
    times = [int(str(one["accepted_at"])) for one in simulator.record(after_seq)]
    return times if len(times) >= count else []


def _figures(measured: list[list[float]], each: int) -> Figures:
    ours = [one[0] for one in measured]
    rows: list[tuple[str, ...]] = []
    ratios: list[float] = []
    for index, name in enumerate(_NAMES):
        theirs = [one[index] for one in measured]
        ratios.append(median_ratio(list(zip(ours, theirs, strict=True))))
        ratio = f"{ratios[-1]:.2f}" if index else ""
        rows.append((name, f"{median(theirs):.1f}", f"{min(theirs):.1f}", f"{max(theirs):.1f}", ratio))
    return Figures(
        "peers_sends: texts per second, acknowledged after 5 ms",
        ("", "texts/s", "slowest", "fastest", "ours of it"),
        rows,
        f"{min(ratios[1:]):.2f} of the better one's (goal >= 1.0)",
        [
            f"{len(measured)} rounds of {each} each, in turns; medians. Node {node_version()} for the libraries.",
            "rounds, of the better one: " + " ".join(f"{mine / max(theirs):.2f}" for mine, *theirs in measured),
        ],
    )
