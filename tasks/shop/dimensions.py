"""What a figure can be broken down by: names, where the value comes from, and which exposure it belongs to."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.shop.names import Name
from tasks.shop.section import ConfigSection

Domain = Literal["orders", "devices", "conversations", "records"]


class Dimension(Name):
    """One way to break figures down.

    The value is a column of `table`; or the column's value looked up in `values` (inline), in `map_file` (CSV with two
    columns, from,to) or in another table (`through`, by its key, giving `gives`). Through `earlier_orders` a keyed buyer column
    becomes `returning` where the buyer had paid another order on that platform within `within_days` before, else `new`.
    """

    name: str = Field(description="Column of the coded tables that holds the value.")
    domain: Domain = Field(description="Whose exposure it cuts: orders, devices, conversations, or plain records.")
    table: Literal["order_line", "feedback"] = "order_line"
    column: str = Field(default="", description="Column the value is read from; empty means the column named like the dimension.")
    values: dict[str, list[str]] = Field(default_factory=dict, description="Value → the source values that mean it.")
    map_file: str = Field(default="", description="CSV file in the configuration folder with the header from,to.")
    otherwise: str = Field(default="", description="Value where a map has no entry; empty means the source value is kept.")
    through: Literal["", "batch", "product", "earlier_orders"] = ""
    within_days: int = Field(default=365, ge=1, description="How far back earlier orders of a buyer count.")
    gives: str = Field(default="", description="Column of the table named in `through`; empty means the dimension's own name.")
    parent: str = Field(default="", description="Dimension in which this one is nested, as a batch in its SKU.")
    scan: bool = Field(default=True, description="Whether causes are looked for along it.")
    ordered: bool = False
    person: bool = Field(default=False, description="Cells about persons (age, region × tier) are suppressed when small.")

    @property
    def source_column(self) -> str:
        """The column the value is read or looked up from."""
        return self.column or self.name

    @property
    def derived(self) -> bool:
        """Whether the value must be computed."""
        return bool(self.values or self.map_file or self.through or (self.column and self.column != self.name))

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        ways = [bool(self.values), bool(self.map_file), bool(self.through)]
        if sum(ways) > 1:
            raise ValueError(f"the dimension {self.name} has more than one of values, map_file and through; keep one")
        return self


class Dimensions(ConfigSection):
    """All dimensions of a shop, in the order in which slices are named."""

    dimensions: list[Dimension]
    pairs: list[tuple[str, str]] = Field(default_factory=list, description="Pairs that are scanned together: carrier × region.")

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        names = [dimension.name for dimension in self.dimensions]
        if double := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"the dimension {double[0]} appears twice; keep one")
        for dimension in self.dimensions:
            if dimension.parent and dimension.parent not in names:
                raise ValueError(f"the dimension {dimension.name} has the parent {dimension.parent}, which is not declared")
        for name in (name for pair in self.pairs for name in pair):
            if name not in names:
                raise ValueError(f"pairs names {name}, which is not declared as a dimension")
        return self

    def get(self, name: str) -> Dimension | None:
        """Return a dimension by name, or None if there is none."""
        return next((dimension for dimension in self.dimensions if dimension.name == name), None)

    def names(self, domain: Domain | None = None, *, scan: bool = False) -> list[str]:
        """Return the names of a domain's dimensions; with `scan` only those along which causes are looked for."""
        return [d.name for d in self.dimensions if (domain is None or d.domain == domain) and (d.scan or not scan)]

    def derived(self, table: str) -> list[Dimension]:
        """Return the dimensions whose value must be computed on a table, in order."""
        return [dimension for dimension in self.dimensions if dimension.derived and dimension.table == table]

    def nested(self, inner: str, outer: str) -> bool:
        """Whether one dimension is nested in another, through any number of parents."""
        seen = self.get(inner)
        while seen and seen.parent:
            if seen.parent == outer:
                return True
            seen = self.get(seen.parent)
        return False
