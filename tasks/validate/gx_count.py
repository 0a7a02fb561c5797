"""The second count: Great Expectations runs the same rules on a Polars engine of this project."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import polars as pl

from expectations.rules import Rule
from tasks.errors import UserError

RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""Counts only: failing values are customers' data and stay in the quarantine."""


def counted_by_gx(frame: pl.LazyFrame, rules: list[Rule]) -> dict[str, int]:
    """Count each rule's failing rows by its expectation.

    Args:
        frame: Rows with the derived columns of the rules; they are read in pieces.
        rules: Row and flag rules.

    Returns:
        Rule name → unexpected count.

    Raises:
        UserError: If an expectation could not be computed.
    """
    results = run(frame, rules, RESULT_FORMAT)
    return {name: int(result.result.get("unexpected_count") or 0) for name, result in results.items()}


def run(frame: pl.DataFrame | pl.LazyFrame, rules: list[Rule], result_format: dict[str, Any]) -> dict[str, Any]:
    """Validate a frame and return each rule's validation result by its name."""
    from great_expectations.core.expectation_suite import ExpectationSuite

    asset = _frame_asset()
    request = asset.build_batch_request({"dataframe": frame})
    batch = asset.get_batch(request)
    expectations = [expectation(rule) for rule in rules]
    with configurations_made_once():
        validation = batch.validate(ExpectationSuite(name="rules", expectations=expectations), result_format=result_format)
    request.options["dataframe"].take()  # GX remembers its last batch, which must not keep the rows in memory
    by_name: dict[str, Any] = {}
    for result in validation.results:
        name = result.expectation_config.meta["rule"]
        if result.exception_info.get("raised_exception") or "exception_message" not in result.exception_info:
            raise UserError(
                f"The expectation of the rule {name} could not be computed: {result.exception_info}.",
                hint="Add the metric that this rule needs to tasks/validate/gx_metrics.py, then run `make test`.",
            )
        by_name[name] = result
    return by_name


@cache
def _frame_asset() -> Any:
    """Return the one place where frames are handed to Great Expectations: a context holds no rows, and takes long to make."""
    import tasks.validate.gx_metrics  # noqa: F401 - registers engine, data source and metrics

    return quiet_context().data_sources.add_polars("pull").add_frame_asset("frame")


def expectation(rule: Rule) -> Any:
    """Make the expectation of a rule."""
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    kind, arguments = rule.definition.expectation()
    return ExpectationConfiguration(type=kind, kwargs=arguments, meta={"rule": rule.name}).to_domain_obj()


@contextmanager
def configurations_made_once() -> Iterator[None]:
    """Let each expectation make its configuration once: GX asks for it a hundred times and makes it anew from the same fields."""
    from great_expectations.expectations.expectation import Expectation

    kind: Any = Expectation
    making = kind.configuration
    made: dict[int, tuple[Any, Any]] = {}  # with the expectation itself, so that no other one gets its id

    def configuration(self: Any) -> Any:
        if id(self) not in made:
            made[id(self)] = (self, making.fget(self))
        return made[id(self)][1]

    kind.configuration = property(configuration)
    try:
        yield
    finally:
        kind.configuration = making


def quiet_context() -> Any:
    """Make a context without files, progress bars or analytics."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    configuration = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),  # without the data docs' temporary folder
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=configuration)
