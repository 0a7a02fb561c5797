"""A Polars execution engine for Great Expectations 1.24, which ships none.

Importing this module imports Great Expectations (seconds); only `confirm` of `tasks.validate.quarantine` does so.

All counts of a batch are computed by one `select`, piece by piece. Its metrics stand in `gx_metrics`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal

import polars as pl
from great_expectations.core.batch import BatchData, BatchMarkers, LegacyBatchDefinition
from great_expectations.core.batch_spec import RuntimeDataBatchSpec
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.datasource.fluent.batch_identifier_util import make_batch_identifier
from great_expectations.datasource.fluent.batch_request import BatchRequest
from great_expectations.datasource.fluent.constants import _DATA_CONNECTOR_NAME
from great_expectations.datasource.fluent.interfaces import Batch, DataAsset, Datasource
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.expectations.row_conditions import (
    AndCondition,
    ComparisonCondition,
    NullityCondition,
    Operator,
    OrCondition,
    deserialize_row_condition,
)

from tasks.model.rows import Handover

COMPARISONS: dict[Operator, Callable[[pl.Expr, Any], pl.Expr]] = {
    Operator.EQUAL: lambda column, value: column == value,
    Operator.NOT_EQUAL: lambda column, value: column != value,
    Operator.LESS_THAN: lambda column, value: column < value,
    Operator.LESS_THAN_OR_EQUAL: lambda column, value: column <= value,
    Operator.GREATER_THAN: lambda column, value: column > value,
    Operator.GREATER_THAN_OR_EQUAL: lambda column, value: column >= value,
    Operator.IN: lambda column, value: column.is_in(list(value)),
    Operator.NOT_IN: lambda column, value: ~column.is_in(list(value)),
}


class PolarsBatchData(BatchData):
    """Hold a frame, which may be computed piece by piece at each reading."""

    def __init__(self, execution_engine: ExecutionEngine[pl.Expr], rows: Handover[pl.LazyFrame]) -> None:
        super().__init__(execution_engine=execution_engine)
        self.rows = rows


class PolarsExecutionEngine(ExecutionEngine[pl.Expr]):
    """Compute GX metrics on Polars frames."""

    def get_batch_data_and_markers(self, batch_spec: RuntimeDataBatchSpec) -> tuple[PolarsBatchData, BatchMarkers]:
        """Return the frame of a batch spec."""
        return PolarsBatchData(self, batch_spec.batch_data), BatchMarkers({"ge_load_time": None})

    def get_domain_records(self, domain_kwargs: dict[str, Any]) -> pl.LazyFrame:
        """Return the rows of a domain, not computed yet: those of the batch that meet its row condition."""
        batch_id = domain_kwargs.get("batch_id") or self.batch_manager.active_batch_data_id
        batch = self.batch_manager.batch_data_cache[str(batch_id)]
        if not isinstance(batch, PolarsBatchData):
            raise TypeError(f"The engine was given a {type(batch).__name__} instead of a Polars frame.")
        frame = batch.rows.look()
        condition: Any = domain_kwargs.get("row_condition")
        if condition is None:
            return frame
        condition = deserialize_row_condition(condition) if isinstance(condition, dict) else condition
        return frame.filter(self.condition_to_filter_clause(condition))

    def get_compute_domain(
        self,
        domain_kwargs: dict[str, Any],
        domain_type: str | MetricDomainTypes,
        accessor_keys: Iterable[str] | None = None,
    ) -> tuple[pl.LazyFrame, dict[str, Any], dict[str, Any]]:
        """Return the rows of a domain, what describes them, and the columns to look at."""
        parts = self._partition_domain_kwargs(domain_kwargs, domain_type, accessor_keys)
        return self.get_domain_records(domain_kwargs), parts.compute, parts.accessor

    def resolve_metric_bundle(self, metric_fn_bundle: Iterable[Any]) -> dict[Any, Any]:
        """Compute all bundled metrics, one `select` for each set of rows."""
        groups: dict[str, list[Any]] = {}
        for computation in metric_fn_bundle:
            groups.setdefault(_rows_id(computation.compute_domain_kwargs), []).append(computation)
        resolved: dict[Any, Any] = {}
        for computations in groups.values():
            frame = self.get_domain_records(rows_only(computations[0].compute_domain_kwargs))
            metrics = [one.metric_fn.alias(str(index)) for index, one in enumerate(computations)]
            counts = frame.select(metrics).collect(engine="streaming")
            for index, one in enumerate(computations):
                resolved[one.metric_configuration.id] = counts[str(index)][0]
        return resolved

    def _comparison_condition_to_filter_clause(self, condition: ComparisonCondition) -> pl.Expr:
        return COMPARISONS[condition.operator](pl.col(condition.column.name), condition.parameter)

    def _nullity_condition_to_filter_clause(self, condition: NullityCondition) -> pl.Expr:
        column = pl.col(condition.column.name)
        return column.is_null() if condition.is_null else column.is_not_null()

    def _and_condition_to_filter_clause(self, condition: AndCondition) -> pl.Expr:
        return pl.all_horizontal(self.condition_to_filter_clause(one) for one in condition.conditions)

    def _or_condition_to_filter_clause(self, condition: OrCondition) -> pl.Expr:
        return pl.any_horizontal(self.condition_to_filter_clause(one) for one in condition.conditions)


class PolarsFrameAsset(DataAsset):  # type: ignore[type-arg]
    """Hand a frame given at run time to the engine."""

    type: Literal["polars_frame"] = "polars_frame"

    def test_connection(self) -> None:
        """Do nothing: frames come at run time."""

    def build_batch_request(
        self,
        options: dict[str, Any] | None = None,
        batch_slice: Any = None,
        partitioner: Any = None,
    ) -> BatchRequest[Any]:
        """Return a request for the frame in `options["dataframe"]`; GX keeps requests, so the rows can be taken back from it."""
        frame = (options or {}).get("dataframe")
        if isinstance(frame, pl.DataFrame | pl.LazyFrame):
            options = {**(options or {}), "dataframe": Handover(frame.lazy())}
        return BatchRequest(datasource_name=self.datasource.name, data_asset_name=self.name, options=options or {})

    def add_batch_definition_whole_frame(self, name: str) -> Any:
        """Add a batch definition that takes the frame as it is."""
        return self.add_batch_definition(name=name, partitioner=None)

    def _validate_batch_request(self, batch_request: BatchRequest[Any]) -> None:
        if not isinstance(batch_request.options.get("dataframe"), Handover):
            raise TypeError("A Polars frame must be given as batch parameter 'dataframe'.")

    def get_batch_identifiers_list(self, batch_request: BatchRequest[Any]) -> list[Any]:
        """Return the one identifier."""
        return [make_batch_identifier(batch_request.options)]

    def get_batch(self, batch_request: BatchRequest[Any]) -> Batch:
        """Return the frame as a batch."""
        self._validate_batch_request(batch_request)
        spec = RuntimeDataBatchSpec(batch_data=batch_request.options["dataframe"])
        data, markers = self.datasource.get_execution_engine().get_batch_data_and_markers(batch_spec=spec)
        definition = LegacyBatchDefinition(
            datasource_name=self.datasource.name,
            data_connector_name=_DATA_CONNECTOR_NAME,
            data_asset_name=self.name,
            batch_identifiers=make_batch_identifier(batch_request.options),
        )
        return Batch(
            datasource=self.datasource,
            data_asset=self,
            batch_request=batch_request,
            data=data,
            metadata={},
            batch_markers=markers,
            batch_spec=RuntimeDataBatchSpec(batch_data="frame"),  # results carry the spec, and the spec no rows
            batch_definition=definition,
        )


class PolarsDatasource(Datasource):  # type: ignore[type-arg]
    """Appear in a context as `context.data_sources.add_polars(name)`."""

    asset_types: ClassVar[Any] = [PolarsFrameAsset]
    type: Literal["polars"] = "polars"
    assets: list[PolarsFrameAsset] = []

    @property
    def execution_engine_type(self) -> Any:
        """Class of the engine."""
        return PolarsExecutionEngine

    def test_connection(self, test_assets: bool = True) -> None:
        """Do nothing: frames come at run time."""

    def add_frame_asset(self, name: str) -> PolarsFrameAsset:
        """Add an asset for frames of one kind."""
        asset = PolarsFrameAsset(name=name)
        self._add_asset(asset)
        return asset


def rows_only(domain: Any) -> dict[str, Any]:
    """Return the part of a domain that chooses its rows."""
    return {key: domain[key] for key in ("batch_id", "row_condition") if domain.get(key) is not None}


def _rows_id(domain: Any) -> str:
    return repr(sorted(rows_only(domain).items(), key=lambda item: item[0]))
