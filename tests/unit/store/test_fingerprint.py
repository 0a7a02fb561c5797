from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.store.fingerprint import fingerprint

KNOWN = pl.DataFrame(
    {
        "text": ["壶底座摸着麻手", "", "x" * 600, None],
        "n": [1, -1, None, 0],
        "price": [1.5, -0.0, None, 2.0],
        "at": [datetime(2026, 11, 3, tzinfo=UTC), None, None, datetime(2026, 11, 3, 0, 0, 0, 1, tzinfo=UTC)],
        "on": [date(2026, 11, 3), None, date(1970, 1, 1), None],
        "yes": [True, False, None, None],
        "causes": [["PRD.FAULT", "UNK"], [], [None], None],
    },
    schema_overrides={"at": pl.Datetime("us", "UTC"), "causes": pl.List(pl.String)},
)
# Written down once: another value means that every stored row would count as changed.
EXPECTED = [1544980050977734116, 3978390642903521173, 1587989681227617606, 7995249238888245909]


def test_values_never_change() -> None:
    assert fingerprint(KNOWN, KNOWN.columns).to_list() == EXPECTED


def test_a_category_counts_as_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "tasks.store.fingerprint._CHUNK", 3
    )  # the second chunk has only nulls, the third the first category again
    texts = pl.DataFrame({"shop": ["甲", None, "乙" * 300, None, None, None, "", "甲", None]})
    categories = texts.cast(pl.Categorical)
    assert fingerprint(categories, ["shop"]).to_list() == fingerprint(texts, ["shop"]).to_list()


def test_values_are_the_same_in_another_process() -> None:
    code = (
        "import polars as pl\nfrom tasks.store.fingerprint import fingerprint\n"
        "print(fingerprint(pl.DataFrame({'a': ['壶', None, 'abcdefghi']}), ['a']).to_list())"
    )
    root = Path(__file__).resolve().parents[3]
    done = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=root, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert done[0] == done[1] == f"{fingerprint(pl.DataFrame({'a': ['壶', None, 'abcdefghi']}), ['a']).to_list()}\n"


def test_columns_may_stand_in_any_order_and_chunks() -> None:
    wide = pl.concat([KNOWN] * 3, rechunk=False)
    assert fingerprint(wide, reversed(KNOWN.columns)).to_list() == fingerprint(KNOWN, KNOWN.columns).to_list() * 3
    assert fingerprint(wide[3:9], KNOWN.columns).to_list() == fingerprint(wide, KNOWN.columns).to_list()[3:9]


def test_a_column_without_a_value_adds_nothing() -> None:
    wider = KNOWN.with_columns(seller=pl.lit(None, pl.String), weight=pl.lit(None))
    assert fingerprint(wider, wider.columns).to_list() == fingerprint(KNOWN, KNOWN.columns).to_list()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("", None),
        ("a", "b"),
        ("abcdefgh", "abcdefgh\0"),
        ("abcdefgh", "abcdefg"),
        ("12345678abcdefgh", "abcdefgh12345678"),
        ("x" * 512, "x" * 513),
        ("x" * 600 + "a", "x" * 600 + "b"),
        (0, None),
        (1, -1),
        (0.1, 0.1000000001),
        (False, None),
        (["a", "b"], ["a\x1fb"]),
        ([], None),
        ([], [""]),
        (["a", None], ["a", ""]),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_different_values_differ(one: Any, other: Any) -> None:
    values = pl.Series("v", [one, other], dtype=pl.List(pl.String) if isinstance(one, list) else None)
    assert fingerprint(pl.DataFrame({"v": values}), ["v"]).n_unique() == 2


def test_the_column_is_part_of_the_value() -> None:
    frame = pl.DataFrame({"a": ["x", None], "b": [None, "x"]})
    assert fingerprint(frame, ["a", "b"]).n_unique() == 2


def test_two_columns_that_trade_values_differ() -> None:
    frame = pl.DataFrame({"a": ["x", "y"], "b": ["y", "x"]})
    assert fingerprint(frame, ["a", "b"]).n_unique() == 2


def test_many_rows_do_not_collide() -> None:
    frame = pl.select(i=pl.int_range(300_000)).with_columns(s=pl.format("YT{}", "i"))
    assert fingerprint(frame, ["i"]).n_unique() == fingerprint(frame, ["s"]).n_unique() == 300_000


def test_a_type_that_is_not_known_is_refused() -> None:
    with pytest.raises(TypeError, match="cannot be fingerprinted"):
        fingerprint(pl.DataFrame({"a": [b"x"]}), ["a"])
