"""How well and how fast records are coded, measured on the sample shop's gold labels.

Usage: python -m benchmarks.coding [--records 20000] [--seed 1] [--show 20] [--world 0.25]
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import UTC, datetime

import numpy as np
import polars as pl

from examples.sample_shop.problems import PROBLEMS
from examples.sample_shop.sources import told_feedback
from examples.sample_shop.texts import write_texts
from examples.sample_shop.world import build
from tasks.classify.coding import code
from tasks.model.facts import Facts
from tasks.model.tables import TABLES
from tasks.shop.load import Shop

SAFETY = ["PRD.SAFETY", "PRD.HEALTH"]
SOURCES = {
    "ticket": 0.26,
    "chat": 0.24,
    "review": 0.24,
    "form": 0.1,
    "social": 0.07,
    "mail": 0.05,
    "store": 0.035,
    "regulator": 0.005,
}
NATURES = {"complaint": 0.64, "question": 0.22, "praise": 0.10, "suggestion": 0.04}
RATINGS = {"complaint": (1, 2, 3, 5), "praise": (5, 5, 4, 1), "question": (0,), "suggestion": (4,)}


def sample(records: int, seed: int) -> pl.DataFrame:
    """Draw records with gold labels in the sample shop's mix; codes of the sources are left out, so that only texts count."""
    rng = np.random.default_rng(seed)
    shares = np.array([problem.share for problem in PROBLEMS])
    drawn = rng.choice(len(PROBLEMS), records, p=shares / shares.sum())
    nature = rng.choice(list(NATURES), records, p=list(NATURES.values()))
    source = rng.choice(list(SOURCES), records, p=np.array(list(SOURCES.values())) / sum(SOURCES.values()))
    rows = []
    for n in range(records):
        problem = PROBLEMS[drawn[n]]
        what = "complaint" if source[n] == "regulator" else str(nature[n])
        lines, weights = list(problem.lines), np.array(list(problem.lines.values()))
        vague = what == "complaint" and (rng.random() < 0.07 or problem.leaf == "UNK")
        known = what == "complaint" or (what == "question" and problem.leaf.startswith(("USE.", "LOG.", "ORD.")))
        rows.append(
            {
                "source_id": f"b{n:07d}",
                "source": str(source[n]),
                "line": str(rng.choice(lines, p=weights / weights.sum())),
                "gold_leaf": "UNK" if vague or not known else problem.leaf,
                "gold_symptom": problem.symptom,
                "gold_nature": what,
                "gold_emotion": int(rng.integers(2, 6)) if what == "complaint" else 1,
                "gold_vague": bool(vague),
                "rating": float(rng.choice(RATINGS[what])) if source[n] == "review" else 0.0,
                "request": str(rng.choice(["refund", "exchange", "repair", "compensate", ""])) if what == "complaint" else "",
                "app_version": "4.6.0" if problem.symptom == "app" else "",
                "contact_count": 2 if rng.random() < 0.17 else 1,
            }
        )
    gold = pl.DataFrame(rows)
    return gold.join(write_texts(gold, seed), on="source_id", maintain_order="left")


def world(seed: int, weeks: int, scale: float) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Build the whole sample shop: its tables and its gold labels by record id."""
    built = build(seed, weeks=weeks, scale=scale)
    feedback, gold = told_feedback(built, seed)
    feedback = feedback.join(gold.select("source_id", "record_id"), on="source_id", maintain_order="left")
    columns = TABLES["feedback"].columns
    tables = dict(built.tables)
    tables["feedback"] = feedback.select(
        *[pl.col(c).cast(t) if c in feedback.columns else pl.lit(None, t).alias(c) for c, t in columns.items()],
        "channel",
        "source_id",
    )
    return tables, gold.rename({"counted": "gold_counted"}).select(pl.exclude("line", "sku", "oid", "text")).join(
        feedback.select("record_id", "source", "text"), on="record_id"
    )


def texts_only(gold: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Make records that hold hardly more than their text."""
    columns = TABLES["feedback"].columns
    frame = gold.with_row_index("n").with_columns(
        record_id="source_id",
        submitted_at=pl.lit(datetime(2026, 11, 2, tzinfo=UTC)) + pl.duration(minutes=pl.col("n")),
        rating=pl.when(pl.col("rating") > 0).then(pl.col("rating")),
        app_version=pl.when(pl.col("app_version") != "").then(pl.col("app_version")),
        request=pl.when(pl.col("request") != "").then(pl.col("request")),
    )
    return {
        "feedback": frame.select(
            [pl.col(c).cast(t) if c in frame.columns else pl.lit(None, t).alias(c) for c, t in columns.items()]
        )
    }


