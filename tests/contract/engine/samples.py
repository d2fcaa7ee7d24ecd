"""Files of each type of media that a page can send; those that only a browser makes come from one."""

from __future__ import annotations

import base64

from playwright.sync_api import sync_playwright

from session_worker.engine.browser.executable import find_browser
from shared.protocol.content import ContentType
from support.sending_page import png, wav
from testing.real_media import FILM, Sample

_STICKER = """() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 512, height: 512 });
  return canvas.toDataURL('image/webp').split(',')[1];
}"""


def made_here() -> dict[ContentType, Sample]:
    """All of them, without a browser: those of moving pictures and stickers no page could show."""
    sound = wav(2)
    return {
        ContentType.IMAGE: Sample(png(300, 200), "image/png"),
        ContentType.AUDIO: Sample(sound, "audio/wav"),
        ContentType.VOICE: Sample(sound, "audio/ogg; codecs=opus"),
        ContentType.DOCUMENT: Sample(b"%PDF-1.7\n" + bytes(range(256)) * 40, "application/pdf"),
        ContentType.VIDEO: Sample(b"a film", "video/webm"),
        ContentType.STICKER: Sample(b"RIFF a sticker", "image/webp"),
    }


def made_by_a_browser() -> dict[ContentType, Sample]:
    """All of them, such as a page can show."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(""), args=["--no-sandbox"])
        page = browser.new_page()
        sticker, film = base64.b64decode(page.evaluate(_STICKER)), base64.b64decode(page.evaluate(FILM, "video/webm"))
        browser.close()
    moving = {ContentType.VIDEO: Sample(film, "video/webm"), ContentType.STICKER: Sample(sticker, "image/webp")}
    return made_here() | moving
