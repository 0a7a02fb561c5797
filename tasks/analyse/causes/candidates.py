"""Slices of order lines that stand out: the panels they are found on, and the merging of slices with one underlying problem."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.expected.arrivals import expected_units, observed_cases
from tasks.expected.lag_curves import Curve
from tasks.expected.unit_history import AXES, MAX_AGE, UnitHistory, day_number
from tasks.methods.panels import FoundSlice, Panel, Pattern
from tasks.model.periods import Period

AXIS_OF_INTERVAL = {"pay_date": "paid_at", "ship_date": "shipped_at"}

OPEN = 2**31 - 1
"""Last day of an interval that has not ended."""

INTERVAL_DIMS = ("sku", "warehouse", "carrier", "line", "platform")

EXPOSURE_OF_FAMILY = {"ship": "orders_paid", "delivery": "parcels_shipped", "transit": "parcels_signed", "refund": "aftersales"}


HARDLY_ANY, FAR_BEYOND = 1.0, 10.0
"""A slice that expects fewer cases than the first, and has more than the second times as many, fails at ages at which its family
has no cases yet: those units were not thought to be at risk at all."""


@dataclass
class Candidate:
    """A slice found on one panel and window, before slices of several panels are merged."""

    family: str
    families: tuple[str, ...]
    weeks: int
    first: int
    last: int
    found: FoundSlice
    labels: dict[str, str]
    units: NDArray[np.int64]
    cases: NDArray[np.int64]
    records: list[str]
    leaves: Counter[str]
    days: list[int]
    exposure: float
    exposure_kind: str
    problem: str = ""  # the only leaf whose cases were counted, if so
    view: UnitHistory | None = None  # the history with its cases only, and their curve
    curve: Curve | None = None

    def seen_in(self, history: UnitHistory, fitted: dict[str, Curve]) -> tuple[UnitHistory, dict[str, Curve]]:
        """Return the history and curves that this candidate was counted with: its own, or else those given."""
        return (history, fitted) if self.view is None or self.curve is None else (self.view, {self.family: self.curve})


@dataclass
class CandidateCases:
    """The cases of a panel: family, position in the family's arrays, and unit."""

    family: NDArray[np.str_]
    position: NDArray[np.int64]
    unit: NDArray[np.int64]


def spans(period: Period) -> list[tuple[int, int, int]]:
    """Return (weeks, first day, last day) of the spans to search: slow problems take several weeks to show."""
    last = day_number(period.last_day)
    if period.grain == "week":
        return [(weeks, last - weeks * 7 + 1, last) for weeks in (1, 2, 4)]
    first = day_number(period.first_day)
    return [(max(round((last - first + 1) / 7), 1), first, last)]


def order_panel(
    history: UnitHistory,
    known: list[Curve],
    first: int,
    last: int,
    parents: dict[str, frozenset[str]],
    dims: Iterable[str] | None = None,
    among: NDArray[np.int64] | None = None,
) -> tuple[Panel, NDArray[np.int64], CandidateCases]:
    """Return the panel of some families over arrival days `first..last`, its row numbers and its cases.

    With `among` (ascending row numbers) only those units are held: enough to count one slice.
    """
    parts = [expected_units(history, curve, first, last, among) for curve in known]
    if len(parts) == 1:
        rows, weights = parts[0]
    else:  # one row a unit, with what all its families expect
        dense = np.zeros(history.n if among is None else len(among))
        for part_rows, part_weights in parts:
            dense[part_rows if among is None else np.searchsorted(among, part_rows)] += part_weights
        places = np.flatnonzero(dense)
        rows, weights = places if among is None else among[places], dense[places]
    positions = [observed_cases(history, curve.family, first, last) for curve in known]
    cases = CandidateCases(
        family=np.concatenate([np.full(len(p), curve.family) for p, curve in zip(positions, known, strict=True)]),
        position=np.concatenate(positions),
        unit=np.concatenate([history.case_unit[curve.family][p] for p, curve in zip(positions, known, strict=True)]),
    )
    wanted = list(history.codes) if dims is None else [dim for dim in dims if dim in history.codes]
    return (
        Panel(
            units={dim: history.codes[dim][rows] for dim in wanted},
            weights=weights,
            cases={dim: history.codes[dim][cases.unit] for dim in wanted},
            values=history.values,
            parents=parents,
            unit_days={axis: history.days[column][rows] for axis, column in AXIS_OF_INTERVAL.items()},
            case_days={axis: history.days[column][cases.unit] for axis, column in AXIS_OF_INTERVAL.items()},
            interval_dims=INTERVAL_DIMS,
        ),
        rows,
        cases,
    )


