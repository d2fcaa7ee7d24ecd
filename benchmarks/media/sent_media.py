"""What a picture of 16 MB and a document of 64 MB cost on their way out: peak memory of hub and worker, and the time.

A session is linked and READY with the simulator's page. Each file comes with the call itself, as a form over loopback,
in pieces of 64 KiB; the time ends when WhatsApp has acknowledged the message and has the same bytes on its record. The
picture is one that a browser can show: noise that does not compress. A peak is the kernel's own high-water mark of a
process's resident memory (`VmHWM`, reset before) over what was resident just before; of the browser, which keeps the
whole file while it encrypts and uploads it, the PSS of the session's whole tree, looked at every few milliseconds.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import struct
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from benchmarks.harness.caller import Caller
from benchmarks.harness.figures import Figures
from benchmarks.harness.process_memory import begin_high_water, high_water_mib, pss_mib, resident_mib
from benchmarks.harness.running_system import RunningSystem, running_system
from session_worker.worker.process_title import find_worker
from simulator.client import SimulatorClient
from testing.processes import descendants
from testing.waiting import until

_MB = 1_000_000
_PIECE = 65_536
_QUIET_S = 8.0
_SENT_S = 300.0
_CLIENTE_ID = 51
_PHONE, _TO = "5491150000051", "5491123456789"
_BOUNDARY = "benchmark"


@dataclass(frozen=True)
class _File:
    """What is sent."""

    type: str
    name: str
    content: bytes


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    scale, rounds = (0.1, 1) if quick else (1.0, 2)
    files = [
        _File("image", "noise.png", _noise(round(16 * _MB * scale))),
        _File("document", "a.pdf", b"%PDF-1.7\n" + os.urandom(round(64 * _MB * scale))),
    ]
    rows, worst = [], [0.0, 0.0]
    with running_system(folder, media_min_free_mib=0, hub_workers=1, accept_rate_per_minute=0) as system:
        simulator = system.start_simulator()
        system.start_hub()
        host = system.start_host()
        system.add_tenant(_CLIENTE_ID)
        caller = system.new_caller()
        caller.post(f"/api/whatsapp/{_CLIENTE_ID}/connect")
        system.pair(simulator, _CLIENTE_ID, _PHONE)
        [worker] = [one.pid for one in psutil.Process(host).children() if find_worker(one.pid) is not None]
        for number in range(1, rounds + 1):
            for file in files:
                time.sleep(1 if quick else _QUIET_S)
                content = file.content + bytes([number])  # another one: nothing is uploaded yet
                hub, session, tree, seconds = _send(system, caller, simulator, worker, file, content)
                worst = [max(worst[0], hub), max(worst[1], session)]
                size = f"{file.type}, {len(content) / _MB:.0f} MB"
                rows.append((f"{number}: {size}", f"+{hub:.1f}", f"+{session:.1f}", f"+{tree:.0f}", f"{seconds:.1f}"))
    return Figures(
        "sent_media: from the call to the acknowledgement; peak memory over before, MiB",
        ("", "hub", "worker", "the session's tree, PSS", "seconds"),
        rows,
        f"hub at most +{worst[0]:.1f} MiB, worker at most +{worst[1]:.1f} MiB",
        [f"{rounds} of each, one after the other, the first to a hub and a worker that had sent none."],
    )


def _send(
    system: RunningSystem, caller: Caller, simulator: SimulatorClient, worker: int, file: _File, content: bytes
) -> tuple[float, float, float, float]:
    """MiB that hub, worker and the session's tree grew by, and seconds."""
    hubs = system.hub_processes()
    before = {pid: resident_mib(pid) for pid in (*hubs, worker)}
    tree_before = tree = sum(pss_mib(one.pid) for one in descendants(worker))
    for pid in before:
        begin_high_water(pid)
    began = time.monotonic()
    message_id = _post(system, file, content)

    def is_sent() -> bool:
        nonlocal tree
        tree = max(tree, sum(pss_mib(one.pid) for one in descendants(worker)))
        status = caller.get(f"/api/whatsapp/{_CLIENTE_ID}/messages/{message_id}")["status"]
        assert status in ("queued", "sending", "sent", "delivered", "read"), status
        return status in ("sent", "delivered", "read")

    until(is_sent, _SENT_S, "the acknowledgement", every_s=0.05)
    seconds = time.monotonic() - began
    grown = {pid: high_water_mib(pid) - before[pid] for pid in before}
    [row] = [one for one in simulator.messages(_PHONE, to=_TO) if one["sha256"] == hashlib.sha256(content).hexdigest()]
    assert row["size"] == len(content)
    return max(grown[pid] for pid in hubs), grown[worker], tree - tree_before, seconds


def _post(system: RunningSystem, file: _File, content: bytes) -> str:
    """The id of the accepted message."""
    fields = {"type": file.type, "to": _TO}
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    head, tail = "".join(parts).encode(), f"\r\n--{_BOUNDARY}--\r\n".encode()
    connection = http.client.HTTPConnection(urlsplit(system.hub_url).netloc)
    connection.putrequest("POST", f"/api/whatsapp/{_CLIENTE_ID}/messages")
    connection.putheader("Authorization", f"Bearer {system.admin_token}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
    connection.putheader("Content-Length", str(len(head) + len(content) + len(tail)))
    connection.endheaders(head)
    for begin in range(0, len(content), _PIECE):
        connection.send(content[begin : begin + _PIECE])
    connection.send(tail)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    connection.close()
    assert answer.status == 202, told
    return str(told["message_id"])


def _noise(size: int) -> bytes:
    """A PNG of about so many bytes."""
    side = int((size / 3) ** 0.5)
    rows = b"".join(b"\x00" + os.urandom(3 * side) for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(name, data) for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    )


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
