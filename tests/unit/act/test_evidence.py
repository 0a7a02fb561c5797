"""Windows, controls and methods from weekly counts, through to the verdict."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from tasks.act.evidence import Evidence, Windows, gather
from tasks.act.verdict import JudgedEffect, judge
from tasks.act.week_counts import AFTER, OWN, WeekTable
from tasks.model.actions import Verdict

MONDAY = date(2026, 1, 5)
WINDOWS = Windows(
    before_from=MONDAY + timedelta(weeks=30), before_to=MONDAY + timedelta(weeks=42, days=-1), known_to=MONDAY + timedelta(weeks=44, days=-1),
    cut_in=MONDAY + timedelta(weeks=46), last_day=MONDAY + timedelta(weeks=54, days=-1), age_days=7, verify_weeks=6, min_units=1000,
)  # fmt: skip
"""Twelve weeks of baseline, one that is still watched, the trigger week 43, cut-in in week 46, eight weeks later."""


def table(
    rate: np.ndarray, effect: float, *, sisters: int = 0, weeks: int = 54, n: float = 1000.0, seed: int | None = None
) -> WeekTable:
    """Weekly rows on Sundays: the slice at `rate`, times `effect` from week 46 on, and sisters at twice that rate untouched."""
    day = np.array([(MONDAY + timedelta(weeks=w, days=6)).toordinal() for w in range(weeks)])
    own = np.where(np.arange(weeks) >= 46, effect, 1.0) * rate[:weeks] * n
    others = np.tile(2 * rate[:weeks] * n, sisters)
    mean = np.concatenate([own, others])
    events = mean if seed is None else np.random.default_rng(seed).poisson(mean).astype(float)
    group = np.concatenate([np.full(weeks, OWN), np.arange(sisters).repeat(weeks)])
    days = np.tile(day, sisters + 1)
    return WeekTable(
        days,
        (group == OWN) & (np.tile(np.arange(weeks), sisters + 1) >= 46),
        group,
        np.full(len(days), n),
        events,
        np.zeros(len(days)),
    )


def said(found: Evidence, target: float = 0.02) -> JudgedEffect:
    return judge(found, target=target, min_units=1000, age_days=7, last_day=WINDOWS.last_day)


FLAT = np.full(80, 0.03)
SEASON = 0.03 * np.exp(0.4 * np.sin(2 * np.pi * (np.arange(80) - 23) / 52.18))
"""High in the baseline weeks, low after the cut-in."""


def test_windows_are_summed() -> None:
    found = gather(table(FLAT, 0.5), WINDOWS)
    assert (found.before.n, found.trigger.n, found.untreated.n, found.after.n) == (12_000, 2_000, 2_000, 6_000)
    assert (found.later.n, found.waiting, found.baseline_weeks, len(found.cohorts)) == (1_000, 1_000, 12, 6)
    assert found.complete and found.cut_in == MONDAY + timedelta(weeks=46, days=6)


def test_a_season_that_sisters_share_is_no_effect() -> None:
    plain = gather(table(SEASON, 1.0), WINDOWS)
    assert plain.after.rate is not None and plain.before.rate is not None and plain.after.rate < 0.8 * plain.before.rate
    judgement = said(gather(table(SEASON, 1.0, sisters=8), WINDOWS), target=0.03)
    assert (judgement.verdict, judgement.method) == (Verdict.NO_CHANGE, "control")
    assert judgement.ratio is not None and judgement.ratio.ratio == pytest.approx(1.0, abs=0.01)
    halved = said(gather(table(SEASON, 0.5, sisters=8), WINDOWS), target=0.03)
    assert halved.verdict is Verdict.EFFECTIVE and halved.ratio is not None and halved.ratio.ratio == pytest.approx(0.5, abs=0.01)


def test_the_control_is_weighted_as_the_slices_units_lie() -> None:
    rows = table(SEASON, 1.0, sisters=8)
    grown = replace(rows, n=np.where((rows.group == OWN) & (rows.day > WINDOWS.cut_in.toordinal() + 20), 9 * rows.n, rows.n))
    grown = replace(grown, events=grown.n * rows.events / rows.n)
    judgement = said(gather(grown, WINDOWS), target=0.03)
    assert judgement.ratio is not None and judgement.ratio.ratio == pytest.approx(1.0, abs=0.01)


def test_sisters_that_went_another_way_before_are_no_control() -> None:
    rows = table(FLAT, 0.5, sisters=8)
    week = (rows.day - MONDAY.toordinal()) // 7
    apart = replace(rows, events=np.where(rows.group == OWN, rows.events, rows.events * np.exp(0.03 * (week - 40))))
    found = gather(apart, WINDOWS)
    assert found.control_before.n == 0 and said(found).method == "course"


def test_without_a_control_a_slope_goes_on() -> None:
    falling = 0.06 * np.exp(-0.02 * np.arange(80))
    judgement = said(gather(table(falling, 1.0), WINDOWS), target=0.03)
    assert judgement.method == "course" and judgement.verdict is not Verdict.EFFECTIVE
    assert judgement.ratio is not None and judgement.ratio.low < 1 < judgement.ratio.high


def test_a_moving_slice_is_regressed_once_twelve_weeks_stand_on_each_side() -> None:
    long = replace(WINDOWS, last_day=MONDAY + timedelta(weeks=70, days=-1))
    falling = 0.06 * np.exp(-0.015 * np.arange(80))
    found = gather(table(falling, 0.5, weeks=70, n=3000.0, seed=3), long)
    judgement = said(found, target=0.03)
    assert found.moving and found.weeks is not None and len(found.weeks.only(AFTER).week) == 12
    assert judgement.method == "segmented"
    assert judgement.ratio is not None and judgement.ratio.low < 0.5 < judgement.ratio.high < 1


def test_the_window_waits_for_the_units_that_a_halving_takes() -> None:
    found = gather(table(FLAT, 0.5, n=150.0, sisters=14), replace(WINDOWS, min_units=100))
    assert not found.complete and found.after.n == 7 * 150 and found.later.n == 0
    judgement = judge(found, target=0.02, min_units=100, age_days=7, last_day=WINDOWS.last_day)
    assert (judgement.verdict, judgement.reason) == (Verdict.UNDECIDED, "too_few_units")


def test_weeks_after_the_verified_ones_do_not_change_the_verdict() -> None:
    later = replace(WINDOWS, last_day=MONDAY + timedelta(weeks=62, days=-1))
    first, second = gather(table(FLAT, 0.5), WINDOWS), gather(table(FLAT, 0.5, weeks=62), later)
    assert (first.after, first.cohorts) == (second.after, second.cohorts)


def test_a_relapse_is_looked_for_eight_weeks_long() -> None:
    rows = table(FLAT, 0.5, weeks=70)
    week = (rows.day - MONDAY.toordinal()) // 7
    up = replace(rows, events=np.where(week >= 53, 0.04 * rows.n, rows.events))
    windows = replace(WINDOWS, last_day=MONDAY + timedelta(weeks=57, days=-1))
    assert said(gather(up, windows)).verdict is Verdict.RELAPSED
    late = replace(rows, events=np.where(week >= 61, 0.04 * rows.n, rows.events))
    end = replace(WINDOWS, last_day=MONDAY + timedelta(weeks=69, days=-1))
    assert said(gather(late, end)).verdict is Verdict.EFFECTIVE
    assert said(gather(late, replace(end, watch_days=90))).verdict is Verdict.RELAPSED  # what wears out is watched longer


def test_a_short_baseline_is_completed_by_sister_slices() -> None:
    rows = table(FLAT, 0.5, sisters=8)
    recent = rows.day >= (MONDAY + timedelta(weeks=38)).toordinal()
    young = WeekTable(*(getattr(rows, name)[recent] for name in ("day", "treated", "group", "n", "events", "other")))
    found = gather(young, WINDOWS)
    assert found.baseline_weeks == 4 and found.prior.n > 0
    assert said(found).reason != "baseline_short"
    alone = gather(WeekTable(*(getattr(young, name)[young.group == OWN] for name in vars(young))), WINDOWS)
    assert said(alone).reason == "baseline_short"


def test_units_without_the_change_go_on_as_untreated() -> None:
    rows = table(FLAT, 0.5)
    old = replace(
        rows, treated=np.zeros_like(rows.treated), n=np.where(rows.treated, 100.0, 0.0), events=np.where(rows.treated, 9.0, 0.0)
    )
    both = WeekTable(*(np.concatenate([getattr(rows, name), getattr(old, name)]) for name in vars(rows)))
    found = gather(both, WINDOWS)
    assert found.untreated.n == 2_000 + 7 * 100 and found.after.n == 6_000


def test_nothing_of_the_slice() -> None:
    rows = table(FLAT, 0.5, sisters=2)
    assert (
        gather(replace(rows, group=np.maximum(rows.group, 0), treated=np.zeros_like(rows.treated)), WINDOWS).missing == "no_units"
    )


def test_a_week_without_units_is_no_week() -> None:
    rows = table(FLAT, 0.5)
    week = (rows.day - MONDAY.toordinal()) // 7
    idle = replace(rows, n=np.where(week == 35, 0.0, rows.n), events=np.where(week == 35, 0.0, rows.events))
    found = gather(idle, WINDOWS)
    assert (found.baseline_weeks, found.before.n) == (11, 11_000)
    assert said(found).ratio is not None
