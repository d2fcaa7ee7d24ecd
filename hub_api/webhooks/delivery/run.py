"""Delivers what is due: takes a lane, posts what waits in it in order, and keeps what came of it."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from hub_api.services import Services
from hub_api.webhooks.answer import Answer
from hub_api.webhooks.delivery.keeping import keep
from hub_api.webhooks.delivery.lanes import Lanes, Taken
from hub_api.webhooks.delivery.posting import Poster
from hub_api.webhooks.delivery.signing import signed_headers
from hub_api.webhooks.endpoints.secrets import secrets_in_force
from hub_api.webhooks.models import IS_WAITING, WebhookDelivery, WebhookEndpoint
from shared.instant import now_ms, own_clock_ms
from shared.logs import get_logger
from shared.public_address import parse_networks

_log = get_logger(__name__)

AT_ONCE = 50  # deliveries that one run reads, and keeps the outcomes of in one transaction
_RUN_S = 10.0  # after which a run begins no further one
_KEEP_EACH_S = 1.0


@dataclass(frozen=True, slots=True)
class Due:
    """One delivery to be tried."""

    id: int
    delivery_id: str
    chat: str
    body: str
    attempts: int
    tried: int


@dataclass(frozen=True, slots=True)
class Target:
    """Where a lane's deliveries go."""

    url: str
    headers: dict[str, str]
    secrets: tuple[str, ...]
    failing: bool


class Deliverer:
    """One per process; several threads may run at once."""

    def __init__(
        self,
        services: Services,
        lanes: Lanes,
        *,
        wake_another: Callable[[], object] = lambda: None,
        looked: Callable[[], object] = lambda: None,
        make_poster: Callable[[], Poster] | None = None,
    ) -> None:
        """wake_another: called where more is due than this thread does. looked: called at each look for what is due."""
        allowed = parse_networks(services.settings.webhook_allowed_networks)
        self._services = services
        self._lanes = lanes
        self._wake_another = wake_another
        self._looked = looked
        self._make_poster = make_poster or (lambda: Poster(allowed))
        self._rng = random.SystemRandom()
        self._ending = threading.Event()
        self._posters: dict[Taken, Poster] = {}
        self._renewing: threading.Thread | None = None
        self._lock = threading.Lock()

    def run(self) -> int:
        """Works until nothing is due; returns how many attempts it made. Raises sqlalchemy.exc.SQLAlchemyError."""
        total = 0
        while not self._ending.is_set():
            taken = self._lanes.take(now_ms())
            self._looked()
            if taken is None:
                break
            if self._lanes.is_due(now_ms()):
                self._wake_another()
            total += self._work(taken)
        return total

    def end(self, abort_after_s: float) -> None:
        """Begins nothing more; what is under way after so many seconds is broken off, and tried again by others."""
        self._ending.set()
        timer = threading.Timer(abort_after_s, self._abort)
        timer.daemon = True
        timer.start()

    def _abort(self) -> None:
        with self._lock:
            for poster in self._posters.values():
                poster.abort()

    def _work(self, taken: Taken) -> int:
        poster = self._make_poster()
        self._begin(taken, poster)
        try:
            target, due = self._read(taken)
            if target is None:
                keep(self._services, taken, (), self._rng, last=True)
                return 0
            return self._deliver(taken, target, due, poster)
        finally:
            with self._lock:
                del self._posters[taken]
            self._lanes.let_go(taken)
            poster.close()

    def _begin(self, taken: Taken, poster: Poster) -> None:
        with self._lock:
            self._posters[taken] = poster
            if self._renewing is None:
                self._renewing = threading.Thread(target=self._renew, name="webhooks-renewing", daemon=True)
                self._renewing.start()

    def _renew(self) -> None:
        """As long as there are runs. What is posted in a lane that could not be renewed in time is broken off."""
        while True:
            time.sleep(self._lanes.renew_each_s)
            with self._lock:
                if not self._posters:
                    self._renewing = None
                    return
            try:
                self._lanes.renew(now_ms())
            except SQLAlchemyError as error:
                _log.warning("webhook.not_renewed", reason=type(error).__name__)
            with self._lock:
                for taken, poster in self._posters.items():
                    if not self._lanes.holds(taken):
                        _log.warning("webhook.lane_lost", lane=taken.lane)
                        poster.abort()

    def _deliver(self, taken: Taken, target: Target, due: Sequence[Due], poster: Poster) -> int:
        began = kept_at = time.monotonic()
        answers: list[tuple[Due, Answer]] = []
        total, blocked = 0, set[str]()
        for one in due:
            now = time.monotonic()
            if self._is_over(taken) or now - began > _RUN_S:
                break
            if one.chat in blocked:
                continue
            if answers and now - kept_at > _KEEP_EACH_S:
                if not keep(self._services, taken, answers, self._rng, last=False):
                    return total
                answers, kept_at = [], now
            answer = self._attempt(target, one, poster)
            if answer.code is None and self._is_over(taken):
                break  # it was broken off, and does not count
            total += 1
            answers.append((one, answer))
            if not answer.succeeded:
                blocked.add(one.chat)
                if target.failing or answer.code is None:
                    break  # the endpoint itself is at fault: others first
        keep(self._services, taken, answers, self._rng, last=True)
        return total

    def _attempt(self, target: Target, one: Due, poster: Poster) -> Answer:
        signed = signed_headers(one.delivery_id, one.body, target.secrets, own_clock_ms() // 1000)
        return poster.post(target.url, {**target.headers, **signed}, one.body)

    def _is_over(self, taken: Taken) -> bool:
        """Whether nothing more may be posted in a lane: the process ends, or the lane may be another's."""
        return self._ending.is_set() or not self._lanes.holds(taken)

    def _read(self, taken: Taken) -> tuple[Target | None, list[Due]]:
        now = now_ms()
        statement = (
            select(WebhookDelivery)
            .where(WebhookDelivery.lane == taken.lane, WebhookDelivery.next_at <= now, IS_WAITING)
            .order_by(WebhookDelivery.next_at, WebhookDelivery.id)
            .limit(AT_ONCE)
        )
        with self._services.database.reading() as session:
            endpoint = session.get(WebhookEndpoint, taken.endpoint)
            if endpoint is None or not endpoint.active:
                return None, []
            target = Target(
                endpoint.url,
                json.loads(endpoint.headers),
                secrets_in_force(endpoint, now),
                endpoint.failing_since is not None,
            )
            rows = [
                Due(row.id, row.delivery_id, row.chat, row.body, row.attempts, row.tried)
                for row in session.scalars(statement)
            ]
        return target, rows


def make_run(deliverer: Deliverer) -> Callable[[], None]:
    """A run for a task: where the database fails, the next one goes on."""

    def run() -> None:
        try:
            deliverer.run()
        except SQLAlchemyError as error:
            _log.error("webhook.run_failed", reason=type(error).__name__)

    return run
