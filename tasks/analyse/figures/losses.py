"""The losses of a period at cost price, item by item, with what was recovered and items without a price (docs/method.md, 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from tasks.model.facts import CodedFacts
from tasks.model.moments import local_day, within
from tasks.model.periods import Period
from tasks.shop.load import Shop

SIGNED_DAYS = 28
"""Days to a period's end whose signed units a period's bookings come from."""

NEVER_PRICED = ("platform_deduction",)
"""Items of the definition that no canonical table carries; a shop prices them under targets.yaml losses.rates per case."""


@dataclass(frozen=True)
class Loss:
    """Losses of one period by item, what was recovered, and items without a price."""

    items: dict[str, float]
    recovered: dict[str, float]
    net_sales: float
    missing: tuple[str, ...]
    known: bool = True  # whether anything of what was booked has a price: without one nothing says that it cost nothing

    @property
    def gross(self) -> float:
        """Sum of all losses."""
        return sum(self.items.values())

    @property
    def net(self) -> float:
        """Gross less recovered."""
        return self.gross - sum(self.recovered.values())


ORDER_COLUMNS = (
    "aftersale_id", "oid", "qty", "type", "phase", "liability", "platform_involved", "refund_amount", "compensation_amount",
    "freight_amount", "freight_borne_by", "freight_insurance",
)  # fmt: skip
"""What losses are reckoned from, beside the moments at which they are booked."""


class LossBook:
    """The frames behind the losses, joined once for all periods of the series."""

    def __init__(self, facts: CodedFacts, oldest: Period, period: Period, shop: Shop) -> None:
        self.rules = shop.targets.losses
        self.rates = facts["cost_rate"].sort("valid_from")
        self.known = set(self.rates["item"]) | set(self.rules.rates)
        every = facts["order_line"]
        line = pl.col("line") if "line" in every.columns else pl.lit(None, dtype=pl.String).alias("line")
        columns = ("oid", line, "paid_at", "signed_at", "paid_amount", "cost_amount", "qty")
        lines = every.lazy().select(columns).filter(pl.col("paid_at") < period.end)
        moments = ("refunded_at", "returned_at", "received_at", "closed_at", "applied_at")
        booked = pl.any_horizontal((pl.col(name) >= oldest.start) & (pl.col(name) < period.end) for name in moments)
        orders = facts["aftersale"].lazy().filter(booked).select(*moments, *ORDER_COLUMNS).collect()
        sold = (
            lines.filter(pl.col("oid").is_in(orders["oid"].unique().implode()))
            .select("oid", "line", "paid_amount", "cost_amount", sold_qty="qty")
            .collect()
        )
        share = pl.min_horizontal(pl.col("qty") / pl.col("sold_qty"), 1.0).fill_null(1.0)
        cost = pl.coalesce("cost_amount", pl.col("paid_amount") * self.rules.goods_cost_share)
        self.orders = orders.join(sold.cast({pl.Categorical: pl.String}), on="oid", how="left").with_columns(
            cost=cost.fill_null(0.0) * share, priced=cost.is_not_null()
        )
        self.inspected = (
            facts["return_inspection"]
            .filter(pl.col("inspected_at").is_between(oldest.start, period.end, closed="left"))
            .join(self.orders.select("aftersale_id", "cost", "line"), on="aftersale_id", how="left")
        )
        self.sales = lines.filter(pl.col("paid_at") >= oldest.start).select("paid_at", "paid_amount", "line").collect()
        days = local_day("signed_at", period.zone)
        counted = lines.filter(
            (pl.col("signed_at") >= oldest.start - timedelta(days=SIGNED_DAYS)) & (pl.col("signed_at") < period.end)
        )
        self.signed_by_day = dict(counted.group_by(day=days).agg(pl.len()).collect().iter_rows())
        self.regulator = facts["regulator_case"]
        records = facts["feedback"]
        self.cases = records.select("submitted_at", "counted").filter(pl.col("counted"))

    def signed(self, span: Period) -> float:
        """Return the units signed in the four weeks to a period's end."""
        days = [span.last_day - timedelta(days=n) for n in range(SIGNED_DAYS)]
        return float(sum(self.signed_by_day.get(day, 0) for day in days))

    def rate(self, item: str, span: Period) -> float | None:
        """Return the price of an item in force at a period's end."""
        rows = self.rates.filter((pl.col("item") == item) & (pl.col("valid_from") <= span.last_day))
        if rows.height:
            return float(rows["amount"][-1])
        return self.rules.rates.get(item)

    def loss(self, span: Period) -> Loss:
        """Return the loss booked in one period."""
        missing: list[str] = []

        def price(item: str) -> float:
            value = self.rate(item, span)
            if value is None:
                missing.append(item)
            return value or 0.0

        out, back = price("freight_out"), price("freight_back")
        refunded = self.orders.filter(within("refunded_at", span))
        after = refunded.filter(pl.col("phase") == "after_sign")
        kept = after.filter(pl.col("type") == "refund_only")
        sent_back = after.filter(pl.col("type") == "return_refund")
        returned = self.orders.filter(within("returned_at", span))
        done = self.orders.filter(within("closed_at", span))
        resent, exchanged, repaired = (done.filter(pl.col("type") == kind) for kind in ("resend", "exchange", "repair"))
        cases = self.cases.filter(within("submitted_at", span)).height
        minutes = self.rate("service_minutes_per_contact", span) or self.rules.minutes_per_case
        sales = self.sales.filter(within("paid_at", span))
        inspected = self.inspected.filter(within("inspected_at", span))
        items = {
            "goods_kept": _total(kept, "cost"),
            "write_down": self._write_down(inspected, returned),
            "freight_out": (sent_back.height + kept.height) * out,
            "freight_back": self._freight_back(returned, back),
            "replacement": _total(resent, "cost") + (resent.height + exchanged.height) * out,
            "repair": repaired.height * price("refurbish"),
            "compensation": _total(done, "compensation_amount"),
            "insurance_premium": self._premiums(span, sales, missing),
            "inspection": inspected.height * price("inspection"),
            "service_time": cases * minutes * price("service_minute"),
            "settlement": self._settlements(span),
        }
        for item in NEVER_PRICED:
            value = self.rate(item, span)
            if value is None:
                missing.append(item)
            else:
                against = done.filter(pl.col("platform_involved").fill_null(value=False) & (pl.col("liability") == "merchant"))
                items[item] = against.height * value
        recovered = self._recovered(after, inspected, span, missing)
        net_sales = _total(sales, "paid_amount") - _total(refunded, "refund_amount")
        goods = pl.concat([kept, sent_back, returned, resent, exchanged])
        unpriced = goods.height > 0 and not goods["priced"].any() and not any(items.values())
        return Loss(items, recovered, net_sales, tuple(sorted(set(missing))), known=not unpriced)

    def _freight_back(self, returned: pl.DataFrame, back: float) -> float:
        """Return the freight of returns that the shop bears; the usual share where an order does not name the payer."""
        borne = returned.filter(pl.col("freight_borne_by") == "merchant")
        unsaid = returned.filter(pl.col("freight_borne_by").is_null())
        said = float(borne.select(pl.coalesce("freight_amount", pl.lit(back)).sum()).item() or 0.0)
        return said + unsaid.height * back * self.rules.merchant_return_freight_share

    def _premiums(self, span: Period, sales: pl.DataFrame, missing: list[str]) -> float:
        """Return the premiums of return insurance: charged for every order of a line in which any return was insured."""
        applied = self.orders.filter(within("applied_at", span) & pl.col("freight_insurance").fill_null(value=False))
        insured = applied["line"].drop_nulls().unique()
        if not len(insured):
            return 0.0
        premium = self.rate("insurance_premium", span)
        if premium is None:
            missing.append("insurance_premium")
            return 0.0
        return sales.filter(pl.col("line").is_in(insured.to_list())).height * premium

    def _settlements(self, span: Period) -> float:
        """Return what was paid in regulator cases that ended with a compensation."""
        if not self.regulator.height:
            return 0.0
        ended = within("answered_at", span) & pl.col("result").fill_null("").str.contains("赔")
        return _total(self.regulator.filter(ended), "amount")

    def _write_down(self, inspected: pl.DataFrame, returned: pl.DataFrame) -> float:
        """Return what returned goods lost: as inspected, or the usual share of their cost without an inspection."""
        if inspected.height:
            said = pl.coalesce(
                "loss_amount",
                pl.when(pl.col("result") == "ok_resell").then(0.0).otherwise(pl.col("cost") * (1 - self.rules.resale_share)),
            )
            return float(inspected.select(said.fill_null(0.0).sum()).item() or 0.0)
        return float(returned["cost"].fill_null(0.0).sum()) * (1 - self.rules.resale_share)

    def _recovered(self, after: pl.DataFrame, inspected: pl.DataFrame, span: Period, missing: list[str]) -> dict[str, float]:
        found: dict[str, float] = {}
        for item, share, base in (
            (
                "carrier_claims",
                "carrier_claim_share",
                after.filter((pl.col("liability") == "carrier") & (pl.col("type") == "refund_only")),
            ),
            ("supplier_claims", "supplier_claim_share", inspected.filter(pl.col("fault_confirmed").fill_null(value=False))),
        ):
            value = self.rate(share, span)
            if value is None:
                missing.append(item)
            else:
                found[item] = float(base["cost"].fill_null(0.0).sum()) * value
        return found


def _total(frame: pl.DataFrame, column: str) -> float:
    return float(frame[column].fill_null(0.0).sum())
