"""The services of `leadmaster up`: what each is called, how it starts, when it is ready, in which order all stop."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from pydantic import SecretStr

from leadmaster.installation.addresses import flower_address, hub_address
from leadmaster.up.readiness import Readiness, alive, answers, pings, reported
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Service:
    """One child process, described."""

    name: str  # also the log's name
    title: str  # for people
    argv: tuple[str, ...]
    readiness: Readiness
    url: str = ""  # shown to people
    ready_within_s: float = 60.0
    needs: tuple[str, ...] = ()  # services that must be ready before this one is started


# First to last; what stands together stops at the same time: a service that hangs takes no other's time. The hub
# stops accepting, nothing new is scheduled; the workers finish their sends while what is done is recorded; the site
# they send to and the server that all of them write to go last.
STOP_STAGES = (("hub", "beat"), ("host", "background", "webhooks", "flower"), ("simulator",), ("redis",))


def own_argv(*arguments: str) -> tuple[str, ...]:
    """The command line of one of our own commands, run by the interpreter that runs us."""
    return (sys.executable, "-m", "leadmaster", *arguments)


def planned(settings: Settings, *, embedded: bool) -> list[Service]:
    """The services of one `up`, in the order they are shown. embedded: Redis is one of them."""
    hub, flower = hub_address(settings), flower_address(settings)
    redis = Service("redis", "Embedded Valkey", own_argv("redis"), partial(pings, settings.redis_url))

    def service(name: str, title: str, readiness: Readiness, url: str = "") -> Service:
        return Service(name, title, own_argv(name), readiness, url, needs=(redis.name,) if embedded else ())

    return [
        *([redis] if embedded else []),
        service("hub", "Hub", partial(answers, f"{hub}health"), hub),
        service("background", "Background worker", partial(reported, f"{hub}ready", "background")),
        service("webhooks", "Webhook worker", alive),
        service("beat", "Beat", alive),
        service("host", "Session host", partial(reported, f"{hub}ready", "hosts")),
        service("flower", "Flower", partial(answers, f"{flower}healthcheck"), flower),
    ]


def stop_stages(names: Iterable[str]) -> list[list[str]]:
    """Sorts services' names into the stages in which they stop; unknown ones stop before all others."""
    known = {name for stage in STOP_STAGES for name in stage}
    names = list(names)
    stages = [[name for name in names if name not in known]]
    stages += [[name for name in stage if name in names] for stage in STOP_STAGES]
    return [stage for stage in stages if stage]


def as_environment(settings: Settings) -> dict[str, str]:
    """Every setting under its variable's name. `Settings` read from them again equals `settings`."""
    return {name.upper(): _text(getattr(settings, name)) for name in type(settings).model_fields}


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(_text(item) for item in value)
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)
