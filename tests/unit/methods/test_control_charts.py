"""Control charts by kind of data, the comparable periods they rest on, and the words that follow."""

from __future__ import annotations

from copy import copy
from datetime import date

import numpy as np
import pytest
from scipy.stats import binom, poisson

from tasks.analyse.figures.comparison import baseline, cohorts, count_range, judged, normal_range, word
from tasks.methods.control_charts import g_chart, laney_p, laney_u, t_chart, xmr
from tasks.model.figure_kinds import Good
from tasks.model.figures import Judgement
from tasks.model.periods import Period
from tasks.shop.calendar_days import Event, Promotion, Span
from tasks.shop.load import Shop
from tests.makers.shops import default_shop

W45 = Period.parse("2026-W45")


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


def with_calendar(shop: Shop, **changes: object) -> Shop:
    """Return the shop with a calendar that holds nothing but what is given."""
    empty: dict[str, object] = {"promotions": [], "carrier_reduced": [], "events": []}
    other = copy(shop)
    other.__dict__["calendar"] = shop.calendar.model_copy(update=empty | changes)
    return other


def test_p_limits_by_hand() -> None:
    """Eight weeks of 1,000 with 40 and 44 in turn: z alternates by 4/√(1000·.042·.958), far below chance, so p′ is p."""
    made = laney_p([40, 44] * 4, [1000] * 8, 60, 1000)
    assert made is not None
    sigma = (0.042 * 0.958 / 1000) ** 0.5
    assert (made.centre, made.low, made.high) == (
        pytest.approx(0.042),
        pytest.approx(0.042 - 3 * sigma),
        pytest.approx(0.042 + 3 * sigma),
    )
    assert made.z == pytest.approx((0.060 - 0.042) / sigma)


def test_laney_widens_by_the_moving_range_of_z() -> None:
    made = laney_p([20, 60] * 4, [1000] * 8, 60, 1000)
    assert made is not None
    sigma = (0.04 * 0.96 / 1000) ** 0.5
    beyond = (0.04 / sigma) / 1.128
    assert made.high == pytest.approx(0.04 + 3 * sigma * beyond)


def test_u_limits_are_those_of_counts_and_may_pass_one() -> None:
    made = laney_u([120, 130] * 4, [100] * 8, 125, 100)
    assert made is not None
    assert made.centre == 1.25
    assert made.high == pytest.approx(1.25 + 3 * (1.25 / 100) ** 0.5)
    assert laney_p([1000] * 8, [1000] * 8, 1000, 1000) is None


def test_xmr_limits_by_hand() -> None:
    """Wheeler's 2.66 times the mean moving range."""
    values = [50, 53, 49, 52, 51, 54, 50, 53]
    made = xmr(values, 60)
    assert made is not None
    mean_range = np.abs(np.diff(values)).mean()
    assert made.high == pytest.approx(np.mean(values) + 2.66 * mean_range, abs=0.01)
    assert xmr(values[:7], 60) is None and xmr([5.0] * 9, 6) is None


def test_rare_events_coming_sooner() -> None:
    """One miss in each hundred due cases for a thousand, then three in twenty."""
    made = g_chart(3, 20, 10, 1000)
    assert made is not None and made.z > 3
    assert word(made, Good.DOWN) == "worse"
    # Given thirteen misses, how many fall into 20 of 1,020 is binomial; mid-p, two-sided.
    above = binom.sf(3, 13, 20 / 1020) + binom.pmf(3, 13, 20 / 1020) / 2
    assert made.p == pytest.approx(2 * above)
    assert made.low < made.centre < made.high
    usual = g_chart(1, 50, 10, 1000)
    assert usual is not None and word(usual, Good.DOWN) == "normal"


def test_a_first_event_in_a_long_history_and_in_a_short_one() -> None:
    first = g_chart(1, 10, 0, 2000)
    assert first is not None and word(first, Good.DOWN) == "slightly_over"
    assert g_chart(1, 10, 0, 70) is None and g_chart(0, 10, 3, 2000) is None


def test_days_between_events() -> None:
    made = t_chart(4, 7, 10, 700)
    assert made is not None and made.z > 3 and made.centre == pytest.approx(700 / 10.5)
    # The chance of a gap below the lower limit is that of three standard deviations.
    assert 1 - np.exp(-made.low / made.centre) == pytest.approx(0.00135)
    # Four in a week where a tenth of one is usual; a known rate would make it rarer still.
    assert poisson.sf(3, 0.1) < made.p / 2
    assert t_chart(1, 7, 0, 40) is None


