"""What the messages of a run are made from is there before anything goes wrong: files, and questions to answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from playwright.sync_api import sync_playwright

from shared.protocol.content import ContentType
from testing import real_media
from testing.caller import Caller
from testing.real_media import Sample
from testing.system import System
from testing.waiting import until
from tests.chaos.asking import pages_of
from tests.chaos.contents import QUESTION, Stock
from tests.chaos.kinds import phone

_RECORDED_S = 90.0


def stocked(system: System, callers: Sequence[Caller], people: Mapping[int, Sequence[str]]) -> dict[int, Stock]:
    """By tenant. people: the numbers that each tenant writes to; each asks something once."""
    with sync_playwright() as playwright:
        made = real_media.samples(playwright)
    document = made[ContentType.DOCUMENT]
    samples = {
        "image": [made[ContentType.IMAGE]],
        "video": [made[ContentType.VIDEO]],
        "document": [document, Sample(document.content + bytes(300_000), document.mime_type)],
    }
    stocks = {}
    for caller in callers:
        files = {kind: [_kept(caller, sample) for sample in some] for kind, some in samples.items()}
        numbers = people[caller.cliente_id]
        own = phone(caller.cliente_id)
        asked = {one: str(system.simulator.receive(own, one, text=QUESTION)["key"]) for one in numbers}
        stocks[caller.cliente_id] = Stock(files, asked)
    for caller in callers:
        _until_recorded(caller, set(stocks[caller.cliente_id].questions.values()))
    return stocks


def _kept(caller: Caller, sample: Sample) -> tuple[str, str]:
    """The file's media id, and its hash."""
    given = {"file": ("archivo.bin", sample.content, sample.mime_type)}
    answer = caller.http.post(caller.path("media"), files=given).raise_for_status()
    return str(answer.json()["media_id"]), hashlib.sha256(sample.content).hexdigest()


def _until_recorded(caller: Caller, keys: set[str]) -> None:
    def recorded() -> bool:
        return keys <= {str(one["whatsapp_id"]) for one in pages_of(caller, caller.path("inbound"))}

    until(recorded, _RECORDED_S, "the questions to be on record", every_s=0.5)
