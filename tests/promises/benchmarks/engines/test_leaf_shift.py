"""Common shifts of measured leaves: the slice that is ill, neither its parts nor what it is part of, and nothing where nothing is."""

import itertools

import numpy as np
import polars as pl
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from benchmarks.engines.leaf_model import Shift, at_edge, fitted_shift, null_density, prior, summed_score
from benchmarks.engines.leaf_shift import leaf_shift
from benchmarks.engines.leaf_table import cuboid_sums, leaves_of
from benchmarks.engines.located import Located
from tasks.errors import UserError

SIZES = {"carrier": 6, "line": 8, "region": 10}
DIMS = list(SIZES)


def cube(seed: int = 1, noise: float = 0.05) -> pl.DataFrame:
    """480 leaves, real as expected but for noise."""
    rng = np.random.default_rng(seed)
    rows = list(itertools.product(*([f"{dim}{n}" for n in range(size)] for dim, size in SIZES.items())))
    expected = 100 * rng.weibull(0.8, len(rows)) + 1
    table = pl.DataFrame(rows, schema=DIMS, orient="row")
    return table.with_columns(predict=pl.Series(expected), real=pl.Series(expected * (1 + rng.normal(0, noise, len(rows)))))


def shifted(table: pl.DataFrame, factor: float, **where: str) -> pl.DataFrame:
    """The same table with `real` multiplied in one slice."""
    inside = pl.all_horizontal(pl.col(dim) == value for dim, value in where.items())
    return table.with_columns(real=pl.when(inside).then(pl.col("real") * factor).otherwise(pl.col("real")))


def texts(causes: list[Located]) -> list[str]:
    return [cause.text() for cause in causes]


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({"carrier": "carrier2"}, "carrier=carrier2"),
        ({"line": "line3", "region": "region9"}, "line=line3&region=region9"),
        ({"carrier": "carrier0", "line": "line0", "region": "region0"}, "carrier=carrier0&line=line0&region=region0"),
    ],
)
@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_the_ill_slice_is_named_and_nothing_beside_it(where: dict[str, str], text: str, factor: float) -> None:
    causes = leaf_shift(shifted(cube(), factor, **where), DIMS)
    assert texts(causes) == [text]
    assert causes[0].low < factor < causes[0].high
    assert causes[0].low < causes[0].observed / causes[0].expected < causes[0].high
    assert causes[0].llr > 12


def test_what_a_cause_explains_is_its_leaves_change() -> None:
    table = shifted(cube(), 0.4, carrier="carrier2")
    cause = leaf_shift(table, DIMS)[0]
    ill = table.filter(pl.col("carrier") == "carrier2")
    assert cause.observed == pytest.approx(ill["real"].sum())
    assert cause.expected == pytest.approx(ill["predict"].sum())
    assert cause.excess == pytest.approx(cause.observed - cause.expected)


def test_where_two_causes_meet_nothing_counts_twice() -> None:
    table = shifted(shifted(cube(), 0.3, carrier="carrier2"), 2.0, region="region5")
    causes = leaf_shift(table, DIMS)
    assert sorted(texts(causes)) == ["carrier=carrier2", "region=region5"]
    ill = table.filter((pl.col("carrier") == "carrier2") | (pl.col("region") == "region5"))
    change = float((ill["real"] - ill["predict"]).sum())
    assert sum(cause.excess for cause in causes) == pytest.approx(change, rel=0.02)
    assert sum(cause.observed - cause.expected for cause in causes) != pytest.approx(change, rel=0.02)


def test_two_values_are_two_causes_and_not_what_holds_them() -> None:
    table = shifted(shifted(cube(), 0.5, line="line1", region="region1"), 0.5, line="line1", region="region2")
    assert sorted(texts(leaf_shift(table, DIMS))) == ["line=line1&region=region1", "line=line1&region=region2"]


def test_a_deeper_shift_inside_a_cause_is_told_apart() -> None:
    table = shifted(shifted(cube(), 0.7, region="region4"), 0.1, region="region4", line="line2")
    assert set(texts(leaf_shift(table, DIMS))) == {"region=region4", "line=line2&region=region4"}


def test_noise_alone_is_no_cause() -> None:
    alarms = [len(leaf_shift(cube(seed, noise), DIMS)) for seed in range(20) for noise in (0.01, 0.2)]
    assert sum(alarms) <= 1


def test_small_counts_are_noisy_and_no_cause() -> None:
    """Where `real` is a count, the smallest leaves double or vanish by chance."""
    alarms = []
    for seed in range(10):
        table = cube(seed)
        counts = np.random.default_rng(seed).poisson(table["predict"].to_numpy() / 5)
        alarms.append(len(leaf_shift(table.with_columns(real=pl.Series(counts), predict=pl.col("predict") / 5), DIMS)))
    assert sum(alarms) <= 1


def test_whole_numbers_can_still_be_ill() -> None:
    table = shifted(cube(noise=0.02), 0.5, carrier="carrier1").with_columns(pl.col("real", "predict").round())
    assert texts(leaf_shift(table, DIMS)) == ["carrier=carrier1"]


def test_what_vanished_wholly_is_found() -> None:
    table = shifted(cube(noise=0.2), 0.0, line="line6", region="region3")
    causes = leaf_shift(table, DIMS)
    assert texts(causes) == ["line=line6&region=region3"]
    assert causes[0].observed == 0
    assert causes[0].low == 0 < causes[0].high < 0.1


def test_without_any_noise_a_shift_still_shows() -> None:
    table = cube().with_columns(real=pl.col("predict"))
    assert leaf_shift(table, DIMS) == []
    assert texts(leaf_shift(shifted(table, 0.5, line="line6", region="region3"), DIMS)) == ["line=line6&region=region3"]


