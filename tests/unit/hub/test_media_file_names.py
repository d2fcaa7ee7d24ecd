"""What a received file is called, and what kind it is said to be: the sender's words, made harmless."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.http import parse_options_header

from hub_api.media.file_names import MAX_NAME, content_type, disposition, safe_name


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("contrato.pdf", "contrato.pdf"),
        ("Presupuesto año 2026.xlsx", "Presupuesto año 2026.xlsx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\foto.jpg", "foto.jpg"),
        ("factura\u202efdp.exe", "factura fdp.exe"),  # which would be shown as facturaexe.pdf
        ("a\r\nX-Evil: 1.pdf", "a X-Evil_ 1.pdf"),
        ("  .hidden ", "hidden"),
        ("...", "document.pdf"),
        ("", "document.pdf"),
        ("x" * 300 + ".pdf", "x" * (MAX_NAME - 4) + ".pdf"),
    ],
)
def test_names(told: str, name: str) -> None:
    assert safe_name(told, "document", "application/pdf") == name


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ("image/jpeg", "image/jpeg"),
        ("audio/ogg; codecs=opus", "audio/ogg"),
        ("IMAGE/PNG", "image/png"),
        ("", "application/octet-stream"),
        ("jpeg", "application/octet-stream"),
        ("image/jpeg\r\nX: 1", "application/octet-stream"),
        ("image/<b>", "application/octet-stream"),
    ],
)
def test_types(told: str, kind: str) -> None:
    assert content_type(told) == kind


@given(st.text(max_size=400))
def test_every_name_makes_a_header_that_says_it(told: str) -> None:
    name = safe_name(told, "image", "image/png")
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert 0 < len(name) <= MAX_NAME
    assert not set(name) & set("/\\\r\n\0")
    kind, options = parse_options_header(header)
    assert (kind, options["filename"]) == ("attachment", name)
