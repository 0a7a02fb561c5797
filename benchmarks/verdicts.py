"""Do the printed intervals hold, is a wrong «effective» rare, and is a real halving found?

    python -m benchmarks.verdicts --seed 1

Draws actions with known effects in an invented shop and judges each at every weekly review by the product's own functions: weekly
counts of the slice and its sisters → `gather` → `judge`. Half of the actions were opened because their slice was the worst of 150.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any

import numpy as np
import polars as pl

from benchmarks.verdict_cases import EFFECTS, MONDAY, VerdictCase, draw, rows_of, small_cases
from tasks.act.evidence import Evidence, gather, needed_units
from tasks.act.observation import evidence
from tasks.act.verdict import JudgedEffect, RateComparison, judge
from tasks.act.week_counts import AFTER, BEFORE, UNTREATED, Counts
from tasks.methods.noise import Noise
from tasks.model.actions import Action, ActionKind, CutInAxis, Verdict
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CODED_FEEDBACK, CodedFacts
from tasks.model.periods import Period
from tasks.shop.load import Shop

PROMISES = {"coverage": (0.935, 0.98), "false_effective": (0.0, 0.025), "power": (0.9, 1.0)}


def looks(case: VerdictCase) -> Iterator[tuple[Evidence, JudgedEffect]]:
    """Judge an action at every weekly review until its window is over, for at most half a year."""
    for week in range(case.first_look, len(case.level)):
        last_day = MONDAY + timedelta(weeks=week, days=6)
        known = rows_of(case.table, case.table.day <= last_day.toordinal())
        found = gather(known, replace(case.windows, last_day=last_day))
        effect = judge(
            found, target=case.target, min_units=case.windows.min_units, age_days=case.windows.age_days, last_day=last_day
        )
        yield found, effect
        if found.complete:
            return


def truth(case: VerdictCase, found: Evidence, effect: JudgedEffect) -> float:
    """Return the true ratio of what is printed: the effect, times how far the level itself moved between the two sides."""
    assert found.weeks is not None

    def level(side: int) -> float:
        weeks = found.weeks.only(side)  # type: ignore[union-attr]
        place = (weeks.week - MONDAY.toordinal()) // 7
        return float((weeks.n * case.level[place]).sum() / weeks.n.sum())

    compared = UNTREATED if effect.compared == found.untreated else BEFORE
    return EFFECTS[case.effect] * level(AFTER) / level(compared)


def has_enough(case: VerdictCase, found: Evidence, *, by_truth: bool) -> bool:
    """Whether the slice had the units with which the design finds a halving nine times in ten.

    Args:
        case: The action.
        found: What is known at its last review.
        by_truth: Reckon with the true rates and dispersion; otherwise as the report prints it, with what can be known.
    """
    assert found.weeks is not None
    side = UNTREATED if case.story == "rise" else BEFORE  # only a comparison with itself shows that a lasting rise is over
    compared, after = found.weeks.only(side), found.weeks.only(AFTER)
    if not compared.n.sum() or not after.n.sum():
        return False
    unsure = RateComparison(found, raised=case.story == "rise", regressed=False).unsure()
    if not by_truth:
        brought = Counts(float(compared.events.sum()) + found.prior.events, float(compared.n.sum()) + found.prior.n)
        return found.after.n >= needed_units(brought, found.noise, unsure)
    place = (compared.week - MONDAY.toordinal()) // 7
    brought = Counts(float((case.per_unit[place] * compared.n).sum()), float(compared.n.sum()))
    return found.after.n >= needed_units(brought, Noise(case.dispersion), unsure)


def judge_case(case: VerdictCase) -> dict[str, Any]:
    """Judge one action and compare with its truth."""
    verdicts = set()
    covered, printed = [], []
    for found, effect in looks(case):
        verdicts.add(effect.verdict)
        printed.append(effect.ratio is not None and found.after.events + (effect.compared or Counts()).events > 0)
        if printed[-1] and effect.ratio is not None:
            covered.append(effect.ratio.low <= truth(case, found, effect) <= effect.ratio.high)
    real = case.effect == "real"
    return {
        "case": case,
        "printed": printed[-1],
        "covered": covered[-1] if printed[-1] else None,
        "looks": covered,
        "ratio": effect.ratio,
        "truth": truth(case, found, effect) if printed[-1] else None,
        "effective": bool(verdicts & {Verdict.EFFECTIVE, Verdict.RELAPSED}),
        "verdict": effect.verdict.value,
        "reason": effect.reason,
        "method": effect.method or "none",
        "enough": real and has_enough(case, found, by_truth=False),
        "enough_by_truth": real and has_enough(case, found, by_truth=True),
    }


def frames(case: VerdictCase) -> CodedFacts:
    """Return a case as order lines and complaints, unit by unit, as the review reads them from the lake."""
    table, size = case.table, case.table.n.astype(np.int64)
    row = np.arange(len(size)).repeat(size)
    within = np.arange(len(row)) - (np.cumsum(size) - size).repeat(size)
    signed = pl.Series(table.day - date(1970, 1, 1).toordinal(), dtype=pl.Int32).cast(pl.Date).gather(row).cast(
        UTC_TIME
    ) + timedelta(hours=4)
    last_old = datetime.combine(case.windows.cut_in, time(), UTC) - timedelta(days=2)
    lines = pl.DataFrame({"row": row, "within": within, "signed_at": signed}).with_columns(
        oid=pl.format("{}-{}", "row", "within"),
        sku=pl.Series([f"SKU-{group + 1:02d}" for group in table.group]).gather(row),
        line=pl.lit("KT"),
        treated=pl.Series(table.treated).gather(row),
        events=pl.Series(table.events).gather(row),
    )
    sent = pl.col("signed_at") - timedelta(days=2)
    lines = lines.with_columns(
        shipped_at=pl.when("treated").then(sent).otherwise(pl.min_horizontal(sent, pl.lit(last_old, UTC_TIME)))
    )
    lines = lines.with_columns(paid_at=pl.col("shipped_at") - timedelta(days=1), batch_no=pl.lit(None, pl.String), qty=pl.lit(1))
    cases = lines.filter(pl.col("within") < pl.col("events")).select(
        "oid",
        record_id="oid",
        leaf=pl.lit("LOG.DAMAGE"),
        submitted_at=pl.col("signed_at") + timedelta(days=1),
        counted=pl.lit(value=True),
    )
    cases = cases.with_columns(
        pl.lit(None, kind).alias(name) for name, kind in CODED_FEEDBACK.items() if name not in cases.columns
    )
    return CodedFacts(
        {"order_line": lines.drop("row", "within", "treated", "events"), "feedback": cases}, datetime(2030, 1, 1, tzinfo=UTC)
    )


def is_same_through_frames(case: VerdictCase, shop: Shop) -> bool:
    """Whether an action's last review comes to the same words and interval from order lines and complaints."""
    *_, (_, effect) = looks(case)
    windows = case.windows
    opened, trigger = windows.known_to, windows.known_to - timedelta(days=6)
    action = Action(
        action_id="A", what="", kind=ActionKind.CORRECT, cause_id="", owner="", department="", due=datetime(2030, 1, 1, tzinfo=UTC), metric="",
        exposure="units_signed", age_days=windows.age_days, slice={"sku": "SKU-00"}, leaf="LOG.DAMAGE", target=case.target, target_text="",
        expected_effect="", period=f"{opened.isocalendar().year}-W{opened.isocalendar().week:02d}", cut_in_axis=CutInAxis.SHIP_DATE,
        baseline_from=windows.before_from, baseline_to=windows.before_to, trigger_from=trigger, trigger_to=opened,
        verify_weeks=windows.verify_weeks, min_units=windows.min_units,
    )  # fmt: skip
    last = looked_on(case)
    period = Period.parse(f"{last.isocalendar().year}-W{last.isocalendar().week:02d}")
    again = evidence(
        action, frames(case), period, shop, done_on=None, cut_in_actual=str(windows.cut_in), min_units=windows.min_units
    )
    from_frames = judge(again, target=case.target, min_units=windows.min_units, age_days=windows.age_days, last_day=last)
    if effect.ratio is None or from_frames.ratio is None:
        return effect == from_frames
    interval, other = ([each.ratio, each.low, each.high] for each in (effect.ratio, from_frames.ratio))
    same_words = (effect.verdict, effect.method) == (from_frames.verdict, from_frames.method)
    return same_words and bool(np.allclose(interval, other, rtol=1e-6))


