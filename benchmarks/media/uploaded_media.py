"""What a document of 64 MB that a caller gives costs the hub: peak memory of the process that takes it, and how long.

One hub process, one upload after the other over loopback, the first to a hub that has taken none yet; the client sends
the same 64 KiB again and again, so that it holds no file either. A peak is the kernel's own high-water mark of the
process's resident memory (`VmHWM`, reset before) over what was resident just before.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.harness.figures import Figures
from benchmarks.harness.process_memory import begin_high_water, high_water_mib, resident_mib
from benchmarks.harness.running_system import RunningSystem, running_system

_MB = 1_000_000
_CLIENTE_ID = 51
_PIECE = b"%PDF-1.7\n" + bytes(range(256)) * 256
_BOUNDARY = "benchmark"
_GOAL_MIB = 8


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    size, rounds = (8 * _MB, 1) if quick else (64 * _MB, 3)
    rows, peaks = [], []
    with running_system(folder, media_min_free_mib=0, hub_workers=1) as system:
        system.start_hub()
        system.add_tenant(_CLIENTE_ID)
        system.new_caller().get(f"/api/whatsapp/{_CLIENTE_ID}/media/usage")
        for number in range(1, rounds + 1):
            processes = system.hub_processes()
            before = {pid: resident_mib(pid) for pid in processes}
            for pid in processes:
                begin_high_water(pid)
            seconds = _upload(system, size // len(_PIECE) + number)
            grown = {pid: high_water_mib(pid) - before[pid] for pid in processes}
            most = max(grown, key=lambda pid: grown[pid])
            peaks.append(grown[most])
            rows.append((f"{number}", f"{before[most]:.0f}", f"+{grown[most]:.1f}", f"{seconds:.2f}"))
    verdict = f"the hub at most +{max(peaks):.1f} MiB (goal: no more than +{_GOAL_MIB})"
    return Figures(
        f"uploaded_media: a document of {size // _MB} MB given by multipart",
        ("", "resident before, MiB", "peak over it, MiB", "seconds"),
        rows,
        verdict,
        [f"{rounds} uploads one after the other, the first to a hub that had taken none."],
    )


def _upload(system: RunningSystem, pieces: int) -> float:
    """Seconds until the file is stored; it is there whole."""
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'.encode()
    tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
    digest = hashlib.sha256()
    began = time.monotonic()
    connection = http.client.HTTPConnection(urlsplit(system.hub_url).netloc)
    connection.putrequest("POST", f"/api/whatsapp/{_CLIENTE_ID}/media")
    connection.putheader("Authorization", f"Bearer {system.admin_token}")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={_BOUNDARY}")
    connection.putheader("Content-Length", str(len(head) + pieces * len(_PIECE) + len(tail)))
    connection.endheaders(head)
    for _ in range(pieces):
        connection.send(_PIECE)
        digest.update(_PIECE)
    connection.send(tail)
    answer = connection.getresponse()
    told = json.loads(answer.read())
    seconds = time.monotonic() - began
    connection.close()
    sha256 = digest.hexdigest()
    stored = Path(system.settings.media_location) / str(_CLIENTE_ID) / sha256[:2] / sha256
    assert (answer.status, told.get("sha256")) == (201, sha256), told
    assert stored.stat().st_size == pieces * len(_PIECE)
    return seconds
