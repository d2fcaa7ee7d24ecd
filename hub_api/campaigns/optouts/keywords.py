"""Whether an inbound message asks to be left alone. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_MAX_LENGTH = 40  # characters; a long message that begins with such a word is a conversation


def asks_to_stop(text: str, keywords: Iterable[str]) -> bool:
    """True where the whole message is one of the keywords; case, accents and punctuation don't matter."""
    return len(text) <= _MAX_LENGTH and normal(text) in {normal(keyword) for keyword in keywords}


def normal(text: str) -> str:
    """`¡Bajá!` → `baja`."""
    plain = "".join(mark for mark in unicodedata.normalize("NFD", text) if not unicodedata.combining(mark))
    return " ".join(re.sub(r"[^\w\s]", " ", plain).casefold().split())
