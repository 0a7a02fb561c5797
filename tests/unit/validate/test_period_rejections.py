from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from tasks.model.columns.column import UTC_TIME
from tasks.model.periods import Period
from tasks.shop.channels import Channel
from tasks.validate.period_rejections import of_period

PERIOD = Period.parse("2026-W46", "UTC")
PULLED = datetime(2026, 11, 16, 8, tzinfo=UTC)
CHANNEL = Channel.model_validate(
    {
        "name": "desk",
        "table": "feedback",
        "source": "ticket",
        "zone": "UTC",
        "read": {"kind": "delimited", "files": ["t.csv"]},
        "columns": {"submitted_at": "Created", "text": "Text"},
    }
)


def stored(*days: int, at: datetime = PULLED) -> pl.DataFrame:
    """Rows so many days after the period's start."""
    times = [PERIOD.start + timedelta(days=day) for day in days]
    return pl.DataFrame(
        {"submitted_at": times, "ingested_at": [at] * len(times)}, schema={"submitted_at": UTC_TIME, "ingested_at": UTC_TIME}
    )


def rejected(*records: dict[str, str], at: datetime = PULLED) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "source_id": [str(number) for number in range(len(records))],
            "rule": "r",
            "record": [json.dumps(record) for record in records],
            "ingested_at": [at] * len(records),
        },
        schema={"source_id": pl.String, "rule": pl.String, "record": pl.String, "ingested_at": UTC_TIME},
    )


def test_a_rejected_row_belongs_to_the_period_of_its_own_time() -> None:
    """Mapped or as the source wrote it: history does not weigh on this week."""
    rows = rejected(
        {"submitted_at": "2026-11-10 09:00:00+00:00"}, {"Created": "2026-11-11 09:00"}, {"Created": "2026-10-01 09:00"}
    )
    found = of_period(CHANNEL, PERIOD, stored(0, 1, -30), rows)
    assert (found.good, found.rejected, found.rules) == (2, 2, {"r": 2})


@pytest.mark.parametrize(("days", "expected"), [((0, 1, 2, 3), 4), ((0, 1, -30, -60), 2), ((-30, -60), 0), ((), 4)])
def test_rows_without_a_time_are_shared_as_the_good_rows_of_their_pull(days: tuple[int, ...], expected: int) -> None:
    found = of_period(CHANNEL, PERIOD, stored(*days), rejected(*[{"Created": "yesterday"}] * 4))
    assert found.rejected == expected


def test_rows_without_a_time_that_came_before_the_period_are_not_of_it() -> None:
    early = PERIOD.start - timedelta(days=1)
    found = of_period(CHANNEL, PERIOD, stored(0), rejected({"Created": "?"}, at=early))
    assert (found.rejected, found.rows.height) == (0, 0)


def test_texts_of_rejected_rows_stay_readable() -> None:
    rows = rejected({"Created": "yesterday", "Text": "it smokes"}, {"submitted_at": "2026-11-10", "text": "burnt", "sku": "K"})
    found = of_period(CHANNEL, PERIOD, stored(0), rows)
    assert found.rows["text"].to_list() == ["yesterday it smokes", "burnt"]
    assert found.rows["record_id"].to_list() == ["desk|0", "desk|1"]
    assert found.rows["submitted_at"].to_list() == [PULLED, datetime(2026, 11, 10, tzinfo=UTC)]


def test_rejections_of_a_first_load_by_stamp_are_shared_over_all_its_rows() -> None:
    by_stamp = CHANNEL.model_copy(update={"ingested_from": "stamp"})
    days = (0, 1, -30, -60)
    good = pl.concat([stored(day, at=PERIOD.start + timedelta(days=day)) for day in days])
    found = of_period(by_stamp, PERIOD, good, rejected(*[{"Created": "yesterday"}] * 4))
    assert (found.good, found.rejected) == (2, 2)


def test_a_text_without_a_time_is_not_shown_in_periods_long_over() -> None:
    later = PERIOD.end + timedelta(days=30)
    assert of_period(CHANNEL, PERIOD, stored(0), rejected({"Text": "it smokes"}, at=later)).rows.is_empty()


def test_what_is_no_record_is_shown_and_not_counted_as_rejected() -> None:
    """A bounce that quotes «it caught fire» must be seen; a mailbox full of newsletters is not a broken source."""
    rows = rejected({"submitted_at": "2026-11-10", "text": "it caught fire"}).with_columns(rule=pl.lit("left_out.bounce"))
    found = of_period(CHANNEL, PERIOD, stored(0), rows)
    assert (found.rejected, found.rules, found.rows["text"].to_list()) == (0, {}, ["it caught fire"])
