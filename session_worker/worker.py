"""One tenant's worker process: lease + session + Celery consumer.

It consumes only while it holds the lease, and ends itself, browser first, when it lost it.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
import time
import warnings
from collections.abc import Callable
from types import FrameType

import redis
from celery import Celery, signals
from celery.apps.worker import Worker
from celery.platforms import SecurityWarning
from celery.worker import state as celery_state
from setproctitle import setproctitle

from celery_config import make_celery
from session_worker.channel import Channel
from session_worker.engine.engine_factory import make_engine
from session_worker.engine.port import EngineConfig
from session_worker.engine.profile_lock import kill_browser
from session_worker.lease_keeper import LeaseKeeper
from session_worker.memory import MemoryWatch
from session_worker.pace_range import PaceRange
from session_worker.profile_store import ProfileStore
from session_worker.recorder import Recorder
from session_worker.sender import Sender
from session_worker.session import Session
from session_worker.tasks import Replies, register
from session_worker.worker_process import worker_title
from shared import names
from shared.ledger.ledger import Ledger
from shared.logs import get_logger, stamp
from shared.redis.client import connect
from shared.sessions.lease import Lease, Leases, NotRebuilt, WrongStore
from shared.sessions.snapshot import Snapshots
from shared.settings import Settings

_log = get_logger(__name__)

EXIT_OK = 0
EXIT_FORCED = 1
EXIT_NOT_OWNER = 75  # another process holds the lease, or the login belongs to another store
EXIT_LEASE_LOST = 76

CONSUMER_PAUSE_S = 1.0  # before Celery's consumer is started again


class TenantWorker:
    """Everything one process does for one `cliente_id`."""

    def __init__(self, settings: Settings, store: ProfileStore, cliente_id: int, token: str, host_id: str) -> None:
        self._settings = settings
        self._store = store
        self._cliente_id = cliente_id
        self._token = token
        self._host_id = host_id
        self._keys = names.Keys(settings.redis_prefix)
        self._client = connect(settings.redis_url)
        self._ending = threading.Event()

    def run(self) -> int:
        """Runs until the session is stopped, the process is told to stop, or the lease is lost. Returns the status."""
        leases = Leases(self._client, self._keys, round(self._settings.session_lease_seconds * 1000))
        lease = self._take(leases)
        if lease is None:
            return EXIT_NOT_OWNER
        keeper = LeaseKeeper(leases, lease, self._lost)
        keeper.start()
        ledger = Ledger(self._client, self._keys, self._settings.language)
        session, sender, recorder = self._assemble(lease, ledger)
        app = make_celery(self._settings, cliente_id=self._cliente_id)
        register(app, session, sender, Replies(self._client, self._keys), self._settings.language)
        recorder.start()
        session.start()
        sender.start()
        memory = MemoryWatch(
            os.getpid(), self._settings.session_memory_limit_mib, session.report_memory, sender.recycle
        )
        memory.start()
        try:
            self._consume(app)
        finally:
            memory.stop()
            sender.stop(self._settings.shutdown_grace_seconds)
            session.stop(logout=False, cause="shutdown")
            session.join(self._settings.shutdown_grace_seconds)
            recorder.stop(2.0)
            keeper.stop()
            self._release(leases)
        return EXIT_OK

    def _take(self, leases: Leases) -> Lease | None:
        try:
            lease = leases.take(self._cliente_id, self._token, self._store.store_id, os.getpid(), self._host_id)
        except WrongStore:
            _log.error("lease.wrong_store")
            return None
        except NotRebuilt:
            _log.warning("lease.waits_for_rebuild")
            return None
        except redis.RedisError as error:
            _log.error("lease.not_taken", error=type(error).__name__)
            return None
        if lease is None:
            _log.info("lease.held_by_another")
        return lease

    def _assemble(self, lease: Lease, ledger: Ledger) -> tuple[Session, Sender, Recorder]:
        settings = self._settings
        # Half the lease at most, and never more than eight seconds: a hand-over ends before the lease can.
        hand_over_s = min(7.5, settings.session_lease_seconds / 2)
        config = EngineConfig(
            url=settings.whatsapp_web_url,
            profile_dir=self._store.profile_dir(self._cliente_id),
            lock_path=self._store.lock_path(self._cliente_id),
            browser_path=settings.browser_path,
            no_sandbox=settings.browser_no_sandbox or os.geteuid() == 0,
            wa_js_path=settings.wa_js_path,
            hand_over_timeout_s=hand_over_s,
        )
        rng = random.SystemRandom()
        snapshots = Snapshots(self._client, self._keys)
        previous = snapshots.read(self._cliente_id).snapshot
        restricted_until = previous.restricted_until  # survives a restart

        # Recorder, session and sender know one another only through what they post: these two close the circle.
        def ack_recorded(key: str, ack: int) -> None:
            sender.ack_recorded(key, ack)

        def ready(_channel: Channel) -> None:
            sender.ring()

        recorder = Recorder(ledger, self._cliente_id, ack_recorded)
        session = Session(
            lease=lease,
            snapshots=snapshots,
            recorder=recorder,
            make_engine=lambda: make_engine(config),
            store=self._store,
            language=settings.language,
            qr_wait_limit_ms=round(settings.qr_wait_limit_seconds * 1000),
            previous=previous,
            worker_pid=os.getpid(),
            on_ready=ready,
            on_end=self._session_ended,
            on_lost=self._lost,
            rng=rng,
        )
        sender = Sender(
            ledger=ledger,
            lease=lease,
            session=session,
            pace=PaceRange(
                settings.send_gap_min_seconds,
                settings.send_gap_max_seconds,
                settings.send_delay_min_seconds,
                settings.send_delay_max_seconds,
                settings.send_daily_cap,
                settings.default_timezone,
            ),
            ack_timeout_s=settings.send_ack_timeout_seconds,
            lease_left_ms=round(hand_over_s * 1000),
            restricted_until_ms=restricted_until,
            on_lost=self._lost,
            rng=rng,
        )
        session.report_restriction(restricted_until)
        return session, sender, recorder

    def _consume(self, app: Celery) -> None:
        # Root is for the operator to decide (`leadmaster doctor` tells); no pickled content is accepted in any case.
        warnings.filterwarnings("ignore", category=SecurityWarning)
        signals.setup_logging.connect(_keep_our_logging, weak=False)
        for each_task in ("celery.worker.strategy", "celery.app.trace"):
            logging.getLogger(each_task).setLevel(logging.WARNING)
        while not self._ending.is_set():
            try:
                self._make_consumer(app).start()
            except SystemExit:
                _log.debug("consumer.ended")
            if not self._ending.is_set():
                # Celery gives up on some ways in which its broker goes away (kombu trips over its own clean-up). The
                # session needs no consumer to go on: messages leave without a bell, and its browser is kept.
                _log.warning("consumer.ended_by_itself")
                self._ending.wait(CONSUMER_PAUSE_S)

    def _make_consumer(self, app: Celery) -> _Consumer:
        consumer = _Consumer(
            app=app,
            hostname=names.worker_hostname(self._cliente_id),
            pool="threads",
            concurrency=4,
            queues=[names.session_queue(self._cliente_id)],
            without_gossip=True,
            without_mingle=True,
            loglevel="WARNING",
            quiet=True,
        )
        consumer.handle_signals = self._handle_signals
        return consumer

    def _handle_signals(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        for number in (signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """First signal: finish and end. Later ones are ignored; after the grace time it is forced."""
        self._end("signal")

    def _session_ended(self, cause: str) -> None:
        """The session stopped by itself or on request: so does the process."""
        self._end(cause)

    def _end(self, cause: str) -> None:
        if self._ending.is_set():
            return
        self._ending.set()
        _log.info("worker.ending", cause=cause)
        threading.Thread(target=self._force_later, name="grace", daemon=True).start()
        celery_state.should_stop = EXIT_OK

    def _force_later(self) -> None:
        time.sleep(self._settings.shutdown_grace_seconds)
        _log.error("worker.forced", grace_seconds=self._settings.shutdown_grace_seconds)
        self._die(EXIT_FORCED)

    def _lost(self, why: str) -> None:
        """No longer the owner: browser first, then this process, without another word to Redis."""
        _log.error("lease.lost", why=why)
        self._die(EXIT_LEASE_LOST)

    def _die(self, status: int) -> None:
        kill_browser(self._store.lock_path(self._cliente_id))
        os._exit(status)

    def _release(self, leases: Leases) -> None:
        try:
            leases.release(self._cliente_id, self._token)
        except redis.RedisError as error:
            _log.warning("lease.not_released", error=type(error).__name__)


class _Consumer(Worker):  # type: ignore[misc]
    """Celery's worker with our signals and our process title: hosts know workers by it."""

    handle_signals: Callable[[], None]

    def install_platform_tweaks(self, worker: Worker) -> None:
        """Celery's hook for signal handlers: a second signal must not lose anything, and SIGQUIT must not kill."""
        self.handle_signals()

    def set_process_status(self, info: str) -> None:
        """Celery would write its own title over ours."""


def _keep_our_logging(**_: object) -> None:
    """Being connected is enough: Celery then leaves logging as it is."""


def run_worker(settings: Settings, store: ProfileStore, cliente_id: int, token: str, host_id: str) -> int:
    """The body of a forked worker process. Returns its exit status."""
    setproctitle(worker_title(cliente_id, store.store_id))
    stamp(part="session", cliente_id=cliente_id)
    return TenantWorker(settings, store, cliente_id, token, host_id).run()
