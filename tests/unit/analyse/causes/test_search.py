"""Root causes on small hand-made shops: each trouble at its own slice, on its own exposure, and silence where nothing is wrong."""

from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from numpy.typing import NDArray

from tasks.analyse.causes.lifecycle import MAX_NEW
from tasks.analyse.causes.search import make_history, root_causes
from tasks.expected.unit_history import day_number
from tasks.model.causes import Cause, RootCauses
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.shop.load import Shop
from tests.makers.shops import LAG, coded_facts, complaints, default_shop, drawn, facts_of, noon, order_lines, pay_days

WEEK = Period.parse("2026-W37")
WEEKS = 24
PER_WEEK = 1400
SKUS = ["AF-01", "AF-02", "AF-03", "CP-01", "CP-02", "CP-03", "FW-01", "FW-02", "FW-03", "KT-01", "KT-02", "KT-03"]
RATE = {"function": 0.04, "transit": 0.025, "ship": 0.02}


@pytest.fixture(scope="module")
def shop() -> Shop:
    return default_shop()


def based_on(base: str) -> Shop:
    shop = default_shop()
    content = yaml.safe_load(shop.files["shop.yaml"]) | {"base": base}
    return Shop({**shop.files, "shop.yaml": yaml.safe_dump(content, allow_unicode=True).encode()})


