"""What the sample shop's customers bought: when, through which sales channel and live session, which product, how many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from examples.sample_shop import nouns
from examples.sample_shop.goods import Products
from examples.sample_shop.moments import DAY, Floats, Ints, local
from examples.sample_shop.nouns import LINE_CODES, LINES, SALES_CHANNELS


@dataclass
class Purchases:
    """Order lines as arrays sorted by paid time; `orders` is the number of orders, `tid` the order of each line."""

    orders: int
    day: Ints
    paid: Ints
    channel: Ints
    session: Ints
    line: Ints
    tid: Ints
    part: Ints
    sku: Ints
    qty: Ints
    sessions: list[dict[str, Any]]


def drawn(rng: np.random.Generator, shares: npt.ArrayLike, size: int) -> Ints:
    """Draw positions in a list of shares.

    Args:
        rng: Source of chance; one draw a position.
        shares: Weights, of any sum.
        size: Number of draws.

    Returns:
        Positions, int64 `(size,)`.
    """
    edges = np.cumsum(np.asarray(shares, dtype=np.float64))
    return np.minimum(np.searchsorted(edges / edges[-1], rng.random(size), side="right"), len(edges) - 1).astype(np.int64)


def expected_orders(day: date) -> float:
    """Return the expected number of paid orders of a day at scale 1."""
    monday = day - timedelta(days=day.weekday())
    growth = (1.0 + nouns.YEARLY_GROWTH) ** ((monday - nouns.FIRST_MONDAY).days / 364.0)
    weights = np.array(nouns.WEEKDAY_OF_ORDER) / 7.0
    for peak in nouns.PROMOTION_PEAKS:
        if monday <= peak <= monday + timedelta(days=6):
            offset = peak.weekday()
            weights = np.full(7, 0.12 / 4)
            weights[max(offset - 1, 0) : offset + 2] = (0.34, 0.40, 0.14)
            weights /= weights.sum()
    return float(nouns.ORDERS_PER_WEEK * nouns.WEEK_INDEX[monday] * growth * weights[day.weekday()])


def _line_shares(day: date) -> Floats:
    shares = np.array([line.share for line in LINES])
    if date(2026, 7, 1) <= day <= date(2026, 8, 15):
        shares[LINE_CODES.index("FN")] *= 2.5
    if day.month in (11, 12):
        shares[LINE_CODES.index("FN")] *= 2.0
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _sessions(rng: np.random.Generator, mondays: list[date]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for week, monday in enumerate(mondays):
        days = sorted(rng.choice(7, size=int(rng.integers(2, 5)), replace=False).tolist())
        story = monday <= date(2026, 9, 5) <= monday + timedelta(days=6)
        if story:
            days = sorted({*days[:2], 5} | {1})
        for day in days:
            on = monday + timedelta(days=int(day))
            share = 3.2 if story and on == date(2026, 9, 5) else float(rng.uniform(0.6, 1.4))
            if story and on != date(2026, 9, 5):
                share = 0.5
            found.append(
                {
                    "session_id": f"T{on:%Y%m%d}-1",
                    "room_id": f"R{int(rng.integers(20, 60))}",
                    "talent_ref": f"达人{int(rng.integers(1, 19)):02d}",
                    "week": week,
                    "start": local(on, 20.0),
                    "share": share,
                }
            )
    return found


def purchases(streams: list[np.random.Generator], goods: Products, first_day: date, weeks: int, scale: float) -> Purchases:
    """Draw who buys what.

    Args:
        streams: Sources of chance of the numbers of orders, of what is bought, and of the live sessions.
        goods: The products.
        first_day: A Monday.
        weeks: Number of weeks.
        scale: Multiplies the number of orders.

    Returns:
        Purchases sorted by paid time; one order in twenty has a second line.
    """
    count_rng, buy_rng, session_rng = streams
    days = [first_day + timedelta(days=number) for number in range(weeks * 7)]
    counts = count_rng.poisson([expected_orders(day) * scale for day in days])
    day = np.repeat(np.arange(len(days)), counts)
    week = day // 7
    twin = count_rng.random(len(day)) < 0.05
    paid = local(first_day) + day * DAY + _seconds(buy_rng, day, days)
    channel = _channels(buy_rng, week, first_day)
    sessions = _sessions(session_rng, [first_day + timedelta(weeks=number) for number in range(weeks)])
    session = _move_into_sessions(session_rng, paid, channel, week, sessions)
    live = np.flatnonzero(channel == nouns.SELF_LIVE)
    promotion = np.isin(day, [(peak - first_day).days - 1 for peak in nouns.PROMOTION_PEAKS])
    moved = live[~promotion[live]]
    paid[moved] = local(first_day) + day[moved] * DAY + ((20 + 3.99 * session_rng.random(len(moved))) * 3600).astype(np.int64)
    day = (paid - local(first_day)) // DAY
    line = _lines(buy_rng, day, days)

    order = np.argsort(paid, kind="stable")
    tid = np.repeat(np.arange(len(order)), 1 + twin[order].astype(np.int64))
    part = np.concatenate([np.zeros(min(len(order), 1), dtype=np.int64), (tid[1:] == tid[:-1]).astype(np.int64)])
    row = order[tid]
    line = line[row]
    second_line = np.flatnonzero(part == 1)
    line[second_line] = drawn(buy_rng, [one.share for one in LINES], len(second_line))
    sku = _skus(buy_rng, goods, line, np.array([one.month for one in days])[day[row]])
    one_more = buy_rng.random(len(tid)) < np.where(line == 0, 0.01, 0.17)
    qty = 1 + one_more + (buy_rng.random(len(tid)) < np.where(line == 0, 0.0, 0.07))
    return Purchases(len(order), day[row], paid[row], channel[row], session[row], line, tid, part, sku, qty, sessions)


def _seconds(rng: np.random.Generator, day: Ints, days: list[date]) -> Ints:
    """Draw the second of its day at which each order is paid; the eve of a promotion buys from eight in the evening."""
    hours = np.cumsum(nouns.HOUR_OF_ORDER) / np.sum(nouns.HOUR_OF_ORDER)
    second = (np.searchsorted(hours, rng.random(len(day))) + rng.random(len(day))) * 3600
    for peak in nouns.PROMOTION_PEAKS:
        eve = (peak - timedelta(days=1) - days[0]).days
        if 0 <= eve < len(days):
            rows = np.flatnonzero(day == eve)
            second[rows] = 20 * 3600 + rng.beta(1.0, 1.8, len(rows)) * 4 * 3600 * (rng.random(len(rows)) < 0.97)
    return second.astype(np.int64)


def _channels(rng: np.random.Generator, week: Ints, first_day: date) -> Ints:
    """Draw each order's sales channel; in one week the talents' live rooms sell more than twice their share (T1)."""
    shares = np.array([channel.share for channel in SALES_CHANNELS])
    channel = drawn(rng, shares, len(week))
    shifted = shares.copy()
    shifted[nouns.TALENT_LIVE] = 0.22
    others = np.arange(len(shares)) != nouns.TALENT_LIVE
    shifted[others] *= 0.78 / shifted[others].sum()
    rows = np.flatnonzero(week == (date(2026, 10, 12) - first_day).days // 7)
    channel[rows] = drawn(rng, shifted, len(rows))
    return channel


def _move_into_sessions(rng: np.random.Generator, paid: Ints, channel: Ints, week: Ints, sessions: list[dict[str, Any]]) -> Ints:
    """Give each order of a talent's live room a session of its week, and move `paid` into it; return the sessions, else −1."""
    session = np.full(len(paid), -1)
    talent = channel == nouns.TALENT_LIVE
    starts = np.array([one["start"] for one in sessions])
    for number in sorted({one["week"] for one in sessions}):
        rows = np.flatnonzero(talent & (week == number))
        of_week = [index for index, one in enumerate(sessions) if one["week"] == number]
        chosen = np.array(of_week)[drawn(rng, [sessions[index]["share"] for index in of_week], len(rows))]
        session[rows] = chosen
        paid[rows] = starts[chosen] + (rng.beta(1.4, 2.2, len(rows)) * 3.9 * 3600).astype(np.int64)
    return session


