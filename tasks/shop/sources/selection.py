"""Several sources joined by Polars SQL."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from tasks.shop.section import ConfigSection
from tasks.shop.sources.kinds import PlainSource
from tasks.shop.sources.source import Source


class Join(ConfigSection):
    """What must hold for a join in `select.sql`, checked before it runs.

    left, right: Names of tables.
    by: Column of both, or `left_column = right_column`; several in a list.
    cardinality: `one_to_one`: unique on both sides; `many_to_one`: unique on the right; `one_to_many`: unique on the left.
    """

    left: str
    right: str
    by: Annotated[
        list[str],
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    ]
    cardinality: Literal["one_to_one", "many_to_one", "one_to_many"]


class Selection(Source):
    """Several files joined by Polars SQL.

    tables: Name in the SQL → how it is read.
    sql: File name in the shop's config folder.
    empty: Cells that mean nothing, in every table, before the SQL runs.
    where: Table → boolean SQL; the other rows of the table are left out before joins are checked.
    joins: Every join of the SQL, with its cardinality.
    """

    kind: Literal["selection"]
    tables: dict[str, PlainSource]
    sql: str
    empty: list[str] = Field(default_factory=list)
    where: dict[str, str] = Field(default_factory=dict)
    joins: list[Join] = Field(default_factory=list)
