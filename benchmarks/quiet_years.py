"""Is a shop with nothing wrong left in peace, and is a faulty batch found within the number of cases that its CUSUM promises?

    python -m benchmarks.quiet_years --seeds 1-10

A quiet year is the sample shop without its stories, but with 双11, 618, 春节 and every trap. Each of its weeks is judged as the
Monday review would: causes are searched, headline figures are judged, all of an edition together. An alarm is a new cause or a
headline figure called worse that no trap explains. Every edition prints how many false alarms it lets expect; the alarms of all
weeks must lie within that bound.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from scipy.stats import binomtest, gamma

from benchmarks.shops import sample_shop, world_facts
from benchmarks.stories import SHOP_LEVEL, seeds_of
from examples.sample_shop.world import build
from tasks.analyse.causes.search import make_history, root_causes
from tasks.analyse.figures.all_figures import figures
from tasks.analyse.figures.final_words import judged_together
from tasks.analyse.tables.problems import problems
from tasks.classify.coding import code
from tasks.methods.cusum import delay, design, path
from tasks.model.causes import Cause
from tasks.model.figures import Figure
from tasks.model.periods import Period

WEEKS = 52
FORGOTTEN = 4
"""Weeks after which a cause that is named again counts as a new alarm; before, it is the same one going on."""

ALARM_SHARE = 0.10
LEVEL = 0.05
"""The binomial test of a promise fails below this probability."""

HEADLINE_BY_PLATFORM = "platform_score"

RATIO = 3.0
CHANCE_SIGNAL_YEARS = 10.0
"""A batch is watched for a raised rate of three times; by chance a batch watched without end would signal once in ten years."""

WATCHED_DAYS = 120
SIGNING_DAYS = 35
LAG_SHAPE, LAG_MEAN = 1.2, 14.0
"""A batch is signed for over five weeks, and its complaints follow by a gamma law with a mean of two weeks."""

BATCHES_A_YEAR = 12


@dataclass(frozen=True)
class PlantedFault:
    """The outcome of years with one faulty batch each."""

    years: int
    found: int
    within: int
    promised: list[int]
    cases: list[int]
    healthy: int
    false_signals: int
    promised_false: float

    @property
    def p(self) -> float:
        """Probability of at most this many found within the promise if the true share were 95 in 100."""
        return float(binomtest(self.within, self.years, 0.95, "less").pvalue)


def judge_year(seed: int, weeks: int, verbose: bool = False) -> dict[str, Any]:
    """Judge the newest weeks of one quiet shop, each as its Monday review would."""
    shop = sample_shop()
    world = build(seed, weeks=60, with_stories=False, with_traps=True)
    facts = code(world_facts(world, datetime(2026, 11, 22, tzinfo=UTC), seed), shop)
    periods = Period.span("2025-W42..2026-W45", shop.identity.zone)[-weeks:]
    history = make_history(facts, periods[-1], shop)
    spike = str(world.truth["traps"]["T9"]["slice"]["sku"])
    last_named: dict[str, int] = {}
    last_worse: dict[str, int] = {}
    rows = []
    for number, period in enumerate(periods):
        causes = root_causes(facts, period, shop, history=history)
        judged = judged_together(
            figures(facts, period, shop, expected_total=causes.expected_total),
            problems(facts, period, shop, expected_leaves=causes.expected_leaves),
            [],
            searched=causes.tested,
            search_alarms=causes.expected_false_alarms,
        )
        alarms: list[str] = []
        explained: list[str] = []
        for cause in causes.causes:
            if cause.kind in SHOP_LEVEL:
                continue
            new = number - last_named.get(cause.cause_id, -WEEKS) > FORGOTTEN
            last_named[cause.cause_id] = number
            if new:
                text = f"{cause.slice} {cause.leaf} {cause.observed:.0f}/{cause.expected:.1f}"
                (explained if _cause_of_trap(cause, period, spike) else alarms).append(text)
        for figure in judged.figures:
            if figure.judgement != "worse" or (figure.scope and figure.code != HEADLINE_BY_PLATFORM):
                continue
            name = f"{figure.code} {figure.scope}".strip()
            new = number - last_worse.get(name, -WEEKS) > 1
            last_worse[name] = number
            if new:
                text = f"{name} {figure.value:.4g}, usual {figure.low or 0:.4g} to {figure.high or math.inf:.4g}"
                (explained if _figure_of_trap(figure, period) else alarms).append(text)
        rows.append(
            {
                "week": period.id,
                "alarms": alarms,
                "explained": explained,
                "tested": judged.tested,
                "promise": judged.expected_false_alarms,
            }
        )
        if verbose:
            print(seed, rows[-1], file=sys.stderr, flush=True)
    return {"seed": seed, "weeks": rows}


def _cause_of_trap(cause: Cause, period: Period, spike: str) -> bool:
    """Whether a cause names what a trap really planted: the spike of T9's product, the unsafe kettle of T2."""
    if cause.slice.get("sku") == spike and "2026-W21" <= period.id <= "2026-W24":
        return True
    return cause.slice.get("sku") == "KT-11" and cause.leaf.startswith("PRD.SAFETY") and period.id == "2026-W45"


def _figure_of_trap(figure: Figure, period: Period) -> bool:
    """Whether a trap moves a headline figure: talent rooms (T1) what is refunded, the viral post (T10) how many arrive."""
    first, last = figure.axis_from or period.first_day, figure.axis_to or period.last_day
    if first <= date(2026, 10, 18) and last >= date(2026, 10, 12):
        return figure.code in ("aftersale_rate", "return_rate", "preship_refund_rate")
    return figure.code in ("complaints", "complaints_per_day") and period.id in ("2026-W30", "2026-W31")


