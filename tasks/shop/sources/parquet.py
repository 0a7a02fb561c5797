"""Parquet files."""

from __future__ import annotations

from typing import Literal

from tasks.shop.sources.source import Source


class Parquet(Source):
    """Parquet files. files: Globs, as elsewhere."""

    kind: Literal["parquet"]
    files: list[str]
