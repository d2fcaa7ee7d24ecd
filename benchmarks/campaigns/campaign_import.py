"""Importing 100,000 rows of CSV: numbers checked and normalised, duplicates merged, stored in chunks.

Every tenth number is written in a national form, every hundredth row is bad, every fiftieth a duplicate.
"""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.harness.databases import ENGINES, fresh_databases
from benchmarks.harness.figures import Figures
from benchmarks.harness.running_system import running_system
from hub_api.accounts.tenants.service import add_tenant
from hub_api.campaigns.imports import service
from hub_api.campaigns.imports.running import BATCH, Imports
from hub_api.campaigns.imports.source import csv_upload
from hub_api.campaigns.lifecycle.service import CampaignRequest, Campaigns
from hub_api.campaigns.lookup import find
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
                import_id = service.begin(services.database, campaign_id, csv_upload(lambda: (raw,)), "bench")
                kept = time.perf_counter() - started
                assert Imports(services.database, settings).run_due() == 1
                done = time.perf_counter() - started - kept
                with services.database.reading() as session:
                    added = service.find(session, find(session, campaign_id).id, import_id).added
                services.close()
            rows.append((engine, f"{kept:.1f}", f"{done:.1f}", f"{count / (kept + done):,.0f}", f"{added:,}"))
    return Figures(
        f"Import of {count:,} rows",
        ("database", "kept (s)", "job (s)", "rows/s", "recipients"),
        rows,
        "no goal; shown so that nobody waits in the dark",
        [f"{len(raw) / 1e6:.1f} MB of CSV; checking is phonenumbers' work; batches of {BATCH:,} rows"],
    )


def _list(count: int) -> bytes:
    lines = ["telefono;nombre;ciudad"]
    for position in range(count):
        number = 20_000_000 + (position - 1 if position % 50 == 49 else position)
        phone = f"11 {number:08d}" if position % 10 == 0 else f"+54 9 11 {number:08d}"
        lines.append(f"{'no es' if position % 100 == 0 else phone};Persona {position};Rosario")
    return "\n".join(lines).encode()
