"""Traditional Chinese characters read as simplified ones, so that one list of words and headings serves both."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import polars as pl

FILE = Path(__file__).with_suffix(".txt")


@lru_cache
def simplified_characters() -> Mapping[str, str]:
    """Return each traditional character that is written otherwise in simplified Chinese, and how."""
    lines = (line for line in FILE.read_text("utf-8").splitlines() if not line.startswith("#"))
    return {pair[0]: pair[1] for line in lines for pair in line.split()}


def simplified(text: str) -> str:
    """Return a text with every traditional character replaced: 訂單編號 → 订单编号; the words stay those of its region."""
    return text.translate(_by_code_point())


def simplified_texts(text: pl.Expr) -> pl.Expr:
    """Replace the traditional characters of a column of texts."""
    pairs = simplified_characters()
    return text.str.replace_many(list(pairs), list(pairs.values()))


@lru_cache
def _by_code_point() -> Mapping[int, str]:
    return {ord(one): other for one, other in simplified_characters().items()}