def _of_any_age(history: UnitHistory, pattern: Pattern, family: str, first: int, last: int) -> NDArray[np.int64]:
    """Return a slice's units of all ages that its family has, also those at which no case was to be expected."""
    units = units_of(history, pattern)
    days = history.days[AXES[family]][units]
    inside = (days >= max(first - MAX_AGE[family], 0)) & (days <= last)
    if pattern.axis:
        bound = history.days[AXIS_OF_INTERVAL[pattern.axis]][units]
        inside &= (bound >= pattern.first) & (bound <= pattern.last)
    return units[inside]


def units_of(history: UnitHistory, pattern: Pattern) -> NDArray[np.int64]:
    """Return the row numbers of the units with a pattern's values, ascending, whatever their days."""
    return np.flatnonzero(Pattern(pattern.conditions).rows(history.codes, {}))


def describer(
    history: UnitHistory, weeks: int, first: int, last: int, panel: Panel, rows: NDArray[np.int64], cases: CandidateCases
) -> Callable[[FoundSlice], Candidate]:
    """Return a function that turns a slice found on a panel into a candidate."""

    def describe(found: FoundSlice) -> Candidate:
        units = rows[found.pattern.rows(panel.units, panel.unit_days)]
        mine = np.flatnonzero(found.pattern.rows(panel.cases, panel.case_days))
        families = Counter(cases.family[mine].tolist())
        pairs = list(zip(cases.family[mine].tolist(), cases.position[mine].tolist(), strict=True))
        family = families.most_common(1)[0][0] if families else str(cases.family[0]) if len(cases.family) else ""
        if found.expected < HARDLY_ANY and found.ratio > FAR_BEYOND:
            units = _of_any_age(history, found.pattern, family, first, last)
        return Candidate(
            family=family,
            families=tuple(sorted(set(cases.family.tolist()))),
            weeks=weeks,
            first=first,
            last=last,
            found=found,
            labels=found.pattern.labels(panel.values),
            units=units,
            cases=mine,
            records=[str(history.case_record[f][p]) for f, p in pairs],
            leaves=Counter(history.leaves[history.case_leaf[f][p]] for f, p in pairs),
            days=[int(history.case_day[f][p]) for f, p in pairs],
            exposure=float(len(units)),
            exposure_kind=EXPOSURE_OF_FAMILY.get(family, "units_signed"),
        )

    return describe


def brought_together(candidates: list[Candidate]) -> list[tuple[Candidate, list[Candidate]]]:
    """Merge candidates of one problem (same units in other families or windows) into the one with the best score.

    What was compared among the places of the same weeks only leads where nothing was found against the past: the past tells better
    how wide a problem is.
    """
    groups: list[tuple[Candidate, list[Candidate]]] = []
    for candidate in sorted(
        candidates, key=lambda h: (h.view is not None, -h.found.score, h.family, h.weeks, sorted(h.labels.items()))
    ):
        for lead, more in groups:
            if _same_trouble(lead, candidate):
                more.append(candidate)
                break
        else:
            groups.append((candidate, []))
    return groups


def _same_trouble(lead: Candidate, other: Candidate) -> bool:
    if {lead.family, other.family} & {"app", "service"} and lead.family != other.family:
        return False
    if lead.families == other.families and lead.records and other.records:
        shared = len(set(lead.records) & set(other.records))
        if shared >= 0.5 * min(len(lead.records), len(other.records)):
            return True
    small = min(len(lead.units), len(other.units))
    return small > 0 and len(np.intersect1d(lead.units, other.units, assume_unique=True)) >= 0.5 * small