def test_the_order_of_rows_and_of_dimensions_does_not_matter() -> None:
    table = shifted(shifted(cube(), 0.4, carrier="carrier2"), 0.5, line="line1", region="region1")
    expected = leaf_shift(table, DIMS)
    again = leaf_shift(table.sample(fraction=1.0, shuffle=True, seed=3).select(*reversed(table.columns)), DIMS[::-1])
    assert texts(again) == texts(expected)
    assert [cause.llr for cause in again] == pytest.approx([cause.llr for cause in expected])


def test_a_table_that_is_no_cube_is_searched_up_to_order_three() -> None:
    rng = np.random.default_rng(5)
    names = {f"dim{n}": rng.integers(0, 60, 4_000).astype(str) for n in range(4)}
    expected = rng.weibull(0.8, 4_000) * 50 + 5
    table = pl.DataFrame(names | {"predict": expected, "real": expected * (1 + rng.normal(0, 0.05, 4_000))})
    assert texts(leaf_shift(shifted(table, 0.5, dim1="7"), list(names))) == ["dim1=7"]


def test_nothing_in_nothing_out() -> None:
    empty = pl.DataFrame({"line": ["a", "b"], "real": [0.0, 0.0], "predict": [0.0, 0.0]})
    assert leaf_shift(empty, ["line"]) == []
    assert leaf_shift(empty.with_columns(real=pl.lit(5.0), predict=pl.lit(5.0)), ["line"]) == []


def test_a_missing_value_is_told() -> None:
    table = pl.DataFrame({"line": ["a", None], "real": [1.0, 1.0], "predict": [1.0, 1.0]})
    with pytest.raises(UserError, match="without line"):
        leaf_shift(table, ["line"])


def test_a_measure_that_is_no_number_is_told() -> None:
    with pytest.raises(UserError, match="not finite numbers"):
        leaf_shift(cube().with_columns(real=pl.lit(float("nan"))), DIMS)


# ---- The parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.25])
def test_the_null_density_is_a_density(noise: float) -> None:
    total = (
        2 * quad(lambda r: float(np.exp(null_density(np.array([r]), noise)[0])), 0, 1, limit=200, points=[noise, 2 * noise])[0]
    )
    assert total == pytest.approx(1, abs=2e-4)


def test_the_null_density_is_that_of_noise_on_either_column() -> None:
    """Against a simulation: the share of leaves beyond a deviation."""
    rng = np.random.default_rng(2)
    factor, on_real = 1 + rng.normal(0, 0.15, 400_000), rng.random(400_000) < 0.5
    real, predict = np.where(on_real, factor, 1), np.where(on_real, 1, factor)
    deviation = (predict - real) / np.maximum(predict, real)
    for limit in (0.1, 0.3, 0.4):
        tail = 2 * quad(lambda r: float(np.exp(null_density(np.array([r]), 0.15)[0])), limit, 0.999999, limit=200)[0]
        assert (np.abs(deviation) > limit).mean() == pytest.approx(tail, rel=0.05)


def test_the_score_from_sums_is_the_density_at_the_fit_less_its_price() -> None:
    deviation = np.random.default_rng(3).normal(0.4, 0.05, 50)
    mean, spread = deviation.mean(), deviation.std(ddof=1)
    direct = norm.logpdf(deviation, mean, spread).sum() + prior(50, mean, spread) - 7.0
    sums = (np.array([50.0]), np.array([deviation.sum()]), np.array([(deviation**2).sum()]), np.array([7.0]))
    assert summed_score(*sums)[0] == pytest.approx(direct)


def test_a_shift_is_fitted_past_leaves_that_do_not_follow() -> None:
    rng = np.random.default_rng(4)
    deviation = np.concatenate([rng.normal(0.5, 0.03, 90), rng.normal(0, 0.03, 10)])
    shift = fitted_shift(deviation, np.logaddexp(null_density(deviation, 0.03), np.log(0.5)) + np.log(0.01))
    assert shift.mean == pytest.approx(0.5, abs=0.01)
    assert shift.spread == pytest.approx(0.03, rel=0.2)
    assert shift.weight == pytest.approx(90, abs=1)


def test_a_shift_is_fitted_though_most_leaves_are_at_the_edge() -> None:
    deviation = np.minimum(np.random.default_rng(4).normal(1.02, 0.06, 2_000), 1)
    shift = fitted_shift(deviation, np.full(2_000, np.log(0.005)))
    assert at_edge(deviation, shift.mean).mean() > 0.6
    assert shift.mean == pytest.approx(1.02, abs=0.015)
    assert shift.spread == pytest.approx(0.06, rel=0.15)


def test_few_leaves_have_honest_tails() -> None:
    few, many = Shift(0.5, 0.05, 4), Shift(0.5, 0.05, 4_000)
    far = np.array([0.75])
    assert few.density(far)[0] > many.density(far)[0] + 5
    assert few.density(far, predictive=False)[0] == pytest.approx(norm.logpdf(0.75, 0.5, 0.05))


def test_cuboid_sums_are_group_sums() -> None:
    table = cube().with_columns(real=pl.when(pl.col("line") == "line1").then(0.0).otherwise(pl.col("real")))
    leaves = leaves_of(table, DIMS)
    sums = cuboid_sums(leaves, np.arange(len(leaves.real)), [leaves.real, leaves.predict])
    assert len(sums) == 7
    expected = table.group_by("line", "region").agg(pl.col("real").sum(), pl.col("predict").sum()).sort("line", "region")
    names = sorted(itertools.product(leaves.values[1], leaves.values[2]))
    assert names == expected.select("line", "region").rows()
    assert sums[1, 2][1][0] == pytest.approx(expected["real"].to_numpy())
    assert sums[1, 2][1][1] == pytest.approx(expected["predict"].to_numpy())