def test_a_trigger_week_is_no_part_of_the_range() -> None:
    calm = [40, 44, 36, 41, 39, 42, 38, 40, 43, 37] * 2
    raised = [*calm[:10], 140, *calm[10:]]
    clean, spoilt = normal_range(calm, [1000] * 20, 70, 1000), normal_range(raised, [1000] * 21, 70, 1000)
    assert clean and spoilt and spoilt.weeks == 20
    assert (spoilt.low, spoilt.high) == (pytest.approx(clean.low), pytest.approx(clean.high))


def test_a_week_is_judged_by_the_level_it_stands_on() -> None:
    generator = np.random.default_rng(2)
    counts = [*generator.binomial(2000, 0.08, 16), *generator.binomial(2000, 0.04, 10)]
    made = normal_range([float(n) for n in counts], [2000] * 26, 80, 2000)
    assert made is not None and (made.weeks, made.level) == (10, 16) and word(made, Good.DOWN) == "normal"
    back = normal_range([float(n) for n in counts], [2000] * 26, 160, 2000)
    assert word(back, Good.DOWN) == "worse"


def test_times_are_judged_by_the_level_they_stand_on() -> None:
    earlier = [30.0, 32.0, 29.0, 31.0, 30.0, 28.0, 31.0, 30.0, 29.0, 32.0, 10.0, 12.0, 11.0, 9.0, 10.0, 11.0, 12.0, 10.0, 9.0]
    assert word(count_range(earlier, 30.0), Good.DOWN) == "worse"
    assert word(count_range(earlier, 11.0), Good.DOWN) == "normal"


def test_promotions_are_left_out_unless_the_week_is_one(shop: Shop) -> None:
    chain = cohorts(W45, 0, 40)
    sale = Promotion(id="d11", first=date(2026, 9, 7), last=date(2026, 9, 13), day0=date(2026, 9, 11))
    slow = Span(first=date(2026, 8, 5), last=date(2026, 8, 6))
    quiet = with_calendar(shop, promotions=[sale], carrier_reduced=[slow])
    used = baseline(chain, "complaint_rate_signed", "", quiet)
    weeks = {chain[place].id for place in used.places}
    assert len(weeks) == 26 and not weeks & {"2026-W37", "2026-W32"} and not used.broken
    during = with_calendar(
        shop,
        promotions=[
            sale,
            sale.model_copy(update={"first": date(2026, 11, 2), "last": date(2026, 11, 14), "day0": date(2026, 11, 11)}),
        ],
    )
    assert "2026-W37" in {chain[place].id for place in baseline(chain, "complaint_rate_signed", "", during).places}


def test_nothing_before_a_change_of_rules_is_compared(shop: Shop) -> None:
    chain = cohorts(W45, 0, 40)
    event = Event(
        day=date(2026, 8, 3), kind="freight_insurance", zh="运费险", en="insurance", affects=["aftersale"], slice={"line": "HW"}
    )
    changed = with_calendar(shop, events=[event])
    used = baseline(chain, "return_rate", "", changed)
    assert [chain[place].id for place in used.places] == [f"2026-W{week}" for week in range(32, 45)]
    assert len(baseline(chain, "quality_refund_rate", "", changed).places) == 26  # no rule decides what was faulty
    assert len(baseline(chain, "return_rate", "KT", changed).places) == 26  # another line
    late = with_calendar(shop, events=[event.model_copy(update={"day": date(2026, 10, 5)})])
    young = baseline(chain, "return_rate", "", late)  # the week before is comparable, but too few weeks are to say what is normal
    assert (young.broken, young.short) == (False, True)
    assert judged(None, Good.DOWN, young) is Judgement.SHORT_HISTORY
    now = with_calendar(shop, events=[event.model_copy(update={"day": date(2026, 11, 2)})])
    assert judged(None, Good.DOWN, baseline(chain, "return_rate", "", now)) is Judgement.LEVEL_BREAK
    narrow = with_calendar(shop, events=[event.model_copy(update={"slice": {"sku": "KT-05"}})])
    assert len(baseline(chain, "return_rate", "", narrow).places) == 26


def test_weeks_without_data_are_left_out(shop: Shop) -> None:
    chain = cohorts(W45, 0, 40)
    gone = Event(
        day=date(2026, 9, 9), until=date(2026, 9, 10), kind="missing_data", zh="缺数", en="missing", affects=["feedback"]
    )
    used = baseline(chain, "complaint_rate_signed", "", with_calendar(shop, events=[gone]), silent=frozenset({35}))
    weeks = {chain[place].id for place in used.places}
    assert "2026-W37" not in weeks and chain[35].id not in weeks
