"""The suite of each canonical table."""

from collections.abc import Callable

from expectations import (
    aftersale,
    batch,
    cost_rate,
    exposure,
    feedback,
    order_line,
    platform_metric,
    product,
    regulator_case,
    return_inspection,
)
from expectations.rules import Given, Rule
from tasks.errors import UserError

SUITES: dict[str, Callable[[Given], list[Rule]]] = {
    "feedback": feedback.rules,
    "order_line": order_line.rules,
    "aftersale": aftersale.rules,
    "return_inspection": return_inspection.rules,
    "exposure": exposure.rules,
    "platform_metric": platform_metric.rules,
    "regulator_case": regulator_case.rules,
    "batch": batch.rules,
    "cost_rate": cost_rate.rules,
    "product": product.rules,
}


def suite(table: str, given: Given) -> list[Rule]:
    """Return the rules of a table, row rules first.

    Raises:
        UserError: If there is no such table.
    """
    if table not in SUITES:
        raise UserError(f"There is no table {table!r}.", hint=f"Name one of {', '.join(SUITES)}.")
    return sorted(SUITES[table](given), key=lambda one: one.level != "row")
