"""A list on its way into SQL and out again: nothing is lost where it is cut, and nobody holds it as a whole."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import islice

import pytest

from hub_api.campaigns.imports import source
from hub_api.campaigns.imports.source import csv_upload, objects_upload, stored_entries
from hub_api.campaigns.recipients.entries import SheetError

LIST = '\ufeffteléfono;nombre\r\n1;Muñoz\r\n2;"Ana\nMaría"\n3;😀'
READ = [(2, {"telefono": "1", "nombre": "Muñoz"}), (3, {"telefono": "2", "nombre": "Ana\nMaría"})]


def _blocks(raw: bytes, size: int) -> Iterator[bytes]:
    return (raw[begin : begin + size] for begin in range(0, len(raw), size))


@pytest.mark.parametrize("size", [1, 3, 1_000])
def test_cut_anywhere_it_says_the_same(monkeypatch: pytest.MonkeyPatch, size: int):
    monkeypatch.setattr(source, "PIECE", 5)
    upload = csv_upload(lambda: _blocks(LIST.encode(), size))
    assert (upload.kind, upload.columns, upload.total) == ("csv", (), 4)  # lines, one of them within a cell
    entries = stored_entries("csv", None, list(upload.pieces))
    assert list(entries.rows) == [*READ, (5, {"telefono": "3", "nombre": "😀"})]


def test_windows_text_is_kept_as_utf_8():
    raw = "celular\nMuñoz\n".encode("cp1252")
    assert b"".join(csv_upload(lambda: (raw,)).pieces) == "celular\nMuñoz\n".encode()


def test_objects(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(source, "PIECE", 7)
    upload = objects_upload([{"phone": "1", "Edad": 3}, "x", {"phone": 2}])
    assert (upload.columns, upload.total) == (("edad",), 3)
    first, second, third = stored_entries("objects", upload.keys, upload.pieces).rows
    assert (first, third) == ((1, {"telefono": "1", "edad": "3"}), (3, {"telefono": "2"}))
    assert getattr(second, "code", None) == "BAD_ROW"


@pytest.mark.parametrize("raw", [b"", b"\n", b"nombre\nAna\n", b"telefono,phone\n1,2\n"])
def test_what_is_no_list_is_refused_before_it_is_kept(raw: bytes):
    with pytest.raises(SheetError):
        csv_upload(lambda: (raw,))


def test_a_longer_list_needs_no_more_memory():
    row = b"5491123456789;" + b"x" * 100 + b"\n"
    peaks = []
    for count in (1_000, 20_000):
        upload = csv_upload(lambda count=count: iter([b"telefono;nombre\n", *[row] * count]))
        tracemalloc.start()
        rows = stored_entries("csv", None, upload.pieces).rows
        while list(islice(rows, 100)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 20_000 * len(row) / 2
