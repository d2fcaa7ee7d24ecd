"""Files of every type that both the hub takes and a page can show: a browser makes those that need encoders."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, Playwright

from session_worker.engine.browser.executable import find_browser
from shared.protocol.content import ContentType

_ORIGIN = "https://files.example/"  # answered here: browsers encode for secure pages alone
_PICTURE = """({ type, width, height }) => {
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d').fillRect(width / 4, height / 4, width / 2, height / 2);
  return canvas.toDataURL(type).split(',')[1];
}"""
FILM = """async (mimeType) => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 48 });
  const context = canvas.getContext('2d');
  const recorder = new MediaRecorder(canvas.captureStream(20), { mimeType });
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  for (let frame = 0; frame < 12; frame += 1) {
    context.fillRect(frame * 4, 0, 4, 48);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await new Promise((resolve) => { recorder.onstop = resolve; recorder.stop(); });
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
  return btoa(String.fromCharCode(...bytes));
}"""
_SPEECH = """async (seconds) => {
  const packets = [];
  const output = (chunk) => {
    const bytes = new Uint8Array(chunk.byteLength);
    chunk.copyTo(bytes);
    packets.push(btoa(String.fromCharCode(...bytes)));
  };
  const encoder = new AudioEncoder({ output, error: (error) => { throw error; } });
  encoder.configure({ codec: 'opus', sampleRate: 48000, numberOfChannels: 1, bitrate: 16000 });
  const data = new Float32Array(48000 * seconds).map((_, at) => Math.sin(at / 20) / 2);
  const numberOfFrames = data.length;
  const format = { format: 'f32', sampleRate: 48000, numberOfChannels: 1 };
  encoder.encode(new AudioData({ ...format, numberOfFrames, timestamp: 0, data }));
  await encoder.flush();
  return packets;
}"""
_REST = bytes(range(256)) * 8
_SAMPLES_OF_A_PACKET = 960  # 20 ms at 48 kHz
_STREAM = 1
_MAX_PACKETS_OF_A_PAGE = 50  # each of at most 254 bytes


@dataclass(frozen=True)
class Sample:
    """A file and of which type it is."""

    content: bytes
    mime_type: str


def samples(playwright: Playwright) -> dict[ContentType, Sample]:
    """One of each type of media."""
    browser = playwright.chromium.launch(executable_path=find_browser(""), args=["--no-sandbox"])
    try:
        page = browser.new_page()
        page.route(_ORIGIN, lambda route: route.fulfill(body="<p>", content_type="text/html"))
        page.goto(_ORIGIN)
        return {
            ContentType.IMAGE: _picture(page, "image/png", 300, 200),
            ContentType.VIDEO: Sample(base64.b64decode(page.evaluate(FILM, "video/mp4")), "video/mp4"),
            ContentType.AUDIO: Sample(_mp3(), "audio/mpeg"),
            ContentType.VOICE: Sample(_speech(page, 2), "audio/ogg; codecs=opus"),
            ContentType.DOCUMENT: Sample(b"%PDF-1.7\n" + _REST, "application/pdf"),
            ContentType.STICKER: _picture(page, "image/webp", 512, 512),
        }
    finally:
        browser.close()


def _picture(page: Page, mime_type: str, width: int, height: int) -> Sample:
    """A black box in the middle of nothing."""
    asked = {"type": mime_type, "width": width, "height": height}
    return Sample(base64.b64decode(page.evaluate(_PICTURE, asked)), mime_type)


def _mp3() -> bytes:
    """Silence: MPEG 1 layer III, 128 kbit/s at 44,100 Hz."""
    return (b"\xff\xfb\x90\x00" + bytes(413)) * 5


def _speech(page: Page, seconds: int) -> bytes:
    """A tone, in mono, as phones record it."""
    packets: list[Any] = page.evaluate(_SPEECH, seconds)
    return ogg_of_opus([base64.b64decode(packet) for packet in packets])


def ogg_of_opus(packets: Sequence[bytes], vendor: str = "test") -> bytes:
    """Opus in Ogg (RFC 7845), mono: two pages of headers, then the packets. vendor: who made it, as the file says."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 312, 48_000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", len(vendor.encode())) + vendor.encode() + struct.pack("<I", 0)
    pages = [_page(0, 0, [head], 2), _page(1, 0, [tags], 0)]
    for start in range(0, len(packets), _MAX_PACKETS_OF_A_PAGE):
        these = packets[start : start + _MAX_PACKETS_OF_A_PAGE]
        is_last = start + len(these) == len(packets)
        pages.append(_page(len(pages), (start + len(these)) * _SAMPLES_OF_A_PACKET, these, 4 if is_last else 0))
    return b"".join(pages)


def _page(number: int, position: int, packets: Sequence[bytes], flags: int) -> bytes:
    lengths = bytes(map(len, packets))
    head = struct.pack("<4sBBQII", b"OggS", 0, flags, position, _STREAM, number)
    rest = bytes([len(packets)]) + lengths + b"".join(packets)
    return head + struct.pack("<I", _crc(head + bytes(4) + rest)) + rest


def _crc(data: bytes) -> int:
    """Ogg's own: the polynomial of CRC-32, neither reflected nor inverted."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ 0x04C11DB7 if crc & 0x80000000 else crc << 1
        crc &= 0xFFFFFFFF
    return crc
