"""A table or query of a database."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from tasks.shop.sources.source import Source


class SqlTable(Source):
    """A table or query of a database.

    url: SQLAlchemy URL without password; `{home}` and `{shared}` are replaced (`sqlite:///{home}/source/form.sqlite`).
    url_secret: Instead of `url`: name of the secret that holds the whole URL.
    table: Table name; or
    query: a SELECT; it may use `:since` and `:until`.
    since_column: Column by which `table` is windowed; empty means that all rows are read.
    times: How the window's ends are compared: `iso` text, `epoch_s`, `epoch_ms`, or `datetime` (native).
    """

    kind: Literal["sql_table"]
    url: str = ""
    url_secret: str = ""
    table: str = ""
    query: str = ""
    since_column: str = ""
    times: Literal["iso", "epoch_s", "epoch_ms", "datetime"] = "iso"

    @model_validator(mode="after")
    def _one(self) -> SqlTable:
        if bool(self.url) == bool(self.url_secret):
            raise ValueError("give either `url` or `url_secret`")
        if bool(self.table) == bool(self.query):
            raise ValueError("give either `table` or `query`")
        return self
