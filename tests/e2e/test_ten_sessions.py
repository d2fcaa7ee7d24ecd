"""A whole restart loses no session, skips none, asks for no code, and one that hangs delays no other."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.parts import BrowserWatch
from tests.e2e.stack import Caller, Stack

TENANTS = list(range(81, 91))
HANGS = 81


def phone(cliente_id: int) -> str:
    return f"54911500000{cliente_id}"


@pytest.fixture
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("lm"))
    made.start_simulator()
    try:
        made.start_up()
        yield made
    finally:
        made.stop()


@pytest.mark.timeout(300)
def test_ten_sessions_come_back_after_a_whole_restart(stack: Stack) -> None:
    # given ten tenants, READY
    callers: list[Caller] = []
    for cliente_id in TENANTS:
        stack.add_user(f"agencia_{cliente_id}", cliente_id)
        callers.append(stack.log_in(f"agencia_{cliente_id}", cliente_id))
        assert callers[-1].connect().status_code == 202
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda caller: stack.pair(caller, phone(caller.cliente_id)), callers))
    # when everything is stopped and started again, and the page of one of them hangs for ever
    assert stack.stop_up() == 0
    stack.simulator.add_fault("hang_page", phone=phone(HANGS))
    with BrowserWatch(stack, TENANTS) as watch:
        stack.start_up()
        # then all the others are READY again, without a code, while that one still is not
        for caller in callers:
            if caller.cliente_id != HANGS:
                assert caller.wait_status("READY", 120)["qr_attempts"] == 0
        hanging = callers[0].status()
        assert hanging["status"] != "READY"
        assert stack.worker(HANGS) is not None, "it is being worked on, not skipped"
    assert set(watch.most.values()) == {1}
