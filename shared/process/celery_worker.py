"""The one shell around Celery's worker: a thread pool in this process, with the product's signals, logs and title."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Sequence

from celery import Celery, signals
from celery.apps.worker import Worker
from celery.platforms import SecurityWarning
from celery.worker import state

from shared.logs import get_logger

_log = get_logger(__name__)

_PAUSE_S = 1.0  # before a consumer that gave up is started again
_CHATTY_LOGGERS = ("celery.worker.strategy", "celery.app.trace")  # several lines a second


class CeleryWorker:
    """Consumes `queues` on `concurrency` threads until it is stopped, and goes on where Celery gives up by itself.

    Some ways in which its broker goes away make it do so: kombu trips over its own clean-up. Nothing is lost with that:
    notifications only wake their owner, and what is done on time is done again at the next.

    install_signals: called on the main thread where Celery would install handlers of its own, whose second Ctrl-C
    loses the tasks under way and whose SIGQUIT kills. It may do nothing where the caller's handlers stand already.
    """

    def __init__(
        self,
        app: Celery,
        *,
        hostname: str,
        queues: Sequence[str],
        concurrency: int,
        install_signals: Callable[[], None],
    ) -> None:
        self._app = app
        self._hostname = hostname
        self._queues = list(queues)
        self._concurrency = concurrency
        self._install_signals = install_signals
        self._stopped = False

    def run(self) -> int:
        """Works until `stop` and returns the exit status. Starts while Redis is down and works once it is up."""
        self._quiet()
        status = 0
        while not self._stopped:
            status = self._consume()
            if not self._stopped:
                _log.warning("consumer.ended_by_itself")
                time.sleep(_PAUSE_S)
        return status

    def stop(self) -> None:
        """Asks it to finish what it has begun and to return 0. May be called in a signal handler and before `run`."""
        self._stopped = True
        state.should_stop = 0  # Celery's own flag: the exit status, once it is set

    def _consume(self) -> int:
        worker = _Worker(
            app=self._app,
            hostname=self._hostname,
            pool="threads",
            concurrency=self._concurrency,
            queues=self._queues,
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            quiet=True,
        )
        worker.install_signals = self._install_signals
        try:
            worker.start()
        except SystemExit as ended:
            _log.debug("consumer.ended", status=ended.code)
        return int(worker.exitcode or 0)

    @staticmethod
    def _quiet() -> None:
        # Root is for the operator to decide (`leadmaster doctor` tells); no pickled content is accepted in any case.
        warnings.filterwarnings("ignore", category=SecurityWarning)
        signals.setup_logging.connect(_keep_our_logging, weak=False)
        for name in _CHATTY_LOGGERS:
            logging.getLogger(name).setLevel(logging.WARNING)


class _Worker(Worker):  # type: ignore[misc]
    """Celery's worker without its own signal handlers and process title."""

    install_signals: Callable[[], None]

    def install_platform_tweaks(self, worker: Worker) -> None:
        """Celery's hook for signal handlers."""
        self.install_signals()

    def set_process_status(self, info: str) -> None:
        """Celery would write its own title over the caller's, by which hosts know workers."""


def _keep_our_logging(**_: object) -> None:
    """Being connected is enough: Celery then leaves logging as it is and hijacks nothing."""
