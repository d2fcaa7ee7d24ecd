"""`python -m tests.chaos`: a chaos run of minutes. Exit status 0 where every rule held, else 1."""

from __future__ import annotations

import argparse
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.campaign import Campaign, report, run
from tests.chaos.kinds import KINDS


def main(arguments: list[str] | None = None) -> int:
    """Parses, runs, prints."""
    given = _parser().parse_args(arguments)
    campaign = Campaign(
        seed=given.seed if given.seed is not None else secrets.randbelow(1_000_000),
        seconds=given.minutes * 60,
        tenants=given.tenants,
        messages=0 if given.half == "in" else given.messages,
        arrivals=0 if given.half == "out" else given.arrivals,
        every_s=given.every,
        dedupe=given.dedupe == "on",
        page_resends=given.page_resends == "on",
        kinds=tuple(kind for kind in KINDS if not given.only or kind.name in given.only),
    )
    folder = Path(tempfile.mkdtemp(prefix="lm-chaos-"))
    started = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - started:7.1f}  {line}\n")
        sys.stdout.flush()

    outcome = run(campaign, folder, say)
    sys.stdout.write("\n".join(report(campaign, outcome)) + "\n")
    if outcome.ok and not given.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        sys.stdout.write(f"logs and data: {folder}\n")
    return 0 if outcome.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="of faults and messages; drawn and printed where none is given")
    parser.add_argument("--minutes", type=float, default=4.0, help="of posting and of faults")
    parser.add_argument("--tenants", type=int, default=3)
    parser.add_argument("--half", choices=("both", "out", "in"), default="both", help="which way messages go")
    parser.add_argument("--messages", type=int, default=1_000, help="that each tenant sends")
    parser.add_argument("--arrivals", type=int, default=1_000, help="that come in for each tenant")
    parser.add_argument("--every", type=float, default=3.0, help="one fault in so many seconds, on average")
    parser.add_argument("--dedupe", choices=("on", "off"), default="on", help="WhatsApp shows copies of a key once")
    parser.add_argument(
        "--page-resends",
        choices=("on", "off"),
        default="off",
        help="the page sends by itself again after a reload, as it once did",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=[kind.name for kind in KINDS],
        help="these kinds of fault alone; may be repeated",
    )
    parser.add_argument("--keep", action="store_true", help="keep logs and data of a run that held, too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
