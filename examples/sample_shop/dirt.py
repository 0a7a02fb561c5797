"""The dirt of real sources, with a record of it: misspelt batches, old codes, bad rows, duplicate rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from zlib import crc32

import numpy as np
import polars as pl

from examples.sample_shop.shapes import IDENTITY, SHAPES

BATCH_SPELLINGS = 0.006
WAYBILL_AS_ORDER = 0.004
OLD_CODES = 0.004
BAD_ROWS = 0.007
DOUBLES = 0.006
WORDS_FOR_AMOUNTS = 0.01

FEEDBACK_SPELLINGS = ("无", "/", "批次不详")


@dataclass
class DirtLedger:
    """What was written, by channel.

    rows: Rows in the source, bad and repeated ones included.
    quarantine: Rows that validation must refuse, by reason.
    repeated: Rows that give a record again, by kind; they count as unchanged.
    soiled: Rows with dirt that is kept and flagged, by kind.
    lost: Rows that an export did not give.
    """

    rows: Counter[str] = field(default_factory=Counter)
    quarantine: dict[str, Counter[str]] = field(default_factory=dict)
    repeated: dict[str, Counter[str]] = field(default_factory=dict)
    soiled: dict[str, Counter[str]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)

    def note(self, kind: str, channel: str, what: str, count: int) -> None:
        """Add a count to `quarantine`, `repeated` or `soiled`."""
        if count:
            book: dict[str, Counter[str]] = getattr(self, kind)
            book.setdefault(channel, Counter())[what] += count

    def as_dict(self) -> dict[str, object]:
        """Return the ledger as plain values, sorted by channel."""
        return {
            channel: {
                "rows": self.rows[channel],
                "quarantined": dict(sorted(self.quarantine.get(channel, Counter()).items())),
                "repeated": dict(sorted(self.repeated.get(channel, Counter()).items())),
                "soiled": dict(sorted(self.soiled.get(channel, Counter()).items())),
                "lost": self.lost[channel],
            }
            for channel in sorted(self.rows)
        }


def chance(seed: int, *names: str) -> np.random.Generator:
    """Return a source of chance that follows from the seed and some names."""
    return np.random.default_rng([seed, *(crc32(name.encode()) for name in names)])


def rows_of(rng: np.random.Generator, height: int, share: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Draw positions of about a share of the rows (at least one where there are fifty), in order."""
    count = max(round(height * share), 1) if height >= 50 else int(rng.random() < height * share)
    return np.sort(rng.choice(height, size=min(count, height), replace=False)).astype(np.int64)


def soil(frame: pl.DataFrame, channel: str, products: pl.DataFrame, seed: int, ledger: DirtLedger) -> pl.DataFrame:
    """Misspell what people type: batch numbers, order numbers, product codes.

    Args:
        frame: Feedback of one channel in canonical columns; `parcel`, where it is there, is the waybill of its order.
        channel: Its name.
        products: The canonical product table.
        seed: Another seed soils other rows.
        ledger: Receives the counts.

    Returns:
        The same rows; only `batch_no`, `order_ref` and `sku` differ, in about a hundredth of them.
    """
    rng = chance(seed, "soil", channel)
    height = frame.height
    shape = (
        SHAPES["reviews" if channel.startswith("reviews_") and channel not in SHAPES else channel] if channel != "mails" else ()
    )
    typed = {item.column for item in shape} & set(frame.columns)
    if "batch_no" in typed:
        spots = rows_of(rng, height, BATCH_SPELLINGS)
        batches = frame["batch_no"].to_list()
        for number, row in enumerate(spots.tolist()):
            batches[row] = _misspelt(batches[row], number)
        frame = frame.with_columns(pl.Series("batch_no", batches, dtype=pl.String))
        ledger.note("soiled", channel, "batch_misspelt", len(spots))
    parcel = "parcel" if "parcel" in frame.columns else "waybill"
    if "order_ref" in typed and parcel in frame.columns:
        known = np.flatnonzero((frame[parcel].is_not_null() & frame["order_ref"].is_not_null()).to_numpy())
        spots = known[rows_of(rng, len(known), WAYBILL_AS_ORDER)]
        refs, waybills = frame["order_ref"].to_list(), frame[parcel].to_list()
        for row in spots.tolist():
            refs[row] = waybills[row]
        frame = frame.with_columns(pl.Series("order_ref", refs, dtype=pl.String))
        ledger.note("soiled", channel, "waybill_in_order_field", len(spots))
    old = {row["sku"]: row["aliases"][0] for row in products.select("sku", "aliases").to_dicts() if row["aliases"]}
    if old and ("sku" in typed or channel == "mails"):
        known = np.flatnonzero(frame["sku"].is_in(list(old)).fill_null(False).to_numpy())
        spots = known[rows_of(rng, len(known), OLD_CODES * 25)]
        codes = frame["sku"].to_list()
        for row in spots.tolist():
            codes[row] = old[codes[row]]
        frame = frame.with_columns(pl.Series("sku", codes, dtype=pl.String))
        ledger.note("soiled", channel, "old_product_code", len(spots))
    return frame


