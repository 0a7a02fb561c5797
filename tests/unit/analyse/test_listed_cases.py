"""A period with few cases says that it lists them, and lists them."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from tasks.analyse.tables.listed_cases import listed_cases
from tasks.model.columns.column import UTC_TIME
from tasks.model.periods import Period
from tasks.model.review import ChannelQuality, ListedCase
from tasks.report.sections import problems
from tests.makers.reviews import make_context, make_review
from tests.makers.shops import coded_facts, default_shop

WEEK = Period.parse("2026-W47")


@pytest.mark.parametrize(("n", "listed"), [(0, 0), (11, 11), (29, 29), (30, 0)])
def test_cases_are_listed_where_rates_are_not_formed(n: int, listed: int) -> None:
    rows = {
        "record_id": [f"r{k}" for k in range(n)], "counted": [True] * n, "leaf": ["PRD.FAULT"] * n, "sku": ["A"] * n, "channel": ["desk"] * n,
        "submitted_at": [WEEK.start + timedelta(hours=k) for k in range(n)],
    }  # fmt: skip
    frame = pl.DataFrame(
        rows,
        schema_overrides={
            "submitted_at": UTC_TIME,
            "counted": pl.Boolean,
            "leaf": pl.String,
            "sku": pl.String,
            "channel": pl.String,
            "record_id": pl.String,
        },
    )
    found = listed_cases(coded_facts({"feedback": frame}, datetime(2026, 11, 24, tzinfo=UTC)), WEEK, default_shop())
    assert len(found) == listed
    assert not found or found[0] == ListedCase(date(2026, 11, 16), "A", "PRD.FAULT", "", "desk")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_the_section_prints_a_line_for_each(language: str) -> None:
    case = ListedCase(date(2026, 11, 3), "KT-11", "PRD.FAULT", "battery", "desk")
    quiet = make_review("quiet", listed=[case] * 3, channels=[ChannelQuality("desk", "Desk", 3, 3, 0)])
    context = make_context(quiet, language)
    assert len(problems.build(context).cases) == (3 if context.agenda.small else 0)
