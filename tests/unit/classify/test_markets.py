"""The market of an order is that of its complaints, and figures can be cut by it."""

from datetime import UTC, datetime, timedelta

import polars as pl

from tasks.classify.coding import code
from tasks.model.facts import Facts
from tasks.model.tables import TABLES
from tests.makers.shops import default_shop

NOW = datetime(2026, 11, 24, 4, tzinfo=UTC)


def test_a_complaint_takes_the_market_of_its_order_and_keeps_its_own_without_one() -> None:
    orders = [
        {"oid": f"o{n}", "tid": f"o{n}", "sku": "A", "qty": 1, "paid_at": NOW - timedelta(days=9), "market": m}
        for n, m in enumerate(("DE", "GB"))
    ]
    said = [
        {"record_id": "a", "order_ref": "o0"},
        {"record_id": "b", "order_ref": "o1", "market": "FR"},
        {"record_id": "c", "market": "FR"},
        {"record_id": "d"},
    ]
    records = [{"source": "ticket", "submitted_at": NOW, "text": "The lid leaks", **one} for one in said]
    tables = {
        name: pl.DataFrame(
            [{column: row.get(column) for column in TABLES[name].columns} for row in rows], schema=TABLES[name].columns
        )
        for name, rows in (("order_line", orders), ("feedback", records))
    }
    coded = code(Facts(tables, NOW), default_shop())
    assert coded["feedback"].sort("record_id")["market"].to_list() == ["DE", "GB", "FR", None]
    dimension = default_shop().dimensions.get("market")
    assert dimension is not None and dimension.scan and dimension.domain == "orders"
