"""Order lines and their cases as arrays, built once for all lag families and weeks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.methods.panels import Codes, Days
from tasks.model.facts import CodedFacts
from tasks.model.moments import local_day

AXES = {
    "ship": "paid_at",
    "delivery": "shipped_at",
    "transit": "signed_at",
    "fit": "signed_at",
    "function": "signed_at",
    "wear": "signed_at",
    "use": "signed_at",
    "refund": "applied_at",
    "safety": "signed_at",
    "return": "signed_at",
    "late": "signed_at",
}
"""Lag family → the moment from which its age counts."""

MAX_AGE = {
    "ship": 63,
    "delivery": 35,
    "transit": 21,
    "fit": 35,
    "function": 50,
    "wear": 120,
    "use": 50,
    "refund": 60,
    "safety": 90,
    "return": 40,
    "late": 730,
}
"""Lag family → days after which a unit is no longer at risk of a first case; a product's later cases are counted as `late`."""

OUTLIVED = ("transit", "fit", "function", "wear", "use")
"""Families of a product whose cases beyond the family's ages are counted as `late`: no complaint is outside every window."""

UNTOLD = ("return",)
"""Families whose cases are no records of feedback, so that they are known for as long as the orders are."""

BEGUN_RECORDS, BEGUN_DAYS = 3, 28
"""Feedback is known from the first day from which so many records came within so many days: an old stray one makes no past."""

SETTLING = 14
"""Days after the first order in which nobody need have complained yet."""

NARROW = 32_000
"""Codes of fewer values are 16 bits wide, with room for one more."""


@dataclass
class UnitHistory:
    """Units and cases as arrays, built once for all families and weeks.

    `codes[dim]` are value codes of the units; `days[axis]` day numbers (days since 1970-01-01 in the business zone, −1
    where the moment is unknown), `scanned` the same as recorded, before any inference;
    `case_unit[family]` the unit of each linked case, `case_day[family]` its arrival; `first_day` the day of the first order,
    `told_from` that of the first records of feedback: an export of tickets often begins later than that of orders.
    """

    n: int
    codes: dict[str, Codes]
    values: dict[str, list[str]]
    days: dict[str, Days]
    scanned: dict[str, Days]
    case_unit: dict[str, NDArray[np.int64]]
    case_day: dict[str, Days]
    case_leaf: dict[str, NDArray[np.int32]]
    case_record: dict[str, NDArray[np.str_]]
    leaves: list[str]
    line_of_sku: NDArray[np.int64]
    first_day: int
    end_day: int
    told_from: int = 0

    def known_from(self, family: str) -> int:
        """Return the first day from which both the orders and the cases of a family are known."""
        return self.first_day if family in UNTOLD else max(self.first_day, self.told_from)


def as_of_day(history: UnitHistory, end: date) -> UnitHistory:
    """Return the history as known on the morning of a day, without later signings, shipments and cases."""
    last = day_number(end)
    if last >= history.end_day:
        return history
    paid = np.flatnonzero((history.scanned["paid_at"] >= 0) & (history.scanned["paid_at"] < last))
    n = int(paid[-1]) + 1 if len(paid) else 0  # if lines are in order of payment, later ones need not be touched
    scanned = {axis: column[:n] for axis, column in history.scanned.items()}
    days = _happened(scanned, last)
    kept = {family: (arrived < last) & (history.case_unit[family] < n) for family, arrived in history.case_day.items()}
    return replace(
        history,
        n=n,
        codes={dim: column[:n] for dim, column in history.codes.items()},
        scanned=scanned,
        days=days,
        case_unit={family: history.case_unit[family][keep] for family, keep in kept.items()},
        case_day={family: history.case_day[family][keep] for family, keep in kept.items()},
        case_leaf={family: history.case_leaf[family][keep] for family, keep in kept.items()},
        case_record={family: history.case_record[family][keep] for family, keep in kept.items()},
        end_day=last,
    )


