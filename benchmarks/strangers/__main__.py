"""Does the product serve shops unlike the sample: nothing lost or doubled, planted faults named, quiet weeks quiet, no false sentence?

    python -m benchmarks.strangers --seeds 1-20

Each seed invents a shop of another trade with the exports of its tools, dirt included; writes the configuration that a newcomer
writes; and reviews six weeks with the steps that the flow calls. The last line is JSON. With `--keep FOLDER` the homes stay.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from benchmarks.stories import seeds_of
from benchmarks.strangers.checks import ShopJudgement
from benchmarks.strangers.exports import ExportLayout
from benchmarks.strangers.trial import judged_shop
from benchmarks.strangers.world import invent


def _described(result: ShopJudgement) -> str:
    """Return one shop's outcome as lines of text."""
    shop = invent(result.seed)
    layout = ExportLayout.drawn(shop)
    about = [
        f"{result.seed:>4} {shop.trade.name} {shop.language}{'+' if shop.mixed else ''} {shop.weeks} weeks,",
        f"{shop.weekly_cases:.0f} cases a week, orders {shop.has_orders}, signing {shop.has_signing}, lots {shop.has_lots};",
        f"{layout.form} {layout.encoding} {layout.dates}",
        " ".join(name for name in ("preamble", "comma", "stamp") if getattr(layout, name)),
        f"{' '.join(sorted(layout.dirt))}: named {len(result.named)}/{len(result.planted)},",
        f"quiet weeks alarmed {len(result.alarmed)}/{result.quiet_weeks}, lost {len(result.lost)}, doubled {len(result.doubled)},",
        f"false {len(result.false)} {result.error[:200]}",
    ]
    lines = [" ".join(about)]
    lines += [f"       missed: {text}" for text in result.missed]
    lines += [f"       alarm: {text}" for text in result.alarmed]
    lines += [f"       lost: {text}" for text in dict.fromkeys(result.lost)]
    lines += [f"       doubled: {text}" for text in list(dict.fromkeys(result.doubled))[:3]]
    lines += [f"       false: {text[:300]}" for text in dict.fromkeys(result.false)]
    return "\n".join(lines)


def main(arguments: Iterable[str] | None = None) -> None:
    """Run the benchmark and print each shop's outcome and, last, one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-4")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="factor of the shops' cases")
    parser.add_argument("--paint", type=int, default=0, help="render the PDFs of this many shops too")
    parser.add_argument("--keep", type=Path, help="folder in which the homes stay")
    parser.add_argument("--hold", action="store_true", help="end with an error where a promise is broken")
    options = parser.parse_args(list(arguments) if arguments is not None else None)
    seeds = seeds_of(options.seeds)
    results: list[ShopJudgement] = []
    with tempfile.TemporaryDirectory() as scratch, ProcessPoolExecutor(options.jobs, max_tasks_per_child=1) as pool:
        folder = options.keep or Path(scratch)
        waiting = [
            pool.submit(judged_shop, seed, folder, scale=options.scale, paint=n < options.paint) for n, seed in enumerate(seeds)
        ]
        for future in waiting:
            results.append(future.result())
            print(_described(results[-1]), flush=True)
    kinds = Counter(_kind(text) for result in results for text in result.false)
    print("false sentences by kind:", ", ".join(f"{kind} {n}" for kind, n in kinds.most_common()) or "none")
    planted, named = sum(len(result.planted) for result in results), sum(len(result.named) for result in results)
    alarmed, quiet = sum(len(result.alarmed) for result in results), sum(result.quiet_weeks for result in results)
    totals = {
        "shops": len(results),
        "planted": planted,
        "named": named,
        "false_alarms": alarmed,
        "weeks": quiet,
        "lost_records": sum(len(result.lost) for result in results),
        "doubled_records": sum(len(result.doubled) for result in results),
        "false_sentences": sum(kinds.values()),
    }
    print(json.dumps(totals))
    wrong = totals["lost_records"] + totals["doubled_records"] + totals["false_sentences"]
    if options.hold and (wrong or named < 0.9 * planted or alarmed > 0.1 * quiet):
        sys.exit("Broken: nothing lost, doubled or falsely said; 9 of 10 faults named; at most 1 of 10 quiet weeks alarmed.")


def _kind(text: str) -> str:
    """Return the kind of a false sentence, which stands after its week and before a colon."""
    return text.split(":", 1)[0].split(" ")[-1]


if __name__ == "__main__":
    main()
