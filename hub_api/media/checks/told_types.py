"""Whether what somebody says a file is agrees with what its bytes show. Pure."""

from __future__ import annotations

import mimetypes

from hub_api.media.checks.examining import TEXT, ZIP
from hub_api.media.file_names import UNKNOWN_TYPE, content_type

_SAME = {
    "image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png", "audio/mp3": "audio/mpeg",
    "audio/x-mp3": "audio/mpeg", "audio/m4a": "audio/mp4", "audio/x-m4a": "audio/mp4", "audio/x-aac": "audio/aac",
    "audio/opus": "audio/ogg", "application/ogg": "audio/ogg", "video/3gp": "video/3gpp",
    "application/x-zip-compressed": ZIP, "application/x-pdf": "application/pdf",
}  # fmt: skip
_SHOW_MORE = {UNKNOWN_TYPE, ZIP, TEXT, "application/msword", "application/xml"}  # what many kinds of files look like
_ALWAYS_SHOW = ("image/", "audio/", "video/", "font/", "application/pdf")  # kinds that no such file is of
_SVG = "image/svg+xml"


def agreed(shown: str, told: str) -> str | None:
    """What the file is taken for: as it shows, or more precisely as somebody says. None: these can't both be.

    shown: of `Facts`. told: any text; a type that says nothing agrees with everything.
    """
    bare = content_type(told)
    if bare == UNKNOWN_TYPE:
        return shown
    bare, shown_bare = _SAME.get(bare, bare), content_type(shown)
    if bare == _SAME.get(shown_bare, shown_bare):
        return shown
    if shown_bare not in _SHOW_MORE:
        return None
    if bare == _SVG and shown_bare in (TEXT, "application/xml"):
        return bare
    return None if bare.startswith(_ALWAYS_SHOW) or bare == ZIP else bare


def by_name(shown: str, file_name: str) -> str:
    """What a document's name adds to what it shows: that a text is a CSV, say. A name that contradicts adds nothing."""
    return agreed(shown, mimetypes.guess_type(file_name)[0] or UNKNOWN_TYPE) or shown
