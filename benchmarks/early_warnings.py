"""How often does the daily watch raise false alarms, and what does it find? Every morning of some weeks, as it would have run.

    python -m benchmarks.early_warnings --seeds 1-2 --weeks 8 --through 2026-W26
    python -m benchmarks.early_warnings --seeds 1 --weeks 8 --through 2026-W45 --stories

Without `--stories` the sample shop is quiet: every reported cluster, mood or word is a false alarm. Safety leads, deadlines and
parcels are there in a quiet shop too; they are counted apart, as the mails they cause.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from benchmarks.shops import sample_shop, world_facts
from benchmarks.stories import seeds_of
from examples.sample_shop.world import build
from tasks.classify.coding import code
from tasks.expected.unit_history import build_history
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.warnings import CLUSTER, KeptWarning
from tasks.warn.kinds.catalogue import kinds
from tasks.warn.kinds.clusters import DIMENSIONS, clusters
from tasks.warn.lifecycle import WatchResult, due_round
from tasks.warn.owners import assigned

ALARMS = (CLUSTER, "emotion", "reputation", "words")
MORNING = timedelta(hours=8)


def watch_seed(seed: int, weeks: int, through: str, stories: bool) -> dict[str, Any]:
    """Run the watch every morning of the last weeks of one shop; nobody answers."""
    shop = sample_shop()
    world = build(seed, weeks=60 if through == "2026-W45" else _weeks_to(through), through=through, with_stories=stories)
    last = Period.parse(through, shop.identity.zone)
    facts = code(world_facts(world, last.end, seed), shop)
    history = build_history(facts, DIMENSIONS, shop.identity.zone, last.last_day + timedelta(days=1))
    kept: list[KeptWarning] = []
    notices: Counter[str] = Counter()
    alarms: list[str] = []
    for day in range(weeks * 7, -1, -1):
        moment = last.end - timedelta(days=day) + MORNING
        known = CodedFacts({**facts.tables, "feedback": facts["feedback"].filter(pl.col("submitted_at") <= moment)}, moment)
        found = [
            *(warning for kind in kinds().values() if kind.code != CLUSTER for warning in kind.look(known, shop)),
            *clusters(known, shop, history=history),
        ]
        due = due_round([assigned(warning, known, shop) for warning in found], kept, shop, moment)
        kept = _remembered(kept, due, moment)
        for telling in due.notices:
            notices[f"{telling.warning.kind} {telling.event.kind}"] += 1
            if telling.event.kind == "opened" and telling.warning.kind in ALARMS:
                warning = telling.warning
                alarms.append(
                    f"{moment:%Y-%m-%d} {warning.kind} {warning.slice} {warning.leaf} {'、'.join(warning.words)} "
                    f"{warning.observed:.0f}/{warning.expected} once in {warning.every_days} days"
                )
    return {"seed": seed, "told": dict(sorted(notices.items())), "alarms": alarms, "days": weeks * 7 + 1}


def _weeks_to(through: str) -> int:
    first = datetime(2025, 9, 15, tzinfo=UTC)
    return (Period.parse(through).end - first).days // 7


def _remembered(kept: list[KeptWarning], due: WatchResult, moment: datetime) -> list[KeptWarning]:
    """Return the ledger's warnings after a round."""
    by_id = {each.warning_id: each for each in kept}
    for name in due.seen:
        by_id[name] = replace(by_id[name], last_seen=moment)
    for telling in due.notices:
        before = by_id.get(telling.event.warning_id, telling.kept)
        by_id[telling.event.warning_id] = replace(before, events=(*before.events, telling.event))
    return list(by_id.values())


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the benchmark and print the warnings sent and, last, one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--weeks", type=int, default=8)
    parser.add_argument("--through", default="2026-W26")
    parser.add_argument("--stories", action="store_true", help="with the planted stories: then alarms are no false ones")
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    total: Counter[str] = Counter()
    days = alarms = 0
    for seed in seeds_of(options.seeds):
        row = watch_seed(seed, options.weeks, options.through, options.stories)
        print(f"seed {seed}: {row['days']} mornings, {len(row['alarms'])} alarms; told: {row['told']}", flush=True)
        for line in row["alarms"]:
            print(f"    {line}")
        total.update(row["told"])
        days += row["days"]
        alarms += len(row["alarms"])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    settings = sample_shop().warnings
    print(
        json.dumps(
            {
                "days": days,
                "alarms": alarms,
                "clusters": total["cluster opened"],
                "clusters_promised": round(days / settings.clusters.false_alarm_days, 2),
                "others": alarms - total["cluster opened"],
                "others_promised": round(3 * days / settings.false_alarm_days, 2),
                "mails": sum(count for kind, count in total.items() if not kind.endswith("expired")),
                "cpu_s": math.ceil(usage.ru_utime + usage.ru_stime),
            }
        )
    )


if __name__ == "__main__":
    main()