def looked_on(case: VerdictCase) -> date:
    """Return the last day of an action's last review."""
    return MONDAY + timedelta(weeks=case.first_look + sum(1 for _ in looks(case)) - 1, days=6)


def summary(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the measured figures of what the verdicts promise."""
    covered = [row["covered"] for row in rows if row["printed"]]
    harmless = [row["effective"] for row in rows if row["case"].effect in ("none", "harmful")]
    real = [row["effective"] for row in rows if row["enough"]]
    return {
        "actions": len(rows),
        "coverage": round(float(np.mean(covered)), 4),
        "false_effective": round(float(np.mean(harmless)), 4),
        "power": round(float(np.mean(real)), 4) if real else float("nan"),
    }


def _table(rows: list[dict[str, Any]]) -> None:
    print(
        f"{'group':<22} {'actions':>7} {'printed':>7} {'covered':>8} {'below':>6} {'above':>6} {'effective':>9} {'enough':>7} {'found':>6}"
    )
    groups: list[tuple[str, Any]] = [("all", lambda _: True)]
    groups += [(f"effect {name}", lambda row, name=name: row["case"].effect == name) for name in EFFECTS]
    groups += [
        (f"method {name}", lambda row, name=name: row["method"] == name) for name in ("control", "course", "segmented", "none")
    ]
    groups += [
        (f"moving {name or 'no'}", lambda row, name=name: row["case"].moving == name) for name in ("", "trend", "season", "both")
    ]
    groups += [("worst of 150", lambda row: row["case"].selected), ("any of 150", lambda row: not row["case"].selected)]
    groups += [(f"story {name}", lambda row, name=name: row["case"].story == name) for name in ("none", "spike", "rise")]
    groups += [("overdispersed", lambda row: row["case"].dispersion > 1), ("poisson", lambda row: row["case"].dispersion <= 1)]
    for name, chosen in groups:
        group = [row for row in rows if chosen(row)]
        shown = [row for row in group if row["printed"]]
        enough = [row for row in group if row["enough"]]
        if not group:
            continue
        covered = np.mean([row["covered"] for row in shown]) if shown else float("nan")
        below = np.mean([row["truth"] < row["ratio"].low for row in shown]) if shown else float("nan")
        above = np.mean([row["truth"] > row["ratio"].high for row in shown]) if shown else float("nan")
        found = np.mean([row["effective"] for row in enough]) if enough else float("nan")
        print(
            f"{name:<22} {len(group):>7} {len(shown):>7} {covered:>8.3f} {below:>6.3f} {above:>6.3f} "
            f"{np.mean([row['effective'] for row in group]):>9.3f} {len(enough):>7} {found:>6.3f}"
        )
    known = [row["effective"] for row in rows if row["enough_by_truth"]]
    print(f"found with enough units by the true rates: {np.mean(known):.3f} of {len(known)}")
    every = [hit for row in rows for hit in row["looks"]]
    print(f"coverage at every weekly look: {np.mean(every):.3f} of {len(every)}")
    missed = Counter(
        " ".join((row["method"], row["case"].story, row["verdict"], row["reason"])).strip()
        for row in rows
        if row["enough"] and not row["effective"]
    )
    print("enough and not found: " + ", ".join(f"{what} {n}" for what, n in missed.most_common()))
    for name in EFFECTS:
        words = Counter(
            f"{row['verdict']}{'/' + row['reason'] if row['reason'] else ''}" for row in rows if row["case"].effect == name
        )
        print(f"{name}: " + ", ".join(f"{word} {n}" for word, n in words.most_common()))


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the benchmark and print tables and, last, one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--actions", type=int, default=2000)
    parser.add_argument(
        "--frames", type=int, default=5, help="actions that are judged a second time from order lines and complaints"
    )
    parser.add_argument("--hold", action="store_true", help="end with an error where a promise is broken")
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    chance = np.random.default_rng(options.seed)
    rows = [judge_case(draw(chance)) for _ in range(options.actions)]
    _table(rows)
    shop = Shop.load(None)
    same = [
        is_same_through_frames(case, shop)
        for case in islice(small_cases(np.random.default_rng([options.seed, 1])), options.frames)
    ]
    print(f"the same from order lines and complaints: {sum(same)} of {len(same)}")
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{usage.ru_utime + usage.ru_stime:.1f} CPU s")
    result = summary(rows)
    print(json.dumps(result))
    broken = [name for name, (low, high) in PROMISES.items() if not low <= result[name] <= high]
    broken += [] if all(same) else ["the same from order lines and complaints"]
    if options.hold and broken:
        sys.exit(f"Broken: {', '.join(broken)}.")


if __name__ == "__main__":
    main()
