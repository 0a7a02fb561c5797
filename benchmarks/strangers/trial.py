"""One shop's trial: it is invented, exports its weeks one by one, is reviewed each Monday, and is held against the truth."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

from benchmarks.strangers.checks import (
    NAMED_FROM_NATS,
    ShopJudgement,
    alarms,
    false_sentences,
    kept_records,
    names_fault,
    printed_text,
)
from benchmarks.strangers.exports import ExportLayout, ShopExports
from benchmarks.strangers.mondays import MondayReview, reviewed, warned
from benchmarks.strangers.world import PlantedPlace, StrangerShop, at, invent
from tasks.errors import UserError


def judged_shop(seed: int, folder: Path, *, scale: float = 1.0, paint: bool = False) -> ShopJudgement:
    """Invent a shop in a folder, review its weeks, and hold what was said against the truth."""
    shop = invent(seed, scale=scale)
    home = folder / f"{seed:03d}"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    delivery = ShopExports(shop, ExportLayout.drawn(shop), home)
    delivery.configure()
    result = ShopJudgement(seed, weeks=len(shop.periods))
    faults = dict(zip(shop.cases["ref"].to_list(), shop.cases["fault"].to_list(), strict=True))
    mondays: list[MondayReview] = []
    named: dict[int, str] = {}
    for week, period in enumerate(shop.periods):
        if week and seed % 2:
            warned(home, at(period))  # the daily watch has pulled an hour before the files come
        delivery.write(week)
        try:
            monday = reviewed(home, period, at(period), paint=paint)
        except UserError as error:
            result.error = f"{period.id}: refused: {error} {error.hint}"
            result.false.append(f"refused: {error} {error.hint}")
            break
        except Exception as error:  # the benchmark reports a crash as a finding and judges the other shops
            result.error = f"{period.id}: {type(error).__name__}: {error}"
            result.false.append(f"crash: {type(error).__name__}: {error}")
            break
        mondays.append(monday)
        text = " ".join(printed_text(page) for page in monday.pages.values())
        for fault in shop.faults:
            if any(names_fault(cause, fault, monday, faults, text) for cause in (*monday.review.causes, *monday.review.deferred)):
                named.setdefault(fault.number, period.id)
        unnamed = [fault for fault in shop.faults if fault.number not in named]
        result.false += [f"{period.id} {line}" for line in false_sentences(monday, delivery, unnamed=unnamed)]
        found = alarms(monday, delivery, faults)
        if not any(fault.since < period.end for fault in shop.faults):
            result.quiet_weeks += 1
            result.alarmed += [f"{period.id} {'; '.join(found)}"] if found else []
    if mondays and not result.error:
        errors = {pull.channel: pull.error for pull in mondays[-1].pulls}
        result.false += [f"pull: {channel}: {error}" for channel, error in errors.items() if error]
        result.lost, result.doubled, wrong = kept_records(home, delivery, mondays[-1].moment, errors)
        result.false += wrong
        for fault in shop.faults:
            _score(shop, fault, named.get(fault.number, ""), mondays, result)
    return result


def _score(shop: StrangerShop, fault: PlantedPlace, named: str, mondays: list[MondayReview], result: ShopJudgement) -> None:
    """Count a fault that reached 12 nats early enough, and whether it was named within two weeks of it."""
    passed = next((m.period for m in mondays if shop.nats(fault, m.period.end) >= NAMED_FROM_NATS), None)
    if passed is None:
        return
    nats = ", ".join(f"{shop.nats(fault, monday.period.end):.0f}" for monday in mondays)
    told = (
        f"{fault.dimension} {fault.value} {fault.grievance} since {fault.since:%Y-%m-%d}, nats by week {nats}, 12 in {passed.id}"
    )
    if named and shop.periods[[p.id for p in shop.periods].index(named)].end <= passed.end + timedelta(weeks=2):
        result.planted.append(told)
        result.named.append(told)
    elif passed.end + timedelta(weeks=2) <= mondays[-1].period.end:  # later ones still have time
        result.planted.append(told)
        result.missed.append(f"{told}{f', named late in {named}' if named else ''}")