@cache
def calm(week: str = WEEK.id) -> tuple[pl.DataFrame, tuple[pl.DataFrame, ...]]:
    """Half a year of orders until the end of a week, with complaints by chance at one rate for everything."""
    monday = Period.parse(week).first_day - timedelta(weeks=WEEKS - 1)
    paid = pay_days(monday, [float(PER_WEEK)] * WEEKS)
    rng = np.random.default_rng(3)
    n = len(paid)
    sku = np.array(SKUS)[rng.integers(0, len(SKUS), n)]
    since = (paid - paid.min()) // 7
    batch = [f"{s.replace('-', '')}-{'ABC'[min(int(w) // 8, 2)]}" for s, w in zip(sku.tolist(), since, strict=True)]
    traffic = np.array(["shelf", "shelf", "shelf", "talent_live"])[rng.integers(0, 4, n)]
    session = [f"LIVE-{d}" if t == "talent_live" else None for t, d in zip(traffic.tolist(), (paid // 3).tolist(), strict=True)]
    lines = order_lines(
        paid,
        sku=sku.tolist(),
        line=[s[:2] for s in sku],
        batch_no=batch,
        platform=np.array(["平台甲", "平台乙", "平台丙"])[rng.integers(0, 3, n)].tolist(),
        traffic_source=traffic.tolist(),
        session_id=session,
        carrier=np.array(["承运商甲", "承运商乙", "承运商丙", "承运商丁"])[rng.integers(0, 4, n)].tolist(),
        warehouse=np.array(["华东仓", "华南仓", "西南仓"])[rng.integers(0, 3, n)].tolist(),
        region=np.array(["华东", "华南", "西南", "华北", "西北"])[rng.integers(0, 5, n)].tolist(),
    )
    records = tuple(
        complaints(lines, family, *drawn(np.full(n, rate), LAG[family], seed))
        for seed, (family, rate) in enumerate(RATE.items(), start=5)
    )
    return lines, records


def days_ago(lines: pl.DataFrame, column: str, period: Period) -> NDArray[np.int64]:
    """Return how many days before the last day of a period each unit's moment lies."""
    return day_number(period.last_day) - lines[column].dt.date().cast(pl.Int32).to_numpy().astype(np.int64)


AXIS = {"function": "signed_at", "transit": "signed_at", "ship": "paid_at"}


def extra(
    where: pl.Expr,
    count: int,
    family: str = "function",
    *,
    period: Period = WEEK,
    week: str = WEEK.id,
    oldest: int = 14,
    **more: str,
) -> pl.DataFrame:
    """Return `count` more complaints of a period about units of a slice whose clock began at most `oldest` days before its end."""
    lines, _ = calm(week)
    ago = days_ago(lines, AXIS[family], period)
    able = np.flatnonzero(lines.select(where).to_series().fill_null(value=False).to_numpy() & (ago >= 0) & (ago <= oldest))
    rng = np.random.default_rng(count)
    unit = np.sort(rng.choice(able, count, replace=False))
    age = np.array([rng.integers(max(int(ago[u]) - 6, 0), int(ago[u]) + 1) for u in unit])
    return complaints(lines, family, unit, age, prefix=f"x-{period.id}-", **more)


def facts_with(*records: pl.DataFrame, week: str = WEEK.id, **tables: pl.DataFrame) -> CodedFacts:
    lines, base = calm(week)
    return facts_of(lines, *base, *records, **tables)


def judge(shop: Shop, *records: pl.DataFrame, period: Period = WEEK, week: str = WEEK.id, **tables: pl.DataFrame) -> RootCauses:
    return root_causes(facts_with(*records, week=week, **tables), period, shop)


BATCH = pl.col("batch_no") == "FW03-C"


# ---- Nothing wrong -------------------------------------------------------------------------------


def test_a_calm_week_names_nothing(shop: Shop) -> None:
    result = judge(shop)
    assert result.causes == [] and result.falls == []
    assert result.tested > 100 and 0 < result.expected_false_alarms < 0.5
    assert result.rejected_why in ("below_threshold", "nothing_raised")
    assert (result.strongest_rejected is not None) == (result.rejected_why == "below_threshold")


@pytest.mark.parametrize("back", range(1, 8))
def test_calm_weeks_before_name_nothing_either(shop: Shop, back: int) -> None:
    period = Period.containing(noon(WEEK.first_day - timedelta(weeks=back)), "week")
    assert judge(shop, period=period).causes == []


def test_the_expected_number_is_near_what_comes_and_is_split_among_leaves(shop: Shop) -> None:
    result = judge(shop)
    assert result.expected_total == pytest.approx(PER_WEEK * sum(RATE.values()), rel=0.08)
    assert sum(result.expected_leaves.values()) == pytest.approx(result.expected_total)
    assert result.expected_leaves["PRD.FAULT"] == pytest.approx(PER_WEEK * RATE["function"], rel=0.1)


def test_a_partial_period_names_nothing(shop: Shop) -> None:
    result = root_causes(facts_with(extra(BATCH, 40, oldest=24)), WEEK, shop, partial="平台丙 is missing")
    assert (result.causes, result.falls, result.tested, result.rejected_why) == ([], [], 0, "partial")


def test_a_month_is_searched_as_a_whole(shop: Shop) -> None:
    result = judge(shop, extra(BATCH, 40, period=Period.parse("2026-W34"), oldest=30), period=Period.parse("2026-08"))
    assert all(cause.window_weeks == 4 for cause in result.causes)


# ---- Products ------------------------------------------------------------------------------------


def test_a_batch_fault_is_named_with_its_sku_and_stock(shop: Shop) -> None:
    batch = pl.DataFrame({"batch_no": ["FW03-C"], "sku": ["FW-03"], "supplier": ["S01"], "component_supplier": ["S02"],
                          "qty_shipped": [1450], "qty_stock": [312], "qty_transit": [20]})  # fmt: skip
    lines, _ = calm()
    old = lines.filter(pl.col("sku") == "FW-03", pl.col("batch_no") != "FW03-C")
    assert not old.is_empty()
    # The older batch of the SKU sold until lately as well, and is well.
    mixed = extra(BATCH, 30, oldest=24)
    result = judge(shop, mixed, batch=batch)
    [cause] = result.causes
    # On sale since eight weeks, only this batch is of an age to complain: the SKU's recent units are the same units.
    assert cause.slice["sku"] == "FW-03" and cause.slice.get("batch_no", "FW03-C") == "FW03-C"
    assert (cause.kind, cause.leaf, cause.family) == ("slice", "PRD.FAULT", "function")
    assert set(cause.rows) >= set(mixed["record_id"])
    assert cause.low < cause.ratio < cause.high and cause.ratio == pytest.approx(cause.observed / cause.expected, rel=0.01)


def two_batches() -> pl.DataFrame:
    """The calm shop's lines, with two batches of every SKU on sale side by side all the time."""
    lines, _ = calm()
    side = np.random.default_rng(9).integers(0, 2, lines.height)
    return lines.with_columns(batch_no=pl.concat_str("sku", pl.Series(np.where(side == 0, "-A", "-B"))))


def test_one_of_two_batches_is_named_and_not_the_sku(shop: Shop) -> None:
    lines = two_batches()
    _, base = calm()
    batch = pl.DataFrame({"batch_no": ["FW-03-A"], "sku": ["FW-03"], "supplier": ["S01"], "component_supplier": ["S02"],
                          "qty_shipped": [1450], "qty_stock": [312], "qty_transit": [20]})  # fmt: skip

    def ill(batch_no: str) -> pl.DataFrame:
        ago = days_ago(lines, "signed_at", WEEK)
        able = np.flatnonzero((lines["batch_no"] == batch_no).to_numpy() & (ago >= 0) & (ago <= 14))
        some = np.sort(np.random.default_rng(2).choice(able, 30, replace=False))
        return complaints(lines, "function", some, np.maximum(ago[some] - 3, 0), prefix=batch_no)

    [cause] = root_causes(facts_of(lines, *base, ill("FW-03-A"), batch=batch), WEEK, shop).causes
    assert cause.slice == {"sku": "FW-03", "batch_no": "FW-03-A"}
    assert cause.stock == 312 and cause.evidence.component_supplier == "S02"
    assert cause.evidence.others_rate == pytest.approx(RATE["function"], rel=0.4)
    assert cause.evidence.category_rate is None  # two other products of a line make no median
    assert cause.comparison == "same_sku_other" and cause.rate is not None and cause.comparison_rate is not None
    assert cause.rate > 2 * cause.comparison_rate and cause.comparison_rate == pytest.approx(RATE["function"], rel=0.4)
    assert ("supplier_change", "供应链", "2d") in cause.to_confirm
    [whole] = root_causes(facts_of(lines, *base, ill("FW-03-A"), ill("FW-03-B"), batch=batch), WEEK, shop).causes
    assert whole.slice["sku"] == "FW-03" and "batch_no" not in whole.slice


def test_carrier_and_region_are_named_together(shop: Shop) -> None:
    slice_ = (pl.col("carrier") == "承运商丙") & (pl.col("region") == "西南")
    [cause] = judge(shop, extra(slice_, 28, "transit", oldest=7)).causes
    assert cause.slice == {"carrier": "承运商丙", "region": "西南"}
    assert (cause.leaf, cause.comparison, cause.trend) == ("LOG.DAMAGE", "same_region_other", "rising")
    assert cause.since_axis == "arrival" and cause.since in (WEEK.first_day, before(1).first_day)


def test_a_live_session_is_one_cluster(shop: Shop) -> None:
    lines, _ = calm()
    ago = days_ago(lines, "paid_at", WEEK)
    session = lines.filter(pl.Series(ago == 6), pl.col("session_id").is_not_null())["session_id"][0]
    [cause] = judge(shop, extra(pl.col("session_id") == session, 40, "ship", leaf="ORD.GIFT")).causes
    assert (cause.kind, cause.slice["session_id"]) == ("session", session)
    assert cause.leaf == "ORD.GIFT" and cause.to_confirm[0][1] == "直播运营"


def test_a_warehouse_at_a_promotion_is_told_as_such(shop: Shop) -> None:
    week = Period.parse("2025-W46")
    piled = extra(pl.col("warehouse") == "华东仓", 90, "ship", period=week, week=week.id, oldest=6)
    [cause] = judge(shop, piled, period=week, week=week.id).causes
    assert (cause.kind, cause.slice["warehouse"]) == ("promotion", "华东仓")


def test_two_troubles_are_two_causes_strongest_first(shop: Shop) -> None:
    region = (pl.col("carrier") == "承运商丙") & (pl.col("region") == "西南")
    result = judge(shop, extra(pl.col("sku") == "KT-02", 60), extra(region, 28, "transit", oldest=7))
    assert [cause.slice.get("sku", cause.slice.get("carrier")) for cause in result.causes] == ["KT-02", "承运商丙"]
    assert [cause.llr for cause in result.causes] == sorted((cause.llr for cause in result.causes), reverse=True)
    assert len({cause.cause_id for cause in result.causes}) == 2


def test_at_most_three_new_causes_and_the_rest_is_not_lost(shop: Shop) -> None:
    clusters = [
        extra(pl.col("sku") == sku, 6, "transit", claim_cluster=f"CC-{sku}").with_columns(record_id=pl.col("record_id") + sku)
        for sku in SKUS[:7]
    ]
    result = judge(shop, *clusters)
    assert (len(result.causes), len(result.deferred)) == (MAX_NEW, 7 - MAX_NEW)


def test_a_product_is_held_against_its_line_and_the_other_values(shop: Shop) -> None:
    lines, base = calm()
    one_line = lines.with_columns(line=pl.lit("厨房"))
    [cause] = root_causes(facts_of(one_line, *base, extra(BATCH, 40)), WEEK, shop).causes
    assert cause.rate is not None and cause.rate > 2 * RATE["function"]
    assert cause.evidence.category_rate == pytest.approx(RATE["function"], rel=0.3)
    assert cause.evidence.last_promotion_rate is None  # no promotion in this week


def test_a_promotion_is_held_against_the_same_stage_of_the_last_one(shop: Shop) -> None:
    week = Period.parse("2026-W45")
    late = extra(pl.col("warehouse") == "华东仓", 60, "ship", period=week, week=week.id)
    causes = judge(shop, late, period=week, week=week.id).causes
    [cause] = [cause for cause in causes if cause.slice.get("warehouse") == "华东仓" and cause.family == "ship"]
    assert cause.evidence.last_promotion_rate == pytest.approx(RATE["ship"], rel=0.4)
    assert cause.rate is not None and cause.rate > 1.5 * cause.evidence.last_promotion_rate


def test_a_claim_cluster_is_shown_with_and_without(shop: Shop) -> None:
    claims = extra(pl.col("sku") == "FW-03", 6, "transit", claim_cluster="CC-1")
    [cause] = judge(shop, claims).causes
    lines, base = calm()
    inside = (pl.col("at") >= WEEK.start) & (pl.col("at") < WEEK.end) & (pl.col("sku") == "FW-03")
    signed = lines.with_columns(at=pl.col("signed_at")).filter(inside).height
    usual = sum(records.with_columns(at=pl.col("submitted_at")).filter(inside).height for records in base)
    assert (cause.kind, cause.observed) == ("cluster", 6.0)
    assert cause.evidence.rate_with == pytest.approx((usual + 6) / signed)
    assert cause.evidence.rate_without == pytest.approx(usual / signed)


def test_a_share_that_is_no_worse_than_the_rest_is_not_named(shop: Shop) -> None:
    ill = [extra(pl.col("sku") == sku, 60).with_columns(record_id=pl.col("record_id") + sku) for sku in SKUS[:7]]
    assert not any("traffic_source" in cause.slice for cause in judge(shop, *ill).causes)


def test_a_product_that_nobody_complains_of_any_more_is_a_fall(shop: Shop) -> None:
    lines, base = calm()
    first = WEEK.start
    thinned = [
        frame.filter((pl.col("submitted_at") < first) | (pl.col("line") != "AF") | (pl.col("family") != "function"))
        for frame in base
    ]
    result = root_causes(facts_of(lines, *thinned), WEEK, shop)
    assert result.causes == []
    [fall] = result.falls
    assert (fall.kind, fall.slice, fall.observed) == ("fall", {"line": "AF"}, 0)


# ---- Time ----------------------------------------------------------------------------------------


def before(weeks: int) -> Period:
    return Period.containing(noon(WEEK.first_day - timedelta(weeks=weeks)), "week")


def test_a_trouble_that_has_ended_is_not_named(shop: Shop) -> None:
    ended = [extra(pl.col("sku") == "KT-02", 60, period=before(n)) for n in (2, 3)]
    assert any(cause.slice.get("sku") == "KT-02" for cause in judge(shop, *ended, period=before(2)).causes)
    assert not judge(shop, *ended).causes


def test_a_slow_trouble_is_found_over_several_weeks(shop: Shop) -> None:
    slow = [extra(pl.col("sku") == "KT-02", 8, period=before(n)) for n in (0, 1, 2, 3)]
    [cause] = judge(shop, *slow).causes
    assert cause.slice == {"sku": "KT-02"} and cause.window_weeks == 4
    assert not judge(shop, slow[0]).causes


def test_the_same_trouble_keeps_its_name_next_week(shop: Shop) -> None:
    weeks = [extra(pl.col("sku") == "KT-02", 60, period=before(n)) for n in (2, 1, 0)]
    named = [judge(shop, *weeks, period=before(n)).causes for n in (2, 1, 0)]
    ids = [{cause.cause_id for cause in causes if cause.slice.get("sku") == "KT-02"} for causes in named]
    assert ids[0] == ids[1] == ids[2] and len(ids[0]) == 1
    assert [causes[0].first_period for causes in named] == [before(2).id, before(1).id, WEEK.id]
    # From the day on which it began, by payment or by arrival, whichever tells the slice
    begun = next(c for c in named[2] if c.slice["sku"] == "KT-02").since
    assert begun is not None and before(4).first_day <= begun <= before(2).first_day


def test_what_comes_later_changes_nothing(shop: Shop) -> None:
    ill = extra(pl.col("sku") == "KT-02", 60, period=before(1))
    later = extra(pl.col("sku") == "CP-01", 60)
    assert judge(shop, ill, period=before(1)).causes == judge(shop, ill, later, period=before(1)).causes


def test_a_book_made_once_serves_every_week(shop: Shop) -> None:
    ill = [extra(pl.col("sku") == "KT-02", 60, period=before(n)) for n in (1, 0)]
    facts = facts_with(*ill)
    history = make_history(facts, WEEK, shop)
    for period in (before(1), WEEK):
        assert root_causes(facts, period, shop, history=history).causes == root_causes(facts, period, shop).causes


def test_the_same_facts_give_the_same_causes(shop: Shop) -> None:
    ill = extra(BATCH, 30, oldest=24)
    facts = facts_with(ill)
    shuffled = coded_facts(
        {**facts.tables, "feedback": facts["feedback"].sample(fraction=1, shuffle=True, seed=1),
         "order_line": facts["order_line"].sample(fraction=1, shuffle=True, seed=2)},
        facts.as_of,
    )  # fmt: skip
    one, other = root_causes(facts, WEEK, shop), root_causes(shuffled, WEEK, shop)
    assert [plain(c) for c in one.causes] == [plain(c) for c in other.causes]
    assert one.tested == other.tested


def plain(cause: Cause) -> Cause:
    return replace(cause, ratio=round(cause.ratio, 6), low=round(cause.low, 6), high=round(cause.high, 6),
                   rate=None, comparison_rate=None, contribution=round(cause.contribution or 0, 6))  # fmt: skip


def test_repeats_and_clusters_are_no_evidence(shop: Shop) -> None:
    repeats = extra(pl.col("sku") == "KT-02", 60).with_columns(counted=pl.lit(value=False))
    assert judge(shop, repeats).causes == []


# ---- Devices and conversations -------------------------------------------------------------------


def exposure(kind: str, rows: list[tuple[dict[str, str], float, int, int]]) -> pl.DataFrame:
    """Return daily exposure: dims, n a day, and the days (counted back from the end of the week) between which it ran."""
    out = []
    for dims, n, from_ago, to_ago in rows:
        out += [
            {"day": WEEK.last_day - timedelta(days=ago), "kind": kind, "n": n, **dims} for ago in range(from_ago, to_ago - 1, -1)
        ]
    return pl.DataFrame(out)


def arrivals(family: str, leaf: str, dims: dict[str, str], per_week: list[int]) -> pl.DataFrame:
    """Return cases without orders: so many in each of the last weeks, oldest first."""
    moments = [
        noon(WEEK.first_day - timedelta(weeks=len(per_week) - 1 - week) + timedelta(days=n % 7))
        for week, count in enumerate(per_week)
        for n in range(count)
    ]
    name = "-".join((family, *dims.values()))
    return pl.DataFrame({"record_id": [f"{name}-{n}" for n in range(len(moments))], "submitted_at": moments}).with_columns(
        pl.lit(family).alias("family"),
        pl.lit(leaf).alias("leaf"),
        pl.lit(value=True).alias("counted"),
        pl.lit("complaint").alias("nature"),
        pl.lit("chat").alias("source"),
        pl.col("submitted_at").dt.cast_time_unit("us"),
        *(pl.lit(value).alias(dim) for dim, value in dims.items()),
    )


ANDROID, IOS = {"app_version": "4.5.0", "os": "Android"}, {"app_version": "4.5.0", "os": "iOS"}
RELEASE = {"app_version": "4.6.0", "os": "Android"}


def devices(new: float) -> pl.DataFrame:
    """Forty thousand Android devices, of which `new` got a release this week, and twenty thousand others."""
    return exposure(
        "active_devices", [(ANDROID, 40_000, 140, 7), (ANDROID, 40_000 - new, 6, 0), (RELEASE, new, 6, 0), (IOS, 20_000, 140, 0)]
    )


def test_a_release_is_judged_by_its_devices(shop: Shop) -> None:
    ill = [
        arrivals("app", "PRD.FAULT", ANDROID, [20] * 19 + [10]),
        arrivals("app", "PRD.FAULT", IOS, [10] * 20),
        arrivals("app", "PRD.FAULT", RELEASE, [60]),
    ]
    [cause] = judge(shop, *ill, exposure=devices(20_000)).causes
    assert (cause.kind, cause.family, cause.slice) == ("app", "app", {"app_version": "4.6.0", "os": "Android"})
    assert (cause.exposure_kind, cause.exposure) == ("active_devices", 7 * 20_000)
    assert cause.observed == 60 and cause.expected == pytest.approx(10, rel=0.2)
    assert cause.to_confirm == (("reproduce_on_release", "产品研发", "1d"),)


def test_a_release_that_many_have_is_no_cause(shop: Shop) -> None:
    usual = [
        arrivals("app", "PRD.FAULT", ANDROID, [20] * 19 + [5]),
        arrivals("app", "PRD.FAULT", IOS, [10] * 20),
        arrivals("app", "PRD.FAULT", RELEASE, [15]),
    ]
    assert judge(shop, *usual, exposure=devices(30_000)).causes == []


QUEUES = [{"queue": queue, "shift": shift} for queue in ("外包", "自营") for shift in ("白班", "晚班", "22-02")]


def conversations(factor: float = 1.0) -> pl.DataFrame:
    night = QUEUES[2]
    rest = [(dims, 300.0, 140, 0) for dims in QUEUES if dims != night]
    return exposure("human_conversations", [*rest, (night, 300.0, 140, 7), (night, 300.0 * factor, 6, 0)])


def slow(last_week: int) -> list[pl.DataFrame]:
    return [arrivals("service", "SVC.SLOW", dims, [6] * 19 + [last_week if dims == QUEUES[2] else 6]) for dims in QUEUES]


def test_a_shift_of_a_queue_is_judged_by_its_conversations(shop: Shop) -> None:
    [cause] = judge(shop, *slow(31), exposure=conversations()).causes
    assert (cause.kind, cause.slice) == ("service", {"queue": "外包", "shift": "22-02"})
    assert (cause.exposure_kind, cause.exposure) == ("human_conversations", 2100)
    assert cause.observed == 31 and cause.expected == pytest.approx(6, rel=0.2)
    assert cause.leaf == "SVC.SLOW" and len(cause.rows) == 31


def test_more_conversations_bring_more_complaints_and_no_cause(shop: Shop) -> None:
    assert judge(shop, *slow(30), exposure=conversations(5.0)).causes == []


def test_a_lasting_slow_shift_is_expected(shop: Shop) -> None:
    always = [arrivals("service", "SVC.SLOW", dims, [24 if dims == QUEUES[2] else 6] * 20) for dims in QUEUES]
    assert judge(shop, *always, exposure=conversations()).causes == []


# ---- Clusters and reputation ---------------------------------------------------------------------


def test_a_claim_cluster_is_one_finding_and_no_product_fault(shop: Shop) -> None:
    claims = extra(pl.col("sku") == "CP-02", 18, "transit", oldest=7, claim_cluster="CC-1")
    [cause] = judge(shop, claims).causes
    assert (cause.kind, cause.slice, cause.observed) == ("cluster", {"sku": "CP-02", "claim_cluster": "CC-1"}, 18)
    assert (cause.track, cause.rows) == ("dispute", tuple(sorted(claims["record_id"])))
    assert judge(shop, claims, period=before(1)).causes == []


def inspections(confirmed: dict[int, int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return after-sales orders of FN-02 and their inspections: weeks before the judged one → confirmed faults."""
    rows = [
        (f"AS-{week}-{n}", noon(WEEK.first_day - timedelta(weeks=week)))
        for week, count in confirmed.items()
        for n in range(count)
    ]
    ids, moments = [r[0] for r in rows], pl.Series([r[1] for r in rows]).dt.cast_time_unit("us")
    sale = pl.DataFrame(
        {"aftersale_id": ids, "sku": "FN-02", "applied_at": moments, "type": "return_refund", "phase": "after_sign"}
    )
    return sale, pl.DataFrame({"aftersale_id": ids, "inspected_at": moments, "fault_confirmed": True, "result": "scrap"})


@pytest.mark.parametrize(("confirmed_now", "named"), [(2, True), (12, False)], ids=["faults level", "faults rise"])
def test_many_words_without_orders_and_level_faults_are_reputation(shop: Shop, confirmed_now: int, named: bool) -> None:
    talk = arrivals("function", "PRD.NOISE", {"sku": "FN-02"}, [5] * 15 + [40]).with_columns(
        source=pl.lit("social"), oid=pl.lit(None, pl.String)
    )
    sale, inspected = inspections({0: confirmed_now, **dict.fromkeys(range(1, 9), 2)})
    causes = judge(shop, talk, aftersale=sale, return_inspection=inspected).causes
    assert [(cause.kind, cause.slice) for cause in causes] == ([("reputation", {"sku": "FN-02"})] if named else [])
    if named:
        assert causes[0].observed == 40


# ---- Shops without orders ------------------------------------------------------------------------


def reviews(
    seed: int, *, sick: str = "", share: float = 0.1, times: float = 1.0, weeks: int = 24, per_week: int = 400
) -> pl.DataFrame:
    """Return reviews of twelve SKUs on three platforms, of which a share complains; one SKU more in the last week."""
    rng = np.random.default_rng(seed)
    n = weeks * per_week
    week = np.arange(n) // per_week
    sku = np.array(SKUS)[rng.integers(0, len(SKUS), n)]
    chance = np.where((sku == sick) & (week == weeks - 1), share * times, share)
    case = rng.random(n) < chance
    days = day_number(WEEK.first_day) - (weeks - 1 - week) * 7 + rng.integers(0, 7, n)
    moments = pl.Series(days).cast(pl.Int32).cast(pl.Date).cast(UTC_TIME) + timedelta(hours=4)
    return pl.DataFrame(
        {
            "record_id": [f"V{k:06d}" for k in range(n)],
            "submitted_at": moments,
            "sku": sku,
            "line": [s[:2] for s in sku],
            "platform": np.array(["平台甲", "平台乙", "平台丙"])[rng.integers(0, 3, n)],
            "leaf": np.array(["PRD.FAULT", "PRD.SMELL"])[rng.integers(0, 2, n)],
            "family": "other",
            "counted": case,
            "nature": np.where(case, "complaint", "praise"),
            "source": "review",
        }
    )  # fmt: skip


def test_reviews_are_judged_by_their_share(shop: Shop) -> None:
    result = root_causes(facts_of(None, reviews(1, sick="KT-02", times=5)), WEEK, based_on("reviews"))
    [cause] = result.causes
    assert (cause.kind, cause.slice, cause.family, cause.exposure_kind) == ("slice", {"sku": "KT-02"}, "reviews", "reviews")
    assert cause.rate == pytest.approx(0.5, abs=0.2) and cause.comparison_rate == pytest.approx(0.1, abs=0.03)
    assert cause.exposure == reviews(1).filter(pl.col("sku") == "KT-02", pl.col("submitted_at") >= WEEK.start).height
    assert result.expected_total == pytest.approx(40, rel=0.15)
    assert sum(result.expected_leaves.values()) == pytest.approx(result.expected_total)


def test_more_reviews_of_a_product_are_no_cause() -> None:
    """Reviews of one SKU ×6 in the last week after a call for reviews, with the same share of complaints."""
    base = reviews(2)
    more = reviews(3).filter(pl.col("sku") == "KT-02", pl.col("submitted_at") >= WEEK.start)
    copies = [more.with_columns(record_id=pl.col("record_id") + f"-{n}") for n in range(5)]
    assert root_causes(facts_of(None, base, *copies), WEEK, based_on("reviews")).causes == []


@pytest.mark.parametrize("base", ["reviews", "records"])
def test_without_orders_calm_weeks_name_nothing(base: str) -> None:
    assert [root_causes(facts_of(None, reviews(seed)), WEEK, based_on(base)).causes for seed in range(4, 9)] == [[]] * 5


def test_counts_are_judged_by_the_period_before() -> None:
    month = Period.parse("2026-08")
    facts = facts_of(None, reviews(10), *august("KT-02", 90))
    [cause] = root_causes(facts, month, based_on("records")).causes
    assert cause.slice == {"sku": "KT-02"} and (cause.family, cause.exposure_kind) == ("counts", "earlier_cases")
    assert (cause.comparison, cause.rate, cause.comparison_rate) == ("period_before", None, None)
    july = facts["feedback"].filter("counted", pl.col("sku") == "KT-02", pl.col("submitted_at").dt.month() == 7).height
    assert cause.exposure == july and cause.expected == pytest.approx(july, rel=0.25)


def test_a_month_in_which_all_trebles_has_no_cause() -> None:
    more = [
        reviews(seed).filter(pl.col("submitted_at").dt.month() == 8).with_columns(record_id=pl.col("record_id") + f"-{seed}")
        for seed in (21, 22)
    ]
    assert root_causes(facts_of(None, reviews(20), *more), Period.parse("2026-08"), based_on("records")).causes == []


def august(sku: str, count: int) -> list[pl.DataFrame]:
    rows = reviews(11).filter(pl.col("sku") == sku, pl.col("submitted_at").dt.month() == 8).head(count)
    assert rows.height == count
    return [rows.with_columns(record_id=pl.col("record_id") + "-x", counted=pl.lit(value=True))]


@pytest.mark.parametrize("base", ["reviews", "records"])
def test_too_short_a_history_says_so(base: str) -> None:
    result = root_causes(facts_of(None, reviews(1, weeks=1)), WEEK, based_on(base))
    assert (result.causes, result.rejected_why) == ([], "no_history")


def test_an_order_shop_without_orders_falls_back_to_records(shop: Shop) -> None:
    result = root_causes(facts_of(None, reviews(1)), WEEK, shop)
    assert result.causes == [] and result.tested > 0


def test_an_empty_lake_names_nothing(shop: Shop) -> None:
    empty: dict[str, Any] = {}
    assert root_causes(facts_of(None, **empty), WEEK, shop).causes == []
