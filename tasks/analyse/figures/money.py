"""What after-sales cost: gross, recovered and net loss at cost price, by the day of booking (docs/method.md, 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from tasks.analyse.figures.comparison import baseline, cohorts, count_range, with_target, word
from tasks.methods.control_charts import Normal
from tasks.model.facts import Facts
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Figure, Judgement
from tasks.model.periods import Period
from tasks.shop.load import Shop

SIGNED_DAYS = 28
"""Days to a period's end whose signed units a period's bookings come from."""

NEVER_PRICED = ("platform_deduction",)
"""Items of the definition that no canonical table carries; a shop prices them under targets.yaml losses.rates per case."""


@dataclass(frozen=True)
class Loss:
    """Losses of one period by item, what was recovered, and items that nothing prices."""

    items: dict[str, float]
    recovered: dict[str, float]
    net_sales: float
    missing: tuple[str, ...]

    @property
    def gross(self) -> float:
        """Sum of all losses."""
        return sum(self.items.values())

    @property
    def net(self) -> float:
        """Gross less recovered."""
        return self.gross - sum(self.recovered.values())


def money(facts: Facts, period: Period, shop: Shop) -> list[Figure]:
    """Return gross loss, recovered amount, net loss, its share of net sales, net sales, and each item of the loss.

    What is booked follows what was signed in the weeks before, so a week's loss is judged per unit signed in the four weeks
    to its end: a promotion moves neither. Booked in the period: refunded, returned, inspected or closed then. A refunded
    price is no loss where the goods came back saleable. Items that the shop does not price are named in `missing`.

    Args:
        facts: Coded tables.
        period: The period of booking.
        shop: Rules of loss, targets.

    Returns:
        Figures in a fixed order; nothing without after-sales orders.
    """
    if not facts.has("aftersale") or not facts.has("order_line"):
        return []
    shown = 13 if period.grain == "week" else 6
    chain = cohorts(period, 0, 2 * (shop.targets.normal_weeks if period.grain == "week" else 12) + 1)
    paid = facts["order_line"].filter(pl.col("paid_at") < period.end)["paid_at"].min()
    first = paid if isinstance(paid, datetime) else period.start
    known = [span.start - timedelta(days=SIGNED_DAYS) >= first for span in chain]
    usable = baseline(chain, "net_loss", "", shop, silent=frozenset(place for place, ok in enumerate(known) if not ok))
    last = len(chain) - 1
    places = sorted({*usable.places, *range(last - shown, last + 1)})
    book = _Book(facts, chain[places[0]], period, shop)
    by_place = {place: book.loss(chain[place]) for place in places}
    losses = [by_place[place] for place in range(last - shown, last + 1)]
    earlier = [] if usable.broken else [(by_place[place], book.signed(chain[place])) for place in usable.places]
    signed = book.signed(period)
    chain, known = chain[-shown - 1 :], known[-shown - 1 :]
    now, before = losses[-1], losses[-2]
    made: list[Figure] = []
    scaled = {
        "net_loss": _against_signed([(loss.net, units) for loss, units in earlier], now.net, signed),
        "gross_loss": _against_signed([(loss.gross, units) for loss, units in earlier], now.gross, signed),
    }

    def add(code: str, values: Sequence[float | None], *, scope: str = "") -> None:
        kind, normal = FIGURES[code], scaled.get(code)
        figure = Figure(
            kind=kind, value=values[-1], previous=values[-2] if known[-2] else None,
            low=normal.low if normal else None, high=normal.high if normal else None,
            judgement=Judgement.LEVEL_BREAK if code in scaled and usable.broken else word(normal, kind.good) if normal else Judgement.UNTESTED,
            p=normal.p if normal else None,
            axis_from=period.first_day, axis_to=period.last_day, method="booked_in_period", scope=scope,
            series=tuple((str(span.first_day), v if ok else None) for span, v, ok in zip(chain, values, known, strict=True)) if not scope else (),
            missing=",".join(now.missing) if code == "gross_loss" else "",
            rows=f"booked in {period.first_day}..{period.last_day}" + (f"; {scope}" if scope else ""),
        )  # fmt: skip
        made.append(with_target(figure, shop))

    add("net_loss", [loss.net for loss in losses])
    add("net_loss_share", [loss.net / loss.net_sales if loss.net_sales > 0 else None for loss in losses])
    add("gross_loss", [loss.gross for loss in losses])
    add("recovered_loss", [sum(loss.recovered.values()) for loss in losses])
    add("net_sales", [loss.net_sales for loss in losses])
    for item in now.items:
        add("loss_item", [None, before.items.get(item), now.items[item]], scope=item)
    for item in now.recovered:
        add("recovered_item", [None, before.recovered.get(item), now.recovered[item]], scope=item)
    return made


def _against_signed(earlier: list[tuple[float, float]], loss: float, signed: float) -> Normal | None:
    """Return the range of a loss from earlier losses per signed unit, scaled to the units signed before now."""
    if not signed:
        return None
    normal = count_range([value / units for value, units in earlier if units], loss / signed)
    if normal is None:
        return None
    return replace(normal, low=normal.low * signed, high=normal.high * signed, centre=normal.centre * signed)


class _Book:
    """The frames of the loss, joined once for all periods of the series."""

    def __init__(self, facts: Facts, oldest: Period, period: Period, shop: Shop) -> None:
        self.rules = shop.targets.losses
        self.rates = facts["cost_rate"].sort("valid_from")
        self.known = set(self.rates["item"]) | set(self.rules.rates)
        every = facts["order_line"]
        line = pl.col("line") if "line" in every.columns else pl.lit(None, dtype=pl.String).alias("line")
        lines = every.select("oid", line, "paid_at", "signed_at", "paid_amount", "cost_amount", "qty").filter(
            pl.col("paid_at") < period.end
        )
        moments = ("refunded_at", "returned_at", "received_at", "closed_at", "applied_at")
        booked = pl.any_horizontal((pl.col(name) >= oldest.start) & (pl.col(name) < period.end) for name in moments)
        orders = facts["aftersale"].filter(booked)
        sold = lines.select("oid", "line", "paid_amount", "cost_amount", sold_qty="qty").join(
            orders.select("oid").unique(), on="oid", how="semi"
        )
        share = pl.min_horizontal(pl.col("qty") / pl.col("sold_qty"), 1.0).fill_null(1.0)
        cost = pl.coalesce("cost_amount", pl.col("paid_amount") * self.rules.goods_cost_share).fill_null(0.0)
        self.orders = orders.join(sold, on="oid", how="left").with_columns(cost=cost * share)
        self.inspected = (
            facts["return_inspection"]
            .filter(pl.col("inspected_at").is_between(oldest.start, period.end, closed="left"))
            .join(self.orders.select("aftersale_id", "cost", "line"), on="aftersale_id", how="left")
        )
        self.sales = lines.filter(pl.col("paid_at") >= oldest.start).select("paid_at", "paid_amount", "line")
        days = pl.col("signed_at").dt.convert_time_zone(period.zone).dt.date()
        counted = lines.filter(
            (pl.col("signed_at") >= oldest.start - timedelta(days=SIGNED_DAYS)) & (pl.col("signed_at") < period.end)
        )
        self.signed_by_day = dict(counted.group_by(day=days).agg(pl.len()).iter_rows())
        self.regulator = facts["regulator_case"]
        records = facts["feedback"]
        self.cases = records.filter(pl.col("counted")) if "counted" in records.columns else records.clear()

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

        def within(column: str) -> pl.Expr:
            return (pl.col(column) >= span.start) & (pl.col(column) < span.end)

        def total(frame: pl.DataFrame, column: str) -> float:
            return float(frame[column].fill_null(0.0).sum())

        missing: list[str] = []

        def price(item: str) -> float:
            value = self.rate(item, span)
            if value is None:
                missing.append(item)
            return value or 0.0

        orders = self.orders
        out = price("freight_out")
        after = orders.filter((pl.col("phase") == "after_sign") & within("refunded_at"))
        kept = after.filter(pl.col("type") == "refund_only")
        sent_back = after.filter(pl.col("type") == "return_refund")
        returned = orders.filter(within("returned_at"))
        borne = returned.filter(pl.col("freight_borne_by") == "merchant")
        unsaid = returned.filter(pl.col("freight_borne_by").is_null())
        back = price("freight_back")
        freight_back = float(borne.select(pl.coalesce("freight_amount", pl.lit(back)).sum()).item() or 0.0)
        freight_back += unsaid.height * back * self.rules.merchant_return_freight_share
        done = orders.filter(within("closed_at"))
        resent, exchanged, repaired = (done.filter(pl.col("type") == kind) for kind in ("resend", "exchange", "repair"))
        cases = self.cases.filter(within("submitted_at")).height
        minutes = self.rate("service_minutes_per_contact", span) or self.rules.minutes_per_case
        insured = (
            orders.filter(within("applied_at") & pl.col("freight_insurance").fill_null(value=False))["line"].drop_nulls().unique()
        )
        premium = self.rate("insurance_premium", span) if len(insured) else 0.0
        if premium is None:
            missing.append("insurance_premium")
        sales = self.sales.filter(within("paid_at"))
        insured_orders = sales.filter(pl.col("line").is_in(insured.to_list())).height if premium else 0
        inspected = self.inspected.filter(within("inspected_at"))
        items = {
            "goods_kept": total(kept, "cost"),
            "write_down": self._write_down(inspected, returned),
            "freight_out": (sent_back.height + kept.height) * out,
            "freight_back": freight_back,
            "replacement": total(resent, "cost") + (resent.height + exchanged.height) * out,
            "repair": repaired.height * price("refurbish"),
            "compensation": total(done, "compensation_amount"),
            "insurance_premium": insured_orders * (premium or 0.0),
            "inspection": inspected.height * price("inspection"),
            "service_time": cases * minutes * price("service_minute"),
            "settlement": 0.0,
        }
        if self.regulator.height:
            settled = self.regulator.filter(within("answered_at") & (pl.col("result").fill_null("").str.contains("赔")))
            items["settlement"] = total(settled, "amount")
        for item in NEVER_PRICED:
            value = self.rate(item, span)
            if value is None:
                missing.append(item)
            else:
                against = done.filter(pl.col("platform_involved").fill_null(value=False) & (pl.col("liability") == "merchant"))
                items[item] = against.height * value
        recovered = self._recovered(after, inspected, span, missing)
        refunds = total(orders.filter(within("refunded_at")), "refund_amount")
        return Loss(items, recovered, total(sales, "paid_amount") - refunds, tuple(sorted(set(missing))))

    def _write_down(self, inspected: pl.DataFrame, returned: pl.DataFrame) -> float:
        """Return what returned goods lost: as inspected; the usual share of their cost where no inspection says it."""
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
