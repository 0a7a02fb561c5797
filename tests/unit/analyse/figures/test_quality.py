"""Quality figures: hand-counted cohorts at a fixed age."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import polars as pl
import pytest

from tasks.analyse.figures.comparison import cohorts, normal_range, share_interval, word
from tasks.analyse.figures.quality import _expected_of_mix, negative_share, quality, review_shares
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts
from tasks.model.figure_kinds import Good
from tasks.model.figures import Figure
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import coded_facts, default_shop

W45 = Period.parse("2026-W45")
AS_OF = datetime(2026, 11, 10, 4, tzinfo=UTC)
MONDAY = date(2026, 3, 2)


def moment(day: date, hour: int = 4) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


def world(complaints_after: tuple[int, ...] = (2, 13, 14), per_week: int = 40, skip_from: date | None = None) -> CodedFacts:
    """A thousand KT units signed every Monday; `per_week` of each get a complaint on each of the given days after."""
    lines, records = [], []
    day = MONDAY
    while day < date(2026, 11, 9):
        for n in range(1000):
            lines.append((f"{day}-{n}", f"T{day}-{n}", "KT-01", "KT", 1, 100.0, moment(day - timedelta(days=3)), moment(day)))
        for age in complaints_after:
            for n in range(per_week):
                oid = f"{day}-{n}"
                records.append(
                    (
                        f"R{age}-{oid}",
                        oid,
                        "ticket",
                        "PRD.FAULT",
                        moment(day + timedelta(days=age)),
                        skip_from is None or day < skip_from,
                    )
                )
        day += timedelta(days=7)
    order_line = pl.DataFrame(
        lines, orient="row", schema={"oid": pl.String, "tid": pl.String, "sku": pl.String, "line": pl.String, "qty": pl.Int64,
                                     "paid_amount": pl.Float64, "paid_at": UTC_TIME, "signed_at": UTC_TIME},
    )  # fmt: skip
    feedback = pl.DataFrame(
        records, orient="row", schema={"record_id": pl.String, "oid": pl.String, "source": pl.String, "leaf": pl.String,
                                       "submitted_at": UTC_TIME, "counted": pl.Boolean},
    )  # fmt: skip
    return coded_facts({"order_line": order_line, "feedback": feedback}, AS_OF)


def find(figures: list[Figure], code: str, scope: str = "") -> Figure:
    return next(figure for figure in figures if (figure.code, figure.scope) == (code, scope))


def test_the_newest_mature_week_is_read_at_its_age(shop: Shop) -> None:
    made = quality(world(), W45, shop)
    units = find(made, "complaint_rate_signed")
    # Fourteen days must have passed by 9 November: the week of 19 October is the newest.
    assert (units.axis_from, units.axis_to, units.age_days) == (date(2026, 10, 19), date(2026, 10, 25), 14)
    # Days 2 and 13 count, day 14 does not; both cases of a unit are one complaining unit.
    assert (units.numerator, units.n, units.value) == (40, 1000, 0.04)
    per_100 = find(made, "complaints_per_100")
    assert (per_100.numerator, per_100.value, per_100.unit) == (80, 8.0, "per_100")


def test_an_older_age_has_an_older_cohort(shop: Shop) -> None:
    damage = find(quality(world(complaints_after=(2,)), W45, shop), "damage_rate")
    assert (damage.axis_from, damage.value, damage.missing) == (date(2026, 10, 26), None, "few_cases")


def test_a_constant_rate_is_normal_and_equal_to_the_week_before(shop: Shop) -> None:
    figure = find(quality(world(), W45, shop), "complaint_rate_signed")
    assert (figure.previous, figure.judgement) == (0.04, "normal")
    assert figure.low is not None and figure.high is not None and figure.low < 0.04 < figure.high
    assert len(figure.series) == 27 and figure.series[-1] == ("2026-10-19", 0.04)


def test_what_is_not_counted_is_no_complaint(shop: Shop) -> None:
    figure = find(quality(world(skip_from=date(2026, 10, 19)), W45, shop), "complaint_rate_signed")
    assert (figure.value, figure.numerator, figure.judgement) == (None, 0, "insufficient")


def test_under_thirty_cases_no_rate_is_judged(shop: Shop) -> None:
    figure = find(quality(world(per_week=29), W45, shop), "complaint_rate_signed")
    assert (figure.value, figure.missing, figure.numerator, figure.n) == (None, "few_cases", 29, 1000)


def test_what_happens_after_the_period_has_not_happened(shop: Shop) -> None:
    early = Period.parse("2026-W40")
    figure = find(quality(world(), early, shop), "complaint_rate_signed")
    assert figure.axis_to is not None and figure.axis_to < early.first_day - timedelta(days=7)


def refunds(rows: list[tuple[str, str, str, str | None, int | None]]) -> pl.DataFrame:
    """Make after-sales orders of the week of 28 September: type, phase, agent's reason, inspection's reason, refunded after days."""
    day = date(2026, 9, 28)
    made = [
        (f"AS{n}", f"{day}-{n}", kind, phase, 1, moment(day + timedelta(days=5)), agent, inspected,
         moment(day + timedelta(days=days)) if days is not None else None)
        for n, (kind, phase, agent, inspected, days) in enumerate(rows)
    ]  # fmt: skip
    return pl.DataFrame(
        made, orient="row", schema={"aftersale_id": pl.String, "oid": pl.String, "type": pl.String, "phase": pl.String, "qty": pl.Int64,
                                    "applied_at": UTC_TIME, "reason_agent": pl.String, "reason_inspection": pl.String, "refunded_at": UTC_TIME},
    ).with_columns(
        reason_buyer_last=pl.lit("quality"), reason_buyer_first=pl.lit("quality"),
        returned_at=pl.when(pl.col("type") == "return_refund").then(pl.col("refunded_at")).otherwise(pl.lit(None, dtype=UTC_TIME)),
    )  # fmt: skip


def test_quality_refunds_take_the_inspections_word_before_the_buyers(shop: Shop) -> None:
    rows: list[tuple[str, str, str, str | None, int | None]] = (
        [("return_refund", "after_sign", "quality", "quality", 10)] * 20  # confirmed
        + [("return_refund", "after_sign", "quality", "no_reason", 10)] * 15  # inspected: nothing wrong
        + [("refund_only", "after_sign", "damage", None, 6)] * 12  # never inspected: the agent's word
        + [("refund_only", "after_sign", "no_reason", None, 6)] * 5  # the agent's word stands above the buyer's «quality»
        + [("exchange", "after_sign", "quality", "quality", None)] * 9  # no refund
        + [("refund_only", "before_ship", "quality", None, 5)] * 4  # before shipping
        + [("return_refund", "after_sign", "quality", "quality", None)] * 3  # not refunded
    )
    facts = world()
    figure = find(quality(coded_facts({**facts.tables, "aftersale": refunds(rows)}, AS_OF), W45, shop), "quality_refund_rate")
    assert (figure.axis_from, figure.age_days, figure.numerator, figure.value) == (date(2026, 9, 28), 30, 32, 0.032)


def test_an_inspection_after_the_period_is_not_known_yet(shop: Shop) -> None:
    rows: list[tuple[str, str, str, str | None, int | None]] = [("return_refund", "after_sign", "quality", "no_reason", 10)] * 31
    later = pl.DataFrame(
        {"aftersale_id": [f"AS{n}" for n in range(31)], "inspected_at": [moment(date(2026, 11, 9), 20)] * 31},
        schema_overrides={"inspected_at": UTC_TIME},
    )
    facts = coded_facts({**world().tables, "aftersale": refunds(rows), "return_inspection": later}, AS_OF)
    assert find(quality(facts, W45, shop), "quality_refund_rate").numerator == 31


def test_lines_are_told_apart(shop: Shop) -> None:
    assert find(quality(world(), W45, shop), "complaint_rate_signed", "KT").n == 1000


def test_a_rate_in_a_promotion_is_not_moved_by_the_promotion(shop: Shop) -> None:
    """Four times as many units in the newest weeks, the same true rate: nothing is said (docs/method.md, 5)."""
    facts = world(complaints_after=(2,))
    more = facts["order_line"].filter(pl.col("signed_at") >= moment(date(2026, 10, 12)))
    extra = [more.with_columns(oid=pl.col("oid") + f"x{k}", tid=pl.col("tid") + f"x{k}") for k in range(3)]
    late = facts["feedback"].filter(pl.col("submitted_at") >= moment(date(2026, 10, 12)))
    told = [late.with_columns(oid=pl.col("oid") + f"x{k}", record_id=pl.col("record_id") + f"x{k}") for k in range(3)]
    busy = coded_facts(
        {"order_line": pl.concat([facts["order_line"], *extra]), "feedback": pl.concat([facts["feedback"], *told])}, AS_OF
    )
    figure = find(quality(busy, W45, shop), "complaint_rate_signed")
    assert (figure.n, figure.value, figure.judgement) == (4000, 0.04, "normal")


@pytest.mark.parametrize(
    ("period", "age", "newest"),
    [("2026-W45", 0, "2026-W45"), ("2026-W45", 7, "2026-W44"), ("2026-W45", 14, "2026-W43"), ("2026-W45", 30, "2026-W40"),
     ("2026-10", 30, "2026-09"), ("2026-11", 30, "2026-10")],
)  # fmt: skip
def test_the_newest_mature_cohort(period: str, age: int, newest: str) -> None:
    chain = cohorts(Period.parse(period), age, 3)
    assert chain[-1].id == newest and chain[0] == chain[-1].previous().previous()


@pytest.mark.parametrize(("events", "said"), [(40, "normal"), (55, "slightly_over"), (80, "worse"), (10, "better")])
def test_words_of_the_normal_range(events: int, said: str) -> None:
    earlier = [40, 44, 36, 41, 39, 42, 38, 40, 43, 37] * 2
    assert word(normal_range(earlier, [1000] * 20, events, 1000), Good.DOWN) == said


def test_a_range_widens_by_what_weeks_vary_beyond_chance() -> None:
    calm = normal_range([40, 41] * 10, [1000] * 20, 40, 1000)
    rough = normal_range([20, 60] * 10, [1000] * 20, 40, 1000)
    assert calm and rough and rough.high - rough.low > 3 * (calm.high - calm.low)


def test_a_short_history_judges_nothing() -> None:
    assert normal_range([40] * 7, [1000] * 7, 90, 1000) is None


def test_wilson_interval_of_a_share() -> None:
    low, high = share_interval(10, 100)
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)


def test_a_shop_with_reviews_only_names_its_base(shop: Shop) -> None:
    rows = []
    for n in range(20):
        day = date(2026, 6, 29) + timedelta(weeks=n)
        rows += [(f"{day}-{k}", "review", moment(day), 1.0 if k < 40 else 5.0, k < 30) for k in range(100)]
    schema = {"record_id": pl.String, "source": pl.String, "submitted_at": UTC_TIME, "rating": pl.Float64, "counted": pl.Boolean}
    facts = coded_facts({"feedback": pl.DataFrame(rows, orient="row", schema=schema)}, AS_OF)
    period = Period.parse("2026-W45")
    [share] = review_shares(facts, period, shop)
    assert (share.code, share.value, share.n, share.judgement) == ("complaint_share_reviews", 0.3, 100, "normal")
    assert share.note.startswith("wilson 0.21")
    [negative] = negative_share(facts, period, shop)
    assert (negative.code, negative.value) == ("negative_rate", 0.4)
    assert quality(facts, period, shop) == []


def test_a_change_of_mix_is_no_change_of_quality(shop: Shop) -> None:
    """Talent rooms complain three times as often; when they sell four times as much, the shop's rate rises and nothing is worse."""
    lines, records = [], []
    day = MONDAY
    while day < date(2026, 11, 9):
        rooms = 800 if day >= date(2026, 10, 12) else 200
        for source, units, bad in (("shelf", 1000, 40), ("talent_live", rooms, rooms * 12 // 100)):
            for n in range(units):
                oid = f"{day}-{source}-{n}"
                lines.append((oid, oid, "KT-01", "KT", source, 1, 100.0, moment(day - timedelta(days=3)), moment(day)))
                if n < bad:
                    records.append((f"R{oid}", oid, "ticket", "PRD.FAULT", moment(day + timedelta(days=2)), True))
        day += timedelta(days=7)
    order_line = pl.DataFrame(
        lines, orient="row", schema={"oid": pl.String, "tid": pl.String, "sku": pl.String, "line": pl.String, "traffic_source": pl.String,
                                     "qty": pl.Int64, "paid_amount": pl.Float64, "paid_at": UTC_TIME, "signed_at": UTC_TIME},
    )  # fmt: skip
    feedback = pl.DataFrame(
        records, orient="row", schema={"record_id": pl.String, "oid": pl.String, "source": pl.String, "leaf": pl.String,
                                       "submitted_at": UTC_TIME, "counted": pl.Boolean},
    )  # fmt: skip
    figure = find(
        quality(coded_facts({"order_line": order_line, "feedback": feedback}, AS_OF), W45, shop), "complaint_rate_signed"
    )
    assert figure.value == pytest.approx((40 + 96) / 1800) and figure.previous == pytest.approx((40 + 96) / 1800)
    assert figure.judgement == "normal" and figure.low is not None and figure.low < figure.value
    plain = order_line.drop("traffic_source")
    unseen = find(quality(coded_facts({"order_line": plain, "feedback": feedback}, AS_OF), W45, shop), "complaint_rate_signed")
    assert unseen.judgement == "worse"


def test_the_order_of_rows_changes_no_bit_of_what_a_mix_expects() -> None:
    """Many threads give groups in any order; the figures of two runs, and the places of lines in a chart, must be the same."""
    chain = cohorts(W45, 14, 9)
    days = [cohort.first_day + timedelta(days=n) for cohort in chain for n in range(7)]
    kinds = [(f"line-{n % 5}", f"source-{n % 7}") for n in range(35)]
    drawn = Random(1)
    mix = pl.DataFrame(
        [(day, *kind, float(drawn.randint(50, 900)), float(drawn.randint(0, 40))) for day in days for kind in kinds],
        orient="row",
        schema={"day": pl.Date, "line": pl.String, "traffic_source": pl.String, "n": pl.Float64, "events": pl.Float64},
    )
    orders = [mix, mix.reverse(), *(mix.sample(fraction=1, shuffle=True, seed=seed) for seed in range(5))]
    assert len({tuple(_expected_of_mix(rows, chain, tuple(range(8)))) for rows in orders}) == 1
