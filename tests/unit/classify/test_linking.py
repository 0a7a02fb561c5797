from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from tasks.classify.coding import code
from tasks.classify.linking import batch_number
from tasks.model.facts import Facts
from tasks.model.tables import TABLES
from tests.makers.shops import default_shop

SHOP = default_shop()
DAY = datetime(2026, 9, 1, 4, tzinfo=UTC)


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    columns = dict(TABLES[table].columns)
    if table == "feedback":
        columns |= {"channel": pl.String, "source_id": pl.String}
    return pl.DataFrame([{c: row.get(c) for c in columns} for row in rows], schema=columns, orient="row")


LINES = [
    {
        "oid": "T1-1",
        "tid": "T1",
        "sku": "FW-03",
        "qty": 2,
        "paid_amount": 3000.0,
        "paid_at": DAY,
        "signed_at": DAY + timedelta(days=3),
    }
    | {"waybill": "YT100", "batch_no": "FW03-2608B", "dest_province": "四川省", "carrier": "承运商丙", "platform": "平台甲"},
    {"oid": "T1-2", "tid": "T1", "sku": "CP-02", "qty": 1, "paid_amount": 59.0, "paid_at": DAY, "waybill": "YT101"},
]
PRODUCTS = [
    {"sku": "FW-03", "line": "FW", "aliases": ["FW-03-OLD", "X3"]},
    {"sku": "CP-02", "line": "CP", "aliases": []},
]
BATCHES = [{"batch_no": "FW03-2608B", "sku": "FW-03", "supplier": "S01", "component_supplier": "S02"}]


def coded(*rows: dict[str, Any]) -> pl.DataFrame:
    given = [
        {"record_id": f"r{n}", "source_id": f"r{n}", "channel": "c", "submitted_at": DAY + timedelta(days=4, hours=n)} | row
        for n, row in enumerate(rows)
    ]
    tables = {"feedback": frame("feedback", given), "order_line": frame("order_line", LINES)}
    tables |= {"product": frame("product", PRODUCTS), "batch": frame("batch", BATCHES)}
    return code(Facts(tables, DAY + timedelta(days=60)), SHOP)["feedback"].sort("record_id")


@pytest.mark.parametrize(
    ("row", "oid"),
    [
        ({"order_ref": "T1-1"}, "T1-1"),
        ({"order_ref": " T1-2 "}, "T1-2"),
        ({"order_ref": "T1", "sku": "CP-02"}, "T1-2"),
        ({"order_ref": "T1"}, "T1-1"),
        ({"order_ref": "YT100"}, "T1-1"),  # a waybill typed into the order field
        ({"waybill": "YT101"}, "T1-2"),
        ({"order_ref": "#T1-2"}, "T1-2"),
        ({"order_ref": "T9"}, None),
        ({}, None),
    ],
)
def test_orders_are_found(row: dict[str, Any], oid: str | None) -> None:
    assert coded({"source": "ticket", "text": "坏了", **row})["oid"].to_list() == [oid]


@pytest.mark.parametrize(
    ("sold", "typed"), [("#1001", "1001"), ("1001", "#1001"), ("1001", "# 1001"), ("#1001", "#1001"), ("1001", "№1001")]
)
def test_an_order_number_is_found_with_its_sign_and_without(sold: str, typed: str) -> None:
    """Shopify writes #1001 into its orders, customers and help desks write 1001."""
    lines = [{**LINES[0], "tid": sold, "oid": f"{sold}/A"}]
    given = [
        {
            "record_id": "r",
            "source_id": "r",
            "channel": "c",
            "submitted_at": DAY + timedelta(days=4),
            "source": "ticket",
            "text": "坏了",
            "order_ref": typed,
        }
    ]
    tables = {"feedback": frame("feedback", given), "order_line": frame("order_line", lines)}
    tables |= {"product": frame("product", PRODUCTS), "batch": frame("batch", BATCHES)}
    assert code(Facts(tables, DAY + timedelta(days=60)), SHOP)["feedback"]["oid"].to_list() == [f"{sold}/A"]


def test_without_orders_both_spellings_are_one_case() -> None:
    rows = coded(*({"source": "ticket", "text": "杯子坏了", "order_ref": number} for number in ("#77", "77", " 77")))
    assert rows["case_id"].n_unique() == 1


def test_a_linked_record_carries_the_order_lines_dimensions() -> None:
    row = coded({"source": "ticket", "text": "充不进电", "order_ref": "T1-1", "carrier": "别的"}).row(0, named=True)
    assert (row["line"], row["supplier"], row["component_supplier"], row["region"]) == ("FW", "S01", "S02", "西南")
    assert (row["carrier"], row["batch_no"], row["unit_price"], row["sku"]) == ("承运商丙", "FW03-2608B", 1500.0, "FW-03")
    assert row["signed_at"] == DAY + timedelta(days=3)


@pytest.mark.parametrize(
    ("sku", "resolved", "known"),
    [("x3", "FW-03", True), ("FW-03-OLD", "FW-03", True), ("CP-02", "CP-02", True), ("ZZ-9", "ZZ-9", False)],
)
def test_aliases_are_resolved(sku: str, resolved: str, known: bool) -> None:
    row = coded({"source": "review", "text": "坏了", "sku": sku}).row(0, named=True)
    assert (row["sku"], row["sku_known"]) == (resolved, known)


