"""Follows which build the site serves, and has this session load it when it is its turn."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import redis

from session_worker.drift.canary import OwnPage, Step, Surroundings, advise
from shared.builds.builds import Builds
from shared.builds.served import ServedBuild
from shared.builds.verdict import Build, Verdict
from shared.instant import now_ms
from shared.logs import get_logger

_log = get_logger(__name__)

TRIAL, ADOPTED = "BUILD_TRIAL", "BUILD_ADOPTED"


@dataclass(frozen=True, slots=True)
class WatchRules:
    """What does not change while the worker lives."""

    every_s: float  # between two looks
    adopt_ms: int  # a page that works is replaced by a newer build once it is this old
    canary: int | None  # the session that always goes first; None: the first idle one


def record(builds: Builds, cliente_id: int, build: Build, verdict: Verdict) -> None:
    """Tells the other sessions what this one found of a build."""
    try:
        if builds.judge(build, cliente_id, verdict, now_ms()):
            _log.info("build.first_seen", build=build.build_id, verdict=verdict.words)
    except redis.RedisError as error:
        # The next look at the page says it again.
        _log.warning("build.not_recorded", error=type(error).__name__)


class BuildWatch:
    """Looks every `every_s` seconds, give or take a fifth, on a thread of its own.

    ask_served(): the revision that the site serves, None where it can't be asked. own_page(): as `Session.page`.
    is_idle(): whether nothing waits to be sent. relaunch(cause): called to have the session load what is served,
    between two messages. is_idle may raise redis.RedisError.
    """

    def __init__(
        self,
        cliente_id: int,
        builds: Builds,
        rules: WatchRules,
        *,
        ask_served: Callable[[], int | None],
        own_page: Callable[[], OwnPage],
        is_idle: Callable[[], bool],
        relaunch: Callable[[str], None],
        rng: random.Random,
    ) -> None:
        self._cliente_id = cliente_id
        self._builds = builds
        self._rules = rules
        self._ask_served = ask_served
        self._own_page = own_page
        self._is_idle = is_idle
        self._relaunch = relaunch
        self._rng = rng
        self._may_relaunch = True
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="builds", daemon=True)

    # What other threads call.

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()

    def elective(self, relaunch: Callable[[], None]) -> None:
        """Does a relaunch that could as well wait, unless it would load a build that is not known to work."""
        if self._may_relaunch:
            relaunch()
        else:
            _log.info("relaunch.waits_for_build")

    # The watch's thread.

    def _run(self) -> None:
        while not self._stop.wait(self._rules.every_s * self._rng.uniform(0.8, 1.2)):
            try:
                self.look()
            except redis.RedisError as error:
                _log.info("builds.not_looked_at", error=type(error).__name__)
            except Exception:  # noqa: BLE001 - the thread's edge: a defect here must not end the watch silently
                _log.exception("builds.defect")

    def look(self) -> None:
        """One look, and what follows from it. Raises redis.RedisError."""
        served = self._served()
        own = self._own_page()
        if own.build is None or served.revision <= own.build.revision:
            self._may_relaunch = True
            return
        judged = self._builds.of_revision(served.revision, own.build.wa_js_version)
        trial = self._builds.trial()
        verdict = None if judged is None else judged.verdict
        known = Surroundings(served, verdict, trial, self._rules.canary, self._rules.adopt_ms)
        advice = advise(self._cliente_id, replace(own, idle=self._is_idle()), known, now_ms())
        self._may_relaunch = advice.may_relaunch
        if advice.step is Step.ADOPT:
            _log.info("build.adopted", revision=served.revision, held=own.held)
            self._relaunch(ADOPTED)
        elif advice.step is Step.TRY and self._builds.take_trial(trial, served.revision, self._cliente_id, now_ms()):
            _log.info("build.trial", revision=served.revision)
            self._relaunch(TRIAL)

    def _served(self) -> ServedBuild:
        """What the site serves. One session asks it for all, as often as each of them looks."""
        known = self._builds.served()
        if now_ms() - known.asked_at < 500 * self._rules.every_s:
            return known
        revision = self._ask_served()
        if revision is None:
            return known
        if self._builds.serve(revision, now_ms()):
            _log.info("build.served", revision=revision)
        return self._builds.served()
