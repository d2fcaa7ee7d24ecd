"""Bytes that stand in the call itself, in base64."""

from __future__ import annotations

import base64
import binascii

from shared.errors import ValidationFailed


def decoded(text: str) -> bytes:
    """Raises ValidationFailed where it is no base64 (RFC 4648, 4), or its end is missing."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValidationFailed(details={"media.base64": "is not base64, or not all of it"}) from None
