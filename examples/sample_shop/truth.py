"""The size of the planted stories: weekly observed and expected cases, and the weeks in which nothing is planted."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import Any

import numpy as np

from examples.sample_shop import service
from examples.sample_shop.cases import APP_RATE, DrawnCases, Hazards, axis_times, service_rates
from examples.sample_shop.moments import DAY, EPOCH, NEVER, Floats, Ints
from examples.sample_shop.problems import PROBLEMS, arrived_by
from examples.sample_shop.stories import Story


def iso_week(seconds: int) -> str:
    """Return the ISO week of local seconds, such as `2026-W45`."""
    year, week, _ = (EPOCH + timedelta(days=seconds // DAY)).isocalendar()
    return f"{year}-W{week:02d}"


def likelihood(observed: float, expected: float) -> float:
    """Return O ln(O/E) − (O − E) in nats, 0 where nothing was expected or observed is at most expected."""
    if observed <= 0 or expected <= 0:
        return 0.0
    return observed * math.log(observed / expected) - (observed - expected)


def story_truth(
    told: list[Story],
    hazards: Hazards,
    cases: DrawnCases,
    desk: service.ServiceDesk,
    active: np.ndarray[Any, Any],
    first: int,
    weeks: int,
) -> dict[str, dict[str, Any]]:
    """Count each story's observed cases by week against the expectation from the generator's own rates.

    Args:
        told: The stories.
        hazards: True rates.
        cases: All cases.
        desk: Conversations.
        active: Devices by day × version × system.
        first: Local seconds of the world's first day.
        weeks: Number of weeks.

    Returns:
        By story code: slice, leaves, days, weekly observed and expected, LLR (cumulative since the first counted
        week), the first week in which the cumulative LLR passes 12 nats, and the right answer. S8's expectation is
        at the old pack's rate.
    """
    names = [iso_week(first + number * 7 * DAY) for number in range(weeks)]
    return {
        story.code: _told(
            story, names, _observed(story, cases, first, weeks), _expected(story, hazards, desk, active, first, weeks)
        )
        for story in told
    }


def _observed(story: Story, cases: DrawnCases, first: int, weeks: int) -> Ints:
    """Count a story's cases by week."""
    right = np.isin(cases.problem, story.counted)
    if story.code == "S5":
        right &= (cases.version == service.BROKEN) & (cases.system == 0)
    elif story.code == "S6":
        right &= (cases.queue == service.OUTSOURCED) & (cases.shift == service.NIGHT)
    elif story.mask is not None:
        right &= (cases.row >= 0) & story.mask[np.maximum(cases.row, 0)]
    return np.bincount((cases.at[right] - first) // (7 * DAY), minlength=weeks)[:weeks]


def _expected(
    story: Story, hazards: Hazards, desk: service.ServiceDesk, active: np.ndarray[Any, Any], first: int, weeks: int
) -> Floats:
    """Return by week what the generator's own rates let expect without the story (S8: with the old pack)."""
    expected = np.zeros(weeks)
    if story.code == "S5":
        return np.asarray(active[:, service.BROKEN, 0].reshape(weeks, 7).sum(axis=1) * APP_RATE)
    if story.code == "S6":
        human = desk.human[:, service.OUTSOURCED, service.NIGHT].reshape(weeks, 7).sum(axis=1)
        return np.asarray(human * service_rates()[1][0, service.NIGHT])
    if story.mask is None:
        return expected
    edges = first + np.arange(weeks + 1) * 7 * DAY
    rows = np.flatnonzero(story.mask)
    for number in story.counted:
        family = PROBLEMS[number].family
        axis = axis_times(hazards.bought, family)[rows]
        here = axis < NEVER
        rate = hazards.rate(number, rows[here], old_pack=story.code == "S8")
        for week in range(weeks):
            low = arrived_by(family, (edges[week] - axis[here]) / DAY)
            high = arrived_by(family, (edges[week + 1] - axis[here]) / DAY)
            expected[week] += float((rate * (high - low)).sum())
    return expected


def _told(story: Story, names: list[str], observed: Ints, expected: Floats) -> dict[str, Any]:
    low_week, high_week = story.weeks
    active_weeks = [name for name in names if low_week <= name <= high_week]
    total_observed = total_expected = 0.0
    cumulative: dict[str, float] = {}
    passed = None
    for number, name in enumerate(names):
        if name not in active_weeks:
            continue
        total_observed += float(observed[number])
        total_expected += float(expected[number])
        cumulative[name] = round(likelihood(total_observed, total_expected), 2)
        if passed is None and cumulative[name] > 12 and total_observed > total_expected:
            passed = name
    shown = [(number, name) for number, name in enumerate(names) if observed[number] or expected[number] > 0.005]
    return {
        "name": story.name,
        "slice": story.slice,
        "leaves": sorted({PROBLEMS[number].leaf for number in story.counted}),
        "symptoms": sorted({PROBLEMS[number].symptom for number in story.counted} - {""}),
        "family": PROBLEMS[story.counted[0]].family,
        "since": story.since,
        "until": story.until,
        "since_axis": story.axis,
        "weeks": active_weeks,
        "observed": {name: int(observed[number]) for number, name in shown},
        "expected": {name: round(float(expected[number]), 3) for number, name in shown},
        "llr": cumulative,
        "passed_12_nats": passed,
        "present": bool(active_weeks) and total_expected > 0,
        "answer": story.answer,
        **story.more,
    }


def quiet_weeks(first: int, weeks: int, *, nothing: bool = False) -> list[str]:
    """Return the ISO weeks in which no excess story, no fall and no planted spike is active."""
    busy = (
        set()
        if nothing
        else {
            *_span("2025-W46", "2025-W47"),
            "2026-W21",
            *_span("2026-W30", "2026-W31"),
            "2026-W36",
            *_span("2026-W37", "2026-W47"),
        }
    )
    return [name for name in (iso_week(first + number * 7 * DAY) for number in range(weeks)) if name not in busy]


def _span(low: str, high: str) -> list[str]:
    day = date.fromisocalendar(int(low[:4]), int(low[-2:]), 1)
    names = [low]
    while names[-1] != high:
        day += timedelta(days=7)
        year, week, _ = day.isocalendar()
        names.append(f"{year}-W{week:02d}")
    return names
