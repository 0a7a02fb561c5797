"""One case in the customer's own words, scrubbed, the same one on every run."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

import polars as pl

from tasks.model.causes import Cause
from tasks.model.coded import Track
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.review import ExampleCase

LENGTH = 120
SHORTEST = 12

TRACES = re.compile(r"\d{5,}|[\w.+-]+@[\w-]+\.\w+|https?://\S+|\b[A-Z]{2}\d{8,}\b")
"""What may still point to a person after the channel's scrubbing: long numbers, addresses of mail and web."""

DIMENSIONS = ("sku", "batch_no", "carrier", "region", "session_id", "app_version", "queue", "shift")


def example_case(facts: CodedFacts, period: Period, causes: list[Cause]) -> ExampleCase | None:
    """Choose one complaint of the period: one of the first cause if there is one, else of the most common problem.

    Chosen are cases with a whole sentence, those nearest the middle length first, then the smallest record id. Safety
    cases and suspected claims are left out: they are no illustrations.

    Args:
        facts: Coded tables; texts were scrubbed when they were collected.
        period: The period.
        causes: The named causes, most important first.
    """
    records = facts["feedback"]
    within = (pl.col("submitted_at") >= period.start) & (pl.col("submitted_at") < period.end)
    cases = records.filter(within & pl.col("counted") & pl.col("text").is_not_null())
    unfit = (pl.col("track") == Track.SAFETY.value, pl.col("claim_cluster").is_not_null(), pl.col("vague"))
    cases = cases.filter(~pl.any_horizontal(taboo.fill_null(value=False) for taboo in unfit))
    cases = cases.filter(pl.col("text").str.len_chars() >= SHORTEST)
    if cases["language"].n_unique() > 1:
        usual = cases["language"].drop_nulls().value_counts().sort(["count", "language"], descending=[True, False])["language"]
        cases = cases.filter(pl.col("language") == usual[0])  # what most customers write is what most readers read
    if cases.is_empty():
        return None
    chosen = cases.clear()
    for cause in causes:
        chosen = cases.filter(pl.col("record_id").is_in(list(cause.rows)))
        if chosen.height:
            break
    if chosen.is_empty():
        common = cases.group_by("leaf").agg(n=pl.len()).sort("n", "leaf", descending=[True, False])["leaf"]
        chosen = cases.filter(pl.col("leaf") == common[0])
    row = (
        chosen.with_columns(off=(pl.col("text").str.len_chars().cast(pl.Int64) - 60).abs())
        .sort("off", "record_id")
        .row(0, named=True)
    )
    return ExampleCase(
        text=_scrubbed(str(row["text"])),
        leaf=str(row["leaf"]),
        slice={name: str(row[name]) for name in DIMENSIONS if row.get(name) is not None},
        on=row["submitted_at"].astimezone(ZoneInfo(period.zone)).date(),
        record_id=str(row["record_id"]),
    )


def _scrubbed(text: str) -> str:
    text = TRACES.sub("…", " ".join(text.split()))
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"
