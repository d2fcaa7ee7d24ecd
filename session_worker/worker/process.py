"""One tenant's worker process: lease + session + Celery consumer.

It consumes only while it holds the lease, and ends itself, browser first, when it lost it.
"""

from __future__ import annotations

import os
import random
import signal
import threading
from dataclasses import dataclass, replace
from functools import partial

import redis
from celery import Celery
from setproctitle import setproctitle

from celery_config import make_celery
from session_worker.acting.shell import Performer
from session_worker.drift.served import served_revision
from session_worker.drift.watch import BuildWatch, WatchRules, record
from session_worker.engine.browser.profile_lock import kill_browser
from session_worker.engine.factory import make_engine
from session_worker.engine.port import EngineConfig, Limits
from session_worker.media.shell import Fetcher
from session_worker.media.state import Rules as FetchingRules
from session_worker.media.state import State as FetchingState
from session_worker.receiving.recorder import Recorder
from session_worker.receiving.shell import Receiver
from session_worker.receiving.state import Rules as ReceivingRules
from session_worker.receiving.state import State as ReceivingState
from session_worker.sending.pace import PaceRange
from session_worker.sending.restriction import Restriction
from session_worker.sending.shell import Sender
from session_worker.sending.state import Rules as SendingRules
from session_worker.sending.state import State as SendingState
from session_worker.sending.uploads.uploader import Uploader
from session_worker.session.shell import Session
from session_worker.session.state import Rules as SessionRules
from session_worker.session.state import first_state
from session_worker.worker.dispatcher import Dispatcher
from session_worker.worker.lease_keeper import LeaseKeeper
from session_worker.worker.memory import MemoryWatch
from session_worker.worker.process_title import worker_title
from session_worker.worker.profile_store import ProfileStore
from session_worker.worker.tasks import Replies, register
from shared import names
from shared.builds.builds import Builds
from shared.clock.timekeeper import Timekeeper
from shared.instant import now_ms, steady_ms
from shared.ledger.claiming.progress import ProgressFile
from shared.ledger.ledger import Ledger, make_ledger
from shared.logs import get_logger, stamp
from shared.media.settings import MIB
from shared.media.store import MediaStore
from shared.process.celery_worker import CeleryWorker
from shared.process.shutdown import EXIT_FORCED, end_on_signal, force_after
from shared.redis.client import connect
from shared.sessions.lease import ClaimsClosed, Lease, Leases, WrongStore
from shared.sessions.snapshots import Snapshots
from shared.sessions.tenant_rules import TenantRulesMirror
from shared.sessions.wanted import WantedSessions
from shared.settings import Settings

_log = get_logger(__name__)

EXIT_OK = 0
EXIT_NOT_OWNER = 75  # another process holds the lease, or the login belongs to another store
EXIT_LEASE_LOST = 76

