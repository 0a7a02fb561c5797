"""Rates of many slices: shrinkage, limits, and the rankings that rest on them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from tasks.analyse.tables.rankings import rankings
from tasks.methods.shrinkage import Prior, dispersion, disproportion, distances, fitted_prior, funnel_limits, shrunken
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts
from tasks.model.figures import Ranking
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import coded_facts, default_shop

OCTOBER = Period.parse("2026-10")

AS_OF = datetime(2026, 11, 3, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


def test_one_law_shrinks_towards_it_by_its_worth_in_cases() -> None:
    """With a gamma law of mean 1 worth 10 cases, 6 of 2 becomes (10 + 6) / (10 + 2), and its points are the gamma's."""
    found = shrunken(6, 2, Prior(10, 10))
    assert found.ratio == pytest.approx(16 / 12, rel=0.04)
    assert found.low < found.ratio < found.high
    assert shrunken(600, 200, Prior(10, 10)).ratio == pytest.approx(610 / 210, rel=0.002)


def test_a_small_slice_does_not_lead() -> None:
    generator = np.random.default_rng(3)
    expected = np.concatenate([[0.5, 60.0], generator.uniform(20, 80, 40)])
    observed = np.concatenate([[4.0, 120.0], generator.poisson(expected[2:])])
    prior = fitted_prior(observed.tolist(), expected.tolist())
    few, many = shrunken(4, 0.5, prior), shrunken(120, 60, prior)
    assert 4 / 0.5 > 120 / 60 and few.low < many.low


def test_slices_that_do_not_differ_are_drawn_together() -> None:
    generator = np.random.default_rng(9)
    expected = generator.uniform(30, 60, 80)
    prior = fitted_prior(generator.poisson(expected).tolist(), expected.tolist())
    assert shrunken(60, 40, prior).ratio < 1.25


def test_limits_and_distances() -> None:
    assert (
        funnel_limits(20, 0.001)[0] < funnel_limits(20, 0.025)[0] < 1 < funnel_limits(20, 0.025)[1] < funnel_limits(20, 0.001)[1]
    )
    middle, far, under = distances([20.0, 40.0, 5.0], [20.0, 20.0, 20.0]).tolist()
    assert under < -3 and abs(middle) < 0.1 and far > 3
    assert dispersion([3.0]) == 1.0
    assert disproportion(0, 0, 5, 5).ratio == 1.0


def orders(sold: dict[str, int], complaining: dict[str, int]) -> CodedFacts:
    """Orders signed on one day of September; the first ones of each SKU complain two days later."""
    signed = datetime(2026, 9, 20, 4, tzinfo=UTC)
    lines, records = [], []
    for sku, units in sold.items():
        for n in range(units):
            oid = f"{sku}-{n}"
            lines.append((oid, f"T{oid}", sku, "KT", 1, 100.0, signed - timedelta(days=2), signed))
            if n < complaining[sku]:
                leaf = "PRD.SMELL" if sku == "KT-01" else "PRD.FAULT"
                records.append((f"R{oid}", oid, "ticket", leaf, "function", signed + timedelta(days=2), True))
    schema = {"oid": pl.String, "tid": pl.String, "sku": pl.String, "line": pl.String, "qty": pl.Int64, "paid_amount": pl.Float64,
              "paid_at": UTC_TIME, "signed_at": UTC_TIME}  # fmt: skip
    told = {"record_id": pl.String, "oid": pl.String, "source": pl.String, "leaf": pl.String, "family": pl.String,
            "submitted_at": UTC_TIME, "counted": pl.Boolean}  # fmt: skip
    return coded_facts(
        {
            "order_line": pl.DataFrame(lines, orient="row", schema=schema),
            "feedback": pl.DataFrame(records, orient="row", schema=told),
        },
        AS_OF,
    )


def ranked(facts: CodedFacts, shop: Shop) -> Ranking:
    [made] = rankings(facts, OCTOBER, shop)
    assert made.dimension == "sku"
    return made


def test_skus_are_ranked_against_their_line(shop: Shop) -> None:
    """Ages of 14 days: signed on 20 September, ripe on 4 October. Rate of the line 200/5,000 = 4 %."""
    sold = {"KT-01": 1000, "KT-02": 1000, "KT-03": 2900, "KT-04": 100}
    made = ranked(orders(sold, {"KT-01": 90, "KT-02": 30, "KT-03": 71, "KT-04": 9}), shop)
    first = made.rows[0]
    assert (first.value, first.cases, first.exposure, first.expected) == ("KT-01", 90, 1000, pytest.approx(40))
    assert first.judgement == "worse" and first.leaf == "PRD.SMELL" and first.low is not None and first.low > 1
    assert first.ratio is not None and 1.5 < first.ratio < 90 / 40
    # Nine of four expected is the highest share of all, and only counted: no ratio, no word.
    small = next(row for row in made.rows if row.value == "KT-04")
    assert (small.cases, small.ratio, small.low, small.judgement, small.p) == (9, None, None, "insufficient", None)
    assert (made.tested, made.left_out, made.minimum_n) == (3, 0, 30)


def test_slices_alike_are_called_normal(shop: Shop) -> None:
    made = ranked(
        orders(dict.fromkeys(("KT-01", "KT-02", "KT-03", "KT-04"), 1000), {"KT-01": 41, "KT-02": 38, "KT-03": 44, "KT-04": 40}),
        shop,
    )
    assert {row.judgement for row in made.rows} == {"normal"}


def test_nothing_is_ranked_under_the_minimum_or_alone_or_in_a_week(shop: Shop) -> None:
    few = orders(dict.fromkeys(("KT-01", "KT-02", "KT-03"), 200), {"KT-01": 20, "KT-02": 5, "KT-03": 2})
    assert rankings(few, OCTOBER, shop) == []
    two = orders(dict.fromkeys(("KT-01", "KT-02"), 1000), {"KT-01": 50, "KT-02": 40})
    assert rankings(two, OCTOBER, shop) == []
    enough = orders(dict.fromkeys(("KT-01", "KT-02", "KT-03"), 1000), {"KT-01": 50, "KT-02": 40, "KT-03": 40})
    assert rankings(enough, Period.parse("2026-W41"), shop) == []
    assert rankings(coded_facts({}, AS_OF), OCTOBER, shop) == []


def test_queues_are_compared_in_the_same_hours(shop: Shop) -> None:
    rows = []
    for queue, nights in (("甲", 900.0), ("乙", 100.0), ("丙", 100.0)):
        for shift, asked, share in (("day", 1000.0, 0.95), ("night", nights, 0.75)):
            rows += [
                (date(2026, 10, 5), "human_conversations", queue, shift, asked),
                (date(2026, 10, 5), "replied_3min", queue, shift, asked * share),
            ]
    frame = pl.DataFrame(
        rows, orient="row", schema={"day": pl.Date, "kind": pl.String, "queue": pl.String, "shift": pl.String, "n": pl.Float64}
    )
    queues = next(one for one in rankings(coded_facts({"exposure": frame}, AS_OF), OCTOBER, shop) if one.dimension == "queue")
    # The first queue works the nights and misses most; in the same hours none differs.
    assert {row.judgement for row in queues.rows} == {"normal"}
    assert max(row.cases / row.exposure for row in queues.rows) > 2 * min(row.cases / row.exposure for row in queues.rows)
