"""The kinds of sources that a channel, or a table of a selection, may name."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from tasks.shop.sources.delimited import Delimited
from tasks.shop.sources.http_api import HttpApi
from tasks.shop.sources.json_records import JsonRecords
from tasks.shop.sources.mailbox import Mailbox
from tasks.shop.sources.parquet import Parquet
from tasks.shop.sources.source import Source
from tasks.shop.sources.sql_table import SqlTable
from tasks.shop.sources.workbook import Workbook

PLAIN: tuple[type[Source], ...] = (HttpApi, Mailbox, JsonRecords, SqlTable, Workbook, Parquet, Delimited)
"""Every kind that reads rows by itself; add a new one here, with a reader module named after its kind."""

if TYPE_CHECKING:
    PlainSource = Source
else:
    PlainSource = Annotated[reduce(or_, PLAIN), Field(discriminator="kind")]


def kind_of(source: type[Source]) -> str:
    """Return the word by which `channels.yaml` names a kind of source."""
    (kind,) = source.model_fields["kind"].annotation.__args__  # type: ignore[union-attr]
    return str(kind)
