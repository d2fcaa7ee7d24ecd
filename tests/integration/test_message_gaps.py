"""The process dies, or loses Redis, between any two steps of a message's way: exactly one arrives, and it is known."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared.names import Keys
from shared.protocol.commands import AskStatus
from shared.transitions.message import MessageStatus
from support.waiting import until
from testing.fake.durable_whatsapp import server_record, set_up
from tests.integration.gap_process import CLIENTE, whatsapp_file
from tests.integration.gap_tenant import LEAD, OTHER, OUT, WAIT_S, Tenant


@pytest.fixture
def tenant(tmp_path: Path, redis_url: str, client: redis.Redis, keys: Keys) -> Iterator[Tenant]:
    made = Tenant(tmp_path, redis_url, client, keys)
    yield made
    made.close()


STEPS = [
    "claimed",
    "prepared",
    "before the key is kept",
    "key kept",
    "page has it",
    "server has it",
    "handed over",
    "before the ack is recorded",
    "ack recorded",
]


def everything_is_right(tenant: Tenant, first: str, second: str, other: str) -> None:
    """Each is there once, under the key on record, in order, and the books balance."""
    for message in tenant.until_complete(first, second, other):
        assert message.status in OUT
        assert tenant.keys_of(message.whole_text()) == [message.whatsapp_id]
    assert tenant.shown(LEAD) == ["uno", "dos"]
    assert tenant.shown(OTHER) == ["tres"]
    balance = tenant.ledger.entries.balance(CLIENTE)
    assert balance.balanced
    assert (balance.accepted, balance.final["sent"], balance.open) == (3, 3, 0)


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step(tenant: Tenant, step: str) -> None:
    # given two messages to one recipient and one to another
    first, second, other = tenant.accept("uno"), tenant.accept("dos"), tenant.accept("tres", OTHER)
    # when the worker dies right there
    tenant.die_at(step)
    assert tenant.message(first).status in OUT | {MessageStatus.SENDING}
    # then its successor brings all to an end
    tenant.start_worker()
    everything_is_right(tenant, first, second, other)


@pytest.mark.parametrize("step", ["claimed", "before the key is kept", "key kept", "ack recorded"])
def test_the_answer_of_redis_is_lost_at_a_step(tenant: Tenant, step: str) -> None:
    # given a Redis that did what it was asked and was cut off before it could say so
    first, second, other = tenant.accept("uno"), tenant.accept("dos"), tenant.accept("tres", OTHER)
    tenant.start_worker(step, "cut")
    # then the same worker goes on
    everything_is_right(tenant, first, second, other)


@pytest.mark.parametrize("how", ["die", "cut"])
@pytest.mark.parametrize("step", ["before it is complete", "complete"])
def test_a_refusal_at_each_step(tenant: Tenant, step: str, how: str) -> None:
    # given a server that refuses the first message
    set_up(whatsapp_file(tenant.folder), refusals=1)
    first, second = tenant.accept("uno"), tenant.accept("dos")
    if how == "die":
        tenant.die_at(step)
        tenant.start_worker()
    else:
        tenant.start_worker(step, how)
    refused, sent = tenant.until_complete(first, second)
    # then it is told as refused where it is not there; one whose refusal was forgotten in between is asked about again,
    # and WhatsApp takes it now; the next one goes on
    assert sent.status in OUT
    if refused.status is MessageStatus.FAILED:
        assert (refused.error, refused.certain) == ("REFUSED_BY_WHATSAPP", True)
        assert tenant.shown(LEAD) == ["dos"]
    else:
        assert step == "before it is complete"
        assert refused.status in OUT
        assert tenant.shown(LEAD) == ["uno", "dos"]
    assert tenant.ledger.entries.balance(CLIENTE).balanced


@pytest.mark.parametrize("refusals", [1, 2])
@pytest.mark.parametrize("page_resends", [True, False])
def test_a_later_copy_is_refused(tenant: Tenant, refusals: int, page_resends: bool) -> None:
    # given a message that the server took, of which the dead worker never heard
    first, second, other = tenant.accept("uno"), tenant.accept("dos"), tenant.accept("tres", OTHER)
    tenant.die_at("server has it")
    assert tenant.shown(LEAD) == ["uno"]
    # when the server refuses what the new page sends again, by itself or told to
    set_up(whatsapp_file(tenant.folder), copy_refusals=refusals, page_resends=page_resends)
    tenant.start_worker()
    # then that says nothing about the first copy: WhatsApp is asked until it is known
    everything_is_right(tenant, first, second, other)


def test_a_recovery_without_enough_lease_keeps_the_key(tenant: Tenant) -> None:
    # given a message that the server took, which neither the dead worker nor the new page knows of
    first, second, other = tenant.accept("uno"), tenant.accept("dos"), tenant.accept("tres", OTHER)
    tenant.die_at("server has it")
    set_up(whatsapp_file(tenant.folder), wiped=True)
    # when the successor is about to hand it over again and has too little lease left at first
    tenant.start_worker("", "short")
    # then it goes under the same key later, never under another one
    everything_is_right(tenant, first, second, other)


@pytest.mark.parametrize("step", ["page has it", "server has it"])
def test_a_page_that_sends_again_by_itself(tenant: Tenant, step: str) -> None:
    # given a worker that died while its page had the message, and pages that send what they hold, as they once did
    set_up(whatsapp_file(tenant.folder), page_resends=True)
    first, second, other = tenant.accept("uno"), tenant.accept("dos"), tenant.accept("tres", OTHER)
    tenant.die_at(step)
    # then the successor tells nobody to send it once more, or does no harm by it
    tenant.start_worker()
    everything_is_right(tenant, first, second, other)


@pytest.mark.parametrize("step", ["page has it", "server has it", "handed over"])
def test_killed_again_while_it_is_sent_again(tenant: Tenant, step: str) -> None:
    # given a message that stood in the page's database when its worker died
    first, second, other = tenant.accept("uno"), tenant.accept("dos"), tenant.accept("tres", OTHER)
    tenant.die_at(step)
    # when its successor dies as well, right after it told its page to send it again
    tenant.die_at("sent again")
    # then the third one brings all to an end
    tenant.start_worker()
    everything_is_right(tenant, first, second, other)


def test_what_the_owner_deleted_for_everyone_is_not_sent_again(tenant: Tenant) -> None:
    # given a message that went out, of which the dead worker never heard
    first, second, other = tenant.accept("uno"), tenant.accept("dos"), tenant.accept("tres", OTHER)
    tenant.die_at("server has it")
    # when the owner deletes it for everyone on the phone before the next page comes
    set_up(whatsapp_file(tenant.folder), revoked=True)
    tenant.start_worker()
    # then it counts as sent, and WhatsApp never got another copy
    everything_is_right(tenant, first, second, other)
    assert server_record(whatsapp_file(tenant.folder))["copies"][str(tenant.message(first).whatsapp_id)] == 1


class TestTheQueueIsOnlyANotification:
    def test_its_messages_are_lost(self, tenant: Tenant) -> None:
        first, second, other = tenant.accept("uno"), tenant.accept("dos"), tenant.accept("tres", OTHER)
        tenant.client.delete(tenant.queue)
        tenant.start_worker()
        everything_is_right(tenant, first, second, other)

    def test_one_is_lost_while_the_worker_is_idle(self, tenant: Tenant) -> None:
        first = tenant.accept("uno")
        tenant.start_worker()
        tenant.until_complete(first)
        second, other = tenant.accept("dos", notified=False), tenant.accept("tres", OTHER, notified=False)
        everything_is_right(tenant, first, second, other)

    def test_they_come_twice_and_out_of_order(self, tenant: Tenant) -> None:
        first, second, other = tenant.accept("uno"), tenant.accept("dos"), tenant.accept("tres", OTHER)
        for message_id in (other, second, first, second, other, first):
            tenant.client.rpush(tenant.queue, tenant.task_messages.notify(CLIENTE, message_id))
        tenant.start_worker()
        everything_is_right(tenant, first, second, other)
        # and what comes again after all is done changes nothing
        for message_id in (first, second, other):
            tenant.client.lpush(tenant.queue, tenant.task_messages.notify(CLIENTE, message_id))
        until(lambda: tenant.client.llen(tenant.queue) == 0, WAIT_S, "the notifications to be taken")
        last = tenant.accept("cuatro", OTHER)
        tenant.until_complete(last)
        assert (tenant.shown(LEAD), tenant.shown(OTHER)) == (["uno", "dos"], ["tres", "cuatro"])

    def test_what_is_no_celery_message_ends_no_session(self, tenant: Tenant) -> None:
        # given something in the queue that makes Celery's consumer give up
        worker = tenant.start_worker()
        first = tenant.accept("uno")
        tenant.until_complete(first)
        tenant.client.lpush(tenant.queue, b"no Celery message at all")
        until(lambda: tenant.client.llen(tenant.queue) == 0, WAIT_S, "it to be taken")
        # then the same worker goes on, with and without a notification, and still answers questions
        second, other = tenant.accept("dos", notified=False), tenant.accept("tres", OTHER)
        everything_is_right(tenant, first, second, other)
        asked = tenant.task_messages.command(AskStatus(CLIENTE, "q"), task_id="q", expires_s=None)
        tenant.client.lpush(tenant.queue, asked)
        until(lambda: tenant.client.llen(tenant.keys.reply("q")), WAIT_S, "an answer")
        assert worker.is_alive()
        # and ends when it is told to
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGTERM)
        worker.join(30)
        assert worker.exitcode == 0
