"""The codes of a dimension's values: places among the sorted names, as narrow as they allow."""

import numpy as np
import polars as pl
import pytest

from tasks.expected.unit_history import NARROW, value_codes


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_codes_are_places_among_the_sorted_values(kind: type[pl.DataType]) -> None:
    codes, names = value_codes(pl.Series(["b", None, "a", "c", "b"], dtype=pl.String).cast(kind))
    assert (codes.tolist(), names) == ([1, -1, 0, 2, 1], ["a", "b", "c"])
    assert codes.dtype == np.int16


def test_numbers_and_flags_are_coded_by_their_texts() -> None:
    codes, names = value_codes(pl.Series([10, 2, None, 10]))
    assert (codes.tolist(), names) == ([0, 1, -1, 0], ["10", "2"])


def test_many_values_take_wider_codes() -> None:
    texts = pl.Series([f"{number:05d}" for number in range(NARROW)])
    codes, names = value_codes(texts)
    assert codes.dtype == np.int32
    assert codes.tolist() == list(range(NARROW))
    assert names == texts.to_list()