def _lines(rng: np.random.Generator, day: Ints, days: list[date]) -> Ints:
    """Draw each order's product line by the season of its day."""
    line = np.empty(len(day), dtype=np.int64)
    season = np.array([tuple(_line_shares(one)) for one in days])
    uniform = rng.random(len(day))
    edges = np.cumsum(season, axis=1)
    distinct, kind = np.unique(edges, axis=0, return_inverse=True)
    for number in range(len(distinct)):
        rows = np.flatnonzero(kind[day] == number)
        line[rows] = np.minimum(np.searchsorted(distinct[number], uniform[rows], side="right"), 7)
    return line


def _skus(rng: np.random.Generator, goods: Products, line: Ints, month: Ints) -> Ints:
    """Draw each row's product within its line; heaters sell in November and December."""
    sku = np.empty(len(line), dtype=np.int64)
    for number in range(len(LINES)):
        line_skus = np.flatnonzero(goods.line == number)
        rows = np.flatnonzero(line == number)
        if LINE_CODES[number] == "FN":
            heater = np.array([goods.sku[index] in nouns.HEATER_SKUS for index in line_skus])
            cold = np.isin(month[rows], (11, 12))
            for winter in (False, True):
                weights = goods.share[line_skus] * np.where(heater, 2.4 if winter else 0.6, 0.5 if winter else 1.1)
                season_rows = rows[cold == winter]
                sku[season_rows] = line_skus[drawn(rng, weights, len(season_rows))]
        else:
            sku[rows] = line_skus[drawn(rng, goods.share[line_skus], len(rows))]
    return sku
