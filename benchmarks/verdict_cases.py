"""Actions with known effects in an invented shop, for the benchmark of verdicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from tasks.act.evidence import HISTORY_WEEKS, Windows
from tasks.act.week_counts import OWN, WeekTable
from tasks.methods.noise import YEAR

Floats = NDArray[np.float64]

EFFECTS = {"none": 1.0, "small": 0.8, "real": 0.5, "harmful": 1.5}
SHARES = (0.3, 0.2, 0.3, 0.2)

SLICES = 150
LINE = 15
"""Slices of one product line: one acted on, the others its sisters."""

LAST_WEEKS = 26
"""Weeks of units after cut-in that are drawn at most."""

MONDAY = date(2025, 1, 6)

DRIFT = 0.0015
"""Standard deviation of a slice's own slope by week."""


@dataclass(frozen=True)
class VerdictCase:
    """An action with its truth: what its slice and sisters would bring, and what they brought."""

    effect: str
    selected: bool
    story: str  # none, spike (ends by itself), rise (lasts until cut-in)
    control: bool
    moving: str  # "", trend, season, both
    table: WeekTable
    level: Floats  # true multiplier of the slice by week, without effect, trend and season
    per_unit: Floats  # cases that an untreated unit of the slice brings on average, by week
    dispersion: float
    windows: Windows
    target: float
    first_look: int


