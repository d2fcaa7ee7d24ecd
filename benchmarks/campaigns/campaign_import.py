"""Importing 100,000 rows of CSV: numbers checked and normalised, duplicates merged, stored in chunks.

Every tenth number is written in a national form, every hundredth row is bad, every fiftieth a duplicate.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.harness.databases import ENGINES, fresh_databases
from benchmarks.harness.figures import Figures
from benchmarks.harness.running_system import running_system
from hub_api.accounts.service import add_tenant
from hub_api.campaigns.lifecycle.service import CampaignRequest, Campaigns
from hub_api.campaigns.recipients import importing
from hub_api.campaigns.recipients.sheet import read_csv
from hub_api.services import make_services


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    count = 2_000 if quick else 100_000
    raw = _list(count)
    rows: list[tuple[str, ...]] = []
    with running_system(folder) as system:
        for engine in ENGINES:
            with fresh_databases(engine, folder, system.settings, ("import",)) as (settings,):
                services = make_services(settings)
                add_tenant(services.database, 51)
                request = CampaignRequest("bench", ["Hola {nombre|amigo}"])
                campaign_id = Campaigns(services).create(51, request, "bench")
                started = time.perf_counter()
                sheet = read_csv(raw, "AR", ())
                read = time.perf_counter() - started
                done = importing.store(services.database, campaign_id, sheet, "bench")
                stored = time.perf_counter() - started - read
                services.close()
            rows.append((engine, f"{read:.1f}", f"{stored:.1f}", f"{count / (read + stored):,.0f}", f"{done.added:,}"))
    return Figures(
        f"Import of {count:,} rows",
        ("database", "checked (s)", "stored (s)", "rows/s", "recipients"),
        rows,
        "no goal; shown so that nobody waits in the dark",
        [f"{len(raw) / 1e6:.1f} MB of CSV; checking is phonenumbers' work; chunks of {importing.CHUNK:,} rows"],
    )


def _list(count: int) -> bytes:
    lines = ["telefono;nombre;ciudad"]
    for position in range(count):
        number = 20_000_000 + (position - 1 if position % 50 == 49 else position)
        phone = f"11 {number:08d}" if position % 10 == 0 else f"+54 9 11 {number:08d}"
        lines.append(f"{'no es' if position % 100 == 0 else phone};Persona {position};Rosario")
    return "\n".join(lines).encode()
