"""Lag curves: the hazard of a case at each age of a unit, estimated on mature history (docs/method.md, 4).

The hazard of a lag family is estimated with the units at risk at each age (Kaplan and Meier 1958: censored units leave the risk
set), times a rate for its product, times shrunken effects of traffic source, carrier, region and warehouse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tasks.expected.unit_history import AXES, MAX_AGE, UnitHistory, day_number
from tasks.methods.panels import Codes, Days, Weights
from tasks.model.periods import Period

RAKED = ("traffic_source", "carrier", "region", "warehouse", "platform", "market", "buyer_group", "member_level")
"""Dimensions whose lasting differences belong to the expectation, not to a finding."""


RAKED_ROWS = 250_000


BASELINE_WEEKS = 30


GAP_WEEKS = 4

LEAST_DAYS = 28
"""Days of arrivals without which no curve is estimated."""

LEAST_CASES = 30
"""Cases without which no curve is estimated."""


SHRINKAGE = 12.0
"""Prior cases of a value's own effect: an effect that rests on fewer cases is drawn towards 1."""


@dataclass
class Curve:
    """A family's hazard by age, its product effects and its lasting effects, estimated on a baseline.

    `hazard[a]` cases per unit and day at age a days; `effects[dim]` multiplies it by a unit's value.
    """

    family: str
    hazard: Weights
    effects: dict[str, Weights] = field(default_factory=dict)
    baseline_first: int = 0
    baseline_last: int = 0
    cases: int = 0
    dispersion: float = 1.0
    within: float = 1.0  # the same among the parts of one week: without what all of them share
    product: Weights | None = None  # of the effects of the units from row `product_from` on, once they are all known
    product_from: int = 0
    kept: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))  # days of the baseline that did not stand out
    same_weeks: bool = False  # estimated on the judged weeks themselves: only its proportions say anything

    def cumulative(self, age: int) -> float:
        """Return the expected cases per unit up to an age of `age` days, without product effects."""
        return float(self.hazard[: age + 1].sum())

    def day_weights(self, days: Days, first: int, last: int) -> Weights:
        """Return the expected cases of units of these axis days during arrival days `first..last` (inclusive), no effects."""
        steps = np.concatenate(([0.0], np.cumsum(self.hazard)))
        top = len(self.hazard)
        upper = np.clip(last - days + 1, 0, top)
        lower = np.clip(first - days, 0, top)
        out = steps[upper] - steps[lower]
        out[days < 0] = 0.0
        return np.asarray(out)

    def multiplier(self, codes: Mapping[str, Codes], rows: NDArray[np.int64] | slice = slice(None)) -> Weights:
        """Return each unit's product of effects; `rows` ascend."""
        if self.product is not None and not isinstance(rows, slice) and (not len(rows) or rows[0] >= self.product_from):
            return self.product[rows - self.product_from]
        product = np.ones(0)
        for number, (dim, effect) in enumerate(self.effects.items()):
            # the code −1 of an unknown value picks the last place, which holds 1
            factor = np.append(effect, 1.0)[codes[dim][rows]]
            product = factor if number == 0 else product * factor
        return product


