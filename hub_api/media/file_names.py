"""What a file is called and what kind it is said to be, where both are the sender's words. Pure."""

from __future__ import annotations

import mimetypes
import re
import unicodedata
from urllib.parse import quote

UNKNOWN_TYPE = "application/octet-stream"
MAX_NAME = 150
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,10}$")


def content_type(told: str) -> str:
    """The type alone, without parameters; `application/octet-stream` where it is none."""
    bare = told.partition(";")[0].strip().lower()
    return bare if _TYPE.fullmatch(bare) else UNKNOWN_TYPE


def safe_name(told: str, kind: str, mime_type: str) -> str:
    """A name that is no path, has nothing unprintable, and does not hide its end; kind: of the message."""
    last = re.split(r"[/\\]", told)[-1]
    printable = "".join(
        one if unicodedata.category(one)[0] not in ("C", "Z") else " " for one in unicodedata.normalize("NFC", last)
    )
    name = re.sub(r'[<>:"|?*]', "_", " ".join(printable.split())).strip(". ")
    if not name:
        return kind + (mimetypes.guess_extension(mime_type) or "")
    if len(name) <= MAX_NAME:
        return name
    extension = _EXTENSION.search(name)
    end = extension[0] if extension else ""
    return name[: MAX_NAME - len(end)] + end


def disposition(name: str) -> str:
    """The header, always an attachment: in ASCII for who reads no more, and as RFC 6266 has it for all others."""
    plain = "".join(one if " " <= one <= "~" and one not in '"\\%' else "_" for one in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
