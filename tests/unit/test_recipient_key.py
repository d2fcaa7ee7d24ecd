"""Numbers that mean one phone on WhatsApp have one key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.recipient_key import address_of, chat_of, forms, recipient_key
from support.phone_spellings import Spelling, all_spellings, by_country

NUMBERS = st.one_of(
    st.from_regex(r"(54|55|52|56|1)\d{9,12}", fullmatch=True), st.from_regex(r"[1-9]\d{4,14}", fullmatch=True)
)


@pytest.mark.parametrize("row", all_spellings(), ids=lambda row: f"{row.country} {row.spelling}")
def test_every_spelling_of_the_table(row: Spelling) -> None:
    assert recipient_key(row.number) == row.key


def test_the_table_is_as_wide_as_the_product() -> None:
    assert set(by_country()) == {"AR", "BR", "MX", "CL", "CO", "PE", "UY", "ES", "US"}
    assert len(all_spellings()) >= 60


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("541123456789", ("541123456789", "5491123456789")),
        ("5491123456789", ("5491123456789", "541123456789")),
        ("558588887777", ("558588887777", "5585988887777")),
        ("5585988887777", ("5585988887777", "558588887777")),
        ("525512345678", ("525512345678", "5215512345678")),
        ("5215512345678", ("5215512345678", "525512345678")),
        ("551123456789", ("551123456789",)),  # a landline of São Paulo, which no mobile shares
        ("34600111222", ("34600111222",)),
    ],
)
def test_forms_begin_with_the_number_itself(number: str, expected: tuple[str, ...]) -> None:
    assert forms(number) == expected


@given(NUMBERS)
def test_a_key_is_its_own_key_and_that_of_all_forms(number: str) -> None:
    key = recipient_key(number)
    assert recipient_key(key) == key
    assert {recipient_key(form) for form in forms(number)} == {key}
    assert forms(number)[0] == number


@pytest.mark.parametrize("other", ["", "x", "123@lid", "54", "5491123456789012"])
def test_what_is_no_number_is_its_own_key(other: str) -> None:
    assert recipient_key(other) == other


@pytest.mark.parametrize(
    ("chat_id", "address"),
    [
        ("5491123456789@c.us", "541123456789"),
        ("558588887777@c.us", "558588887777"),
        ("5491123456789", "541123456789"),
        ("123@lid", "123@lid"),
        ("120363041234567890@g.us", ""),
        ("status@broadcast", ""),
        ("", ""),
    ],
)
def test_what_a_chat_says_of_its_recipient(chat_id: str, address: str) -> None:
    assert address_of(chat_id) == address


@pytest.mark.parametrize(
    ("whatsapp_id", "chat_id"),
    [("true_123@lid_3EB0_1", "123@lid"), ("false_5491@c.us_3EB0", "5491@c.us"), ("true_01M7", ""), ("false_1", "")],
)
def test_the_chat_of_a_key(whatsapp_id: str, chat_id: str) -> None:
    assert chat_of(whatsapp_id) == chat_id
