"""The gate on single rows: what it flags, keeps back and refuses."""

import json
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from expectations.rules import Given
from tasks.errors import UserError
from tasks.validate.quarantine import judge

NOW = datetime(2026, 11, 16, tzinfo=UTC)


def _feedback(**columns: list[object]) -> pl.DataFrame:
    rows = len(next(iter(columns.values())))
    base = {
        "record_id": [f"r{number}" for number in range(rows)],
        "source": ["chat"] * rows,
        "submitted_at": [NOW - timedelta(days=2)] * rows,
    }
    return pl.DataFrame(base | columns, schema_overrides={"submitted_at": pl.Datetime("us", "UTC")})


def test_flags_of_the_source_stay_in_front():
    frame = _feedback(batch_no=["无", None, "26O8B"], flags=[["scrubbed"], None, []])
    judged = judge("feedback", frame, None, now=NOW, confirm=False)
    assert judged.good["flags"].to_list() == [["scrubbed", "feedback.batch_no_telling"], [], ["feedback.batch_no_digits"]]
    assert judged.flags == {"feedback.batch_no_digits": 1, "feedback.batch_no_telling": 1, "scrubbed": 1}


def test_the_quarantine_tells_the_first_rule_and_all_of_them():
    frame = _feedback(source=["pigeon"], rating=[9.0], text=["坏了"], source_id=["s1"])
    judged = judge("feedback", frame, None, now=NOW, channel="客服", pull_id="p7", language="en", confirm=False)
    row = judged.quarantine.row(0, named=True)
    assert (row["channel"], row["table"], row["source_id"], row["pull_id"]) == ("客服", "feedback", "s1", "p7")
    assert (row["rule"], row["field"]) == ("feedback.source_coded", "source")
    assert row["reason"] == "source is none of the agreed codes"
    assert row["rules"] == ["feedback.source_coded", "feedback.rating_in_stars"]
    assert json.loads(row["record"])["text"] == "坏了"


def test_nan_is_no_number():
    judged = judge("feedback", _feedback(rating=[float("nan")]), None, now=NOW, confirm=False)
    assert judged.good["rating"].to_list() == [None]


def test_a_column_of_the_wrong_type_is_told():
    with pytest.raises(UserError, match="The column rating of feedback arrived as String"):
        judge("feedback", _feedback(rating=["five"]), None, now=NOW, confirm=False)


def test_the_shop_names_the_currency():
    frame = _feedback(currency=["USD", "CNY"])
    assert judge("feedback", frame, None, now=NOW, confirm=False).flags == {"feedback.currency_of_shop": 1}
    assert Given(NOW).currency == "CNY"
