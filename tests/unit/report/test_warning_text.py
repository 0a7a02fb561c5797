"""A warning tells which items it means without printing whole numbers of orders and parcels."""

import pytest

from tasks.report.warning_text import shown_reference


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        ("T202611020000012345", "…2345"),
        ("SF1234567890123", "…0123"),
        ("A12", "A12"),
        ("d5031a22e185e9f0", "d5031a22e185e9f0"),
        ("fe23-9c979b80a46b596f", "…596f"),
    ],
)
def test_the_last_four_characters_are_printed(number: str, printed: str) -> None:
    assert shown_reference(number) == printed
