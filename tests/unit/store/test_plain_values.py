from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import pytest

from tasks.store.plain_values import from_plain, to_plain


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Inner:
    on: date


@dataclass(frozen=True)
class Outer:
    name: str
    colour: Colour
    at: datetime | None = None
    pairs: tuple[tuple[str, int], ...] = ()
    facts: tuple[tuple[str, Any], ...] = ()
    days: tuple[date, ...] = ()
    inner: Inner | None = None
    listed: list[Inner] = field(default_factory=list)
    by_day: dict[str, date] = field(default_factory=dict)
    either: int | str = 0


def test_a_record_survives_json_without_loss() -> None:
    record = Outer(
        "壶",
        Colour.RED,
        datetime(2026, 11, 9, 1, 2, 3, 4, tzinfo=UTC),
        (("a", 1), ("b", 2)),
        (("stock", 312), ("parts", ("S01", ("S02",)))),
        (date(2026, 11, 3),),
        Inner(date(2026, 1, 1)),
        [Inner(date(2026, 1, 2))],
        {"first": date(2026, 1, 3)},
        "x",
    )
    again = from_plain(Outer, json.loads(json.dumps(to_plain(record), ensure_ascii=False)))
    assert again == record
    assert type(again.at) is datetime and type(again.days[0]) is date and type(again.colour) is Colour


def test_an_older_record_takes_the_defaults_and_a_newer_one_loses_only_what_is_unknown() -> None:
    assert from_plain(Outer, {"name": "x", "colour": "red", "since_then_dropped": 1}) == Outer("x", Colour.RED)


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="set cannot be stored"):
        to_plain({"a": {1}})
