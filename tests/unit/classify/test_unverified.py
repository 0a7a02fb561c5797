"""Words of danger count even where their row failed the checks, and no figure counts such a row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tasks.analyse.red_lines import red_lines
from tasks.classify.coding import code, code_unverified
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts, Facts
from tasks.model.periods import Period
from tasks.shop.load import Shop

PERIOD = Period.parse("2026-W46", "UTC")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop.load(tmp_path_factory.mktemp("home"))


def coded(shop: Shop, *texts: str, at: datetime = PERIOD.start + timedelta(days=1)) -> CodedFacts:
    facts = Facts({}, datetime(2026, 11, 17, tzinfo=UTC))
    facts.unverified = pl.DataFrame(
        {
            "record_id": [f"desk|{number}" for number in range(len(texts))],
            "submitted_at": pl.Series([at] * len(texts), dtype=UTC_TIME),
            "source": "ticket",
            "channel": "desk",
            "text": list(texts),
        }
    )
    done = code(facts, shop)
    done.unverified = code_unverified(facts, shop)
    return done


def test_a_text_of_danger_in_a_rejected_row_is_a_red_line_marked_as_unverified(shop: Shop) -> None:
    lines = red_lines(coded(shop, "the pad caught fire and burnt my hand", "the lid leaks"), PERIOD, shop)
    assert [(line.unverified, line.cases, line.rows) for line in lines] == [(True, 1, ("desk|0",))]


def test_a_rejected_row_with_a_time_that_cannot_be_is_shown_in_the_period_that_brought_it(shop: Shop) -> None:
    late = coded(shop, "it caught fire", at=PERIOD.end + timedelta(days=1))
    assert [line.days for line in red_lines(late, PERIOD, shop)] == [(PERIOD.last_day,)]


def test_no_figure_counts_a_rejected_row(shop: Shop) -> None:
    assert coded(shop, "it caught fire")["feedback"].is_empty()
    assert red_lines(coded(shop), PERIOD, shop) == []
