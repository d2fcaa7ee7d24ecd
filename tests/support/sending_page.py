"""What these tests do on the page to send something: the steps that the unmodified wa-js offers."""

from __future__ import annotations

import base64
import hashlib
import struct
import zlib
from typing import Any

from support.web_page import WebPage

UPLOAD = """async ({ file, mimetype, options, type }) => {
  const { OpaqueData, MediaPrep, MediaObjectUtil, MediaBlobCache, functions } = WPP.whatsapp;
  const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  const opaque = await OpaqueData.createFromData(new File([bytes], 'archivo', { type: mimetype }), mimetype);
  const data = await MediaPrep.prepRawMedia(opaque, options).waitForPrep();
  const mediaObject = MediaObjectUtil.getOrCreateMediaObject(data.filehash);
  mediaObject.consolidate(data.toJSON());
  MediaBlobCache.put(data.filehash, data.mediaBlob.formData());
  const asked = { mimetype: data.mimetype, mediaObject, mediaType: type };
  const { kind, mediaEntry } = await functions.uploadMedia(asked);
  const { directPath, mediaKey, mediaKeyTimestamp, encFilehash } = mediaEntry;
  const { filehash, size, duration, fullWidth: width, fullHeight: height, preview } = data;
  return {
    kind, type: data.type, mimetype: data.mimetype, filehash, size, duration, width, height, preview,
    directPath, mediaKey, mediaKeyTimestamp, encFilehash,
  };
}"""
SEND = """async ({ to, raw, options }) => {
  const chat = await WPP.chat.find(to);
  if (raw.type === 'poll_creation') {
    raw.messageSecret = crypto.getRandomValues(new Uint8Array(32));
  }
  const messageId = (await WPP.chat.generateMessageID(chat)).toString();
  const made = await WPP.chat.prepareRawMessage(chat, raw, { messageId, detectMentioned: false, ...options });
  const [added, outcome] = WPP.whatsapp.functions.addAndSendMsgToChat(chat, made);
  await added;
  return { key: messageId, ...(await outcome) };
}"""


def png(width: int, height: int, shade: int = 120) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = (b"\0" + bytes([shade]) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def wav(seconds: int) -> bytes:
    """Silence."""
    rate = 8000
    content = bytes([128]) * rate * seconds
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate, 1, 8)
    body = b"WAVE" + head + struct.pack("<4sI", b"data", len(content)) + content
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def sha256(content: bytes) -> str:
    """As the record has it."""
    return hashlib.sha256(content).hexdigest()


def upload(page: WebPage, content: bytes, mimetype: str, type: str, **options: object) -> dict[str, Any]:
    """Let the page prepare and upload a file; what a message has to say of it."""
    asked = {"file": base64.b64encode(content).decode(), "mimetype": mimetype, "type": type, "options": options}
    answer: dict[str, Any] = page.run(UPLOAD, asked)
    return answer


def send(page: WebPage, to: str, raw: dict[str, Any], **options: object) -> dict[str, Any]:
    """Let the page send a raw message; its key and the outcome."""
    answer: dict[str, Any] = page.run(SEND, {"to": to, "raw": raw, "options": options})
    return answer
