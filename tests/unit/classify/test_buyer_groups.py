"""New and returning buyers: derived from earlier orders, unknown where buyer or history is unknown."""

from datetime import UTC, datetime, timedelta

import polars as pl
import yaml

from tasks.classify.dimensions import with_dimensions
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import Facts
from tasks.model.tables import TABLES
from tasks.shop.load import Shop
from tests.makers.shops import default_shop

SHOP = default_shop()
START = datetime(2025, 1, 1, tzinfo=UTC)


def groups(*orders: tuple[str | None, str, int], shop: Shop = SHOP) -> list[str | None]:
    """Return the buyer group of order lines (buyer, order, day of payment)."""
    lines = pl.DataFrame(
        {
            "oid": [f"o{n}" for n in range(len(orders))],
            "tid": [order for _, order, _ in orders],
            "buyer_ref": [buyer and buyer.partition("@")[0] for buyer, _, _ in orders],
            "platform": [(buyer and buyer.partition("@")[2]) or None for buyer, _, _ in orders],
            "paid_at": [START + timedelta(days=day) for _, _, day in orders],
        },
        schema={"oid": pl.String, "tid": pl.String, "buyer_ref": pl.String, "platform": pl.String, "paid_at": UTC_TIME},
    )
    return with_dimensions(_filled(lines), "order_line", Facts({}, START), shop)["buyer_group"].to_list()


def _filled(lines: pl.DataFrame) -> pl.DataFrame:
    columns = TABLES["order_line"].columns
    return lines.with_columns(pl.lit(None, kind).alias(name) for name, kind in columns.items() if name not in lines.columns)


def test_a_buyer_returns_within_a_year_of_the_order_before() -> None:
    assert groups(("a", "t1", 0), ("b", "t2", 400), ("a", "t3", 365), ("a", "t4", 731), ("b", "t5", 765)) == [
        None,  # nobody knows what a bought in the year before the first day
        "new",
        "returning",
        "new",  # 366 days after the order before
        "returning",
    ]


def test_the_lines_of_one_order_share_their_group() -> None:
    assert groups(("x", "t0", 0), ("a", "t1", 400), ("a", "t1", 400), ("a", "t2", 401), ("a", "t2", 401)) == [
        None,
        "new",
        "new",
        "returning",
        "returning",
    ]


def test_the_order_of_the_lines_does_not_matter() -> None:
    assert groups(("a", "t3", 500), ("x", "t0", 0), ("a", "t1", 400)) == ["returning", None, "new"]


def test_a_buyer_is_followed_within_a_platform_only() -> None:
    assert groups(("x", "t0", 0), ("a@甲", "t1", 400), ("a@乙", "t2", 401), ("a@甲", "t3", 402)) == [
        None,
        "new",
        "new",
        "returning",
    ]


def test_an_unknown_buyer_has_no_group() -> None:
    assert groups(("x", "t0", 0), (None, "t1", 400), (None, "t2", 401)) == [None, None, None]


def test_a_shop_that_names_no_buyers_has_no_groups() -> None:
    lines = _filled(
        pl.DataFrame(
            {"oid": ["o1"], "tid": ["t1"], "paid_at": [START]}, schema={"oid": pl.String, "tid": pl.String, "paid_at": UTC_TIME}
        )
    )
    made = with_dimensions(lines, "order_line", Facts({}, START), SHOP)
    assert made["buyer_group"].to_list() == [None] and made["member_level"].to_list() == [None]


def test_the_shop_says_how_far_back_orders_count() -> None:
    text = SHOP.files["dimensions.yaml"].decode().replace("within_days: 365", "within_days: 30")
    assert yaml.safe_load(text)
    shop = Shop({**SHOP.files, "dimensions.yaml": text.encode()})
    assert groups(("x", "t0", 0), ("a", "t1", 100), ("a", "t2", 130), ("a", "t3", 161), shop=shop) == [
        None,
        "new",
        "returning",
        "new",
    ]
