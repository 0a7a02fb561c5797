"""The table of problems: what is known of the period before, and what is not."""

from datetime import timedelta

import polars as pl
import pytest

from tasks.analyse.tables.problems import problems
from tasks.model.periods import Period
from tests.makers.shops import default_shop, facts_of

WEEK = Period.parse("2026-W45")


def told(*days_before_end: int) -> pl.DataFrame:
    moments = [WEEK.end - timedelta(days=days, hours=1) for days in days_before_end]
    return pl.DataFrame({"record_id": [f"T{n}" for n in range(len(moments))], "submitted_at": moments}).with_columns(
        pl.col("submitted_at").cast(pl.Datetime("us", "UTC")),
        leaf=pl.lit("PRD.FAULT"),
        family=pl.lit("function"),
        counted=pl.lit(value=True),
        nature=pl.lit("complaint"),
        source=pl.lit("ticket"),
    )


@pytest.mark.parametrize(("days", "before"), [((0, 1, 2), None), ((0, 1, 8), 1), ((0, 1, 20), 0)])
def test_nothing_known_of_the_period_before_is_no_zero(days: tuple[int, ...], before: int | None) -> None:
    rows = problems(facts_of(None, told(*days)), WEEK, default_shop())
    assert rows and {row.previous for row in rows} == {before}
