"""The gate on any frame: it never crashes, loses no row, and counts what Great Expectations counts."""

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tasks.validate.quarantine as gate
from expectations.checks import Lacks
from expectations.rules import rule
from expectations.suites import SUITES
from tasks.errors import UserError
from tasks.model.columns.column import UTC_TIME
from tasks.model.rows import QUARANTINE_SCHEMA
from tasks.model.tables import TABLES
from tasks.validate.quarantine import judge
from tests.spec.test_rules import CASES, OTHER_CONTENT, judged_rows

NOW = datetime(2026, 11, 16, tzinfo=UTC)
KNOWN = {"sku": {"FW-01"}, "issue": {"PRD.FAULT"}}

TEXT = st.one_of(
    st.none(), st.sampled_from(["chat", "return_refund", "after_sign", "FW-01", "无", "x\x1fy", ""]), st.text(max_size=30)
)
TIME = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC))
BY_TYPE = {
    pl.String: TEXT,
    pl.Boolean: st.one_of(st.none(), st.booleans()),
    pl.Int64: st.one_of(st.none(), st.integers(-(2**62), 2**62)),
    pl.Float64: st.one_of(st.none(), st.floats()),
    pl.Date: st.one_of(st.none(), st.dates(date(1, 1, 1), date(9999, 12, 31))),
}


@st.composite
def frames(draw: st.DrawFn) -> tuple[str, pl.DataFrame]:
    table = draw(st.sampled_from(sorted(TABLES)))
    rows = draw(st.integers(0, 6))
    columns = {}
    for name, kind in TABLES[table].columns.items():
        strategy = BY_TYPE.get(kind, st.none() if kind == pl.List(pl.String) else st.one_of(st.none(), TIME))
        if draw(st.integers(0, 3)):  # most columns are there, some are missing
            columns[name] = pl.Series(name, draw(st.lists(strategy, min_size=rows, max_size=rows)), dtype=kind)
    columns["source_id"] = pl.Series("source_id", [str(number) for number in range(rows)], dtype=pl.String)
    return table, pl.DataFrame(columns)


def _hold(table: str, frame: pl.DataFrame, *, confirm: bool) -> None:
    judged = judge(table, frame, None, now=NOW, known=KNOWN, channel="c", pull_id="p", confirm=confirm)
    assert judged.good.height + judged.quarantine.height == frame.height
    assert judged.quarantine.columns == list(QUARANTINE_SCHEMA)
    assert sorted([*judged.good["source_id"], *judged.quarantine["source_id"]]) == sorted(frame["source_id"])
    assert judged.quarantine.null_count().sum_horizontal().to_list() == [0]
    for first, every, record in judged.quarantine.select("rule", "rules", "record").iter_rows():
        assert every[0] == first
        assert isinstance(json.loads(record), dict)
    known_marks = {result.rule for result in judged.results if result.level == "flag"}
    assert set(judged.flags) <= known_marks
    assert sum(judged.flags.values()) == judged.good["flags"].list.len().sum()
    if confirm and frame.height:
        assert all(result.confirmed == result.failed for result in judged.results)


@given(frames())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_frame_crashes_the_gate_or_loses_a_row(case: tuple[str, pl.DataFrame]):
    _hold(*case, confirm=False)


@given(frames())
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_great_expectations_counts_what_the_masks_count(case: tuple[str, pl.DataFrame]):
    _hold(*case, confirm=True)


@pytest.mark.parametrize("table", list(SUITES))
def test_great_expectations_counts_the_same_failures(table: str):
    changes = [change for name, change in CASES if name.startswith(f"{table}.")]
    judged = judged_rows(table, *changes, OTHER_CONTENT[table], confirm=True)
    for result in judged.results:
        assert result.confirmed == result.failed, result.rule
        assert result.failed > 0, result.rule
    assert judged.good.height + judged.quarantine.height == len(changes) + 1


def test_two_counts_that_differ_stop_the_run(monkeypatch: pytest.MonkeyPatch):
    class Lenient(Lacks):
        def expectation(self) -> tuple[str, dict[str, object]]:
            return "expect_column_values_to_not_match_regex", {"column": self.field, "regex": "never"}

    text = ("a", "b")
    wrong = [rule("feedback.wrong", "row", "x", Lenient("source", "chat"), text, text)]
    frame = pl.DataFrame(
        {"record_id": ["r0"], "source": ["chat"], "submitted_at": [NOW - timedelta(days=2)]},
        schema_overrides={"submitted_at": UTC_TIME},
    )
    monkeypatch.setattr(gate, "suite", lambda table, known: wrong)
    with pytest.raises(UserError, match=r"feedback\.wrong counts 1 rows by its mask, 0 by its expectation"):
        judge("feedback", frame, None, now=NOW, confirm=True)
