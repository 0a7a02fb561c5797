"""Mix effects: composition and own change sum to the change exactly, and each is told from the other."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from tasks.analyse.causes.mix import mix_effects, mix_of
from tasks.expected.lag_curves import curves
from tasks.expected.unit_history import UnitHistory, build_history
from tasks.model.facts import CodedFacts
from tasks.model.figures import MixEffect
from tasks.model.periods import Period
from tasks.model.tables import TABLES
from tests.makers.shops import arising, coded_facts, facts_of, filled, noon, order_lines, pay_days

ZONE = "Asia/Shanghai"
MONDAY = date(2026, 1, 5)
WEEKS = 22
JUDGED = Period.containing(noon(MONDAY + timedelta(weeks=WEEKS - 1)), "week")
LAG = np.array([0.05, 0.15, 0.2, 0.2, 0.15, 0.1, 0.08, 0.07])
SHARES = {"shelf": 0.6, "self_live": 0.3, "talent_live": 0.1}
RATES = {"shelf": 0.06, "self_live": 0.11, "talent_live": 0.22}


def returns(lines: pl.DataFrame, chance: np.ndarray, groups: list[str]) -> pl.DataFrame:
    """Return after-sales orders after signing; every group spends its own chances, so that its rate has no noise."""
    order = np.lexsort((np.arange(len(chance)), np.array(groups)))
    unit, age = arising(chance[order], LAG)
    return lines[order[unit]].select(
        pl.format("AS{}", pl.int_range(pl.len(), dtype=pl.Int64)).alias("aftersale_id"),
        "oid",
        type=pl.lit("return_refund"),
        phase=pl.lit("after_sign"),
        applied_at=pl.col("signed_at") + pl.duration(days=pl.Series(age)),
    )


def shop(
    new_shares: dict[str, float], new_rates: dict[str, float], *, changed: int = 3, sick_sku: float = 1.0, skus: int = 12
) -> tuple[CodedFacts, UnitHistory]:
    """Half a year of three sources of traffic; shares and rates are others in the last `changed` weeks."""
    paid = pay_days(MONDAY, [2400.0] * WEEKS)
    late = paid >= paid.max() - changed * 7 + 1
    # Every source takes its share of each stretch of units: 600 units walk evenly through the shares.
    place = np.arange(len(paid)) * 0.6180339887498949 % 1.0

    def source(shares: dict[str, float]) -> np.ndarray:
        return np.array(list(shares))[
            np.searchsorted(np.cumsum(list(shares.values())), place, side="right").clip(max=len(shares) - 1)
        ]

    traffic = np.where(late, source(new_shares), source(SHARES))
    sku = np.array([f"HW-{n:02d}" for n in np.arange(len(paid)) % skus])
    lines = order_lines(paid, traffic_source=traffic.tolist(), sku=sku.tolist(), line="HW")
    chance = np.array([new_rates[t] if is_late else RATES[t] for t, is_late in zip(traffic, late, strict=True)])
    chance = np.where(late & (sku == "HW-05"), chance * sick_sku, chance)
    facts = facts_of(lines, aftersale=returns(lines, chance, traffic.tolist()))
    return facts, build_history(facts, ["sku", "line", "traffic_source"], ZONE, JUDGED.last_day + timedelta(days=1))


def effect_of(new_shares: dict[str, float], new_rates: dict[str, float], **more: float) -> MixEffect:
    _facts, history = shop(new_shares, new_rates, **more)  # type: ignore[arg-type]
    [effect] = mix_effects(history, curves(history, JUDGED), JUDGED)
    return effect


TALENT = {"shelf": 0.48, "self_live": 0.3, "talent_live": 0.22}
WORSE = {source: rate * 1.6 for source, rate in RATES.items()}


@pytest.mark.parametrize(
    ("shares", "rates"),
    [(SHARES, RATES), (TALENT, RATES), (SHARES, WORSE), (TALENT, WORSE)],
    ids=["nothing", "mix", "own", "both"],
)
def test_the_two_parts_sum_to_the_change_exactly(shares: dict[str, float], rates: dict[str, float]) -> None:
    effect = effect_of(shares, rates)
    assert effect.composition + effect.own == pytest.approx(effect.after - effect.before, abs=1e-12)
    assert (effect.figure, effect.dimension) == ("refund_rate_after_sign", "traffic_source")


def test_nothing_changed() -> None:
    effect = effect_of(SHARES, RATES)
    assert effect.verdict == "none"
    assert effect.before == pytest.approx(0.6 * 0.06 + 0.3 * 0.11 + 0.1 * 0.22, abs=0.003)
    assert (effect.composition, effect.own) == (pytest.approx(0, abs=0.001), pytest.approx(0, abs=0.003))


def test_a_larger_share_of_talent_rooms_is_composition() -> None:
    """Trap T1: the rate rises by about two points and no source's own rate has changed."""
    effect = effect_of(TALENT, RATES)
    assert (effect.verdict, effect.leading) == ("composition", "talent_live")
    assert (effect.share_before, effect.share_after) == (pytest.approx(0.10, abs=0.005), pytest.approx(0.22, abs=0.005))
    # .12 of the orders go from 6 % to 22 %
    assert effect.composition == pytest.approx(0.12 * 0.16, abs=0.0025)
    assert abs(effect.own) < 0.003


