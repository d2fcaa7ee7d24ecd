"""Draws a QR code: PNG, data URL, characters (segno). Pure."""

from __future__ import annotations

import io

import segno

_SCALE = 8  # pixels per module
_BORDER = 4  # modules of quiet zone, as the standard asks


def png(code: str) -> bytes:
    """A picture of the raw code."""
    out = io.BytesIO()
    segno.make_qr(code).save(out, kind="png", scale=_SCALE, border=_BORDER)
    return out.getvalue()


def data_url(code: str) -> str:
    """The same picture as `data:image/png;base64,…`."""
    return str(segno.make_qr(code).png_data_uri(scale=_SCALE, border=_BORDER))


def characters(code: str) -> str:
    """The code in block characters, two modules high, to scan from a terminal."""
    rows = [[bool(module) for module in row] for row in segno.make_qr(code).matrix_iter(scale=1, border=_BORDER)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    blocks = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    lines = (
        "".join(blocks[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    )
    return "\n".join(lines) + "\n"