def _happened(scanned: Mapping[str, Days], last: int) -> dict[str, Days]:
    """Return the day numbers as known on the morning of day `last`.

    A parcel left at a pick-up point often has no signing scan; two weeks after the usual time it counts as received then. Where
    a shop records no signing at all, parcels count as received three days after shipment.
    """
    days = {axis: np.where(column >= last, -1, column).astype(np.int32) for axis, column in scanned.items()}
    shipped, signed = days["shipped_at"], days["signed_at"]
    known = (shipped >= 0) & (signed >= 0)
    usual = int(np.median(signed[known] - shipped[known])) if known.any() else 3
    wait = usual + 14 if known.any() else usual
    unscanned = (signed < 0) & (shipped >= 0) & (shipped + wait < last)
    signed[unscanned] = shipped[unscanned] + usual
    return days


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def day_of(number: int) -> date:
    """Return the date of a day number."""
    return date(1970, 1, 1) + timedelta(days=number)


def local_days(column: str, zone: str) -> pl.Expr:
    """Return a UTC moment column as int32 day numbers in the business zone, −1 where null."""
    return local_day(column, zone).cast(pl.Int32).fill_null(-1)


def build_history(facts: CodedFacts, dims: Iterable[str], zone: str, end: date) -> UnitHistory:
    """Turn the coded order lines and linked cases into arrays; only what happened before `end` counts.

    Args:
        facts: Coded facts.
        dims: Dimensions of the order line to keep.
        zone: Business zone of the day numbers.
        end: First day that is left out.
    """
    lines = facts["order_line"]
    last = day_number(end)
    moments = ("paid_at", "shipped_at", "signed_at")
    happened = lines.select(local_days(axis, zone) for axis in moments)
    scanned: dict[str, Days] = {axis: happened[axis].to_numpy() for axis in moments}
    linked = _linked_cases(facts, zone, last)
    returned = _linked_returns(facts, zone, last)
    applied = facts["aftersale"].filter(pl.col("oid").is_not_null()).group_by("oid").agg(pl.col("applied_at").min())
    index = _unit_numbers(lines["oid"], [linked["oid"], applied["oid"]])
    cases, returns = (
        linked.join(index, on="oid").sort("day", "record_id"),
        returned.join(index, on="oid").sort("day", "record_id"),
    )
    scanned["applied_at"] = np.full(lines.height, -1, np.int32)
    applied = applied.join(index, on="oid").select("unit", day=local_days("applied_at", zone))
    scanned["applied_at"][applied["unit"].to_numpy()] = applied["day"].to_numpy()
    days = _happened(scanned, last)
    codes: dict[str, Codes] = {}
    values: dict[str, list[str]] = {}
    for dim in dims:
        if dim in lines.columns and lines[dim].null_count() < lines.height:
            codes[dim], values[dim] = value_codes(lines[dim])
    cases = _with_late(cases, days)
    leaves = sorted(set(cases["leaf"].drop_nulls().to_list()))
    leaf_code = {leaf: code for code, leaf in enumerate(leaves)}
    case_unit, case_day, case_leaf, case_record = {}, {}, {}, {}
    for family in AXES:
        rows = returns if family == "return" else cases.filter(pl.col("family") == family)
        case_unit[family] = rows["unit"].to_numpy().astype(np.int64)
        case_day[family] = rows["day"].to_numpy().astype(np.int32)
        case_leaf[family] = np.array(
            [0 if family == "return" else leaf_code[leaf] for leaf in rows["leaf"].to_list()], dtype=np.int32
        )
        case_record[family] = rows["record_id"].to_numpy().astype(np.str_)
    first = _first_paid(days["paid_at"], last)
    return UnitHistory(
        n=lines.height,
        codes=codes,
        values=values,
        days=days,
        scanned=scanned,
        case_unit=case_unit,
        case_day=case_day,
        case_leaf=case_leaf,
        case_record=case_record,
        leaves=leaves,
        line_of_sku=_line_of_sku(codes, values),
        first_day=first,
        end_day=last,
        told_from=_told_from(facts, zone, last, first),
    )


def _first_paid(paid: Days, last: int) -> int:
    """Return the day of the first payment, `last` if none is known."""
    return int(paid[paid >= 0].min()) if (paid >= 0).any() else last


