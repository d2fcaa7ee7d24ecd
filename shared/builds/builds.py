"""Builds in Redis: what sessions say of them, which one the site serves, and who tries it first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import redis

from shared.builds.served import BuildTrial, ServedBuild
from shared.builds.verdict import Build, JudgedBuild, Judgement, Verdict, summed_up
from shared.names import Keys
from shared.protocol.wire import WireError
from shared.redis.scripts import Script, Scripts

KEEP_MS = 30 * 86_400_000  # so long a build is remembered after a session last spoke of it

_LUA = Path(__file__).parent / "lua"
_JUDGE, _SERVE, _TRY = (Script(_LUA / f"{name}.lua") for name in ("judge", "serve", "try"))


class Builds:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def judge(self, build: Build, cliente_id: int, verdict: Verdict, now_ms: int) -> bool:
        """A session says what it found. True: it is the first to say anything of this build."""
        answer = self._scripts.run(
            _JUDGE,
            keys={"build": self._keys.build(build.build_id), "builds": self._keys.builds},
            args={
                "build_id": build.build_id,
                "cliente_id": cliente_id,
                "judgement": json.dumps(Judgement.of(verdict, now_ms).to_wire()),
                "now_ms": now_ms,
                "keep_ms": KEEP_MS,
            },
        )
        return bool(answer)

    def latest(self, count: int) -> list[JudgedBuild]:
        """The builds that sessions spoke of last, the latest first."""
        found = cast("list[str]", self._client.zrevrange(self._keys.builds, 0, count - 1))
        return self._judged([Build.parse(build_id) for build_id in found])

    def of_revision(self, revision: int, wa_js_version: str) -> JudgedBuild | None:
        """What sessions with this wa-js say of a revision; None where none loaded it."""
        known = cast("list[str]", self._client.zrange(self._keys.builds, 0, -1))
        builds = [Build.parse(build_id) for build_id in known]
        same = [one for one in builds if (one.revision, one.wa_js_version) == (revision, wa_js_version)]
        judged = self._judged(same[-1:])
        return judged[0] if judged else None

    def serve(self, revision: int, now_ms: int) -> bool:
        """The site was asked and serves this revision. True: it is another one than before."""
        keys, args = {"served": self._keys.served_build}, {"revision": revision, "now_ms": now_ms}
        return bool(self._scripts.run(_SERVE, keys=keys, args=args))

    def served(self) -> ServedBuild:
        """Which revision the site serves, as far as it was asked."""
        stored = cast("dict[str, str]", self._client.hgetall(self._keys.served_build))
        return ServedBuild(**{name: int(stored.get(name, 0)) for name in ("revision", "since", "asked_at")})

    def trial(self) -> BuildTrial | None:
        """The latest trial."""
        stored = cast("dict[str, str]", self._client.hgetall(self._keys.build_trial))
        if not stored:
            return None
        return BuildTrial(int(stored["revision"]), int(stored["cliente_id"]), int(stored["at"]))

    def take_trial(self, seen: BuildTrial | None, revision: int, cliente_id: int, now_ms: int) -> bool:
        """A session loads this revision for all. seen: the latest trial it knows of. False: another was quicker."""
        answer = self._scripts.run(
            _TRY,
            keys={"trial": self._keys.build_trial},
            args={
                "seen_at": 0 if seen is None else seen.at,
                "revision": revision,
                "cliente_id": cliente_id,
                "now_ms": now_ms,
            },
        )
        return bool(answer)

    def _judged(self, builds: list[Build]) -> list[JudgedBuild]:
        pipeline = self._client.pipeline(transaction=False)
        for build in builds:
            pipeline.hvals(self._keys.build(build.build_id))
        found = [summed_up(one, map(_judgement, said)) for one, said in zip(builds, pipeline.execute(), strict=True)]
        return [one for one in found if one is not None]


def _judgement(text: str) -> Judgement:
    """Raises WireError for what no version of ours wrote."""
    try:
        return Judgement.from_wire(json.loads(text))
    except (ValueError, TypeError) as error:
        raise WireError(f"Judgement: {type(error).__name__}") from error
