"""Rules for production batches."""

import polars as pl

from expectations.checks import Between
from expectations.rules import Given, Rule, batch_readable, identified, known_sku, one_version, rule, sane_time

QUALITY = "品控"
QUANTITIES = ("qty_in", "qty_shipped", "qty_stock", "qty_transit", "qty_at_supplier")


def rules(given: Given) -> list[Rule]:
    """List the rules of batches."""
    least, ship_days = "smallest quantity", "days from first to last shipment"

    def smallest(_: pl.DataFrame) -> pl.Expr:
        return pl.min_horizontal(QUANTITIES)

    def span(_: pl.DataFrame) -> pl.Expr:
        return (pl.col("last_ship") - pl.col("first_ship")).dt.total_days()

    return [
        *identified("batch", "batch_no", QUALITY, ("批次号", "batch number")),
        *identified("batch", "sku", QUALITY, ("SKU", "SKU")),
        sane_time(
            "batch.made_on_sane", "row", QUALITY, "made_on", given,
            ("生产日期早于 2000 年或在未来", "检查日期写法和年份"),
            ("made before 2000 or in the future", "Check how the date is written and its year."),
        ),
        rule(
            "batch.quantities_sane", "row", QUALITY, Between(least, 0),
            ("入库、发出、库存、在途或供应商处数量为负", "与库存系统对账后更正"),
            ("a quantity received, shipped, in stock, in transit or at the supplier is negative", "Reconcile with the stock."),
            fields=QUANTITIES, derived={least: smallest},
        ),
        rule(
            "batch.shipments_in_order", "flag", QUALITY, Between(ship_days, 0),
            ("末次发货早于首次发货", "核对两列日期"),
            ("the last shipment lies before the first", "Check the two days."),
            fields=("first_ship", "last_ship"), derived={ship_days: span},
        ),
        *known_sku("batch", QUALITY, given),
        *batch_readable("batch", QUALITY),
        one_version("batch", ("batch_no",), QUALITY),
    ]  # fmt: skip
