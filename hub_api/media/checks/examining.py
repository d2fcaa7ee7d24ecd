"""What a file is, by its bytes alone. Pure."""

from __future__ import annotations

import codecs

import filetype

from hub_api.media.checks.facts import Examiner, Facts, Reading
from hub_api.media.checks.films import is_film, read_film
from hub_api.media.checks.pictures import is_picture, read_picture
from hub_api.media.checks.sounds import is_sound, read_sound
from hub_api.media.file_names import UNKNOWN_TYPE

TEXT, ZIP = "text/plain", "application/zip"
_HEAD_BYTES = 8_192
# Of these the readings here say more; who calls something one of them although they don't is mistaken.
_OUR_OWN = {
    "image/jpeg", "image/png", "image/webp", "video/mp4", "video/3gpp",
    "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/aac", "audio/amr", "audio/ogg",
}  # fmt: skip
_IN_TEXT = frozenset("\t\n\r\f\x1b")


def examiner() -> Examiner:
    """For one file."""
    return Examiner(_examine())


def _examine() -> Reading[Facts]:
    head = yield 0, _HEAD_BYTES
    if is_picture(head):
        return (yield from read_picture(head))
    if is_film(head):
        return (yield from read_film(head))
    if is_sound(head):
        sound = yield from read_sound(head)
        if sound is not None:
            return sound
    return Facts(_type_of(head))


def _type_of(head: bytes) -> str:
    """Of what is a document and nothing else."""
    guessed = filetype.guess_mime(head)
    if guessed and guessed not in _OUR_OWN:
        return str(guessed)
    return TEXT if _is_text(head) else UNKNOWN_TYPE


def _is_text(head: bytes) -> bool:
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8")()
    try:
        text = decoder.decode(head)  # what is cut off at its end waits for the rest
    except UnicodeDecodeError:
        return False
    return bool(head) and all(each >= " " or each in _IN_TEXT for each in text)
