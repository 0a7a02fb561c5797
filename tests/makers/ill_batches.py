"""Shops of eight products in monthly batches, one of which may be ill."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np

from tasks.model.facts import CodedFacts
from tests.makers.shops import LAG, coded_facts, complaints, drawn, facts_of, order_lines, pay_days

FIRST = date(2026, 1, 5)
WEEKS = 44
PER_WEEK = 400.0
SKUS = 8
ILL_FROM = date(2026, 10, 5)


def shop_facts(seed: int, ill: float = 1.0, ill_until: date = date(2027, 1, 1)) -> CodedFacts:
    """Return 44 weeks of eight products in monthly batches, 3 in 100 complaining; one batch is ill from October."""
    paid = pay_days(FIRST, [PER_WEEK] * WEEKS)
    rng = np.random.default_rng(seed)
    sku = rng.integers(0, SKUS, len(paid))
    month = (paid - paid[0]) // 30
    lines = order_lines(
        paid,
        sku=[f"S{n}" for n in sku],
        line=["L0" if n < SKUS // 2 else "L1" for n in sku],
        batch_no=[f"S{s}-B{m}" for s, m in zip(sku, month, strict=True)],
        carrier=[f"C{n}" for n in rng.integers(0, 3, len(paid))],
        region=[f"R{n}" for n in rng.integers(0, 3, len(paid))],
        platform="P",
        warehouse="W",
        traffic_source="shelf",
    )
    begins, ends = (ILL_FROM - date(1970, 1, 1)).days, (ill_until - date(1970, 1, 1)).days
    sick = (sku == 0) & (month == (begins - paid[0]) // 30) & (paid < ends)
    unit, age = drawn(0.03 * np.where(sick, ill, 1.0), LAG["function"], seed)
    damage, damaged_after = drawn(np.full(len(paid), 0.02), LAG["transit"], seed + 1000)
    return facts_of(
        lines, complaints(lines, "function", unit, age), complaints(lines, "transit", damage, damaged_after, prefix="d")
    )


def on(facts: CodedFacts, day: date) -> CodedFacts:
    """Return the facts on a day's morning."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    known = coded_facts(facts.tables, moment)
    known.tables["feedback"] = facts["feedback"].filter(facts["feedback"]["submitted_at"] <= moment)
    return known
