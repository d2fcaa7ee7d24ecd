"""Numbers are kept and compared in one canonical form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import InvalidTo
from shared.phone_number import canonical, masked
from support.phone_spellings import Spelling, all_spellings


@pytest.mark.parametrize(
    "raw",
    [
        "5491123456789",
        "+5491123456789",
        "+54 9 11 2345-6789",
        "5491123456789@c.us",
        "005491123456789",
        "011 15-2345-6789",
    ],
)
def test_one_number_many_spellings(raw: str) -> None:
    assert canonical(raw, "AR") == "5491123456789"


@pytest.mark.parametrize("row", all_spellings(), ids=lambda row: f"{row.country} {row.spelling}")
def test_every_spelling_of_the_table(row: Spelling) -> None:
    assert canonical(row.spelling, row.country) == row.number
    assert canonical(row.number, row.country) == row.number


@pytest.mark.parametrize(("raw", "digits"), [("34600111222", "34600111222"), ("5215512345678@c.us", "525512345678")])
def test_other_countries(raw: str, digits: str) -> None:
    assert canonical(raw, "AR") == digits


@pytest.mark.parametrize(
    "raw",
    [
        "",
        " ",
        "abc",
        "123",
        "1203630-1234@g.us",
        "120363041234567890@g.us",
        "status@broadcast",
        "x@lid",
        "+",
        "9" * 65,
        "5491123456789@c.us@c.us",
        "54911234567890123",
        "٠",
        "5491123456789; DROP",
        "\x00",
    ],
)
def test_anything_else_is_refused(raw: str) -> None:
    with pytest.raises(InvalidTo):
        canonical(raw, "AR")


@given(st.text(max_size=80))
def test_never_anything_but_digits_or_invalid_to(raw: str) -> None:
    try:
        digits = canonical(raw, "AR")
    except InvalidTo:
        return
    assert digits.isascii()
    assert digits.isdigit()
    assert canonical(digits, "AR") == digits


def test_logs_hide_the_middle() -> None:
    assert masked("5491123456789") == "549…89"
    assert masked("123") == "…"
