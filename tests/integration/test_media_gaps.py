"""The process dies, or loses Redis, between a received message and its bytes: they come all the same, and once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import redis

from shared.media.store import MediaStore
from shared.names import EventType, Keys
from shared.protocol.events import Event, MessageMedia
from shared.protocol.inbound import MediaStatus
from support.waiting import until
from testing.claims import open_claims
from testing.fake.durable_whatsapp import FakeMail, set_up
from tests.integration.gap_process import CLIENTE, settings_for, whatsapp_file
from tests.integration.gap_tenant import WAIT_S, Tenant

ANA = "5491123456789"
MAIL = [FakeMail(ANA, "contrato", file="un contrato"), FakeMail(ANA, "hola"), FakeMail(ANA, "foto", file="una foto")]


@pytest.fixture
def tenant(tmp_path: Path, redis_url: str, client: redis.Redis, keys: Keys) -> Iterator[Tenant]:
    open_claims(client, keys)
    made = Tenant(tmp_path, redis_url, client, keys)
    yield made
    made.close()


@pytest.fixture
def store(tmp_path: Path, redis_url: str, keys: Keys) -> MediaStore:
    return MediaStore(settings_for(tmp_path, redis_url, keys).media_location)


def outcomes(tenant: Tenant) -> list[MessageMedia]:
    """What the hub will be told, in order."""
    entries = cast("list[tuple[str, dict[str, str]]]", tenant.client.xrange(tenant.keys.events))
    events = [Event.from_wire(event_id, entry) for event_id, entry in entries]
    return [cast("MessageMedia", event.body) for event in events if event.type is EventType.MESSAGE_MEDIA]


def everything_is_there(tenant: Tenant, store: MediaStore) -> None:
    """Each once, and nothing that is half there."""
    until(lambda: len(outcomes(tenant)) >= 2, WAIT_S, "both outcomes")
    found = outcomes(tenant)
    assert sorted(one.whatsapp_id for one in found) == sorted(mail.key for mail in MAIL if mail.file)
    assert {one.status for one in found} == {MediaStatus.AVAILABLE}
    contents = set()
    for one in found:
        with store.open(CLIENTE, one.sha256) as file:
            contents.add(file.read())
    assert contents == {b"un contrato", b"una foto"}
    assert len(list(store.files(CLIENTE))) == 2
    assert tenant.ledger.media.next(CLIENTE) is None


@pytest.mark.parametrize(
    "step",
    [
        "inbound recorded",
        "before the fetch is counted",
        "fetch counted",
        "bytes fetched",
        "before the media are complete",
        "media complete",
    ],
)
def test_killed_at_a_step(tenant: Tenant, store: MediaStore, step: str) -> None:
    set_up(whatsapp_file(tenant.folder), mail=MAIL)
    tenant.die_at(step)
    tenant.start_worker()
    everything_is_there(tenant, store)


@pytest.mark.parametrize("step", ["before the fetch is counted", "fetch counted", "media complete"])
def test_cut_off_from_redis_at_a_step(tenant: Tenant, store: MediaStore, step: str) -> None:
    set_up(whatsapp_file(tenant.folder), mail=MAIL)
    tenant.start_worker(step, "cut")
    everything_is_there(tenant, store)
    assert tenant.ledger.media.used(CLIENTE) == len("un contrato") + len("una foto")
