"""Every moment that is read can be written again."""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.instant import from_iso, to_iso

OFFSETS = st.builds(timezone, st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23, minutes=59)))


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59-23:59",
        "9999-12-31T23:59:59.9999999",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_a_moment_outside_of_what_can_be_written_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\d{4}"):
        from_iso(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("9999-12-31T23:59:59+23:59", "9999-12-31T00:00:59.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("2026-11-20T21:00:00-03:00", "2026-11-21T00:00:00.000Z"),
    ],
)
def test_odd_offsets_are_read(text: str, written: str) -> None:
    assert to_iso(from_iso(text)) == written


@given(st.datetimes(timezones=OFFSETS))
def test_what_is_read_can_be_written(moment: datetime) -> None:
    with contextlib.suppress(ValueError, OverflowError):
        read = from_iso(moment.isoformat())
        assert to_iso(read) is not None
