"""A fault at an age at which its kind of problem has no cases yet: found, with true numbers, in the review and the early warning."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from tasks.analyse.causes.search import root_causes
from tasks.expected.unit_history import build_history
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.warn.kinds.clusters import clusters
from tests.makers.ill_batches import ILL_FROM, on
from tests.makers.shops import complaints, default_shop, drawn, facts_of, order_lines, pay_days

SHOP = default_shop()
FIRST = date(2026, 1, 5)


def spread_over(first: int, last: int) -> np.ndarray:
    lag = np.zeros(last)
    lag[first:] = 1.0
    return lag


@cache
def worn_shop(begun: date, first_age: int, last_age: int, chance: float = 0.25) -> CodedFacts:
    """Return a shop whose batteries wear out at 20 to 90 days; one batch, sold from a day on, fails at other ages."""
    paid = pay_days(FIRST, [400.0] * 44)
    sku = np.random.default_rng(1).integers(0, 8, len(paid))
    month = (paid - paid[0]) // 30
    lines = order_lines(
        paid,
        sku=[f"S{n}" for n in sku],
        line=["L0" if n < 4 else "L1" for n in sku],
        batch_no=[f"S{s}-B{m}" for s, m in zip(sku, month, strict=True)],
    )
    usual = complaints(lines, "wear", *drawn(np.full(len(paid), 0.03), spread_over(20, 90), 1))
    ill = (sku == 0) & (month == ((begun - date(1970, 1, 1)).days - paid[0]) // 30)
    odd = complaints(lines, "wear", *drawn(np.where(ill, chance, 0.0), spread_over(first_age, last_age), 2), prefix="x")
    return facts_of(lines, usual, odd)


@pytest.mark.parametrize("weeks", [2, 3, 4])
def test_batteries_that_fail_within_days_are_found_though_they_wear_out_late(weeks: int) -> None:
    day = ILL_FROM + timedelta(weeks=weeks)
    facts = on(worn_shop(ILL_FROM, 2, 13), day)
    period = Period.parse("2026-W40")
    while period.next().last_day < day:
        period = period.next()
    [cause] = root_causes(facts, period, SHOP).causes
    assert cause.slice == {"batch_no": "S0-B9"}
    signed = facts["order_line"].filter(batch_no="S0-B9")["signed_at"]
    known = int((signed.dt.date() <= period.last_day).sum())
    assert cause.exposure == known  # all its units, also those of ages at which no battery has failed before
    assert cause.rate is not None and cause.comparison_rate is not None and cause.comparison_rate < cause.rate <= 1.0
    assert [warning.slice for warning in clusters(facts, SHOP)] == [{"sku": "S0", "batch_no": "S0-B9"}]


def test_what_fails_after_the_ages_of_its_family_is_counted_as_late_and_found() -> None:
    facts = on(worn_shop(date(2026, 4, 20), 135, 160, 0.4), date(2026, 10, 5))
    history = build_history(facts, ("sku", "batch_no"), "Asia/Shanghai", date(2026, 10, 5))
    assert len(history.case_day["late"]) >= 20
    found = root_causes(facts, Period.parse("2026-W40"), SHOP).causes
    assert [cause.slice for cause in found] == [{"batch_no": "S0-B3"}]
