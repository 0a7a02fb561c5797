"""The sample shop in numbers: same seed, same frames; true to its tables; quiet when nothing is planted."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from examples.sample_shop.nouns import LINES
from examples.sample_shop.problems import LAGS, PROBLEMS, arrived_by, draw_lags, line_rates
from examples.sample_shop.truth import likelihood
from examples.sample_shop.world import World, build
from tasks.errors import UserError
from tasks.model.tables import TABLES


@pytest.fixture(scope="module")
def autumn() -> World:
    return build(7, weeks=18, scale=0.05)


@pytest.fixture(scope="module")
def quiet() -> World:
    return build(11, weeks=30, scale=0.2, through="2026-W38", with_stories=False)


@pytest.fixture(scope="module")
def full() -> World:
    if os.environ.get("AFTERSALES_SLOW") != "1":
        pytest.skip("Set AFTERSALES_SLOW=1 to build the shop at its full size.")
    return build(1)


def test_the_same_seed_gives_the_same_frames() -> None:
    first, second, other = (build(seed, weeks=3, scale=0.02) for seed in (3, 3, 4))
    for name in TABLES:
        if name in first.tables:
            assert first.tables[name].equals(second.tables[name]), name
    assert first.gold.equals(second.gold)
    assert first.truth == second.truth
    assert not first.tables["order_line"].equals(other.tables["order_line"])


def test_tables_hold_the_canonical_columns_and_their_ids(autumn: World) -> None:
    for name, frame in autumn.tables.items():
        wanted = {column: kind for column, kind in TABLES[name].columns.items() if column != "record_id"}
        assert dict(frame.schema) == {**wanted, "stamp": pl.Datetime("us", "UTC"), "source_id": pl.String}, name
        assert frame["stamp"].null_count() == 0, name
        for column in TABLES[name].required:
            assert column == "record_id" or frame[column].null_count() == 0, (name, column)
    for name in ("order_line", "feedback", "aftersale", "return_inspection", "exposure", "batch", "product"):
        frame = autumn.tables[name]
        assert frame["source_id"].n_unique() == len(frame), name


def test_what_one_table_names_another_holds(autumn: World) -> None:
    tables = autumn.tables
    orders = tables["order_line"]
    assert orders["sku"].is_in(tables["product"]["sku"].to_list()).all()
    assert orders["batch_no"].drop_nulls().is_in(tables["batch"]["batch_no"].to_list()).all()
    assert tables["aftersale"].join(orders, on="oid", how="anti").is_empty()
    assert tables["return_inspection"].join(tables["aftersale"], on="aftersale_id", how="anti").is_empty()
    linked = tables["feedback"].drop_nulls("order_ref")
    assert linked.join(orders, left_on="order_ref", right_on="oid", how="anti").is_empty()
    assert autumn.gold["source_id"].equals(tables["feedback"]["source_id"])


def test_nothing_is_known_of_the_future(autumn: World) -> None:
    end = datetime(2026, 11, 8, 16, tzinfo=UTC)
    for name, columns in {
        "order_line": ("paid_at", "shipped_at", "signed_at"),
        "feedback": ("submitted_at", "first_human_at", "closed_at"),
        "aftersale": ("applied_at", "agreed_at", "received_at", "refunded_at", "closed_at"),
    }.items():
        for column in columns:
            assert autumn.tables[name][column].max() < end, (name, column)
    orders = autumn.tables["order_line"].filter(pl.col("shipped_at").is_not_null() & pl.col("cancelled_before_ship"))
    assert orders.is_empty()
    assert (autumn.tables["feedback"]["stamp"] >= autumn.tables["feedback"]["submitted_at"]).all()


def test_rates_by_line_and_problem_fit_the_tables() -> None:
    rates = line_rates()
    assert np.allclose(rates.sum(axis=1) * 100, [line.complaints for line in LINES], rtol=1e-6)
    shares = np.array([problem.share for problem in PROBLEMS])
    mix = (rates * np.array([line.share for line in LINES])[:, None]).sum(axis=0)
    assert np.allclose(mix / mix.sum(), shares / shares.sum(), rtol=0.02)


@pytest.mark.parametrize("family", sorted(LAGS))
def test_lag_curves_are_those_of_the_drawn_lags(family: str) -> None:
    drawn = draw_lags(np.random.default_rng(5), family, 20_000)
    for share in (0.1, 0.5, 0.9):
        age = np.quantile(drawn, share)
        assert arrived_by(family, np.array([age]))[0] == pytest.approx(share, abs=0.012)


def test_a_quiet_shop_has_the_complaints_of_its_lines(quiet: World) -> None:
    orders = quiet.tables["order_line"].filter(pl.col("signed_at").is_not_null())
    signed = orders.group_by(line=pl.col("sku").str.slice(0, 2)).agg(n=pl.col("tid").n_unique())
    cases = quiet.gold.filter("counted").group_by("line").agg(cases=pl.len())
    found = {row["line"]: row for row in signed.join(cases, on="line").to_dicts()}
    for line in LINES:
        rate = found[line.code]["cases"] / found[line.code]["n"] * 100
        assert rate == pytest.approx(line.complaints, rel=0.16), line.code
    total = quiet.gold.filter("counted").height / orders["tid"].n_unique() * 100
    assert total == pytest.approx(4.05, rel=0.06)
    nature = dict(quiet.gold.group_by("gold_nature").len().iter_rows())
    assert nature["complaint"] / quiet.gold.height == pytest.approx(0.65, abs=0.03)


def test_a_quiet_shop_arrives_as_its_rates_and_lags_say(quiet: World) -> None:
    """Expected arrivals from `truth` alone (rates, factors, lag curves) and the visible order lines."""
    rates = pl.DataFrame(quiet.truth["rates"]["per_signed_order"]).filter(pl.col("family").is_in(["function", "fit"]))
    factors = pl.DataFrame(
        [
            {"sku": sku, "leaf": name.split("/")[0], "symptom": ([*name.split("/"), ""])[1], "factor": value}
            for sku, own in quiet.truth["rates"]["sku_factor"].items()
            for name, value in own.items()
        ]
    )
    skus = quiet.tables["product"].select("sku", "line")
    by_sku = skus.join(rates, on="line").join(factors, on=["sku", "leaf", "symptom"], how="left")
    by_sku = by_sku.group_by("sku", "family").agg(rate=(pl.col("rate") * pl.col("factor").fill_null(1.0)).sum())
    # Sign before ship is the clock skew that the source is known to have; 2 % of signatures are missing.
    signed = quiet.tables["order_line"].filter(pl.col("signed_at") > pl.col("shipped_at")).select("sku", "signed_at")
    cases = quiet.tables["feedback"].select("submitted_at").hstack(quiet.gold.select("counted", "true_leaf"))
    epoch = datetime(quiet.first.year, quiet.first.month, quiet.first.day, tzinfo=UTC)
    chi_square, weeks_seen = 0.0, 0
    for family in ("function", "fit"):
        leaves = [problem.leaf for problem in PROBLEMS if problem.family == family]
        own = signed.join(by_sku.filter(pl.col("family") == family), on="sku")
        at = (own["signed_at"].dt.epoch("s").to_numpy() + 8 * 3600 - epoch.timestamp()) / 86_400
        rate = own["rate"].to_numpy() / 0.978
        seen = cases.filter(pl.col("counted") & pl.col("true_leaf").is_in(leaves) & (pl.col("true_leaf") != "PRD.FAULT"))
        if family == "function":
            faults = quiet.gold["true_leaf"] == "PRD.FAULT"
            plain = quiet.gold["gold_symptom"].is_in(["", "noise", "no_power"]) & ~quiet.gold["gold_vague"]
            seen = pl.concat([seen, cases.filter(faults & plain & quiet.gold["counted"])])
            rate = rate * 0.985  # one in fourteen faults is told too vaguely to show its symptom
        arrived = (seen["submitted_at"].dt.epoch("s").to_numpy() + 8 * 3600 - epoch.timestamp()) / 86_400
        for week in range(3, 30):
            expected = float((rate * (arrived_by(family, (week + 1) * 7 - at) - arrived_by(family, week * 7 - at))).sum())
            observed = int(((arrived >= week * 7) & (arrived < (week + 1) * 7)).sum())
            chi_square += (observed - expected) ** 2 / expected
            weeks_seen += 1
    assert 0.55 < chi_square / weeks_seen < 1.6


def test_planted_traps_are_there(autumn: World) -> None:
    feedback = autumn.tables["feedback"].hstack(autumn.gold.select("story", "gold_leaf", true_sku="sku"))
    day = pl.col("submitted_at").dt.convert_time_zone("Asia/Shanghai").dt.date().cast(pl.String)
    safety = feedback.filter(pl.col("story") == "T2")
    assert safety.select(day).to_series().to_list() == ["2026-11-03", "2026-11-05", "2026-11-06"]
    assert set(safety["gold_leaf"]) == {"PRD.SAFETY"}
    assert set(safety["true_sku"]) == {"KT-11"}
    cluster = feedback.filter(pl.col("story") == "T3")
    assert len(cluster) == 18
    assert cluster["image_hash"].n_unique() == 3
    assert cluster["destination"].n_unique() == 1
    assert set(cluster["true_sku"]) == {"CP-02"}
    claims = autumn.tables["aftersale"].filter(
        pl.col("oid").is_in(cluster["order_ref"].to_list()) & (pl.col("phase") == "after_sign")
    )
    assert len(claims) == 18
    assert set(claims["type"]) == {"refund_only"}
    reviews = feedback.filter((pl.col("source") == "review") & (pl.col("platform") == "平台丙")).select(day).to_series().to_list()
    assert not {"2026-10-30", "2026-10-31", "2026-11-01"} & set(reviews)
    assert len(reviews) > 20
    week = pl.col("paid_at").dt.convert_time_zone("Asia/Shanghai").dt.strftime("%G-W%V")
    talent = pl.col("traffic_source") == "talent_live"
    share = dict(autumn.tables["order_line"].group_by(week).agg(talent.mean()).iter_rows())
    assert share["2026-W42"] == pytest.approx(0.22, abs=0.03)
    assert share["2026-W39"] == pytest.approx(0.10, abs=0.03)
    assert set(autumn.truth["traps"]) == {f"T{number}" for number in range(1, 11)}
    score = autumn.tables["platform_metric"].filter(pl.col("metric_code") == "score")
    assert set(score.filter(pl.col("platform") == "平台丙")["formula_version"]) == {"2026.7"}


def test_taxonomy_split_formula_and_freight_insurance_begin_on_their_days() -> None:
    spring = build(2, weeks=22, scale=0.1, through="2026-W28")
    feedback = spring.tables["feedback"].hstack(spring.gold.select("true_leaf"))
    missing = feedback.filter((pl.col("true_leaf") == "PKG.MISSING") & pl.col("source_code").is_not_null())
    split = datetime(2026, 3, 1, 16, tzinfo=UTC)
    assert (missing.filter(pl.col("submitted_at") < split)["source_code"] != "漏发").all()
    assert (missing.filter(pl.col("submitted_at") >= split)["source_code"] == "漏发").mean() > 0.7
    score = spring.tables["platform_metric"].filter((pl.col("metric_code") == "score") & (pl.col("platform") == "平台丙"))
    levels = dict(score.group_by("formula_version").agg(pl.col("value").mean()).iter_rows())
    assert levels["2025.1"] - levels["2026.7"] > 2.0
    clothes = spring.tables["aftersale"].filter(pl.col("sku").str.starts_with("HW"))
    switched = datetime(2026, 4, 14, 16, tzinfo=UTC)
    orders = spring.tables["order_line"].select("oid", "paid_at")
    insured = clothes.join(orders, on="oid").filter("freight_insurance")
    assert insured["paid_at"].min() >= switched


def test_actions_keep_their_own_times(autumn: World) -> None:
    actions = {action["action_id"]: action for action in autumn.actions}
    pack = actions["A-2026-W26-KT05"]
    assert [event["kind"] for event in pack["events"]][-1] == "cut_in"
    assert pack["events"][-1]["cut_in_actual"] == "KT05-2607C"
    for action in autumn.actions:
        times = [event["at"] for event in action["events"]]
        assert times == sorted(times)
        assert [event["seq"] for event in action["events"]] == list(range(1, len(times) + 1))
        assert all(moment < "2026-11-08T16:00:00Z" for moment in times)


@pytest.mark.parametrize(("weeks", "through"), [(61, "2026-W45"), (4, "2026-W48"), (0, "2026-W45")])
def test_weeks_outside_the_shops_life_are_refused(weeks: int, through: str) -> None:
    with pytest.raises(UserError, match="The sample shop has no"):
        build(1, weeks=weeks, through=through)


def test_likelihood_is_that_of_the_table() -> None:
    assert likelihood(9.5, 1.6) == pytest.approx(9.0, abs=0.1)
    assert likelihood(57, 16) == pytest.approx(31.4, abs=0.2)
    assert likelihood(0, 3.0) == 0.0


STORY_SIZES = {
    "S1": (9.5, 1.6), "S2": (36, 7.6), "S3": (32, 10), "S4": (57, 16), "S6": (31, 6), "S8": (11.4, 29.9), "S9": (14, 14), "S10": (99, 11),
}  # fmt: skip
"""Weekly observed and expected of the planted stories."""


@pytest.mark.parametrize("code", sorted(STORY_SIZES))
def test_stories_have_the_sizes_of_the_table(full: World, code: str) -> None:
    story = full.truth["stories"][code]
    weeks = [week for week in story["weeks"] if story["expected"].get(week, 0.0) > 0.4]
    weeks = weeks[:4] if code == "S8" else weeks[2:] if code == "S9" else weeks
    observed = sum(story["observed"][week] for week in weeks)
    expected = sum(story["expected"][week] for week in weeks)
    wanted_observed, wanted_expected = STORY_SIZES[code]
    assert observed / expected == pytest.approx(wanted_observed / wanted_expected, rel=0.5)
    if code in ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S10"):
        assert story["passed_12_nats"] is not None


def test_the_whole_shop_has_the_known_batch(full: World) -> None:
    stock = full.tables["batch"].filter(pl.col("batch_no") == "FW03-2608B")
    assert stock["qty_stock"].item() == 312
    assert full.tables["order_line"].filter(pl.col("batch_no") == "FW03-2608B").height == pytest.approx(1500, rel=0.12)
    assert full.truth["stories"]["S5"]["passed_12_nats"] == "2026-W42"
    assert full.truth["stories"]["S7"]["passed_12_nats"] == "2025-W46"
