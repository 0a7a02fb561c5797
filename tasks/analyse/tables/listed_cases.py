"""The single cases of a period that has too few of them for rates."""

from __future__ import annotations

import polars as pl

from tasks.model.facts import CodedFacts
from tasks.model.moments import local_day, within
from tasks.model.periods import Period
from tasks.model.review import ListedCase
from tasks.shop.load import Shop


def listed_cases(facts: CodedFacts, period: Period, shop: Shop) -> list[ListedCase]:
    """Return the counted complaints of a period one by one, by time, if they are fewer than `minimum_n`.

    Args:
        facts: Coded tables.
        period: The period by arrival.
        shop: The smallest number of cases for rates.

    Returns:
        Day, SKU, problem and channel of each, never its words; empty where there are enough cases for rates.
    """
    cases = facts["feedback"].filter(pl.col("counted") & within("submitted_at", period))
    if cases.height >= shop.identity.minimum_n:
        return []
    cases = cases.sort("submitted_at", "record_id").with_columns(day=local_day("submitted_at", period.zone))
    return [
        ListedCase(on=day, sku=sku or "", leaf=leaf or "", symptom=symptom or "", channel=channel or "")
        for day, sku, leaf, symptom, channel in cases.select("day", "sku", "leaf", "symptom", "channel").iter_rows()
    ]
