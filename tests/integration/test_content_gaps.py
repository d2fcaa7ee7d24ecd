"""Every type of content, with the process killed between any two steps: exactly one arrives, with its own bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared.names import Keys
from shared.protocol.content import MEDIA_TYPES, Content, ContentType, MediaFile
from shared.protocol.inbound import ContactCard, Place, Poll
from shared.transitions.message import MessageStatus
from testing.fake.durable_whatsapp import set_up
from tests.integration.gap_process import whatsapp_file
from tests.integration.gap_tenant import LEAD, OTHER, OUT, Tenant

UNDER_A_KEY = ["key kept", "page has it", "server has it", "handed over"]
STEPS = ["claimed", "file read", "before the upload is kept", "upload kept", "prepared", *UNDER_A_KEY]
WITHOUT_FILE = {
    ContentType.LOCATION: Content(ContentType.LOCATION, location=Place(-34.6, -58.4, "Obelisco")),
    ContentType.CONTACT: Content(ContentType.CONTACT, contact=ContactCard("Ana", ("5491123450000",))),
    ContentType.POLL: Content(ContentType.POLL, poll=Poll("¿Cuándo?", ("hoy", "mañana"))),
}
GAPS = [
    *((kind, step) for kind in sorted(MEDIA_TYPES) for step in STEPS),
    *((kind, step) for kind in sorted(WITHOUT_FILE) for step in UNDER_A_KEY),
]
BYTES = b"\x89not really a picture " * 100_000  # more than one slice


@pytest.fixture
def tenant(tmp_path: Path, redis_url: str, client: redis.Redis, keys: Keys) -> Iterator[Tenant]:
    made = Tenant(tmp_path, redis_url, client, keys)
    yield made
    made.close()


def content_of(tenant: Tenant, kind: ContentType) -> Content:
    if kind in WITHOUT_FILE:
        return WITHOUT_FILE[kind]
    return Content(kind, MediaFile(tenant.store(BYTES), "application/x-test", len(BYTES)))


def accept_three(tenant: Tenant, content: Content) -> tuple[str, str, str]:
    """One with the content, a text to the same person behind it, and the content to somebody else."""
    return tenant.accept("uno", content=content), tenant.accept("dos"), tenant.accept("tres", OTHER, content=content)


def everything_is_right(tenant: Tenant, content: Content, *message_ids: str) -> None:
    """Each is there once, under the key on record, in order, as what it is and with its bytes."""
    for message in tenant.until_complete(*message_ids):
        assert message.status in OUT
        assert tenant.keys_of(message.whole_text()) == [message.whatsapp_id]
    assert tenant.shown(LEAD) == ["uno", "dos"]
    assert tenant.shown(OTHER) == ["tres"]
    shown = {one["text"]: one for one in tenant.record()["shown"]}
    file = hashlib.sha256(BYTES).hexdigest() if content.media else ""
    for text in ("uno", "tres"):
        assert (Content.from_text(shown[text]["content"]), shown[text]["file"]) == (content, file)


@pytest.mark.parametrize(("kind", "step"), GAPS)
def test_killed_at_a_step(tenant: Tenant, kind: ContentType, step: str) -> None:
    # given one message with the content, a text behind it, and the same content to somebody else
    content = content_of(tenant, kind)
    message_ids = accept_three(tenant, content)
    # when the worker dies right there
    tenant.die_at(step)
    first = tenant.message(message_ids[0])
    assert first.status in OUT | {MessageStatus.SENDING}, first.error
    # then its successor brings all to an end
    tenant.start_worker()
    everything_is_right(tenant, content, *message_ids)
    if content.media:  # and what was uploaded is used again, by whoever it was uploaded
        uploads = 2 if step == "before the upload is kept" else 1
        assert len(tenant.record()["uploads"]) == uploads


@pytest.mark.parametrize("step", ["before the upload is kept", "upload kept", "before the key is kept", "key kept"])
def test_the_answer_of_redis_is_lost_at_a_step(tenant: Tenant, step: str) -> None:
    content = content_of(tenant, ContentType.IMAGE)
    message_ids = accept_three(tenant, content)
    tenant.start_worker(step, "cut")
    everything_is_right(tenant, content, *message_ids)


def test_an_upload_that_breaks_off_is_tried_again(tenant: Tenant) -> None:
    set_up(whatsapp_file(tenant.folder), upload_failures=1)
    content = content_of(tenant, ContentType.DOCUMENT)
    message_ids = accept_three(tenant, content)
    tenant.start_worker()
    everything_is_right(tenant, content, *message_ids)


def test_a_file_that_is_gone_fails_for_certain_and_stops_nobody(tenant: Tenant) -> None:
    content = Content(ContentType.IMAGE, MediaFile("0" * 64, "image/png", 5))
    gone, text, other = accept_three(tenant, content)
    tenant.start_worker()
    first, second, third = tenant.until_complete(gone, text, other)
    assert [(one.status, one.error, one.certain) for one in (first, third)] == [
        (MessageStatus.FAILED, "MEDIA_GONE", True)
    ] * 2
    assert second.status in OUT


def test_what_has_a_key_and_lost_its_upload_goes_out_under_the_same_key(tenant: Tenant) -> None:
    # given a picture that the server took, which neither the dead worker nor the next page knows of
    content = content_of(tenant, ContentType.IMAGE)
    message_ids = accept_three(tenant, content)
    tenant.die_at("server has it")
    set_up(whatsapp_file(tenant.folder), wiped=True)
    # when Redis forgot what was uploaded, as one that was restored from SQL
    tenant.client.hdel(tenant.keys.message(message_ids[0]), "upload")
    for key in tenant.client.scan_iter(tenant.keys.upload(51, "*")):
        tenant.client.delete(key)
    tenant.start_worker()
    # then it is uploaded anew, and WhatsApp knows the copy by its key
    everything_is_right(tenant, content, *message_ids)
    assert len(tenant.record()["uploads"]) == 2
