"""The metrics of the suites' expectations, computed by Polars; importing this module registers them with Great Expectations.

A map metric is an expression that is true on unexpected rows. They are registered through `register_metric` with GX's own metric
classes, so that their dependencies resolve.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricFunctionTypes, MetricPartialFunctionTypes
from great_expectations.expectations.metrics.column_map_metrics.column_value_lengths import ColumnValuesValueLength
from great_expectations.expectations.metrics.column_map_metrics.column_values_between import ColumnValuesBetween
from great_expectations.expectations.metrics.column_map_metrics.column_values_in_set import ColumnValuesInSet
from great_expectations.expectations.metrics.column_map_metrics.column_values_match_regex import ColumnValuesMatchRegex
from great_expectations.expectations.metrics.column_map_metrics.column_values_non_null import ColumnValuesNonNull
from great_expectations.expectations.metrics.column_map_metrics.column_values_not_match_regex import ColumnValuesNotMatchRegex
from great_expectations.expectations.metrics.column_pair_map_metrics.column_pair_values_greater import (
    ColumnPairValuesAGreaterThanB,
)
from great_expectations.expectations.metrics.map_metric_provider.map_metric_provider import MapMetricProvider
from great_expectations.expectations.metrics.table_metrics.table_column_types import ColumnTypes
from great_expectations.expectations.metrics.table_metrics.table_columns import TableColumns
from great_expectations.expectations.metrics.table_metrics.table_row_count import TableRowCount
from great_expectations.expectations.registry import register_metric

from tasks.validate.gx_engine import PolarsExecutionEngine, rows_only

PARTIAL_VALUES = 20
"""GX asks for this many unexpected values and ids unless the result format names another number."""

Expected = Callable[[dict[str, Any], dict[str, Any]], pl.Expr]
"""(accessor, value arguments) → expression that is true where the row is as expected."""


def _bounds(column: pl.Expr, values: dict[str, Any]) -> pl.Expr:
    expected = pl.lit(True)
    if (low := values.get("min_value")) is not None:
        expected = expected & (column > low if values.get("strict_min") else column >= low)
    if (high := values.get("max_value")) is not None:
        expected = expected & (column < high if values.get("strict_max") else column <= high)
    return expected


def _in_set(accessor: dict[str, Any], values: dict[str, Any]) -> pl.Expr:
    if values["value_set"] is None:
        return pl.lit(True)
    return pl.col(accessor["column"]).is_in(list(values["value_set"]))


def _greater(accessor: dict[str, Any], values: dict[str, Any]) -> pl.Expr:
    left, right = pl.col(accessor["column_A"]), pl.col(accessor["column_B"])
    return left >= right if values.get("or_equal") else left > right


COLUMN_METRICS: dict[Any, Expected] = {
    ColumnValuesInSet: _in_set,
    ColumnValuesBetween: lambda accessor, values: _bounds(pl.col(accessor["column"]), values),
    ColumnValuesValueLength: lambda accessor, values: _bounds(pl.col(accessor["column"]).str.len_chars(), values),
    ColumnValuesMatchRegex: lambda accessor, values: pl.col(accessor["column"]).str.contains(values["regex"]),
    ColumnValuesNotMatchRegex: lambda accessor, values: ~pl.col(accessor["column"]).str.contains(values["regex"]),
}
PAIR_METRICS: dict[Any, Expected] = {ColumnPairValuesAGreaterThanB: _greater}


def _condition(expected: Expected, domain_type: MetricDomainTypes) -> Callable[..., Any]:
    """Make the `.condition` metric: an expression that is true on unexpected rows, with the rows it looks at."""

    def provide(execution_engine: PolarsExecutionEngine, metric_domain_kwargs: Any, metric_value_kwargs: Any, **_: Any) -> Any:
        parts = execution_engine._partition_domain_kwargs(metric_domain_kwargs, domain_type)
        looked_at = _looked_at(parts.accessor, metric_domain_kwargs.get("ignore_row_if"))
        unexpected = looked_at & ~expected(parts.accessor, metric_value_kwargs or {}).fill_null(False)
        return unexpected, parts.compute, parts.accessor

    return provide


def _null_condition(execution_engine: PolarsExecutionEngine, metric_domain_kwargs: Any, **_: Any) -> Any:
    parts = execution_engine._partition_domain_kwargs(metric_domain_kwargs, MetricDomainTypes.COLUMN)
    return pl.col(parts.accessor["column"]).is_null(), parts.compute, parts.accessor


def _looked_at(accessor: dict[str, Any], ignore_row_if: str | None) -> pl.Expr:
    """Return the mask of the rows that a check considers: GX leaves out nulls."""
    if "column" in accessor:
        return pl.col(accessor["column"]).is_not_null()
    both = [pl.col(accessor["column_A"]).is_not_null(), pl.col(accessor["column_B"]).is_not_null()]
    if ignore_row_if == "either_value_is_missing":
        return pl.all_horizontal(both)
    if ignore_row_if == "both_values_are_missing":
        return pl.any_horizontal(both)
    return pl.lit(True)


def _count(metrics: dict[str, Any], **_: Any) -> Any:
    unexpected, compute, accessor = metrics["unexpected_condition"]
    return unexpected.sum().cast(pl.Int64), compute, accessor


def _failing(execution_engine: PolarsExecutionEngine, metrics: dict[str, Any]) -> tuple[pl.DataFrame, dict[str, Any]]:
    unexpected, compute, accessor = metrics["unexpected_condition"]
    frame = execution_engine.get_domain_records(rows_only(compute)).with_row_index("row number")
    return frame.filter(unexpected).collect(), accessor


def _limit(metric_value_kwargs: dict[str, Any]) -> int | None:
    wanted = metric_value_kwargs.get("result_format") or {}
    if wanted.get("result_format") == "COMPLETE":
        return None
    return int(wanted.get("partial_unexpected_count", PARTIAL_VALUES))


def _values(execution_engine: Any, metric_value_kwargs: Any, metrics: Any, **_: Any) -> list[Any]:
    if _limit(metric_value_kwargs) == 0:
        return []
    frame, accessor = _failing(execution_engine, metrics)
    frame = frame.slice(0, _limit(metric_value_kwargs))
    if "column" in accessor:
        return list(frame[accessor["column"]])
    return list(frame.select(accessor["column_A"], accessor["column_B"]).iter_rows())


def _index_list(execution_engine: Any, metric_value_kwargs: Any, metrics: Any, **_: Any) -> list[Any] | None:
    if _limit(metric_value_kwargs) == 0:
        return None
    frame, accessor = _failing(execution_engine, metrics)
    frame = frame.slice(0, _limit(metric_value_kwargs))
    names = (metric_value_kwargs.get("result_format") or {}).get("unexpected_index_column_names")
    if not names:
        return list(frame["row number"])
    shown = [accessor[key] for key in ("column", "column_A", "column_B") if key in accessor]
    return frame.select(list(dict.fromkeys([*shown, *names]))).to_dicts()


def _index_query(metrics: Any, **_: Any) -> None:
    """Return None: a frame has no query to repeat."""


def _rows(execution_engine: Any, metric_value_kwargs: Any, metrics: Any, **_: Any) -> pl.DataFrame:
    frame, _accessor = _failing(execution_engine, metrics)
    return frame.drop("row number").slice(0, _limit(metric_value_kwargs))


def _value_counts(execution_engine: Any, metrics: Any, **_: Any) -> dict[Any, int]:
    frame, accessor = _failing(execution_engine, metrics)
    counted = frame[accessor["column"]].value_counts(sort=True)
    return dict(counted.iter_rows())


def _filtered_row_count(execution_engine: Any, metric_domain_kwargs: Any, metrics: Any, **_: Any) -> int:
    _unexpected, compute, accessor = metrics["unexpected_condition"]
    looked_at = _looked_at(accessor, metric_domain_kwargs.get("ignore_row_if"))
    return int(execution_engine.get_domain_records(rows_only(compute)).select(looked_at.sum()).collect().item())


def _length_map(execution_engine: Any, metric_domain_kwargs: Any, **_: Any) -> Any:
    parts = execution_engine._partition_domain_kwargs(metric_domain_kwargs, MetricDomainTypes.COLUMN)
    return pl.col(parts.accessor["column"]).str.len_chars(), parts.compute, parts.accessor


def _row_count(metric_domain_kwargs: Any, **_: Any) -> Any:
    return pl.len().cast(pl.Int64), dict(metric_domain_kwargs), {}


def _columns(execution_engine: Any, metric_domain_kwargs: Any, **_: Any) -> list[str]:
    return list(execution_engine.get_domain_records(rows_only(metric_domain_kwargs)).collect_schema())


def _column_types(execution_engine: Any, metric_domain_kwargs: Any, **_: Any) -> list[dict[str, Any]]:
    frame = execution_engine.get_domain_records(rows_only(metric_domain_kwargs))
    return [{"name": name, "type": str(kind)} for name, kind in frame.collect_schema().items()]


def _register_map(metric: Any, condition: Callable[..., Any], domain_type: MetricDomainTypes) -> None:
    """Register a map metric and everything that GX derives from it."""
    name = metric.condition_metric_name
    keys = metric.condition_domain_keys
    arguments = metric.condition_value_keys
    shown = (*arguments, "result_format")
    value = MetricFunctionTypes.VALUE
    entries: list[tuple[str, tuple[str, ...], Callable[..., Any] | None, Any]] = [
        ("condition", arguments, condition, MetricPartialFunctionTypes.MAP_CONDITION_FN),
        ("unexpected_count.aggregate_fn", arguments, _count, MetricPartialFunctionTypes.AGGREGATE_FN),
        ("unexpected_count", arguments, None, value),
        ("unexpected_values", shown, _values, value),
        ("unexpected_index_list", shown, _index_list, value),
        ("unexpected_index_query", shown, _index_query, value),
        ("unexpected_rows", shown, _rows, value),
    ]
    if domain_type == MetricDomainTypes.COLUMN:
        entries.append(("unexpected_value_counts", shown, _value_counts, value))
    else:
        entries.append(("filtered_row_count", shown, _filtered_row_count, value))
    for suffix, value_keys, provider, kind in entries:
        register_metric(
            metric_name=f"{name}.{suffix}",
            metric_domain_keys=keys,
            metric_value_keys=value_keys,
            execution_engine=PolarsExecutionEngine,
            metric_class=metric,
            metric_provider=provider,
            metric_fn_type=kind,
        )


def _register(
    name: str,
    metric: Any,
    provider: Callable[..., Any] | None,
    kind: Any,
    keys: tuple[str, ...] = MapMetricProvider.condition_domain_keys,
    arguments: tuple[str, ...] = (),
) -> None:
    register_metric(
        metric_name=name,
        metric_domain_keys=keys,
        metric_value_keys=arguments,
        execution_engine=PolarsExecutionEngine,
        metric_class=metric,
        metric_provider=provider,
        metric_fn_type=kind,
    )


def _register_all() -> None:
    column, pair = MetricDomainTypes.COLUMN, MetricDomainTypes.COLUMN_PAIR
    _register_map(ColumnValuesNonNull, _null_condition, column)
    for metric, expected in COLUMN_METRICS.items():
        _register_map(metric, _condition(expected, column), column)
    for metric, expected in PAIR_METRICS.items():
        _register_map(metric, _condition(expected, pair), pair)
    _register(
        "column_values.value_length.map",
        ColumnValuesValueLength,
        _length_map,
        MetricPartialFunctionTypes.MAP_FN,
        ColumnValuesValueLength.function_domain_keys,
    )
    _register("table.row_count.aggregate_fn", TableRowCount, _row_count, MetricPartialFunctionTypes.AGGREGATE_FN)
    _register("table.row_count", TableRowCount, None, MetricFunctionTypes.VALUE)
    _register("table.columns", TableColumns, _columns, MetricFunctionTypes.VALUE)
    _register("table.column_types", ColumnTypes, _column_types, MetricFunctionTypes.VALUE, arguments=ColumnTypes.value_keys)


_register_all()
