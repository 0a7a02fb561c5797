"""The Polars engine against Great Expectations' own pandas engine: flags, counts and failing rows must be the same."""

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from expectations.rules import Given, Rule
from expectations.suites import SUITES, suite
from tasks.errors import UserError
from tasks.model.tables import TABLES
from tasks.validate.gx_count import RESULT_FORMAT, expectation, quiet_context, run
from tasks.validate.quarantine import with_derived

NOW = datetime(2026, 11, 16, tzinfo=UTC)
GIVEN = Given(NOW, known={"sku": frozenset({"FW-01", "KT-02"}), "issue": frozenset({"PRD.FAULT"})})
EVERY_ROW = {"result_format": "COMPLETE", "unexpected_index_column_names": ["row"]}

TEXTS = (
    "", "FW-01", "KT-02", "FW-99", "无", "/", "26O8B", "FW03-2608B", "SF1234567890123", "chat", "refund", "shelf", "CNY", "USD",
    "打[电话]", "长" * 205, "12315", "exchange", "after_sign", "scrap", "units_signed", "PRD.FAULT", "n/a", "line\nbreak",
)  # fmt: skip


def _values(kind: Any, draw: random.Random, rows: int) -> list[Any]:
    def one() -> Any:
        if draw.random() < 0.25:
            return None
        if kind == pl.String:
            return draw.choice(TEXTS)
        if kind == pl.Boolean:
            return draw.random() < 0.5
        if kind == pl.Int64:
            return draw.choice((-1, 0, 1, 3, 5, 6, 366, 20_000, 200_000))
        if kind == pl.Float64:
            return draw.choice((-0.5, 0.0, 2.5, 5.0, 5.5, 1e7, 2e9))
        if kind == pl.Date:
            return date(2026, 11, 16) + timedelta(days=draw.choice((-20_000, -90, 0, 1, 2, 400)))
        if kind == pl.List(pl.String):
            return ["a"]
        return NOW + timedelta(
            seconds=draw.choice((-1_800_000_000, -2_000_000, -90_000, -3_600, 0, 3_600, 86_400, 90_000, 9_000_000))
        )

    return [one() for _ in range(rows)]


def _frame(table: str, rules: list[Rule], rows: int) -> pl.DataFrame:
    draw = random.Random(f"{table} 7")
    columns = TABLES[table].columns
    frame = pl.DataFrame({name: _values(kind, draw, rows) for name, kind in columns.items()}, schema=columns)
    frame = pl.concat(
        [
            frame,
            frame.head(2).with_columns(
                pl.lit(None, dtype=kind).alias(name) for name, kind in columns.items() if name not in TABLES[table].key
            ),
        ]
    )
    return with_derived(frame, rules).collect().with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def _on_pandas(frame: pl.DataFrame, rules: list[Rule]) -> dict[str, Any]:
    from great_expectations.core.expectation_suite import ExpectationSuite

    context = quiet_context()
    asset = context.data_sources.add_pandas("pull").add_dataframe_asset("frame")
    batch = asset.get_batch(asset.build_batch_request({"dataframe": frame.drop("aliases", "causes", strict=False).to_pandas()}))
    results = batch.validate(
        ExpectationSuite(name="rules", expectations=[expectation(rule) for rule in rules]), result_format=EVERY_ROW
    ).results
    return {result.expectation_config.meta["rule"]: result for result in results}


def _rows(result: Any) -> list[int]:
    return sorted(entry["row"] for entry in result.result["unexpected_index_list"] or [])


@pytest.mark.filterwarnings("ignore:Series.values returning an ndarray:DeprecationWarning")  # GX on pandas 3
@pytest.mark.parametrize("table", list(SUITES))
def test_flags_counts_and_failing_rows_equal_those_on_pandas(table: str):
    rules = suite(table, GIVEN)
    frame = _frame(table, rules, 150)
    ours, theirs = run(frame, rules, EVERY_ROW), _on_pandas(frame, rules)
    assert ours.keys() == theirs.keys() == {rule.name for rule in rules}
    failing = 0
    for rule in rules:
        mine, other = ours[rule.name], theirs[rule.name]
        assert not other.exception_info.get("raised_exception"), rule.name
        mask = frame.with_columns(rule.definition.failing().alias("mask")).filter("mask")["row"].to_list()
        assert mine.success == other.success, rule.name
        assert mine.result["unexpected_count"] == other.result["unexpected_count"] == len(mask), rule.name
        assert mine.result["element_count"] == other.result["element_count"], rule.name
        assert mine.result.get("missing_count") == other.result.get("missing_count"), rule.name
        assert _rows(mine) == _rows(other) == mask, rule.name
        failing += bool(mask)
    assert failing >= len(rules) * 0.6


def test_results_hold_no_values():
    rules = suite("feedback", GIVEN)
    results = run(_frame("feedback", rules, 40), rules, RESULT_FORMAT)
    told = "".join(str(result.result) for result in results.values())
    for text in ("电话", "SF1234567890123", "26O8B"):
        assert text not in told


def test_a_rule_that_cannot_be_computed_is_an_error():
    rules = [rule for rule in suite("feedback", GIVEN) if rule.name == "feedback.rating_in_stars"]
    with pytest.raises(UserError, match="rating_in_stars could not be computed"):
        run(pl.DataFrame({"other": [1]}), rules, RESULT_FORMAT)


def test_a_row_condition_and_value_counts_are_understood():
    """The engine serves what GX offers beside the suites' own use: conditions, values and counts of values."""
    from great_expectations.expectations import ExpectColumnValuesToBeInSet
    from great_expectations.expectations.row_conditions import Column

    context = quiet_context()
    frame = pl.DataFrame({"a": ["x", "y", "y", None], "b": [1, 2, 3, 4]})
    batch = context.data_sources.add_polars("p").add_frame_asset("f")
    batch = batch.get_batch(batch.build_batch_request({"dataframe": frame}))
    wanted = ExpectColumnValuesToBeInSet(column="a", value_set=["x"], row_condition=Column("b") >= 3)
    result = batch.validate(wanted, result_format="COMPLETE").result
    assert result["element_count"] == 2
    assert result["unexpected_list"] == ["y"]
