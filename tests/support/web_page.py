"""Real Chromium with the unmodified wa-js on the stand-in page, and waiting for what it shows."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import BrowserContext, Error, Page, Playwright

from testing.processes import is_browser_of
from testing.waiting import until

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
EVENTS = """
window.seen = [];
if (window === window.top) {
  for (const name of [
    'conn.auth_code_change', 'conn.require_auth', 'conn.authenticated', 'conn.main_loaded', 'conn.main_ready',
    'conn.logout', 'conn.logout_reason', 'conn.qrcode_idle', 'conn.online', 'conn.backend_event',
    'chat.new_message', 'chat.msg_ack_change',
  ]) {
    WPP.on(name, (value) => window.seen.push([name, value?.body ?? value?.ack ?? String(value)]));
  }
}
"""
STATE = """() => ({
  registered: WPP.conn.isRegistered(),
  mode: require('WAWebStreamModel').Stream.mode,
  info: require('WAWebStreamModel').Stream.info,
  state: require('WAWebSocketModel').Socket.state,
  online: WPP.conn.isOnline(),
})"""
SEND = """async ({ to, text, wait, key }) => {
  try {
    const chat = await WPP.chat.find(to);
    const messageId = key ?? (await WPP.chat.generateMessageID(chat)).toString();
    const result = await WPP.chat.sendTextMessage(chat.id, text, { messageId, waitForAck: wait });
    return { ok: true, key: messageId, chat: String(chat.id), ...result };
  } catch (error) {
    return { ok: false, code: error.code, message: error.message };
  }
}"""
ACK = """async (key) => {
  try {
    await WPP.chat.find(key.split('_')[1]);
    return (await WPP.chat.getMessageById(key)).ack;
  } catch (error) {
    return error.code;
  }
}"""

ROW = """async (key) => {
  const rows = await WPP.indexdb.getMessagesFromRowId({ minRowId: 0, limit: -1 });
  const { msgRowOpaqueData, ...row } = rows.find(({ id }) => id === key) ?? {};
  return row;
}"""


class WebPage:
    """A browser profile with the stand-in page open and wa-js on it."""

    def __init__(self, playwright: Playwright, profile: Path, url: str, wa_js: Path) -> None:
        self._playwright = playwright
        self._profile = profile
        self._url = url
        self._wa_js = wa_js
        self._context: BrowserContext | None = None
        self.number = ""

    @property
    def page(self) -> Page:
        """The open page."""
        assert self._context is not None
        return self._context.pages[0]

    def open(self) -> WebPage:
        """Start the browser and go to the page."""
        self._context = self._playwright.chromium.launch_persistent_context(
            str(self._profile),
            executable_path=os.environ.get("BROWSER_PATH") or "/usr/bin/chromium",
            user_agent=USER_AGENT,
            service_workers="block",
            args=ARGUMENTS,
        )
        self._context.add_init_script("window.WPPConfig = { disableGoogleAnalytics: true };")
        self._context.add_init_script(path=self._wa_js)
        self._context.add_init_script(EVENTS)
        self.page.goto(self._url)
        return self

    def close(self) -> None:
        """Close the browser the proper way."""
        if self._context is not None:
            with suppress(Error):
                self._context.close()
            self._context = None

    def kill(self) -> None:
        """Kill the browser as `kill -9` does."""
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if is_browser_of(process, self._profile):
                    process.kill()
                    process.wait(10)
        self.close()

    def run(self, script: str, argument: object = None) -> Any:
        """Evaluate a function in the page."""
        return self.page.evaluate(script, argument)

    def until(self, script: str, what: str = "") -> Any:
        """Evaluate until the result is truthy; a page that navigates meanwhile is asked again."""

        def ask() -> Any:
            try:
                return self.run(script)
            except Error:
                return None

        return until(ask, 15, what or script)

    def state(self) -> dict[str, Any]:
        """Return what socket, stream and login show."""
        answer: dict[str, Any] = self.run(STATE)
        return answer

    def until_state(self, **wanted: object) -> None:
        """Wait until socket, stream and login show this."""

        def shown() -> bool:
            try:
                state = self.state()
            except Error:
                return False
            return all(state[name] == value for name, value in wanted.items())

        until(shown, 15, f"state {wanted}")

    def until_code(self) -> str:
        """Wait for a QR code and return its full text."""
        script = "() => window.WPP?.isFullReady && WPP.conn.getAuthCode().then((code) => code && code.fullCode)"
        return str(self.until(script, "a QR code"))

    def until_ready(self) -> WebPage:
        """Wait until the page is linked, in sync and wa-js ready on it."""
        self.until("() => window.WPP?.isFullReady", "wa-js")
        self.until_state(registered=True, mode="MAIN", state="CONNECTED")
        return self

    def send(self, to: str, text: str, *, wait: bool = True, key: str | None = None) -> dict[str, Any]:
        """Send a text the way that works; return wa-js' result, or `{"ok": False, "code"}`."""
        answer: dict[str, Any] = self.run(SEND, {"to": to, "text": text, "wait": wait, "key": key})
        return answer

    def ack(self, key: str) -> int | str:
        """Return a message's ack, or wa-js' error code."""
        answer: int | str = self.run(ACK, key)
        return answer

    def row(self, key: str) -> dict[str, Any]:
        """Return a message as it stands in the page's database; empty if it doesn't."""
        answer: dict[str, Any] = self.run(ROW, key)
        return answer

    def is_acknowledged(self, key: str) -> bool:
        """Return whether WhatsApp's server has it, as far as the page knows."""
        ack = self.ack(key)
        return isinstance(ack, int) and ack >= 1

    def until_ack(self, key: str, ack: int) -> None:
        """Wait until a message has this ack."""
        until(lambda: self.ack(key) == ack, 15, f"ack {ack} of {key}")

    def events(self, name: str) -> list[Any]:
        """Return what came with each event of this name since the page was loaded."""
        return [value for event, value in self.run("() => window.seen") if event == name]