def _misspelt(batch: str | None, number: int) -> str:
    """Write a batch as people do: `2608-B`, `26O8B` with the letter O, or a word for none."""
    if batch is None or "-" not in batch or number % 5 > 2:
        return FEEDBACK_SPELLINGS[number % len(FEEDBACK_SPELLINGS)]
    tail = batch.rsplit("-", 1)[1]
    return (f"{tail[:-1]}-{tail[-1]}", tail.replace("0", "O", 1), batch.lower())[number % 3]


def spoil(native: pl.DataFrame, channel: str, seed: int, ledger: DirtLedger, *, name: str = "") -> pl.DataFrame:
    """Add unacceptable rows and duplicate rows.

    The bad rows are new ones, made after real ones, so that no true record is lost.

    Args:
        native: Rows as the source writes them, all text or numbers.
        channel: Shape of SHAPES.
        seed: Another seed draws other rows.
        ledger: Receives the counts under `name`.
        name: Channel name where it differs from the shape's.

    Returns:
        The rows with the bad ones and the repetitions, each beside the row that it was made after.
    """
    name = name or channel
    rng = chance(seed, "spoil", name)
    height = native.height
    if not height:
        return native
    kinds = _faults(channel, native)
    columns = native.columns
    order = pl.Series("_at", np.arange(height, dtype=np.float64))
    whole = native.with_columns(order)
    spots = rows_of(rng, height, BAD_ROWS) if kinds else np.empty(0, dtype=np.int64)
    bad_rows: list[dict[str, object]] = []
    identity = IDENTITY[channel]
    for number, row in enumerate(spots.tolist()):
        record = whole.row(row, named=True)
        reason, column, value = kinds[number % len(kinds)]
        record[identity] = f"{record[identity]}B{number}"
        record[column] = value
        record["_at"] = row + 0.3
        bad_rows.append(record)
        ledger.note("quarantine", name, reason, 1)
    doubles = rows_of(rng, height, DOUBLES)
    ledger.note("repeated", name, "same_row_twice", len(doubles))
    parts = [whole, whole[doubles.tolist()].with_columns(pl.col("_at") + 0.6)]
    if bad_rows:
        parts.append(pl.DataFrame(bad_rows, schema=whole.schema))
    soiled = pl.concat(parts).sort("_at", maintain_order=True).select(columns)
    for item in SHAPES[channel]:
        if item.manner == "yuan" and item.native in columns:
            cells = soiled[item.native].to_list()
            worded = rows_of(rng, len(cells), WORDS_FOR_AMOUNTS).tolist()
            for spot in worded:
                cells[spot] = "见小票"
            soiled = soiled.with_columns(pl.Series(item.native, cells, dtype=pl.String))
            ledger.note("soiled", name, "amount_in_words", len(worded))
    ledger.rows[name] += soiled.height
    return soiled


def _faults(channel: str, native: pl.DataFrame) -> list[tuple[str, str, object]]:
    """List the ways in which a row of a channel goes bad: reason, native column, the value put there."""
    found: list[tuple[str, str, object]] = []
    for item in SHAPES[channel]:
        if item.native not in native.columns:
            continue
        text = native.schema[item.native] == pl.String
        if (
            item.column in ("submitted_at", "applied_at") or (channel, item.column) == ("regulator_cases", "received_at")
        ) and text:
            found += [("no_date", item.native, None), ("impossible_date", item.native, "2026-02-30 12:00:00")]
        elif item.column in ("submitted_at", "applied_at") or item.column == "paid_at":
            found.append(("no_date", item.native, None))
        elif item.column == "rating":
            found.append(("out_of_range", item.native, 9.0 if native.schema[item.native].is_float() else 9))
        elif item.column in ("type", "phase"):
            found.append(("unknown_code", item.native, 77))
        elif item.column == "status" and channel in ("tickets", "chats", "disputes"):
            found.append(("unknown_status", item.native, 77))
        elif item.column == "refund_amount" and text:
            found.append(("not_a_number", item.native, "待核算"))
        elif item.column == "qty" and channel == "order_lines":
            found.append(("out_of_range", item.native, 0))
    return [*found, ("missing_id", IDENTITY[channel], None)]