def estimate_curve(history: UnitHistory, family: str, until: int, *, weeks: int = BASELINE_WEEKS) -> Curve | None:
    """Estimate a family's curve on the `weeks` weeks of arrivals before day `until`.

    Weeks and products that stand out within the baseline are left out (a trigger must not become its own
    expectation). Returns None if fewer than 4 weeks or 30 cases are known.
    """
    axis = AXES[family]
    first = max(until - weeks * 7, history.known_from(family))
    if until - first < LEAST_DAYS:
        return None
    length = MAX_AGE[family]
    days = history.days[axis]
    sku = history.codes.get("sku")
    if sku is None:
        return None
    skus = len(history.values["sku"])
    low = first - length
    span = until - low
    known = (days >= low) & (days < until)
    # units[sku, axis day]: small enough to weigh every baseline week without touching the order lines again
    units = (
        np.bincount(sku[known].astype(np.int64) * span + (days[known] - low), minlength=skus * span)
        .reshape(skus, span)
        .astype(np.float64)
    )
    unit, arrived = history.case_unit[family], history.case_day[family]
    inside = (arrived >= first) & (arrived < until) & (days[unit] >= low) & (sku[unit] >= 0)
    unit, arrived = unit[inside], arrived[inside]
    if len(unit) < LEAST_CASES:
        return None
    age = np.clip(arrived - days[unit], 0, length - 1)
    week = (arrived - first) // 7
    n_weeks = (until - first + 6) // 7
    keep_week = np.ones(n_weeks, bool)
    keep_cell = np.ones((skus, n_weeks), bool)
    hazard = np.zeros(length)
    effect = np.ones(skus)
    line = history.line_of_sku
    for _ in range(3):
        mask = keep_week[week] & keep_cell[sku[unit], week]
        hazard = _hazard(units, age[mask], effect, keep_week, keep_cell, first, low, until, length)
        plain = _weekly(units, hazard, first, low, n_weeks, until)
        observed = np.zeros((skus, n_weeks))
        np.add.at(observed, (sku[unit], week), 1.0)
        use = keep_cell & keep_week[None, :]
        effect = _shrunken((observed * use).sum(1), (plain * use).sum(1), line)
        expected = plain * effect[:, None]
        keep_week = ~_outliers(observed.sum(0), expected.sum(0), 10.0, 1.25)
        keep_cell = ~_outliers(observed, expected, 7.0, 1.5)
        if keep_week.sum() < 3:
            keep_week[:] = True
    curve = Curve(family, hazard, {"sku": effect}, first, until - 1, int(mask.sum()))
    curve.dispersion, curve.within = _noise(observed[:, keep_week], expected[:, keep_week])
    curve.kept = np.repeat(keep_week, 7)[: until - first]
    _rake(history, curve, until, curve.kept)
    young = np.flatnonzero(days >= until - length)  # every later panel needs these again
    if len(young):
        curve.product_from = int(young[0])
        curve.product = curve.multiplier(history.codes, slice(curve.product_from, None))
    return curve


def _hazard(
    units: Weights,
    age: NDArray[np.int32],
    effect: Weights,
    keep_week: NDArray[np.bool_],
    keep_cell: NDArray[np.bool_],
    first: int,
    low: int,
    until: int,
    length: int,
) -> Weights:
    """Return cases over units at risk by age; a unit is at risk at age a when its day a falls into a kept week."""
    week = (np.arange(first, until) - first) // 7
    kept = np.zeros_like(units)
    kept[:, first - low :] = effect[:, None] * (keep_cell[:, week] & keep_week[week][None, :])
    # units of day d are at risk at age a on day d + a: the correlation of units with kept days, for all ages at once
    size = 2 * units.shape[1]
    spectrum = (np.fft.rfft(units, size).conj() * np.fft.rfft(kept, size)).sum(0)
    at_risk = np.maximum(np.fft.irfft(spectrum, size)[:length], 0.0)
    at_risk[at_risk < 1e-6 * max(float(at_risk.max()), 1.0)] = 0.0
    events = np.bincount(age, minlength=length)[:length].astype(np.float64)
    hazard = np.divide(events, at_risk, out=np.zeros(length), where=at_risk > 0)
    smooth = hazard.copy()
    for a in range(length):
        # Young ages differ from day to day; later ones hold too few cases to be read one by one.
        reach = 0 if a < 5 else 1 if a < 10 else 3 if a < 21 else 7
        span = slice(max(a - reach, 0), min(a + reach + 1, length))
        risk = at_risk[span].sum()
        smooth[a] = events[span].sum() / risk if risk > 0 else 0.0
    thin = at_risk < 0.02 * at_risk.max()
    if thin.any() and not thin.all():
        last = int(np.flatnonzero(~thin)[-1])
        smooth[last + 1 :] = smooth[max(last - 7, 0) : last + 1].mean()  # ages that no unit has reached yet
    return smooth


def _shrunken(observed: Weights, expected: Weights, line: NDArray[np.int64]) -> Weights:
    """Return each SKU's effect: its line's own ratio, and the SKU's drawn towards its line (gamma–Poisson, prior of `SHRINKAGE` cases)."""
    line_o, line_e = np.bincount(line, observed), np.bincount(line, expected)
    of_line = ((line_o + 1.0) / (line_e + 1.0))[line]
    return np.asarray(of_line * (observed + SHRINKAGE) / (expected * of_line + SHRINKAGE))