@pytest.mark.parametrize(
    ("typed", "batch"),
    [
        ("FW03-2608B", "FW03-2608B"),
        ("2608-B", "FW03-2608B"),
        ("26O8B", "FW03-2608B"),
        ("２６０８ b", "FW03-2608B"),
        ("无", None),
        ("/", None),
        ("", None),
        (None, None),
        ("一箱十二个", "一箱十二个"),
        ("fw03 2608B", "FW03-2608B"),
        ("L2608B", "L2608B"),
        ("X2608B", "X2608B"),
        ("2609B", "2609B"),
    ],
)
def test_hand_typed_batches(typed: str | None, batch: str | None) -> None:
    rows = pl.DataFrame({"batch": [typed], "sku": ["FW-03"]}, schema={"batch": pl.String, "sku": pl.String})
    known = pl.Series(["FW03-2608B", "FW03-2608A"])
    assert rows.select(batch_number(pl.col("batch"), pl.col("sku"), known)).item() == batch


def test_a_shop_without_a_list_of_batches_keeps_their_names() -> None:
    """Lots whose names end alike are not one lot."""
    names = ["A-2608B", "C-2608B", "2608B", "26O8B", "LOT 12/2608B"]
    rows = pl.DataFrame({"batch": names, "sku": ["LMP"] * 5})
    assert (
        rows.select(batch_number(pl.col("batch"), pl.col("sku"), pl.Series([], dtype=pl.String))).to_series().to_list() == names
    )


def test_a_case_is_one_order_and_one_problem_over_all_channels() -> None:
    rows = coded(
        {"source": "ticket", "order_ref": "T1-2", "text": "杯子碎了", "customer_ref": "a"},
        {"source": "review", "order_ref": "T1", "sku": "CP-02", "text": "收到是破的，差评"},
        {"source": "mail", "customer_ref": "a", "text": "杯身裂开了一道"},  # no order, the same customer
        {"source": "chat", "order_ref": "T1-2", "text": "还没解决，给个说法"},  # not understood: the order's problem
        {"source": "chat", "order_ref": "T1-2", "text": "退款三天没到账"},
        {"source": "ticket", "order_ref": "T1-2", "text": "杯子碎了", "submitted_at": DAY + timedelta(days=40)},
    )
    assert rows["case_id"].to_list() == ["r0", "r0", "r0", "r0", "r4", "r5"]
    assert rows["counted"].to_list() == [True, False, False, False, True, True]
    assert rows["contacts"].to_list() == [4, 4, 4, 4, 1, 1]


def test_messages_of_one_customers_chat_are_one_case_where_no_order_and_product_are_known() -> None:
    """Chats give message by message; a mail's sender may be a colleague who forwards many customers' complaints."""
    rows = coded(
        {"source": "chat", "customer_ref": "a", "sku": None, "text": "杯子碎了"},
        {"source": "chat", "customer_ref": "a", "sku": None, "text": "杯身裂开了一道"},
        {"source": "chat", "customer_ref": "a", "sku": None, "text": "还没解决，给个说法"},
        {"source": "chat", "customer_ref": "b", "sku": None, "text": "杯子碎了"},
        {"source": "chat", "customer_ref": None, "sku": None, "text": "杯子碎了"},
        {"source": "chat", "customer_ref": "a", "sku": None, "text": "杯子碎了", "submitted_at": DAY + timedelta(days=40)},
        {"source": "mail", "customer_ref": "m", "sku": None, "text": "杯子碎了"},
        {"source": "mail", "customer_ref": "m", "sku": None, "text": "杯子碎了"},
    )
    assert rows["case_id"].to_list() == ["r0", "r0", "r0", "r3", "r4", "r5", "r6", "r7"]


def test_a_later_review_joins_its_first_even_after_weeks() -> None:
    rows = coded(
        {"source": "review", "order_ref": "T1-1", "text": "有异响"},
        {"source": "review", "text": "追评：还是响", "thread_ref": "r0", "submitted_at": DAY + timedelta(days=26)},
    )
    assert rows["case_id"].to_list() == ["r0", "r0"]
    assert rows["counted"].to_list() == [True, False]


def test_a_question_in_a_case_is_not_the_counted_record() -> None:
    rows = coded(
        {"source": "chat", "order_ref": "T1-1", "text": "请问有异响正常吗？"},
        {"source": "ticket", "order_ref": "T1-1", "text": "有异响，吵得没法用"},
    )
    assert rows["nature"].to_list() == ["question", "complaint"]
    assert rows["counted"].to_list() == [False, True]


def claim(n: int, **more: Any) -> dict[str, Any]:
    row = {"source": "aftersale", "request": "refund", "text": f"杯子破损第{n}单", "sku": "CP-02", "image_hash": f"p{n % 3}"}
    return row | {"destination": "江苏澄湖区", "submitted_at": DAY + timedelta(hours=5 * n), **more}


def test_same_pictures_from_one_district_are_one_suspected_cluster() -> None:
    rows = coded(*[claim(n) for n in range(8)], claim(8, destination="浙江杭州"), claim(9, image_hash="own"))
    clusters = rows["claim_cluster"].to_list()
    assert len(set(clusters[:8])) == 1
    assert clusters[0] is not None
    assert clusters[8:] == [None, None]
    first = rows.row(0, named=True)
    assert (first["leaf"], first["track"], first["nature"], first["counted"]) == ("SPC.ABNORMAL", "dispute", "complaint", True)
    assert "LOG.DAMAGE" in first["leaves"]


def test_four_claims_are_no_cluster() -> None:
    assert coded(*[claim(n) for n in range(4)])["claim_cluster"].null_count() == 4
