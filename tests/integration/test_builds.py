"""Builds in Redis, and a fleet of sessions that meets new ones (shared/builds, session_worker/drift)."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import redis

from session_worker.drift.watch import BuildWatch, WatchRules, record
from session_worker.engine.port import EngineConfig
from session_worker.session.channel import Channel
from session_worker.session.shell import Session
from session_worker.session.state import Rules, first_state
from session_worker.worker.dispatcher import Dispatcher
from shared.builds.builds import Builds
from shared.builds.served import BuildTrial, ServedBuild
from shared.builds.verdict import Build, Capability, Standing, Verdict
from shared.instant import now_ms, steady_ms
from shared.names import Keys
from shared.protocol.snapshot import Snapshot
from shared.sessions.lease import Leases
from shared.sessions.snapshots import Snapshots
from shared.transitions.session import SessionStatus
from support.waiting import until
from testing.fake.engine import FakeEngine
from testing.fake.site import FakeBuild
from testing.fake.whatsapp import FakeLogin, FakeWhatsApp

OK, BROKEN = Verdict(Standing.OK), Verdict(Standing.BROKEN, reasons=("RELOAD_LOOP",))
OLD, NEW = Build("2.3000.1000", "4.6.0"), Build("2.3000.1001", "4.6.0")


@pytest.fixture
def builds(client: redis.Redis, keys: Keys) -> Builds:
    return Builds(client, keys)


def test_the_first_word_on_a_build_is_known_as_such_and_the_last_of_each_session_counts(builds: Builds) -> None:
    first = [builds.judge(NEW, cliente_id, BROKEN, 10 + cliente_id) for cliente_id in (1, 2)]
    for cliente_id in (1, 2, 3):
        builds.judge(NEW, cliente_id, OK, 20 + cliente_id)

    (judged,) = builds.latest(5)

    assert first == [True, False]
    assert (judged.build, judged.verdict, judged.sessions, judged.judged_at) == (NEW, OK, 3, 23)


def test_builds_are_listed_latest_first_and_found_by_revision_and_bundle(builds: Builds) -> None:
    builds.judge(OLD, 1, OK, 5)
    builds.judge(NEW, 1, BROKEN, 6)

    found = builds.of_revision(1001, "4.6.0")

    assert [one.build for one in builds.latest(5)] == [NEW, OLD]
    assert found is not None
    assert found.verdict == BROKEN
    assert builds.of_revision(1001, "4.7.0") is None  # a newer wa-js may do what this one could not


def test_what_is_served_is_known_since_it_was_first_seen(builds: Builds) -> None:
    news = [builds.serve(1001, 10), builds.serve(1001, 20), builds.serve(1000, 30)]

    assert news == [True, False, True]
    assert builds.served() == ServedBuild(1000, since=30, asked_at=30)


def test_one_of_many_gets_the_trial(builds: Builds) -> None:
    seen = builds.trial()
    taken = [builds.take_trial(seen, 1001, cliente_id, 5) for cliente_id in (51, 52, 53)]

    assert taken == [True, False, False]
    assert builds.trial() == BuildTrial(1001, 51, 5)
    assert builds.take_trial(builds.trial(), 1002, 52, 6)


class Fleet:
    """Five sessions on one WhatsApp, with real Redis; looks at builds are made when a test says so."""

    def __init__(self, client: redis.Redis, keys: Keys, folder: Path, canary: int | None = None) -> None:
        self.whatsapp = FakeWhatsApp()
        self.builds = Builds(client, keys)
        self.snapshots = Snapshots(client, keys)
        self.channels: dict[int, Channel | None] = {}
        self.sessions: dict[int, Session] = {}
        self.watches: dict[int, BuildWatch] = {}
        leases = Leases(client, keys, 600_000)
        for cliente_id in range(51, 56):
            self._start(cliente_id, leases, folder / str(cliente_id), canary)

    def _start(self, cliente_id: int, leases: Leases, folder: Path, canary: int | None) -> None:
        config = EngineConfig(url="fake://", profile_dir=folder / "profile", lock_path=folder / "lock")
        self.whatsapp.device(str(config.profile_dir)).login = FakeLogin(f"54911500000{cliente_id}", "p")
        lease = leases.take(cliente_id, f"t{cliente_id}", "store", 1)
        assert lease is not None
        dispatcher, rng = Dispatcher(), random.Random(cliente_id)
        session = Session(
            inbox=dispatcher.session,
            state=first_state(Rules(600_000), Snapshot(cliente_id), now_ms(), steady_ms()),
            lease=lease,
            snapshots=self.snapshots,
            make_engine=lambda _: FakeEngine(config, self.whatsapp),
            profile_dir=config.profile_dir,
            store_id="store",
            on_engine_event=dispatcher.engine_event,
            on_channel=partial(self.channels.__setitem__, cliente_id),
            on_verdict=partial(record, self.builds, cliente_id),
            on_end=lambda cause: None,
            on_lost=lambda why: None,
            rng=rng,
        )
        self.sessions[cliente_id] = session
        self.watches[cliente_id] = BuildWatch(
            cliente_id,
            self.builds,
            WatchRules(every_s=0.0, adopt_ms=0, canary=canary),
            ask_served=lambda: Build(self.whatsapp.site.build.web_version, "").revision,
            own_page=session.page,
            is_idle=lambda: True,
            relaunch=session.relaunch,
            rng=rng,
        )
        session.start()

    def serve(self, version: str, *, sends: bool = True) -> None:
        """The site serves another build to whoever loads a page from now on."""
        build = FakeBuild(version)
        self.whatsapp.site.build = build if sends else build.without("functions.x", Capability.SEND)

    def look(self) -> None:
        """Every session looks once, in order."""
        for watch in self.watches.values():
            watch.look()

    def status(self, cliente_id: int) -> str:
        """As callers see it: READY, or the code of its error."""
        snapshot = self.snapshots.read(cliente_id).snapshot
        return snapshot.last_error_code or snapshot.status.value

    def on(self, version: str) -> set[int]:
        """The sessions whose page is of this build, looked at."""
        pages = {cliente_id: session.page().build for cliente_id, session in self.sessions.items()}
        return {cliente_id for cliente_id, build in pages.items() if build is not None and build.web_version == version}

    def until_on(self, version: str, *cliente_ids: int) -> None:
        until(lambda: self.on(version) == set(cliente_ids), 20, f"{cliente_ids} on {version}")

    def sending(self) -> set[int]:
        """The sessions that may send."""
        return {cliente_id for cliente_id, channel in self.channels.items() if channel is not None}

    def close(self) -> None:
        for session in self.sessions.values():
            session.stop(logout=False, cause="shutdown")
        for session in self.sessions.values():
            assert session.join(10)
        self.whatsapp.close()


ALL = (51, 52, 53, 54, 55)


@pytest.fixture
def fleet(client: redis.Redis, keys: Keys, tmp_path: Path) -> Iterator[Fleet]:
    made = Fleet(client, keys, tmp_path)
    yield made
    made.close()


def test_a_canary_stops_a_fleet_from_reloading_into_a_build_that_cannot_send(fleet: Fleet) -> None:
    until(lambda: fleet.sending() == set(ALL), 20, "all READY")
    fleet.serve("2.3000.1001", sends=False)
    fleet.look()
    until(lambda: fleet.status(51) == "WHATSAPP_CHANGED", 20, "the canary to be held")
    fleet.look()
    fleet.look()

    assert fleet.on("2.3000.1000") == {52, 53, 54, 55}
    assert fleet.sending() == {52, 53, 54, 55}
    relaunches: list[str] = []
    fleet.watches[52].elective(lambda: relaunches.append("memory"))
    assert relaunches == []  # what could as well wait does

    # A crash is nobody's choice: it loads what is served, and is held as well.
    engine = fleet.sessions[55].engine_of(fleet.snapshots.read(55).snapshot.browser_run)
    assert isinstance(engine, FakeEngine)
    engine.crash()
    until(lambda: fleet.status(55) == "WHATSAPP_CHANGED", 20, "the crashed one to be held")

    # The next build works: one of the held tries it, then all of them have it.
    fleet.serve("2.3000.1002")
    fleet.watches[51].look()
    until(lambda: fleet.status(51) == "READY", 20, "the canary to be back")
    assert fleet.on("2.3000.1002") == {51}
    fleet.look()
    fleet.until_on("2.3000.1002", *ALL)
    until(lambda: fleet.sending() == set(ALL), 20, "all READY again")


def test_a_build_that_works_goes_from_the_canary_to_the_others(fleet: Fleet) -> None:
    until(lambda: fleet.sending() == set(ALL), 20, "all READY")
    fleet.serve("2.3000.1001")
    fleet.watches[53].look()
    fleet.until_on("2.3000.1001", 53)
    until(lambda: fleet.sending() == set(ALL), 20, "the canary READY")
    until(lambda: fleet.builds.of_revision(1001, "fake") is not None, 20, "its word")
    fleet.look()
    fleet.until_on("2.3000.1001", *ALL)


def test_the_chosen_canary_goes_first(client: redis.Redis, keys: Keys, tmp_path: Path) -> None:
    fleet = Fleet(client, keys, tmp_path, canary=54)
    try:
        until(lambda: fleet.sending() == set(ALL), 20, "all READY")
        fleet.serve("2.3000.1001")
        fleet.look()
        fleet.until_on("2.3000.1001", 54)
        trial = fleet.builds.trial()
        assert trial is not None
        assert trial.cliente_id == 54
    finally:
        fleet.close()


def test_a_held_session_keeps_its_login_and_its_page(fleet: Fleet) -> None:
    until(lambda: fleet.sending() == set(ALL), 20, "all READY")
    fleet.serve("2.3000.1001", sends=False)
    fleet.sessions[51].relaunch("restart")
    until(lambda: fleet.status(51) == "WHATSAPP_CHANGED", 20, "it to be held")

    snapshot = fleet.snapshots.read(51).snapshot

    assert snapshot.status is SessionStatus.ERROR
    assert snapshot.login_id
    assert fleet.sessions[51].engine_of(snapshot.browser_run) is not None