@dataclass(frozen=True)
class _Plan:
    """What is drawn of an action before any count; weeks are positions, `gap` those whose units were still being watched."""

    effect: str
    selected: bool
    story: str
    control: bool
    history: int
    age: int
    lag: int
    ramp: int

    @property
    def gap(self) -> int:
        return -(-self.age // 7)

    @property
    def trigger(self) -> int:
        return self.history + self.gap

    @property
    def cut_in(self) -> int:
        return self.trigger + self.lag

    @property
    def weeks(self) -> int:
        return self.cut_in + LAST_WEEKS + 1


def _plan(chance: np.random.Generator) -> _Plan:
    effect = str(chance.choice(list(EFFECTS), p=SHARES))
    selected = bool(chance.random() < 0.5)
    story = str(chance.choice(["none", "spike", "rise"], p=[0.75, 0.13, 0.12]))
    control = bool(chance.random() < 0.7)
    history = int(chance.integers(16, 80)) if chance.random() < 0.9 or not control else int(chance.integers(4, 8))
    age, lag, ramp = int(chance.choice([7, 14, 30])), int(chance.integers(1, 6)), int(chance.integers(0, 6))
    return _Plan(effect, selected, story, control, history, age, lag, ramp)


def _course(chance: np.random.Generator, plan: _Plan) -> tuple[str, Floats]:
    """Draw how the whole shop moves: in words, and as a multiplier by week."""
    week = np.arange(plan.weeks, dtype=np.float64)
    moving = str(chance.choice(["", "trend", "season", "both"], p=[0.5, 0.2, 0.2, 0.1]))
    slope = chance.uniform(-0.015, 0.015) if moving in ("trend", "both") else 0.0
    height = chance.uniform(0.1, 0.3) if moving in ("season", "both") else 0.0
    return moving, np.exp(slope * (week - plan.trigger) + height * np.sin(2 * np.pi * (week / YEAR + chance.random())))


@dataclass(frozen=True)
class _Slices:
    """Every slice's true rate and weekly units, what the trigger week showed, and the rows of the chosen one and its sisters."""

    rates: Floats
    units: Floats
    seen: NDArray[np.int64]
    rows: NDArray[np.int64]

    @property
    def worst(self) -> int:
        return int(self.rows[0])


def _slices(chance: np.random.Generator, plan: _Plan, now: float, dispersion: float) -> _Slices:
    """Draw all slices, and choose the worst by its excess over what its line's rate leads one to expect, or any."""
    line_rates = np.exp(chance.uniform(np.log(0.004), np.log(0.05), SLICES // LINE)).repeat(LINE)
    rates = line_rates * chance.gamma(8.0, 1 / 8.0, SLICES)
    units = np.exp(chance.normal(np.log(300), 0.8, SLICES)).clip(40, 4000)
    seen = _counts(chance, rates * units * now, dispersion)
    if plan.selected:
        usual = line_rates * units * now
        worst = int(np.argmax((seen - usual) / np.sqrt(usual)))
    else:
        worst = int(chance.integers(SLICES))
    line = np.arange(worst // LINE * LINE, worst // LINE * LINE + LINE)
    return _Slices(rates, units, seen, np.concatenate([[worst], line[line != worst]]))


def _level(chance: np.random.Generator, plan: _Plan) -> Floats:
    """Draw the multiplier of the slice alone: a spike that ends by itself, or a rise that lasts."""
    level = np.ones(plan.weeks)
    if plan.story == "spike":
        level[plan.trigger : plan.trigger + int(chance.integers(1, 4))] = chance.uniform(1.8, 3.5)
    if plan.story == "rise":
        level[plan.trigger :] = chance.uniform(1.8, 3.0)
    return level


def draw(chance: np.random.Generator) -> VerdictCase:
    """Draw one action."""
    plan = _plan(chance)
    moving, shape = _course(chance, plan)
    dispersion = float(chance.choice([1.0, chance.uniform(1.1, 2.2)]))
    slices = _slices(chance, plan, shape[plan.trigger], dispersion)
    rows, weeks, week = slices.rows, plan.weeks, np.arange(plan.weeks, dtype=np.float64)
    orders = np.exp(chance.normal(0.0, 0.1, weeks)) * np.where(chance.random(weeks) < 0.06, 2.2, 1.0)
    n = np.round(slices.units[rows][:, None] * orders * np.exp(chance.normal(0.0, 0.1, (LINE, weeks)))).clip(1)
    own_slopes = np.exp(chance.normal(0.0, DRIFT, LINE)[:, None] * (week - plan.trigger))
    mean = slices.rates[rows][:, None] * n * shape * own_slopes
    level = _level(chance, plan)
    mean[0] *= level
    reached = np.clip((week - plan.cut_in + 1) / (plan.ramp + 1), 0, 1)  # old stock is used up week by week
    treated = np.round(n[0] * reached)
    untreated = n[0] - treated
    per_unit = mean[0] / n[0]
    multiplier = _weekly(chance, mean[0], dispersion)  # what strays in a week strays for all its units
    fresh = chance.poisson(per_unit * treated * EFFECTS[plan.effect] * multiplier)
    old = chance.poisson(per_unit * untreated * multiplier)
    if plan.selected and plan.story == "none":
        old[plan.trigger] = round(float(slices.seen[slices.worst]) * n[0, plan.trigger] / slices.units[slices.worst])
    others = _counts(chance, mean[1:], dispersion)
    table = _week_table(n, treated, old, fresh, others)
    kept = (table.n > 0) & (plan.control | (table.group == OWN))
    held = slice(plan.history - min(12, plan.history), plan.history)
    stood = float(level[plan.trigger]) if plan.story == "rise" else 1.0
    return VerdictCase(
        effect=plan.effect, selected=plan.selected, story=plan.story, control=plan.control, moving=moving, table=rows_of(table, kept),
        level=level, per_unit=per_unit, dispersion=dispersion, windows=_windows(chance, plan, float(slices.units[slices.worst])),
        target=0.7 * stood * float(old[held].sum() / n[0, held].sum()), first_look=plan.cut_in + plan.gap,
    )  # fmt: skip


def _week_table(
    n: Floats, treated: Floats, old: NDArray[np.int64], fresh: NDArray[np.int64], others: NDArray[np.int64]
) -> WeekTable:
    """Return the slice's untreated and treated units and those of its sisters, week by week."""
    weeks = n.shape[1]
    day = (MONDAY.toordinal() + 7 * np.arange(weeks) + 6).astype(np.int64)
    return WeekTable(
        day=np.concatenate([day, day, np.tile(day, LINE - 1)]),
        treated=np.concatenate([np.zeros(weeks, bool), np.ones(weeks, bool), np.zeros(weeks * (LINE - 1), bool)]),
        group=np.concatenate([np.full(2 * weeks, OWN), np.arange(LINE - 1).repeat(weeks)]),
        n=np.concatenate([n[0] - treated, treated, n[1:].ravel()]),
        events=np.concatenate([old, fresh, others.ravel()]).astype(np.float64),
        other=np.zeros(weeks * (LINE + 1)),
    )


def _windows(chance: np.random.Generator, plan: _Plan, units: float) -> Windows:
    before = MONDAY + timedelta(weeks=plan.history)
    return Windows(
        before_from=before - timedelta(weeks=min(12, plan.history)),
        before_to=before - timedelta(days=1),
        known_to=MONDAY + timedelta(weeks=plan.trigger + 1, days=-1),
        cut_in=MONDAY + timedelta(weeks=plan.cut_in),
        last_day=MONDAY,
        age_days=plan.age,
        verify_weeks=int(chance.integers(3, 9)),
        min_units=int(units * chance.uniform(1, 4)),
    )


def _weekly(chance: np.random.Generator, mean: Floats, dispersion: float) -> Floats:
    """Draw what a week's counts are multiplied with, so that their variance is `dispersion` times their mean."""
    if dispersion <= 1:
        return np.ones_like(mean)
    shape = np.maximum(mean, 1e-9) / (dispersion - 1)
    return np.asarray(chance.gamma(shape, 1 / shape))


def _counts(chance: np.random.Generator, mean: Floats, dispersion: float) -> NDArray[np.int64]:
    return np.asarray(chance.poisson(mean * _weekly(chance, mean, dispersion)))


def rows_of(table: WeekTable, kept: NDArray[np.bool_]) -> WeekTable:
    """Return a selection of a table's rows."""
    return WeekTable(*(getattr(table, name)[kept] for name in ("day", "treated", "group", "n", "events", "other")))


def small_cases(chance: np.random.Generator) -> Iterator[VerdictCase]:
    """Draw actions of slices small enough to be written out unit by unit, and not older than a review's look-back."""
    while True:
        case = draw(chance)
        history = (case.windows.before_from - MONDAY).days // 7
        if case.table.n.sum() < 300_000 and history <= HISTORY_WEEKS and (case.table.events <= case.table.n).all():
            yield case
