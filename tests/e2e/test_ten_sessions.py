"""A whole restart loses no session, skips none, asks for no code, and one that hangs delays no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.browser_watch import BrowserWatch
from testing.caller import Caller
from testing.system import System

pytestmark = pytest.mark.browser

TENANTS = list(range(81, 91))
HANGS = 81


def phone(cliente_id: int) -> str:
    return f"54911500000{cliente_id}"


def test_ten_sessions_come_back_after_a_whole_restart(system: System) -> None:
    # given ten tenants, READY
    callers: list[Caller] = []
    for cliente_id in TENANTS:
        callers.append(system.add_caller(f"agencia_{cliente_id}", cliente_id))
        assert callers[-1].connect().status_code == 202
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda caller: system.pair(caller, phone(caller.cliente_id)), callers))
    # when everything is stopped and started again, and the page of one of them hangs for ever
    assert system.stop() == 0, system.said()[-4000:]
    system.simulator.add_fault("hang_page", phone=phone(HANGS))
    with BrowserWatch(system, TENANTS) as watch:
        system.start()
        # then all the others are READY again, without a code, and none of them waited for that one
        others = [caller.until_status("READY", 120) for caller in callers if caller.cliente_id != HANGS]
        assert [seen["qr_attempts"] for seen in others] == [0] * len(others)
        hanging = callers[0].status()
        # it was closed and started again, which takes longer than a start
        assert hanging["status"] != "READY" or hanging["since"] > sorted(seen["since"] for seen in others)[0]
        assert system.worker(HANGS) is not None, "it is being worked on, not skipped"
    assert set(watch.most.values()) == {1}
