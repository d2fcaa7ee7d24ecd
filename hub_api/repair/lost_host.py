"""No live host mounts a wanted session's profile store → it shows `ERROR` / `HOST_LOST` until one announces it."""

from __future__ import annotations

from collections.abc import Callable

from hub_api.services import Services
from shared.instant import now_ms, steady_ms
from shared.logs import get_logger
from shared.sessions.hosts import Hosts
from shared.texts import error_text

_log = get_logger(__name__)


class LostHosts:
    """Remembers since when a store is missing; a restart of this process starts the wait anew."""

    def __init__(self, services: Services, clock: Callable[[], int] = steady_ms) -> None:
        """clock: steady milliseconds."""
        self._wanted = services.wanted
        self._hosts = Hosts(services.client, services.keys)
        self._language = services.language
        self._after_ms = services.settings.host_lost_seconds * 1000
        self._clock = clock
        self._snapshots = services.snapshots
        self._missing_since: dict[str, int] = {}

    def mend(self) -> list[int]:
        """Forgets hosts that are gone, marks sessions and returns which. Raises redis.RedisError."""
        self._hosts.forget_dead()
        now, (needed, announced) = self._clock(), self._stores()
        missing = set(needed.values()) - announced
        self._missing_since = {store: self._missing_since.get(store, now) for store in missing}
        lost = {store for store, since in self._missing_since.items() if now - since >= self._after_ms}
        return [cliente_id for cliente_id, store in needed.items() if store in lost and self._mark(cliente_id, store)]

    def _stores(self) -> tuple[dict[int, str], set[str]]:
        """The store that each wanted session needs, and the stores that live hosts announce."""
        needed = {cliente_id: store for cliente_id, store in self._wanted.stores().items() if store is not None}
        return needed, self._hosts.announced_stores()

    def _mark(self, cliente_id: int, store_id: str) -> bool:
        text = error_text("HOST_LOST", self._language)
        marked = self._snapshots.mark_host_lost(cliente_id, store_id, text, now_ms())
        if marked:
            _log.error("session.host_lost", cliente_id=cliente_id, store=store_id)
        return marked