def _weekly(units: Weights, hazard: Weights, first: int, low: int, n_weeks: int, until: int) -> Weights:
    """Return expected cases by (sku, baseline week), without effects."""
    steps = np.concatenate(([0.0], np.cumsum(hazard)))
    day = np.arange(low, low + units.shape[1])
    kernel = np.zeros((units.shape[1], n_weeks))
    for week in range(n_weeks):
        begin, end = first + week * 7, min(first + week * 7 + 7, until)
        kernel[:, week] = steps[np.clip(end - day, 0, len(hazard))] - steps[np.clip(begin - day, 0, len(hazard))]
    return np.asarray(units @ kernel)


def _outliers(observed: Weights, expected: Weights, nats: float, ratio: float) -> NDArray[np.bool_]:
    safe = np.maximum(expected, 1e-6)
    llr = np.where(observed > 0, observed * np.log(np.maximum(observed, 1e-9) / safe), 0.0) - (observed - safe)
    return np.asarray((llr > nats) & (observed > ratio * safe))


def _noise(observed: Weights, expected: Weights) -> tuple[float, float]:
    """Return the dispersion of cells of product and week, and the same without what all products of a week share."""
    level = observed.sum(0) / np.maximum(expected.sum(0), 1e-9)
    return _dispersion(observed, expected), _dispersion(observed, expected * level)


def _dispersion(observed: Weights, expected: Weights) -> float:
    """Return Pearson's chi-square over its degrees of freedom for cells with some expectation, at least 1."""
    enough = expected > 2
    if enough.sum() < 20:
        return 1.0
    residual = np.minimum((observed[enough] - expected[enough]) ** 2 / expected[enough], 9.0)
    return float(np.clip(residual.mean(), 1.0, 2.0))


def _rake(history: UnitHistory, curve: Curve, until: int, kept: NDArray[np.bool_]) -> None:
    """Add shrunken effects of the coarse dimensions, one after the other, on the kept days of the same baseline."""
    days = history.days[AXES[curve.family]]
    first, length = curve.baseline_first, len(curve.hazard)
    # the expected cases, on the kept days, of a unit of each axis day
    table = np.convolve(kept.astype(np.float64), curve.hazard[::-1])
    offset = days - (first - length + 1)
    inside = (offset >= 0) & (offset < len(table)) & (days >= 0)
    rows = np.flatnonzero(inside)
    rows = rows[:: max(len(rows) // RAKED_ROWS, 1)]  # for a coarse dimension's expectation every k-th unit will do
    base = table[offset[rows]]
    weight = base * curve.multiplier(history.codes, rows)
    unit, arrived = history.case_unit[curve.family], history.case_day[curve.family]
    seen_then = (arrived >= first) & (arrived < until)
    seen_then[seen_then] = kept[arrived[seen_then] - first]
    unit = unit[seen_then]
    for dim in RAKED:
        if dim not in history.codes or len(history.values[dim]) < 2:
            continue
        code = history.codes[dim]
        count = len(history.values[dim])
        mine = code[rows]
        expected = np.bincount(mine[mine >= 0], weight[mine >= 0], count)
        seen = code[unit]
        observed = np.bincount(seen[seen >= 0], minlength=count).astype(np.float64)
        scale = observed.sum() / max(expected.sum(), 1e-9)
        effect = (observed + SHRINKAGE * 2) / (expected * scale + SHRINKAGE * 2)
        curve.effects[dim] = effect
        weight = weight * np.where(mine >= 0, effect[mine], 1.0)


def baseline_end(history: UnitHistory, period: Period, family: str) -> int:
    """Return the day before which a family's curve for judging a period is estimated."""
    start = day_number(period.first_day)
    for gap in (GAP_WEEKS, 2, 1):
        if start - gap * 7 - history.known_from(family) >= LEAST_DAYS:
            break
    return start - gap * 7


def curves(history: UnitHistory, period: Period) -> dict[str, Curve]:
    """Estimate every family's curve for judging a period: arrivals up to four weeks before it begins.

    The gap keeps a recent problem out of its own expectation.
    """
    out: dict[str, Curve] = {}
    for family in AXES:
        curve = estimate_curve(history, family, baseline_end(history, period, family))
        if curve is not None:
            out[family] = curve
    return out