def test_a_smaller_share_of_talent_rooms_is_composition_as_well() -> None:
    effect = effect_of({"shelf": 0.7, "self_live": 0.3, "talent_live": 0.0}, RATES)
    assert (effect.verdict, effect.leading) == ("composition", "talent_live")
    assert effect.composition == pytest.approx(-0.1 * 0.16, abs=0.003)


def test_worse_rates_with_the_same_shares_are_own_change() -> None:
    effect = effect_of(SHARES, WORSE, changed=5)
    assert effect.verdict == "own"
    assert abs(effect.composition) < 0.002
    # 60 % more, told cautiously: a source's own change is drawn towards none
    assert 0.3 * effect.before < effect.own < 0.62 * effect.before


def test_worse_rates_of_all_products_of_a_small_range_are_own_change() -> None:
    assert effect_of(SHARES, WORSE, changed=5, skus=3).verdict == "own"


def test_both_are_told_as_both() -> None:
    assert effect_of(TALENT, WORSE, changed=5).verdict == "both"


def test_one_sick_product_is_no_change_of_a_source() -> None:
    effect = effect_of(SHARES, RATES, sick_sku=4.0)
    assert effect.verdict == "none"


def test_a_promotion_with_the_same_shares_is_no_change() -> None:
    """Orders ×3 in the last two weeks: the returns of the wave have not come yet, and that is no fall of the rate."""
    paid = pay_days(MONDAY, [1200.0] * (WEEKS - 2) + [3600.0] * 2)
    traffic = np.array(["shelf", "shelf", "talent_live"])[np.arange(len(paid)) % 3]
    lines = order_lines(paid, traffic_source=traffic.tolist(), sku="HW-01", line="HW")
    facts = facts_of(lines, aftersale=returns(lines, np.array([RATES[t] for t in traffic]), traffic.tolist()))
    history = build_history(facts, ["sku", "line", "traffic_source"], ZONE, JUDGED.last_day + timedelta(days=1))
    [effect] = mix_effects(history, curves(history, JUDGED), JUDGED)
    assert effect.verdict == "none" and effect.after == pytest.approx(effect.before, rel=0.04)


def test_without_orders_of_the_period_or_sources_there_is_no_split() -> None:
    facts, history = shop(SHARES, RATES)
    curve = curves(history, JUDGED)["return"]
    empty = Period.parse("2028-W10")
    assert mix_of(history, curve, "traffic_source", "refund_rate_after_sign", empty) is None
    assert mix_effects(history, {}, JUDGED) == []
    blind = build_history(facts, ["sku"], ZONE, JUDGED.last_day + timedelta(days=1))
    assert mix_effects(blind, curves(blind, JUDGED), JUDGED) == []


def test_refunds_before_signing_do_not_count() -> None:
    facts, history = shop(SHARES, RATES)
    before = filled(facts["aftersale"].with_columns(phase=pl.lit("before_ship")), TABLES["aftersale"].columns)
    doubled = coded_facts({**facts.tables, "aftersale": pl.concat([facts["aftersale"], before])}, facts.as_of)
    again = build_history(doubled, ["sku", "line", "traffic_source"], ZONE, JUDGED.last_day + timedelta(days=1))
    assert len(again.case_unit["return"]) == len(history.case_unit["return"])