RECORD_S = 2.0  # for what the page told last, once it is closed


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a worker is put together of."""

    session: Session
    sender: Sender
    receiver: Receiver
    fetcher: Fetcher
    performer: Performer
    recorder: Recorder
    uploader: Uploader
    watch: BuildWatch


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
        self._consumer: CeleryWorker | None = None

    def run(self) -> int:
        """Runs until the session is stopped, the process is told to stop, or the lease is lost. Returns the status."""
        leases = Leases(self._client, self._keys, round(self._settings.session_lease_seconds * 1000))
        lease = self._take(leases)
        if lease is None:
            return EXIT_NOT_OWNER
        keeper = LeaseKeeper(leases, lease, self._lost)
        keeper.start()
        timekeeper = Timekeeper(self._client, self._keys)
        timekeeper.start()
        progress = ProgressFile(self._store.progress_path(self._cliente_id))
        ledger = make_ledger(self._client, self._keys, self._settings.language, progress)
        builds = Builds(self._client, self._keys)
        parts = self._assemble(lease, ledger, builds)
        session, sender, watch = parts.session, parts.sender, parts.watch
        app = make_celery(self._settings, cliente_id=self._cliente_id)
        register(app, session, sender, parts.performer, Replies(self._client, self._keys))
        parts.recorder.start()
        parts.receiver.start()
        parts.fetcher.start()
        parts.uploader.start()
        parts.performer.start()
        session.start()
        sender.start()
        memory = MemoryWatch(
            os.getpid(),
            self._settings.session_memory_limit_mib,
            lambda: watch.elective(lambda: sender.recycle("MEMORY")),
        )
        memory.start()
        watch.start()
        self._consumer = self._make_consumer(app)
        try:
            if not self._ending.is_set():
                self._consumer.run()
        finally:
            memory.stop()
            watch.stop()
            sender.stop(self._settings.shutdown_grace_seconds)
            session.stop(logout=False, cause="shutdown")
            session.join(self._settings.shutdown_grace_seconds)
            parts.uploader.stop(RECORD_S)
            parts.fetcher.stop(RECORD_S)
            parts.performer.stop(RECORD_S)
            parts.receiver.stop(RECORD_S)
            parts.recorder.stop(RECORD_S)
            timekeeper.stop()
            keeper.stop()
            self._release(leases)
        return EXIT_OK

    def _take(self, leases: Leases) -> Lease | None:
        try:
            lease = leases.take(self._cliente_id, self._token, self._store.store_id, os.getpid(), self._host_id)
        except WrongStore:
            _log.error("lease.wrong_store")
            return None
        except ClaimsClosed:
            _log.warning("lease.waits_for_comparison")
            return None
        except redis.RedisError as error:
            _log.error("lease.not_taken", error=type(error).__name__)
            return None
        if lease is None:
            _log.info("lease.held_by_another")
        return lease

    def _assemble(self, lease: Lease, ledger: Ledger, builds: Builds) -> _Parts:
        """Each part knows its inbox and the dispatcher's routes; none knows another."""
        settings, rng, dispatcher = self._settings, random.SystemRandom(), Dispatcher()
        snapshots = Snapshots(self._client, self._keys)
        previous = snapshots.read(self._cliente_id).snapshot
        owed_logout = WantedSessions(self._client, self._keys).owed_logout(self._cliente_id)
        session_rules = SessionRules(
            round(settings.qr_wait_limit_seconds * 1000),
            settings.language,
            build_check_ms=round(settings.build_check_seconds * 1000),
            pinned=bool(settings.whatsapp_web_version),
            pin_fallback=settings.whatsapp_web_version_fallback,
        )
        config = self._engine_config()
        recorder = Recorder(dispatcher.acknowledging, ledger, self._cliente_id, dispatcher.ack_recorded)
        session = Session(
            inbox=dispatcher.session,
            state=replace(first_state(session_rules, previous, now_ms(), steady_ms()), owed_logout=owed_logout),
            lease=lease,
            snapshots=snapshots,
            make_engine=lambda pinned: make_engine(config if pinned else replace(config, web_version="")),
            profile_dir=config.profile_dir,
            store_id=self._store.store_id,
            on_engine_event=dispatcher.engine_event,
            on_channel=dispatcher.channel_changed,
            on_verdict=partial(record, builds, self._cliente_id),
            on_end=self._session_ended,
            on_lost=self._lost,
            rng=rng,
        )
        sender = Sender(
            inbox=dispatcher.sending,
            state=SendingState(
                self._sending_rules(config.hand_over_timeout_s),
                # Until WhatsApp is asked again, what the last owner knew holds.
                restriction=Restriction(
                    previous.restricted_until, limits=Limits(time_lock_until_ms=previous.limited_until)
                ),
            ),
            ledger=ledger,
            tenant_rules=TenantRulesMirror(self._client, self._keys),
            lease=lease,
            engine_of=session.engine_of,
            begin_upload=dispatcher.uploading.put,
            tell_session=dispatcher.word_of_sending,
            on_lost=self._lost,
            rng=rng,
        )
        receiver = Receiver(
            inbox=dispatcher.receiving,
            state=ReceivingState(ReceivingRules(round(settings.inbound_catch_up_seconds * 1000))),
            ledger=ledger,
            cliente_id=self._cliente_id,
            engine_of=session.engine_of,
            on_silence=dispatcher.inbound_silent,
            on_media=dispatcher.media_recorded,
            rng=rng,
        )
        store = MediaStore(settings.media_location)
        uploader = Uploader(
            inbox=dispatcher.uploading,
            ledger=ledger.uploads,
            store=store,
            cliente_id=self._cliente_id,
            engine_of=session.engine_of,
            tell=dispatcher.upload_ended,
        )
        fetcher = Fetcher(
            inbox=dispatcher.fetching,
            state=FetchingState(
                FetchingRules(settings.media_limits, settings.media_quota_mib * MIB, settings.media_min_free_mib * MIB)
            ),
            ledger=ledger.media,
            store=store,
            cliente_id=self._cliente_id,
            engine_of=session.engine_of,
            fetch_s=settings.media_fetch_seconds,
            rng=rng,
        )
        performer = Performer(inbox=dispatcher.acting, ledger=ledger, lease=lease, engine_of=session.engine_of, rng=rng)
        watch = self._watch(builds, session, sender, ledger, rng)
        return _Parts(session, sender, receiver, fetcher, performer, recorder, uploader, watch)

    def _watch(
        self, builds: Builds, session: Session, sender: Sender, ledger: Ledger, rng: random.Random
    ) -> BuildWatch:
        settings, cliente_id = self._settings, self._cliente_id

        def relaunch(cause: str) -> None:
            """A page through which nothing may be sent has no message in flight to wait for."""
            if session.page().held:
                session.relaunch(cause)
            else:
                sender.recycle(cause)

        return BuildWatch(
            cliente_id,
            builds,
            WatchRules(
                settings.build_check_seconds, round(settings.build_adopt_seconds * 1000), settings.canary_cliente_id
            ),
            ask_served=lambda: served_revision(settings.whatsapp_web_url),
            own_page=session.page,
            is_idle=lambda: ledger.entries.depths([cliente_id])[cliente_id] == (0, 0),
            relaunch=relaunch,
            rng=rng,
        )

    def _engine_config(self) -> EngineConfig:
        settings = self._settings
        return EngineConfig(
            url=settings.whatsapp_web_url,
            profile_dir=self._store.profile_dir(self._cliente_id),
            lock_path=self._store.lock_path(self._cliente_id),
            browser_path=settings.browser_path,
            no_sandbox=settings.browser_no_sandbox or os.geteuid() == 0,
            wa_js_path=settings.wa_js_path,
            whatsapp_dir=settings.whatsapp_dir,
            web_version=settings.whatsapp_web_version,
            # Half the lease at most, and never more than eight seconds: a hand-over ends before the lease can.
            hand_over_timeout_s=min(7.5, settings.session_lease_seconds / 2),
            show_online=settings.whatsapp_show_online,
        )

    def _sending_rules(self, hand_over_s: float) -> SendingRules:
        settings = self._settings
        return SendingRules(
            pace=PaceRange(
                settings.send_gap_min_seconds,
                settings.send_gap_max_seconds,
                settings.send_delay_min_seconds,
                settings.send_delay_max_seconds,
                settings.send_daily_cap,
                settings.default_timezone,
            ),
            ack_timeout_ms=round(settings.send_ack_timeout_seconds * 1000),
            lease_left_ms=round(hand_over_s * 1000),
            typing_s=settings.send_typing_seconds,
        )

    def _make_consumer(self, app: Celery) -> CeleryWorker:
        return CeleryWorker(
            app,
            hostname=names.worker_hostname(self._cliente_id),
            queues=[names.control_queue(self._cliente_id), names.session_queue(self._cliente_id)],
            concurrency=4,
            install_signals=self._install_signals,
        )

    def _install_signals(self) -> None:
        end_on_signal(lambda: self._end("signal"), self._settings.shutdown_grace_seconds, force=self._force)
        for number in (signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)

    def _session_ended(self, cause: str) -> None:
        """The session stopped by itself or on request: so does the process."""
        if not self._ending.is_set():
            force_after(self._settings.shutdown_grace_seconds, self._force)
        self._end(cause)

    def _end(self, cause: str) -> None:
        if self._ending.is_set():
            return
        self._ending.set()
        _log.info("worker.ending", cause=cause)
        if self._consumer is not None:
            self._consumer.stop()

    def _force(self) -> None:
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


def run_worker(settings: Settings, store: ProfileStore, cliente_id: int, token: str, host_id: str) -> int:
    """The body of a forked worker process. Returns its exit status."""
    setproctitle(worker_title(cliente_id, store.store_id))
    stamp(part="session", cliente_id=cliente_id)
    return TenantWorker(settings, store, cliente_id, token, host_id).run()
