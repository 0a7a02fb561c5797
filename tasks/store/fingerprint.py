"""Row fingerprints: 64 bits over named values, the same in every process, machine and Polars version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Words = npt.NDArray[np.uint64]

_CHUNK = 1 << 16  # rows processed at once, so that the arrays of one pass fit into the processor's cache
_LONG = 512  # bytes; a longer text is digested by SHA-256 instead of word by word
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def fingerprint(frame: pl.DataFrame, columns: Iterable[str]) -> pl.Series:
    """Return one UInt64 per row over the named columns.

    The sum (modulo 2^64) of one mixed word per non-null value, salted by its column's name: the order of columns does
    not matter and a null adds nothing, so that a newly declared column leaves the rows unchanged that do not have it.
    Polars' own `hash` is not used because its values may change with its version. Mixing: the finaliser of SplitMix64
    (Steele, Lea and Flood 2014).
    """
    named = [name for name in columns if frame[name].null_count() < frame.height]
    salts = {name: _salt(name) for name in named}
    plain = [_plain(name, frame.schema[name]) for name in named]
    gaps = [name for name in named if frame[name].null_count()]
    total = np.zeros(frame.height, dtype=np.uint64)
    for start in range(0, frame.height, _CHUNK):
        part = frame.slice(start, _CHUNK)
        values = part.select(plain)  # all columns in one query: a query a column costs more than its rows, where these are few
        known = part.select(pl.col(name).is_not_null() for name in gaps)
        for name in named:
            mixed = _mixed(values[name], salts[name])
            if name in known.columns:
                mixed *= known[name].to_numpy()
            total[start : start + _CHUNK] += mixed
    return pl.Series("row_hash", total)


def _salt(name: str) -> np.uint64:
    return np.uint64(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little"))


def _mix(words: Words) -> Words:
    """Spread every bit of each word over all 64, in place."""
    words += _GOLDEN
    words ^= words >> np.uint64(30)
    words *= _FIRST
    words ^= words >> np.uint64(27)
    words *= _SECOND
    words ^= words >> np.uint64(31)
    return words


def _plain(name: str, dtype: pl.DataType) -> pl.Expr:
    """Convert a column to texts or categories, or to 64-bit numbers without nulls."""
    values = pl.col(name)
    if isinstance(dtype, pl.List):
        return _joined(values).alias(name)
    if dtype in (pl.String, pl.Categorical):
        return values
    if dtype.is_float():
        return values.cast(pl.Float64).fill_null(0.0) + 0.0  # -0.0 becomes 0.0
    if isinstance(dtype, pl.Datetime):
        values = values.dt.cast_time_unit("us")
    elif dtype != pl.Boolean and not dtype.is_integer() and dtype != pl.Date:
        raise TypeError(f"a column of {dtype} cannot be fingerprinted")
    return values.to_physical().cast(pl.Int64).fill_null(0)


def _joined(parts: pl.Expr) -> pl.Expr:
    """Encode each list as a text unique to it: its length, then its parts."""
    texts = parts.list.eval(pl.element().cast(pl.String).fill_null("\x1a")).list.join("\x1f")
    return pl.concat_str(parts.list.len().cast(pl.String), pl.lit("\x1e"), texts)


def _mixed(values: pl.Series, salt: np.uint64) -> Words:
    if values.dtype == pl.String:
        return _mixed_texts(values, salt)
    if values.dtype == pl.Categorical:
        return _mixed_categories(values, salt)
    return _mix(_mix(values.to_numpy().view(np.uint64).copy()) ^ salt)


def _mixed_categories(values: pl.Series, salt: np.uint64) -> Words:
    """Hash the text of each category once, as `_mixed_texts` would hash it in every row."""
    categories = values.drop_nulls().unique()
    codes = categories.to_physical().to_numpy()
    words = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.uint64)
    words[codes] = _mixed_texts(categories.cast(pl.String), salt)
    mixed: Words = words[values.to_physical().fill_null(0).to_numpy()]
    return mixed


def _mixed_texts(values: pl.Series, salt: np.uint64) -> Words:
    """Hash each text eight bytes at a time, all rows together; a null is an empty text."""
    arrow: Any = values.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offset_buffer, data_buffer = arrow.buffers()
    offsets = np.frombuffer(offset_buffer, dtype=np.int64)[arrow.offset : arrow.offset + len(values) + 1]
    data = np.zeros(int(offsets[-1]) + 8, dtype=np.uint8)
    if data_buffer is not None:
        data[: offsets[-1]] = np.frombuffer(data_buffer, dtype=np.uint8)[: offsets[-1]]
    unaligned: Words = np.ndarray((len(data) - 7,), dtype="<u8", buffer=data.data, strides=(1,))
    begins, lengths = offsets[:-1], np.diff(offsets)
    state: Words = lengths.astype(np.uint64)
    _mix(state)
    state ^= salt
    _read_words(state, unaligned, begins, np.where(lengths > _LONG, 0, lengths))
    for row in np.flatnonzero(lengths > _LONG):
        digest = hashlib.sha256(data[begins[row] : begins[row] + lengths[row]].tobytes()).digest()
        state[row] ^= np.uint64(int.from_bytes(digest[:8], "little"))
    return _mix(state)


def _read_words(state: Words, unaligned: Words, begins: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> None:
    rows: npt.NDArray[np.int64] | None = None
    for at in range(0, int(lengths.max(initial=0)), 8):
        live = lengths > at
        if not live.all():
            rows = np.flatnonzero(live) if rows is None else rows[live]
            begins, lengths = begins[live], lengths[live]
        words = unaligned[begins + at]
        short = lengths - at < 8
        if short.any():
            words[short] &= (np.uint64(1) << (8 * (lengths[short] - at)).astype(np.uint64)) - np.uint64(1)
        if rows is None:
            state ^= words
            _mix(state)
        else:
            state[rows] = _mix(state[rows] ^ words)
