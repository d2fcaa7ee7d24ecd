"""A receiver of webhooks in a process of its own: answers 204 at once, except under /dead, where it never does.

Says {"port"} on a line; to each line on its stdin it answers with {"arrived": {webhook-id and path: [monotonic seconds,
the envelope's timestamp]}} of what came since, and forgets it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from aiohttp import web

_HANGS_S = 600


async def main() -> None:
    """Serves until its stdin ends."""
    arrived: dict[str, tuple[float, str]] = {}

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        at = time.monotonic()
        arrived[f"{request.headers.get('webhook-id', '')}{request.path}"] = at, json.loads(body)["timestamp"]
        if request.path.startswith("/dead"):
            await asyncio.sleep(_HANGS_S)
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps({"arrived": arrived}), flush=True)
        arrived.clear()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
