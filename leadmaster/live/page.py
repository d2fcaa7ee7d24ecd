"""The checklist as a page, made from the table of steps: `python -m leadmaster.live.page docs/real-site.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from leadmaster.live.steps import STANDING, STEPS

_HEAD = """# What only the real WhatsApp Web can show

Made from `leadmaster/live/steps.py` by `python -m leadmaster.live.page docs/real-site.md`; do not edit it by hand.

Everything here was built against the real, unmodified `@wppconnect/wa-js` on a stand-in site. The following could not
be seen there. Each line says what we assume, and how it is checked on the real site.

## Ten minutes with two phones

```
leadmaster doctor --live CLIENTE_ID --to NUMBER
```

beside a running `leadmaster up` (or on a machine with the hub's settings). The first phone is the one that is linked;
the second, NUMBER, is anybody's who can look at it. The command says what to do at each step, watches the session
meanwhile and writes a report: no number in full, no text and no code is in it, so that it may be attached to an issue.
Enter skips a step; a session that is linked already skips `code` and `link`. Exit status 0: all that was seen is as
assumed.

"""


def text() -> str:
    """The whole page, as Markdown."""
    lines = ["| step | what we assume | what the person does | what is watched |", "|---|---|---|---|"]
    lines += [f"| {step.name} | {step.assumption} | {step.ask or 'nothing'} | {step.check} |" for step in STEPS]
    lines += ["", "## What takes longer", "", "| what | what we assume | what to watch |", "|---|---|---|"]
    lines += [f"| {each.name} | {each.assumption} | {each.watch} |" for each in STANDING]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(), "utf-8")
