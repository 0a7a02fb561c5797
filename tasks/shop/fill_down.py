"""Cells that a file writes once for several rows."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator

from tasks.shop.section import ConfigSection


class FillDown(ConfigSection):
    """Columns in which an empty cell takes the value above. Short: `fill_down: [Date]` is `{columns: [Date]}`.

    columns: Their names.
    by: Column that must be the same in both rows (`Name`, the order number): a row of another order inherits nothing. Lines of
        orders are always filled within their order unless `by: ""` is written; an order number that is itself listed is filled first.
    """

    columns: list[str]
    by: str = ""

    def within(self, key: str) -> FillDown:
        """Return the same, filled within one key where no other is declared."""
        return self if not self.columns or not key or "by" in self.model_fields_set else FillDown(columns=self.columns, by=key)


def _short(value: Any) -> Any:
    return {"columns": value} if isinstance(value, list) else value


OneFillDown = Annotated[FillDown, BeforeValidator(_short)]