def coded(tables: dict[str, pl.DataFrame], gold: pl.DataFrame, shop: Shop) -> tuple[pl.DataFrame, float]:
    """Return the coded records beside their gold labels, and the CPU seconds that coding took."""
    began = time.process_time()
    facts = code(Facts(tables, datetime(2027, 1, 1, tzinfo=UTC)), shop)
    spent = time.process_time() - began
    result = facts["feedback"].select(
        "record_id", "leaf", "leaves", "symptom", "nature", "emotion", "vague", "severity", "family", "case_id", "counted", "oid"
    )
    return gold.join(result, on="record_id"), spent


def measures(rows: pl.DataFrame) -> dict[str, float]:
    """Return the shares that are right: leaf and symptom over complaints, nature over all, and the count of cases."""
    complaints = rows.filter(pl.col("gold_nature") == "complaint")
    with_symptom = complaints.filter((pl.col("gold_symptom") != "") & "leaf_right" & ~pl.col("gold_vague"))
    figures = {
        "leaf_accuracy": complaints["leaf_right"].mean(),
        "nature_accuracy": rows["nature_right"].mean(),
        "symptom_accuracy": (with_symptom["symptom"] == with_symptom["gold_symptom"]).fill_null(False).mean(),
        "vague_recall": rows.filter("gold_vague")["vague"].mean(),
        "vague_false": rows.filter(~pl.col("gold_vague"))["vague"].mean(),
        "safety_recall": complaints.filter(pl.col("gold_leaf").is_in(SAFETY))["leaf"].is_in(SAFETY).mean(),
        "safety_false": complaints.filter(~pl.col("gold_leaf").is_in(SAFETY))["leaf"].is_in(SAFETY).mean(),
    }
    if "gold_counted" in rows.columns:
        figures["counted"] = float(rows["counted"].sum())
        figures["gold_counted"] = float(rows["gold_counted"].sum())
    return {name: round(float(value or 0), 4) for name, value in figures.items()}  # type: ignore[arg-type]


def main() -> None:
    """Print accuracy by source, the confusions, and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=0, help="print this many wrongly coded texts")
    parser.add_argument(
        "--world", type=float, default=0.0, metavar="SCALE", help="code the whole sample shop at this scale instead"
    )
    parser.add_argument("--weeks", type=int, default=60)
    options = parser.parse_args()
    if options.world:
        tables, gold = world(options.seed, options.weeks, options.world)
    else:
        gold = sample(options.records, options.seed).with_columns(record_id="source_id")
        tables = texts_only(gold)
    rows, spent = coded(tables, gold, Shop.load())
    rows = rows.with_columns(
        leaf_right=pl.col("leaf") == pl.col("gold_leaf"), nature_right=pl.col("nature") == pl.col("gold_nature")
    )
    complaints = rows.filter(pl.col("gold_nature") == "complaint")
    by_source = (
        complaints.group_by("source")
        .agg(n=pl.len(), leaf=pl.col("leaf_right").mean())
        .join(rows.group_by("source").agg(nature=pl.col("nature_right").mean()), on="source")
        .sort("source")
    )
    with pl.Config(tbl_rows=60, tbl_hide_dataframe_shape=True, fmt_str_lengths=90, tbl_width_chars=170):
        print(by_source)
        print(
            complaints.filter(~pl.col("leaf_right"))
            .group_by("gold_leaf", "leaf")
            .agg(n=pl.len(), text=pl.col("text").sort().first())
            .sort("n", "gold_leaf", "leaf", descending=[True, False, False])
            .head(40)
        )
        print(
            rows.filter(~pl.col("nature_right"))
            .group_by("gold_nature", "nature")
            .agg(n=pl.len(), text=pl.col("text").sort().first())
            .sort("n", descending=True)
        )
        if options.show:
            print(complaints.filter(~pl.col("leaf_right")).select("gold_leaf", "leaf", "text").head(options.show))
    print(json.dumps({"records": len(rows), **measures(rows), "cpu_s": round(spent, 2)}))


if __name__ == "__main__":
    main()
