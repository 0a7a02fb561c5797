"""After-sales orders: who applies, when and why, and the cases about refunds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from examples.sample_shop import nouns
from examples.sample_shop.cases import DrawnCases, arrivals, cases_of, joined
from examples.sample_shop.goods import Products
from examples.sample_shop.moments import DAY, NEVER, Floats, Ints, local
from examples.sample_shop.nouns import LINES, SALES_CHANNELS
from examples.sample_shop.orders import Orders
from examples.sample_shop.problems import PROBLEMS, line_rates

REASONS = ("quality", "no_reason", "wrong_item", "missing", "damage", "not_as_described", "size", "late", "other")
APPLIES_AFTER_COMPLAINT = 0.45
AFTER_FAMILIES = ("transit", "fit", "function", "wear", "use")
CONFIRMED_SHARE = 0.50
"""Applications for a quality reason that end as a refund whose final internal reason is still quality."""
MEAN_CHANNEL = float(sum(one.share * one.applied for one in SALES_CHANNELS))
FREIGHT_INSURANCE = date(2026, 4, 15)
T8_MORE = 0.04
S4_MORE = 0.12
QUIET, NO_REASON, WRONG, MISSING, DAMAGED, NOT_AS, SIZE, LATE, OTHER = range(9)


@dataclass
class Applications:
    """After-sales orders as arrays; times in local seconds, NEVER where it did not happen."""

    row: Ints
    at: Ints
    kind: Ints
    phase: Ints
    reason: Ints
    claim: Ints

    def __len__(self) -> int:
        return len(self.row)


def silent_rates(bought: Orders, version_seven: int) -> tuple[Floats, Floats]:
    """Return the rates of after-sales orders that no complaint preceded.

    Args:
        bought: The order lines.
        version_seven: Index of HW-12.

    Returns:
        Two arrays over order lines: rate of quality reasons, rate of all other reasons.
    """
    rates = line_rates()
    after = [number for number, problem in enumerate(PROBLEMS) if problem.family in AFTER_FAMILIES]
    good = [number for number in after if PROBLEMS[number].reason in ("quality", "damage", "wrong_item", "not_as_described")]
    quality = np.zeros(len(LINES))
    rest = np.zeros(len(LINES))
    for number, line in enumerate(LINES):
        told = rates[number, after].sum() * APPLIES_AFTER_COMPLAINT
        told_quality = rates[number, good].sum() * APPLIES_AFTER_COMPLAINT
        quality[number] = max(line.quality / 100 / CONFIRMED_SHARE - told_quality, 0.1 * line.quality / 100)
        rest[number] = max(line.applied / 100 - told - quality[number], 0.005)
    factor = np.array([one.applied for one in SALES_CHANNELS]) / MEAN_CHANNEL
    channel = factor[bought.channel]
    other = rest[bought.line] * channel
    hw = nouns.LINE_CODES.index("HW")
    insured = (bought.line == hw) & (bought.paid >= local(FREIGHT_INSURANCE))
    other = np.where(insured, other + T8_MORE * channel, other)
    wrong_table = (bought.sku == version_seven) & (bought.version == 7)
    other = np.where(wrong_table, other + S4_MORE * channel, other)
    return quality[bought.line] * channel, other


def applications(
    rng: np.random.Generator, goods: Products, bought: Orders, cases: DrawnCases, claims: Ints, end: int
) -> Applications:
    """Draw after-sales orders: before shipping, in transit, after complaints, and without any word.

    Args:
        rng: Source of chance.
        goods: The products.
        bought: The order lines.
        cases: DrawnCases so far.
        claims: Order lines of the suspected claim cluster (T3).
        end: Local seconds of the world's end.

    Returns:
        Applications before the end, sorted by time; `claim` marks rows of the cluster.
    """
    parts = [
        *_before_arrival(rng, bought),
        _after_complaint(rng, bought, cases),
        *_silent(rng, goods, bought),
    ]
    if len(claims):
        at = np.maximum(bought.signed[claims], local(date(2026, 8, 31), 9))
        at = at + (rng.random(len(claims)) * 240 + 30).astype(np.int64)
        parts.append(_part(claims, at, np.zeros(len(claims), dtype=np.int64), 2, np.full(len(claims), DAMAGED), 1))
    columns = [np.concatenate([part[index] for part in parts]).astype(np.int64) for index in range(6)]
    keep = columns[1] < end
    columns = [column[keep] for column in columns]
    # One order line has one after-sales order of a phase: the first.
    order = np.lexsort((columns[0], columns[1], -columns[5]))
    columns = [column[order] for column in columns]
    _, first = np.unique(columns[0] * 3 + columns[3], return_index=True)
    columns = [column[first] for column in columns]
    order = np.lexsort((columns[0], columns[1]))
    return Applications(*(column[order] for column in columns))


def _part(row: Ints, at: Ints, kind: Ints, phase: int, reason: Ints, claim: int = 0) -> tuple[Ints, ...]:
    return row, at, kind, np.full(len(row), phase), reason, np.full(len(row), claim)


def _before_arrival(rng: np.random.Generator, bought: Orders) -> list[tuple[Ints, ...]]:
    """Draw who cancels before shipping, and who asks for the money while the parcel moves."""
    rows = np.flatnonzero(bought.cancelled)
    why = rng.choice([NO_REASON, LATE, OTHER], len(rows), p=[0.82, 0.05, 0.13])
    cancelled = _part(rows, bought.cancelled_at[rows], np.zeros(len(rows), dtype=np.int64), 0, why)
    moving = (bought.shipped < NEVER) & (bought.channel != nouns.STORE) & (rng.random(len(bought)) < 0.004)
    rows = np.flatnonzero(moving)
    at = bought.shipped[rows] + (rng.random(len(rows)) * 2 * DAY).astype(np.int64) + 3600
    why = rng.choice([NO_REASON, LATE, OTHER], len(rows), p=[0.6, 0.3, 0.1])
    return [cancelled, _part(rows, at, np.zeros(len(rows), dtype=np.int64), 1, why)]


def _after_complaint(rng: np.random.Generator, bought: Orders, cases: DrawnCases) -> tuple[Ints, ...]:
    """Draw which complaints become an after-sales order."""
    family = np.array([problem.family in AFTER_FAMILIES for problem in PROBLEMS])
    lost = np.array([problem.leaf == "LOG.LOST" for problem in PROBLEMS])
    reason_of = np.array([REASONS.index(problem.reason) for problem in PROBLEMS])
    told = (cases.row >= 0) & (
        (family[cases.problem] & (rng.random(len(cases)) < APPLIES_AFTER_COMPLAINT))
        | (lost[cases.problem] & (rng.random(len(cases)) < 0.8))
    )
    chosen = np.flatnonzero(told)
    row, reason = cases.row[chosen], reason_of[cases.problem[chosen]]
    at = cases.at[chosen] + (rng.normal(0.3, 0.4, len(chosen)) * DAY).astype(np.int64)
    axis = np.where(bought.signed[row] < NEVER, bought.signed[row], np.minimum(bought.shipped[row], bought.paid[row] + 3 * DAY))
    return _part(row, np.maximum(at, axis + 1800), _kinds(rng, reason), 2, reason)


def _silent(rng: np.random.Generator, goods: Products, bought: Orders) -> list[tuple[Ints, ...]]:
    """Draw the after-sales orders that no complaint preceded: for quality, and for all other reasons."""
    quality, other = silent_rates(bought, goods.index["HW-12"])
    signed = bought.signed < NEVER
    rows = np.flatnonzero(signed & (rng.random(len(bought)) < quality))
    reason = rng.choice([QUIET, DAMAGED, NOT_AS, WRONG], len(rows), p=[0.66, 0.16, 0.12, 0.06])
    kind = _kinds(rng, reason)
    at = bought.signed[rows] + ((0.2 + 12 * rng.beta(1.1, 2.6, len(rows))) * DAY).astype(np.int64)
    for_quality = _part(rows, at, kind, 2, reason)
    rows = np.flatnonzero(signed & (rng.random(len(bought)) < other))
    seven = (bought.sku[rows] == goods.index["HW-12"]) & (bought.version[rows] == 7)
    hw = bought.line[rows] == nouns.LINE_CODES.index("HW")
    reason = rng.choice([NO_REASON, OTHER, NOT_AS, SIZE], len(rows), p=[0.86, 0.12, 0.02, 0.0])
    reason = np.where(hw & (rng.random(len(rows)) < np.where(seven, 0.5, 0.14)), SIZE, reason)
    kind = np.where(rng.random(len(rows)) < 0.93, 1, 2)
    at = bought.signed[rows] + ((0.1 + 9 * rng.beta(1.2, 2.2, len(rows))) * DAY).astype(np.int64)
    return [for_quality, _part(rows, at, kind, 2, reason)]


def _kinds(rng: np.random.Generator, reason: Ints) -> Ints:
    """Draw what is asked for, by the reason."""
    kinds = np.array([_kind_chances(index) for index in range(len(REASONS))])
    drawn = (np.cumsum(kinds[reason], axis=1) < rng.random(len(reason))[:, None]).sum(axis=1)
    return np.asarray(drawn.clip(0, 5), dtype=np.int64)


def _kind_chances(reason: int) -> tuple[float, ...]:
    if reason in (QUIET, NOT_AS):
        return (0.16, 0.62, 0.14, 0.02, 0.06, 0.0)
    if reason == DAMAGED:
        return (0.40, 0.20, 0.10, 0.30, 0.0, 0.0)
    if reason in (WRONG, MISSING):
        return (0.15, 0.15, 0.20, 0.50, 0.0, 0.0)
    if reason == SIZE:
        return (0.02, 0.78, 0.20, 0.0, 0.0, 0.0)
    if reason == LATE:
        return (0.90, 0.10, 0.0, 0.0, 0.0, 0.0)
    return (0.10, 0.70, 0.05, 0.05, 0.05, 0.05)


def refund_cases(rng: np.random.Generator, applied: Applications) -> DrawnCases:
    """Draw complaints about refunds: exposure is the after-sales order, axis its application.

    Args:
        rng: Source of chance.
        applied: After-sales orders.

    Returns:
        DrawnCases of the family refund.
    """
    parts: list[DrawnCases] = []
    for number, rate in refund_rates().items():
        hit = np.flatnonzero(rng.random(len(applied)) < rate)
        parts.append(cases_of(applied.row[hit], np.full(len(hit), number), arrivals(rng, applied.at[hit], "refund"), -1))
    return joined(parts)


def refund_rates() -> dict[int, float]:
    """Return the true rate per after-sales order of each refund problem (index in PROBLEMS)."""
    mean = np.average(line_rates(), axis=0, weights=[line.share for line in LINES])
    return {number: float(mean[number]) * 7.55 for number, problem in enumerate(PROBLEMS) if problem.family == "refund"}
