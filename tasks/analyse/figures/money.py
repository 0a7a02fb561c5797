"""What after-sales cost: gross, recovered and net loss as figures, by the day of booking (docs/method.md, 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import polars as pl

from tasks.analyse.figures.comparison import Baseline, baseline, cohorts, count_range, judged, with_target
from tasks.analyse.figures.losses import SIGNED_DAYS, Loss, LossBook
from tasks.methods.control_charts import Normal
from tasks.model.facts import CodedFacts
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Figure, Judgement
from tasks.model.periods import Period
from tasks.shop.load import Shop

UNPRICED = ("net_loss", "net_loss_share", "gross_loss")
"""Figures that a shop without any price does not have."""


def money(facts: CodedFacts, period: Period, shop: Shop) -> list[Figure]:
    """Return gross loss, recovered amount, net loss, its share of net sales, net sales, and each item of the loss.

    Bookings follow the units signed in the weeks before, so a week's loss is judged per unit signed in the four weeks
    to its end: a promotion moves neither. Booked in the period: refunded, returned, inspected or closed then. A refunded
    price is no loss where the goods came back saleable. Items that the shop does not price are named in `missing`.

    Args:
        facts: Coded tables.
        period: The period of booking.
        shop: Rules of loss, targets.

    Returns:
        Figures in a fixed order; empty without after-sales orders.
    """
    if not facts.has("aftersale") or not facts.has("order_line"):
        return []
    booked = _booked(facts, period, shop)
    losses = booked.losses
    now, before = losses[-1], losses[-2]
    values: list[tuple[str, str, list[float | None]]] = [
        ("net_loss", "", [loss.net if loss.known else None for loss in losses]),
        ("net_loss_share", "", [loss.net / loss.net_sales if loss.known and loss.net_sales > 0 else None for loss in losses]),
        ("gross_loss", "", [loss.gross if loss.known else None for loss in losses]),
        ("recovered_loss", "", [sum(loss.recovered.values()) for loss in losses]),
        ("net_sales", "", [loss.net_sales for loss in losses]),
        *(("loss_item", item, [None, before.items.get(item), now.items[item]]) for item in now.items),
        *(("recovered_item", item, [None, before.recovered.get(item), now.recovered[item]]) for item in now.recovered),
    ]
    return [with_target(_figure(code, scope, course, booked, period), shop) for code, scope, course in values]


@dataclass(frozen=True)
class _Booked:
    """The losses of the periods shown, oldest first, whether each is complete, and the ranges of the last."""

    chain: list[Period]
    known: list[bool]
    losses: list[Loss]
    ranges: dict[str, Normal | None]
    usable: Baseline


def _booked(facts: CodedFacts, period: Period, shop: Shop) -> _Booked:
    shown = 13 if period.grain == "week" else 6
    chain = cohorts(period, 0, 2 * (shop.targets.normal_weeks if period.grain == "week" else 12) + 1)
    paid = facts["order_line"].filter(pl.col("paid_at") < period.end)["paid_at"].min()
    first = paid if isinstance(paid, datetime) else period.start
    known = [span.start - timedelta(days=SIGNED_DAYS) >= first for span in chain]
    usable = baseline(chain, "net_loss", "", shop, silent=frozenset(place for place, ok in enumerate(known) if not ok))
    last = len(chain) - 1
    places = sorted({*usable.places, *range(last - shown, last + 1)})
    book = LossBook(facts, chain[places[0]], period, shop)
    by_place = {place: book.loss(chain[place]) for place in places}
    losses = [by_place[place] for place in range(last - shown, last + 1)]
    earlier = [] if usable.broken else [(by_place[place], book.signed(chain[place])) for place in usable.places]
    signed = book.signed(period)
    ranges = {
        "net_loss": _against_signed([(loss.net, units) for loss, units in earlier], losses[-1].net, signed),
        "gross_loss": _against_signed([(loss.gross, units) for loss, units in earlier], losses[-1].gross, signed),
    }
    return _Booked(chain[-shown - 1 :], known[-shown - 1 :], losses, ranges, usable)


def _figure(code: str, scope: str, values: list[float | None], booked: _Booked, period: Period) -> Figure:
    kind, normal = FIGURES[code], booked.ranges.get(code)
    known = zip(booked.chain, values, booked.known, strict=True) if not scope else ()
    judgement = judged(normal, kind.good, booked.usable) if code in booked.ranges else Judgement.UNTESTED
    missing = ",".join(booked.losses[-1].missing) if code == "gross_loss" else ""
    if code in UNPRICED and not booked.losses[-1].known:
        normal, judgement, missing = None, Judgement.INSUFFICIENT, "no_prices"
    return Figure(
        kind=kind,
        value=values[-1],
        previous=values[-2] if booked.known[-2] else None,
        low=normal.low if normal else None,
        high=normal.high if normal else None,
        judgement=judgement,
        p=normal.p if normal else None,
        axis_from=period.first_day,
        axis_to=period.last_day,
        method="booked_in_period",
        scope=scope,
        series=tuple((str(span.first_day), value if ok else None) for span, value, ok in known),
        missing=missing,
        rows=f"booked in {period.first_day}..{period.last_day}" + (f"; {scope}" if scope else ""),
    )


def _against_signed(earlier: list[tuple[float, float]], loss: float, signed: float) -> Normal | None:
    """Return the range of a loss from earlier losses per signed unit, scaled to the units signed before now."""
    if not signed:
        return None
    normal = count_range([value / units for value, units in earlier if units], loss / signed)
    if normal is None:
        return None
    return replace(normal, low=normal.low * signed, high=normal.high * signed, centre=normal.centre * signed)
