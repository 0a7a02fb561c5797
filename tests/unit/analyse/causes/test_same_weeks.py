"""Causes of a shop without a past: its lots against each other, whatever words its buyers use, and never a false calm."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from tasks.analyse.causes.search import make_history, root_causes
from tasks.model.causes import SearchBasis, SearchLack
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tests.makers.newcomer import WONT_CHARGE, WONT_TURN_ON, newcomer
from tests.makers.shops import LAG, complaints, default_shop, drawn, facts_of, noon, order_lines, pay_days

SHOP = default_shop()
WEEK = Period.parse("2026-W45")
ILL_LOT = {"batch_no": "L2610B"}


@pytest.mark.parametrize("texts", [WONT_CHARGE, WONT_TURN_ON], ids=["charge", "turn on"])
@pytest.mark.parametrize("history_weeks", [0, 33])
@pytest.mark.parametrize("week", ["2026-W45", "2026-W46", "2026-W47"])
def test_the_failing_lot_is_named_whatever_its_buyers_write(texts: tuple[str, ...], history_weeks: int, week: str) -> None:
    found = root_causes(newcomer(texts, SHOP, until=week, history_weeks=history_weeks), Period.parse(week), SHOP)
    assert [(cause.slice, cause.leaf) for cause in found.causes] == [(ILL_LOT, "PRD.FAULT")]
    cause = found.causes[0]
    assert cause.exposure >= 30 and cause.rate is not None and cause.comparison_rate is not None
    assert cause.rate > 8 * cause.comparison_rate
    assert found.strongest_rejected is None or found.strongest_rejected.slice != ILL_LOT


@pytest.mark.parametrize("week", ["2026-W43", "2026-W45", "2026-W47"])
def test_a_quiet_newcomer_is_told_how_far_causes_were_sought(week: str) -> None:
    found = root_causes(newcomer(WONT_CHARGE, SHOP, until=week, ill=False), Period.parse(week), SHOP)
    assert found.causes == []
    assert found.search.basis is not SearchBasis.HISTORY and found.search.lack in (SearchLack.WEEKS, SearchLack.KINDS)
    assert found.search.known < found.search.needed


@pytest.mark.parametrize("history_weeks", [0, 33])
def test_a_shop_that_records_no_signing_is_searched_from_shipment(history_weeks: int) -> None:
    facts = newcomer(WONT_CHARGE, SHOP, until="2026-W46", history_weeks=history_weeks, signed=False)
    assert [cause.slice for cause in root_causes(facts, Period.parse("2026-W46"), SHOP).causes] == [ILL_LOT]


def test_weeks_known_are_those_before_the_period() -> None:
    search = root_causes(newcomer(WONT_CHARGE, SHOP, until="2026-W44"), Period.parse("2026-W44"), SHOP).search
    assert (search.basis, search.lack, search.known, search.needed) == (SearchBasis.SAME_WEEKS, SearchLack.WEEKS, 3, 5)
    assert search.compared > 0


def test_cases_too_recent_to_be_a_past_are_not_said_to_be_known() -> None:
    period = Period.parse("2026-W37")
    paid = pay_days(period.first_day - timedelta(weeks=6), [400.0] * 7)
    lines = order_lines(paid, sku="S0")
    recent = (paid - paid[0]) // 7 >= 4
    chance = np.where(recent, 0.2, 0.01)  # a few earlier ones show that complaints were recorded
    facts = facts_of(lines, complaints(lines, "function", *drawn(chance, LAG["function"], 1)))
    search = root_causes(facts, period, SHOP).search
    assert search.lack is SearchLack.KINDS and search.known < search.needed


def test_one_lot_of_one_product_has_nothing_to_be_compared_with() -> None:
    found = root_causes(newcomer(WONT_CHARGE, SHOP, lots=False), Period.parse("2026-W47"), SHOP)
    assert (found.causes, found.search.basis) == ([], SearchBasis.NOTHING)


def names_a_cause(seed: int, spread: float) -> bool:
    """Whether a review names anything in the fourth week of a shop whose products differ for good and nothing else is wrong."""
    rng = np.random.default_rng(seed)
    period = Period.parse("2026-W37")
    paid = pay_days(Period.parse("2026-W34").first_day, [300.0] * 4)
    sku = rng.integers(0, 8, len(paid))
    lines = order_lines(
        paid,
        sku=[f"S{n}" for n in sku],
        batch_no=[f"S{n}-{'AB'[int(half)]}" for n, half in zip(sku, rng.integers(0, 2, len(paid)), strict=True)],
        carrier=[f"C{n}" for n in rng.integers(0, 3, len(paid))],
    )
    level = rng.gamma(1 / spread**2, spread**2, 8)
    facts = facts_of(lines, complaints(lines, "function", *drawn(np.minimum(0.06 * level[sku], 0.9), LAG["function"], seed)))
    return bool(root_causes(facts, period, SHOP).causes)


def test_products_that_differ_for_good_are_rarely_taken_for_a_fault() -> None:
    assert sum(names_a_cause(seed, 0.3) for seed in range(60)) <= 3


def lines_with_own_trouble(seed: int, ill_lot: bool) -> list[dict[str, str]]:
    """Return the slices named in the sixth week of a shop in which only products of one line can have the problem."""
    rng = np.random.default_rng(seed)
    period = Period.parse("2026-W39")
    paid = pay_days(Period.parse("2026-W34").first_day, [300.0] * 6)
    sku = rng.integers(0, 8, len(paid))
    half = rng.integers(0, 2, len(paid))
    lines = order_lines(
        paid,
        sku=[f"S{n}" for n in sku],
        line=["VACUUM" if n < 3 else "PAN" for n in sku],
        batch_no=[f"S{n}-{'AB'[int(h)]}" for n, h in zip(sku, half, strict=True)],
        carrier=[f"C{n}" for n in rng.integers(0, 3, len(paid))],
    )
    risk = np.where(sku < 3, 0.02, 0.0) * np.where(ill_lot & (sku == 1) & (half == 1), 12.0, 1.0)
    facts = facts_of(lines, complaints(lines, "function", *drawn(risk, LAG["function"], seed)))
    return [cause.slice for cause in root_causes(facts, period, SHOP).causes]


def test_a_problem_that_only_one_line_can_have_does_not_name_that_line() -> None:
    assert [lines_with_own_trouble(seed, ill_lot=False) for seed in range(20)] == [[]] * 20


def test_a_failing_lot_is_named_inside_the_line_that_can_have_the_problem() -> None:
    assert [lines_with_own_trouble(seed, ill_lot=True) for seed in range(3)] == [[{"batch_no": "S1-B"}]] * 3


LATER_TOLD = 5
"""Weeks by which the export of complaints begins later than that of orders."""


def quiet_shop(weeks: int, seed: int) -> CodedFacts:
    """Return a shop of two carriers and three regions in which nothing is wrong, whose complaints are known for `weeks` weeks only."""
    first = WEEK.first_day - timedelta(weeks=weeks - 1 + LATER_TOLD)
    paid = pay_days(first, [1200.0] * (weeks + LATER_TOLD))
    rng = np.random.default_rng(seed)
    lines = order_lines(
        paid,
        sku=[f"S{n}" for n in rng.integers(0, 3, len(paid))],
        carrier=[f"C{n}" for n in rng.integers(0, 2, len(paid))],
        region=[f"R{n}" for n in rng.integers(0, 3, len(paid))],
    )
    known = pl.col("submitted_at") >= noon(WEEK.first_day - timedelta(weeks=weeks - 1))
    told = complaints(lines, "function", *drawn(np.full(len(paid), 0.08), LAG["function"], seed)).filter(known)
    return facts_of(lines, told)


@pytest.mark.parametrize("weeks", [4, 5, 6, 8])
def test_weeks_of_which_no_complaints_are_known_are_no_calm_past(weeks: int) -> None:
    facts = quiet_shop(weeks, seed=weeks)
    history = make_history(facts, WEEK, SHOP)
    assert history.first_day < history.told_from
    found = root_causes(facts, WEEK, SHOP)
    assert found.causes == [] and found.tested > 0
    if weeks > 5:  # four weeks of cases and a gap make a past
        arrived = facts["feedback"].filter(pl.col("submitted_at").is_between(WEEK.start, WEEK.end)).height
        assert found.expected_total == pytest.approx(arrived, rel=0.25)


def test_nothing_is_named_of_which_others_have_as_much() -> None:
    weeks = 16
    paid = pay_days(WEEK.first_day - timedelta(weeks=weeks - 1), [1200.0] * weeks)
    rng = np.random.default_rng(3)
    carrier = rng.integers(0, 2, len(paid))
    lines = order_lines(
        paid, sku="S0", carrier=[f"C{n}" for n in carrier], region=[f"R{n}" for n in rng.integers(0, 5, len(paid))]
    )
    risen = (paid - paid[0]) // 7 >= weeks - 3
    facts = facts_of(lines, complaints(lines, "transit", *drawn(np.where(risen, 0.15, 0.03), LAG["transit"], 1)))
    named = root_causes(facts, WEEK, SHOP).causes
    assert all(cause.rate is None or cause.comparison_rate is None or cause.rate > 1.2 * cause.comparison_rate for cause in named)
