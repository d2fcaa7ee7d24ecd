"""The numbers of public events."""

from __future__ import annotations

import pytest

from hub_api.public_events import numbers

NOW = 1_767_225_600_000


def test_they_grow_also_within_a_millisecond_and_while_the_clock_is_behind() -> None:
    first = numbers.following(0, NOW)
    second = numbers.following(first, NOW)
    third = numbers.following(second, NOW - 5_000)

    assert first < second < third < numbers.following(third, NOW + 1)
    assert numbers.time_ms(first) == NOW


def test_as_text_they_sort_as_numbers_do_and_are_read_back() -> None:
    found = [numbers.following(0, at) for at in (1, NOW, NOW + 1)]

    assert sorted(map(numbers.write, found)) == [numbers.write(number) for number in found]
    assert [numbers.read(numbers.write(number)) for number in found] == found


@pytest.mark.parametrize("text", ["", "0", "x" * 19, "9" * 19, "-" + "1" * 18, "1" * 20, "١" * 19])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        numbers.read(text)
