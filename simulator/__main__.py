"""`python -m simulator`: serve the stand-in until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path

from aiohttp import web

from simulator.server.app import create_app

_HOST = "127.0.0.1"


def main() -> None:
    """Read the arguments, serve, and exit with 0 after a clean stop."""
    parser = argparse.ArgumentParser(prog="simulator", description="A stand-in WhatsApp Web with a virtual phone.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one (default)")
    parser.add_argument("--data", type=Path, required=True, help="directory for phones, devices and messages")
    parser.add_argument("--ready-file", type=Path, help='written with {"url", "pid"} once it listens')
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    asyncio.run(serve(arguments.port, arguments.data, arguments.ready_file))


async def serve(port: int, directory: Path, ready_file: Path | None) -> None:
    """Serve on 127.0.0.1 until a signal; then write everything and return."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    runner = web.AppRunner(create_app(directory), access_log=None, shutdown_timeout=2)
    await runner.setup()
    site = web.TCPSite(runner, _HOST, port)
    await site.start()
    bound = runner.addresses[0][1]
    url = f"http://{_HOST}:{bound}/"
    if ready_file is not None:
        _write_atomically(ready_file, json.dumps({"url": url, "pid": os.getpid()}))
    sys.stdout.write(f"simulator ready {url}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def _write_atomically(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)


if __name__ == "__main__":
    main()
