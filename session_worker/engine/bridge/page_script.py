"""What is run in every page of the site before its own scripts: wa-js and our bridge, top frame only."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

# Our side, in this order: a script uses what stands before it, and all of them share one scope.
_BRIDGE = [
    Path(__file__).parent / f"{name}.js"
    for name in (
        "base",
        "names",
        "availability",
        "observation",
        "contacts",
        "linking",
        "messages/database",
        "messages/content",
        "messages/keys",
        "messages/raw",
        "messages/sending",
        "messages/limits",
        "messages/receiving",
        "messages/changes",
        "acts/messages",
        "acts/reacting",
        "acts/editing",
        "acts/deleting",
        "acts/typing",
        "groups",
        "profiles",
        "events",
        "media/fetching",
        "media/waveform",
        "media/uploading",
        "drift/probe",
        "drift/media",
        "calls",
    )
]
_BEFORE_BUNDLE = Path(__file__).with_name("drift") / "document_start.js"

# Before the bundle: it reads them as it starts. Without the first, wa-js reports to an analytics service.
_SETTINGS = "window.WPPConfig = {disableGoogleAnalytics: true, deviceName: 'LeadMaster', linkPreviewApiServers: []};"


@lru_cache(maxsize=1)
def page_script(wa_js: Path, *, show_online: bool) -> str:
    """The whole script, kept for the next launch of this process (half a megabyte)."""
    ours = f"window.__leadmasterShowOnline = {json.dumps(show_online)};"
    bundle = wa_js.read_text("utf-8")
    before = _BEFORE_BUNDLE.read_text("utf-8")
    bridge = "\n".join(script.read_text("utf-8") for script in _BRIDGE)
    # The bundle in a block, not a function: it expects to stand at the top. Frames inside the page stay untouched.
    return (
        "if (window === window.top && location.protocol !== 'about:') {\n"
        f"{_SETTINGS}\n{ours}\n{before}\n{bundle}\n(() => {{\n'use strict';\n{bridge}\n}})();\n}}\n"
    )