def planted_years(years: int, seed: int = 1) -> PlantedFault:
    """Simulate streams of batches, one of which each year fails three times as often, watched by the CUSUM designed for it.

    Args:
        years: Number of years.
        seed: Seed of the draws.
    """
    chance = np.random.default_rng(seed)
    found = within = healthy = false_signals = 0
    promised_false = 0.0
    promised, cases = [], []
    for _ in range(years):
        faulty = int(chance.integers(BATCHES_A_YEAR))
        rate = float(chance.uniform(0.01, 0.04))
        for batch in range(BATCHES_A_YEAR):
            expected = _expected(chance, rate)
            watched = float(expected.sum()) / len(expected)
            chart = design(watched, RATIO, CHANCE_SIGNAL_YEARS * 365)
            counts = chance.poisson(expected * (RATIO if batch == faulty else 1.0))
            signal = path(counts.tolist(), expected.tolist(), chart).first_signal
            if batch != faulty:
                healthy += 1
                false_signals += signal is not None
                promised_false += 1 - math.exp(-len(expected) / chart.arl0)
                continue
            promise = delay(chart, expected=float(expected.max())).most_cases
            promised.append(promise)
            if signal is not None:
                found += 1
                cases.append(int(counts[: signal + 1].sum()))
                within += cases[-1] <= promise
    return PlantedFault(years, found, within, promised, cases, healthy, false_signals, promised_false)


def _expected(chance: np.random.Generator, rate: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the cases a healthy batch lets expect on each day since its first unit was signed."""
    units = float(chance.uniform(600, 2500))
    signed = chance.dirichlet(np.full(SIGNING_DAYS, 4.0)) * units
    ages = np.arange(WATCHED_DAYS, dtype=np.float64)
    lag = np.diff(np.concatenate((np.zeros(1), _gamma_cdf(ages + 1.0))))
    return np.asarray(np.convolve(signed, lag)[:WATCHED_DAYS] * rate)


def _gamma_cdf(days: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.asarray(gamma.cdf(days, LAG_SHAPE, scale=LAG_MEAN / LAG_SHAPE))


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the benchmark and print its tables and, last, one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--weeks", type=int, default=WEEKS)
    parser.add_argument("--planted", type=int, default=200, help="years with one faulty batch each; 0 leaves them out")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--verbose", action="store_true", help="print every week as it is judged")
    parser.add_argument("--hold", action="store_true", help="end with an error where a promise is broken")
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    broken: list[str] = []
    if options.planted:
        broken += _say_planted(planted_years(options.planted))
    seeds = seeds_of(options.seeds)
    years = []
    with ProcessPoolExecutor(min(options.jobs, len(seeds)), max_tasks_per_child=1) as pool:
        for year in pool.map(judge_year, seeds, [options.weeks] * len(seeds), [options.verbose] * len(seeds)):
            years.append(year)
            loud = sum(bool(week["alarms"]) for week in year["weeks"])
            print(f"seed {year['seed']}: {loud} of {len(year['weeks'])} weeks alarmed", flush=True)
            for week in year["weeks"]:
                for text in week["alarms"]:
                    print(f"  {week['week']} alarm: {text}", flush=True)
                for text in week["explained"]:
                    print(f"  {week['week']} by a trap: {text}", flush=True)
    weeks = [week for year in years for week in year["weeks"]]
    alarmed = sum(bool(week["alarms"]) for week in weeks)
    bound = sum(week["promise"] for week in weeks)
    p = float(binomtest(alarmed, len(weeks), min(bound / len(weeks), 1.0), "greater").pvalue)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    tested = sum(week["tested"] for week in weeks) / len(weeks)
    print(
        f"{alarmed} of {len(weeks)} weeks alarmed ({alarmed / len(weeks):.1%}); the editions let expect {bound:.1f}; binomial p = {p:.3f}; "
        f"{tested:.0f} places tested a week; {usage.ru_utime + usage.ru_stime:.0f} CPU s"
    )
    if p < LEVEL:
        broken.append(f"alarms stay within the printed bound (p = {p:.4f})")
    if len(weeks) >= WEEKS and alarmed > ALARM_SHARE * len(weeks):
        broken.append("at most one week in ten is alarmed")
    print(
        json.dumps(
            {
                "weeks": len(weeks),
                "weeks_alarmed": alarmed,
                "alarms": sum(len(week["alarms"]) for week in weeks),
                "bound": round(bound, 2),
            }
        )
    )
    if options.hold and broken:
        sys.exit(f"Broken: {'; '.join(broken)}.")


def _say_planted(result: PlantedFault) -> list[str]:
    """Print how soon planted batch faults were found; return the promises that broke."""
    points = [f"{np.quantile(result.cases, share):.0f}" for share in (0.5, 0.9, 0.95, 1.0)] if result.cases else ["–"] * 4
    false_p = float(binomtest(result.false_signals, result.healthy, result.promised_false / result.healthy, "greater").pvalue)
    print(
        f"planted faults: {result.found} of {result.years} found, {result.within} within the promised cases "
        f"(promised for 95 in 100, p = {result.p:.3f}); cases at the signal: median {points[0]}, 90 % {points[1]}, 95 % {points[2]}, "
        f"most {points[3]}; promised {min(result.promised)} to {max(result.promised)}; "
        f"chance signals in {result.false_signals} of {result.healthy} healthy batches, {result.promised_false:.1f} promised "
        f"(p = {false_p:.3f})",
        flush=True,
    )
    broken = []
    if result.p < LEVEL:
        broken.append(f"faulty batches are found within the promised cases (p = {result.p:.4f})")
    if false_p < LEVEL:
        broken.append(f"healthy batches signal as rarely as promised (p = {false_p:.4f})")
    return broken


if __name__ == "__main__":
    main()