def _told_from(facts: CodedFacts, zone: str, last: int, first: int) -> int:
    """Return the day from which feedback is known: `first`, the day of the first order, where there is none or it soon follows."""
    told = facts["feedback"].select(day=local_days("submitted_at", zone))["day"]
    begun = begun_day(told.filter((told >= 0) & (told < last)))
    return first if begun is None or begun <= first + SETTLING else begun


def begun_day(days: pl.Series) -> int | None:
    """Return the day from which records are known, given the day numbers of all, or None where there are hardly any."""
    ordered = days.sort().to_numpy()
    dense = ordered[BEGUN_RECORDS - 1 :] - ordered[: 1 - BEGUN_RECORDS] < BEGUN_DAYS
    return int(ordered[int(np.argmax(dense))]) if dense.any() else None


def value_codes(column: pl.Series) -> tuple[Codes, list[str]]:
    """Return each value's place among the column's sorted values, −1 where null, and those values as texts.

    Codes are 16 bits wide where the values allow it: a year of order lines has millions of them by a score of dimensions.
    """
    held = column if column.dtype == pl.Categorical else column.cast(pl.String).cast(pl.Categorical)
    present = held.drop_nulls().unique()
    names = present.cast(pl.String)
    order = names.arg_sort().to_numpy()
    physical = present.to_physical().to_numpy()
    unknown = int(physical.max(initial=0)) + 1
    place = np.full(unknown + 1, -1, np.int16 if len(order) < NARROW else np.int32)
    place[physical[order]] = np.arange(len(order))
    return place[held.to_physical().fill_null(unknown).to_numpy()], names.gather(order).to_list()


def _unit_numbers(oid: pl.Series, wanted: Sequence[pl.Series]) -> pl.DataFrame:
    """Return oid and unit (row number) of the order lines that are wanted: a join with the few is cheaper than with all."""
    named = pl.concat(wanted).unique()
    index = pl.DataFrame({"oid": oid, "unit": np.arange(oid.len(), dtype=np.int64)})
    return index.filter(pl.col("oid").is_in(named.implode()))


def _linked_cases(facts: CodedFacts, zone: str, last: int) -> pl.DataFrame:
    """Return the counted cases of order lines that arrived before day `last`; suspected claims are left out."""
    cases = facts["feedback"].filter(pl.col("counted") & pl.col("oid").is_not_null() & pl.col("claim_cluster").is_null())
    return cases.select("oid", "record_id", "family", "leaf", day=local_days("submitted_at", zone)).filter(
        (pl.col("day") >= 0) & (pl.col("day") < last)
    )


def _with_late(cases: pl.DataFrame, days: Mapping[str, Days]) -> pl.DataFrame:
    """Count a product's cases beyond their family's ages as `late`."""
    signed = days["signed_at"][cases["unit"].to_numpy()]
    age = np.where(signed >= 0, cases["day"].to_numpy() - signed, -1)
    limit = pl.col("family").replace_strict({family: MAX_AGE[family] for family in OUTLIVED}, default=None, return_dtype=pl.Int32)
    beyond = (pl.Series("age", age) >= limit).fill_null(value=False)
    return cases.with_columns(family=pl.when(beyond).then(pl.lit("late")).otherwise("family"))


def _linked_returns(facts: CodedFacts, zone: str, last: int) -> pl.DataFrame:
    """Return the applications after signing of order lines before day `last`; they have no leaf."""
    returns = facts["aftersale"].filter((pl.col("phase") == "after_sign") & pl.col("oid").is_not_null())
    return returns.select(
        "oid", record_id="aftersale_id", leaf=pl.lit(None, pl.String), day=local_days("applied_at", zone)
    ).filter((pl.col("day") >= 0) & (pl.col("day") < last))


def _line_of_sku(codes: Mapping[str, Codes], values: Mapping[str, list[str]]) -> NDArray[np.int64]:
    """Return the product line's code of each SKU, 0 for all where lines are not known."""
    lines = np.zeros(len(values.get("sku", [])), np.int64)
    if "line" in codes and "sku" in codes:
        known = (codes["sku"] >= 0) & (codes["line"] >= 0)
        lines[codes["sku"][known]] = codes["line"][known]
    return lines
