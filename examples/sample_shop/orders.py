"""Products, batches and order lines of the sample shop: who bought what, where, when, and when it arrived."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from examples.sample_shop import nouns
from examples.sample_shop.nouns import LINE_CODES, LINES, SALES_CHANNELS

Ints = npt.NDArray[np.signedinteger[Any]]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

DAY = 86_400
NEVER = np.int64(2**61)
EPOCH = date(1970, 1, 1)


def local(day: date, hour: float = 0.0) -> int:
    """Return seconds since 1970 in the shop's local time at an hour of a day."""
    return (day - EPOCH).days * DAY + int(hour * 3600)


def local_moment(text: str) -> int:
    """Return local seconds of an ISO text such as `2025-11-10T20:00`."""
    moment = datetime.fromisoformat(text)
    return local(moment.date(), moment.hour + moment.minute / 60)


def utc(seconds: Ints, valid: Bools | None = None) -> pl.Series:
    """Turn local seconds into aware UTC datetimes.

    Args:
        seconds: Local seconds since 1970; NEVER where the thing did not happen.
        valid: Rows that have a value; default: those below NEVER.

    Returns:
        Series of Datetime(us, UTC), null where not valid.
    """
    known = seconds < NEVER if valid is None else valid
    micros = np.where(known, (seconds - nouns.ZONE_OFFSET) * 1_000_000, 0)
    series = pl.Series(micros, dtype=pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return series.set(pl.Series(~known), None) if not known.all() else series


def pick(names: list[str] | tuple[str, ...], index: npt.NDArray[Any], valid: Bools | None = None) -> pl.Series:
    """Look up names by index, null where not valid."""
    position = pl.Series(np.where(valid, index, len(names)) if valid is not None else index, dtype=pl.UInt32)
    return pl.Series([*names, None], dtype=pl.String).gather(position)


@dataclass
class Products:
    """All products as arrays: code, line, share within the line and prices in yuan."""

    sku: list[str]
    line: Ints
    share: Floats
    price: Floats
    cost: Floats
    index: dict[str, int]
    frame: pl.DataFrame


def products(rng: np.random.Generator) -> Products:
    """Invent the 120 products.

    Args:
        rng: Source of chance.

    Returns:
        Products, sorted by line and number; shares sum to 1 in each line.
    """
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    shares: list[float] = []
    for number, line in enumerate(LINES):
        codes = [f"{line.code}-{position:02d}" for position in range(1, line.skus + 1)]
        pinned = np.array([nouns.PINNED_SHARES.get(code, 0.0) for code in codes])
        free = np.where(pinned > 0, 0.0, rng.gamma(6.0, 1.0, line.skus))
        shares.extend((pinned + free / free.sum() * (1.0 - pinned.sum())).tolist())
        factors = rng.lognormal(0.0, 0.18, line.skus)
        factors /= np.average(factors, weights=np.array(shares[-line.skus :]))
        kinds = nouns.SKU_KINDS[line.code]
        for position, code in enumerate(codes):
            price = round(line.price * float(factors[position]), 0)
            kind = "暖风机" if code in nouns.HEATER_SKUS else kinds[position % len(kinds)]
            rows.append(
                {
                    "sku": code,
                    "name": f"朴岸 {'X' if line.code == 'FW' else line.code[0]}{position + 1} {kind}",
                    "line": line.code,
                    "listed_on": date(2024, 1, 8) + timedelta(days=int(rng.integers(0, 500))),
                    "maturity_days": line.maturity_days,
                    "price": price,
                    "cost": round(price * float(rng.uniform(0.42, 0.56)), 2),
                    "aliases": [],
                }
            )
            lines.append(number)
    for position in sorted(rng.choice(len(rows), size=5, replace=False).tolist()):
        rows[position]["aliases"] = [f"{rows[position]['sku'].replace('-', '')}-OLD"]
    schema: dict[str, Any] = {
        "sku": pl.String,
        "name": pl.String,
        "line": pl.String,
        "listed_on": pl.Date,
        "maturity_days": pl.Int64,
        "price": pl.Float64,
        "cost": pl.Float64,
        "aliases": pl.List(pl.String),
    }
    frame = pl.DataFrame(rows, schema=schema)
    codes = frame["sku"].to_list()
    return Products(
        codes,
        np.array(lines),
        np.array(shares),
        frame["price"].to_numpy(),
        frame["cost"].to_numpy(),
        {code: position for position, code in enumerate(codes)},
        frame,
    )


@dataclass
class Batches:
    """Batches as arrays, ordered by product and first shipping day (local seconds)."""

    number: list[str]
    sku: Ints
    first: Ints
    key: Ints
    index: dict[str, int]


def batches(rng: np.random.Generator, goods: Products, first_day: date, end_day: date) -> Batches:
    """Invent production batches: each ships from its first day until the next one of the product begins.

    Args:
        rng: Source of chance.
        goods: The products.
        first_day: First day of the world.
        end_day: Day after the world's last.

    Returns:
        Batches with numbers such as `FW03-2608B`.
    """
    starts: list[tuple[int, date, str]] = []
    month = (first_day.replace(day=1) - timedelta(days=1)).replace(day=1)
    months: list[date] = []
    while month < end_day:
        months.append(month)
        month = (month + timedelta(days=32)).replace(day=1)
    for position, code in enumerate(goods.sku):
        for month in months:
            starting = [int(rng.integers(1, 9))]
            if rng.random() < 0.15:
                starting.append(int(rng.integers(15, 23)))
            if (code, month) == ("FW-03", date(2026, 8, 1)):
                starting = [1, 14]
            elif (code, month) == ("FW-03", date(2026, 9, 1)):
                starting = [18]
            elif (code, month) == ("KT-05", date(2026, 7, 1)):
                starting = [1, 10, 20]
            for number, start in enumerate(starting):
                name = f"{code.replace('-', '')}-{month:%y%m}{'ABCD'[number]}"
                starts.append((position, month.replace(day=start), name))
    starts.sort()
    sku = np.array([row[0] for row in starts])
    first = np.array([local(row[1]) for row in starts])
    names = [row[2] for row in starts]
    return Batches(names, sku, first, sku * 10**11 + first, {name: number for number, name in enumerate(names)})


@dataclass
class Orders:
    """Order lines as arrays of one length; times are local seconds, NEVER where it did not happen.

    `signed` is when the parcel truly arrived; `signed_known` is what the source says (2 % missing, .2 % skewed).
    """

    day: Ints
    week: Ints
    paid: Ints
    tid: Ints
    part: Ints
    sku: Ints
    line: Ints
    channel: Ints
    session: Ints
    region: Ints
    province: Ints
    city: Ints
    warehouse: Ints
    carrier: Ints
    qty: Ints
    presale: Bools
    cancelled: Bools
    cancelled_at: Ints
    promised: Ints
    shipped: Ints
    signed: Ints
    signed_known: Ints
    batch: Ints
    batch_known: Bools
    serial: Ints
    customer: Ints
    version: Ints
    sessions: list[dict[str, Any]] = field(default_factory=list)
    provinces: list[str] = field(default_factory=list)
    cities: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.paid)


CLAIM_CITY = "临江市澄湖区"


def _choice(rng: np.random.Generator, shares: npt.ArrayLike, size: int) -> Ints:
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


def orders(
    streams: list[np.random.Generator], goods: Products, lots: Batches, first_day: date, weeks: int, scale: float
) -> Orders:
    """Draw all order lines.

    Args:
        streams: Eight independent sources of chance.
        goods: The products.
        lots: The batches.
        first_day: A Monday.
        weeks: Number of weeks.
        scale: Multiplies the number of orders.

    Returns:
        Orders sorted by paid time; nothing is known after the world's end.
    """
    count_rng, buy_rng, place_rng, ship_rng, lot_rng, session_rng, dirt_rng, person_rng = streams
    days = [first_day + timedelta(days=number) for number in range(weeks * 7)]
    mondays = [first_day + timedelta(weeks=number) for number in range(weeks)]
    end = local(first_day) + weeks * 7 * DAY
    counts = count_rng.poisson([expected_orders(day) * scale for day in days])
    day = np.repeat(np.arange(len(days)), counts)
    size = len(day)
    week = day // 7
    # A second line of the same order, for one order in twenty.
    twin = count_rng.random(size) < 0.05

    hours = np.cumsum(nouns.HOUR_OF_ORDER) / np.sum(nouns.HOUR_OF_ORDER)
    second = (np.searchsorted(hours, buy_rng.random(size)) + buy_rng.random(size)) * 3600
    for peak in nouns.PROMOTION_PEAKS:
        eve = (peak - timedelta(days=1) - first_day).days
        if 0 <= eve < len(days):
            rows = np.flatnonzero(day == eve)
            second[rows] = 20 * 3600 + buy_rng.beta(1.0, 1.8, len(rows)) * 4 * 3600 * (buy_rng.random(len(rows)) < 0.97)
    paid = local(first_day) + day * DAY + second.astype(np.int64)

    shares = np.array([channel.share for channel in SALES_CHANNELS])
    channel = _choice(buy_rng, shares, size)
    shifted = shares.copy()
    shifted[nouns.TALENT_LIVE] = 0.22
    others = np.arange(len(shares)) != nouns.TALENT_LIVE
    shifted[others] *= 0.78 / shifted[others].sum()
    t1_week = (date(2026, 10, 12) - first_day).days // 7
    rows = np.flatnonzero(week == t1_week)
    channel[rows] = _choice(buy_rng, shifted, len(rows))

    sessions = _sessions(session_rng, mondays)
    session = np.full(size, -1)
    talent = channel == nouns.TALENT_LIVE
    for number in range(weeks):
        rows = np.flatnonzero(talent & (week == number))
        own = [index for index, one in enumerate(sessions) if one["week"] == number]
        chosen = np.array(own)[_choice(session_rng, [sessions[index]["share"] for index in own], len(rows))]
        session[rows] = chosen
        starts = np.array([one["start"] for one in sessions])
        paid[rows] = starts[chosen] + (session_rng.beta(1.4, 2.2, len(rows)) * 3.9 * 3600).astype(np.int64)
    live = np.flatnonzero(channel == nouns.SELF_LIVE)
    promotion = np.isin(day, [(peak - first_day).days - 1 for peak in nouns.PROMOTION_PEAKS])
    moved = live[~promotion[live]]
    paid[moved] = local(first_day) + day[moved] * DAY + ((20 + 3.99 * session_rng.random(len(moved))) * 3600).astype(np.int64)
    day = (paid - local(first_day)) // DAY

    line = np.empty(size, dtype=np.int64)
    season = np.array([tuple(_line_shares(one)) for one in days])
    uniform = buy_rng.random(size)
    edges = np.cumsum(season, axis=1)
    distinct, kind = np.unique(edges, axis=0, return_inverse=True)
    for number in range(len(distinct)):
        rows = np.flatnonzero(kind[day] == number)
        line[rows] = np.minimum(np.searchsorted(distinct[number], uniform[rows], side="right"), 7)

    order = np.argsort(paid, kind="stable")
    day, paid, channel, session, line, twin = day[order], paid[order], channel[order], session[order], line[order], twin[order]
    copies = 1 + twin.astype(np.int64)
    tid = np.repeat(np.arange(size), copies)
    part = np.concatenate([np.zeros(min(size, 1), dtype=np.int64), (tid[1:] == tid[:-1]).astype(np.int64)])
    day, paid, channel, session, line = day[tid], paid[tid], channel[tid], session[tid], line[tid]
    second_line = np.flatnonzero(part == 1)
    line[second_line] = _choice(buy_rng, [one.share for one in LINES], len(second_line))
    total = len(tid)

    sku = np.empty(total, dtype=np.int64)
    calendar_month = np.array([one.month for one in days])[day]
    for number in range(len(LINES)):
        own_skus = np.flatnonzero(goods.line == number)
        rows = np.flatnonzero(line == number)
        if LINE_CODES[number] == "FN":
            heater = np.array([goods.sku[index] in nouns.HEATER_SKUS for index in own_skus])
            cold = np.isin(calendar_month[rows], (11, 12))
            for winter in (False, True):
                weights = goods.share[own_skus] * np.where(heater, 2.4 if winter else 0.6, 0.5 if winter else 1.1)
                part_rows = rows[cold == winter]
                sku[part_rows] = own_skus[_choice(buy_rng, weights, len(part_rows))]
        else:
            sku[rows] = own_skus[_choice(buy_rng, goods.share[own_skus], len(rows))]
    qty = 1 + (buy_rng.random(total) < np.where(line == 0, 0.01, 0.17)) + (buy_rng.random(total) < np.where(line == 0, 0.0, 0.07))

    customer = person_rng.integers(0, max(int(700_000 * scale * weeks / 60), 50), size)[tid]
    region = _choice(place_rng, nouns.REGION_SHARES, size)
    province = np.empty(size, dtype=np.int64)
    city = np.empty(size, dtype=np.int64)
    provinces: list[str] = []
    cities: list[str] = []
    for number, name in enumerate(nouns.REGIONS):
        parts = nouns.PROVINCES[name]
        rows = np.flatnonzero(region == number)
        chosen = _choice(place_rng, [entry[1] for entry in parts], len(rows))
        base = len(provinces)
        province[rows] = base + chosen
        for position, entry in enumerate(parts):
            provinces.append(entry[0])
            own_rows = rows[chosen == position]
            city[own_rows] = len(cities) + place_rng.integers(0, len(entry[2]), len(own_rows))
            cities.extend(entry[2])
    region, province, city = region[tid], province[tid], city[tid]

    cancelled = person_rng.random(size)[tid] < np.array([one.cancelled for one in SALES_CHANNELS])[channel]

    # Trap rows must exist at any scale: eighteen CP-02 parcels to one district, three KT-11 sold in October.
    cities.append(CLAIM_CITY)
    for code, need, since, until in (
        ("CP-02", 18, date(2026, 8, 28), date(2026, 8, 31)),
        ("KT-11", 3, date(2026, 10, 21), date(2026, 10, 27)),
    ):
        rows = np.flatnonzero(
            (line == goods.line[goods.index[code]])
            & (paid >= local(since))
            & (paid < local(until))
            & (part == 0)
            & (channel < nouns.SELF_LIVE)
        )
        rows = rows[:: max(len(rows) // need, 1)][:need]
        sku[rows] = goods.index[code]
        cancelled[rows] = False
        if code == "CP-02":
            region[rows] = nouns.REGIONS.index("华东")
            province[rows] = provinces.index("江苏")
            city[rows] = len(cities) - 1

    warehouse = np.zeros(size, dtype=np.int64)
    first_row = np.flatnonzero(part == 0)
    lead_region = region[first_row]
    for number in range(len(nouns.REGIONS)):
        rows = np.flatnonzero(lead_region == number)
        warehouse[rows] = _choice(place_rng, nouns.WAREHOUSE_BY_REGION[number], len(rows))
    warehouse = warehouse[tid]

    # Shipping: most parcels leave within a day; 48 hours are promised, presale has ten days.
    delay = ship_rng.gamma(3.0, 7.0 * 3600, size)[tid]
    stage = np.array([_promotion_stage(one) for one in days])[day]
    presale = (ship_rng.random(size)[tid] < 0.12) & stage & (part == 0)[np.arange(total)]
    presale = presale[first_row][tid]
    delay = delay + np.where(presale, ship_rng.gamma(6.0, 0.7 * DAY, size)[tid], 0.0)
    spring = (paid >= local(date(2026, 2, 8))) & (paid < local(date(2026, 2, 26)))
    delay = np.where(spring, delay * 2.2, delay)
    jam = (warehouse == 0) & (paid >= local_moment("2025-11-10T20:00")) & (paid < local(date(2025, 11, 13)))
    delay = delay + np.where(jam, ship_rng.gamma(2.0, 1.1 * DAY, size)[tid], 0.0)
    shipped = paid + 1800 + delay.astype(np.int64)
    at_store = channel == nouns.STORE
    shipped = np.where(at_store, paid, shipped)
    promised = paid + np.where(presale, 10 * DAY, 2 * DAY)
    cancelled_at = np.where(cancelled, paid + (ship_rng.beta(1.0, 3.0, total) * 20 * 3600).astype(np.int64) + 300, NEVER)
    shipped = np.where(cancelled, NEVER, shipped)

    southwest = (region == nouns.SOUTHWEST)[first_row]
    carrier = np.where(
        southwest,
        _choice(ship_rng, nouns.CARRIER_SHARES_SOUTHWEST, size),
        _choice(ship_rng, nouns.CARRIER_SHARES, size),
    )[tid]
    fragile = np.isin(line, (LINE_CODES.index("CP"), LINE_CODES.index("KT")))
    switched = fragile & (region == nouns.SOUTHWEST) & (carrier == nouns.CARRIER_C) & (shipped >= local(date(2026, 10, 26)))
    carrier[switched] = 0
    pace = np.array([2.3, 2.6, 3.0, 2.7])[carrier] * np.where(region == nouns.SOUTHWEST, 1.25, 1.0)
    holiday = (shipped >= local(date(2026, 2, 8))) & (shipped < local(date(2026, 2, 26)))
    pace = pace * np.where(holiday, 1.8, 1.0)
    transit = (0.6 + ship_rng.gamma(6.0, 1.0 / 6.0, size)[tid] * (pace - 0.6)) * DAY
    lost = (ship_rng.random(total) < 0.0005) & ~at_store
    signed = np.where(cancelled | lost, NEVER, shipped + transit.astype(np.int64))
    sign_day = signed // DAY * DAY
    signed = np.where(signed < NEVER, sign_day + 9 * 3600 + (ship_rng.random(total) * 12 * 3600).astype(np.int64), NEVER)
    signed = np.where((signed < NEVER) & (signed <= shipped), shipped + 5 * 3600, signed)
    signed = np.where(at_store & ~cancelled, paid + 60, signed)
    claimed = city == len(cities) - 1
    signed = np.where(claimed, np.minimum(signed, shipped + 3 * DAY), signed)

    batch = np.searchsorted(lots.key, sku * 10**11 + np.minimum(shipped, end), side="right") - 1
    batch = np.where(shipped < end, batch, -1)
    lot_line = np.isin(line, [LINE_CODES.index(code) for code in ("AF", "KT", "BB")])
    by_serial = np.isin(line, [LINE_CODES.index(code) for code in ("FW", "SM")])
    batch_known = (batch >= 0) & (~lot_line | (lot_rng.random(total) < 0.92))
    serial = np.where(by_serial & (batch >= 0), np.arange(total) % 900_000 + 100_000, -1)

    # Past the end nothing has happened yet.
    shipped = np.where(shipped < end, shipped, NEVER)
    signed = np.where(signed < end, signed, NEVER)
    cancelled &= cancelled_at < end
    cancelled_at = np.where(cancelled, cancelled_at, NEVER)
    known = np.where(dirt_rng.random(total) < 0.02, NEVER, signed)
    skewed = (dirt_rng.random(total) < 0.002) & (known < NEVER) & ~at_store
    known = np.where(skewed, shipped - 1800, known)

    return Orders(
        day=day.astype(np.int32),
        week=(day // 7).astype(np.int32),
        paid=paid,
        tid=tid.astype(np.int32),
        part=part.astype(np.int32),
        sku=sku.astype(np.int32),
        line=line.astype(np.int32),
        channel=channel.astype(np.int32),
        session=session.astype(np.int32),
        region=region.astype(np.int32),
        province=province.astype(np.int32),
        city=city.astype(np.int32),
        warehouse=warehouse.astype(np.int32),
        carrier=carrier.astype(np.int32),
        qty=qty.astype(np.int32),
        presale=presale,
        cancelled=cancelled,
        cancelled_at=cancelled_at,
        promised=promised,
        shipped=shipped,
        signed=signed,
        signed_known=known,
        batch=batch.astype(np.int32),
        batch_known=batch_known,
        serial=serial.astype(np.int32),
        customer=customer.astype(np.int32),
        version=_listing_versions(goods, sku, paid).astype(np.int32),
        sessions=sessions,
        provinces=provinces,
        cities=cities,
    )


def _promotion_stage(day: date) -> bool:
    return (10, 20) <= (day.month, day.day) <= (11, 9) or (5, 25) <= (day.month, day.day) <= (6, 16)


def _listing_versions(goods: Products, sku: Ints, paid: Ints) -> Ints:
    # A listing is edited about every twelve weeks; HW-12 has v7 from 2026-09-21 until it was put right on 10-19 (v8).
    base = (paid - local(date(2025, 6, 2)) + sku * 5 * DAY) // (84 * DAY) + 1
    hw = sku == goods.index["HW-12"]
    pinned = 6 + (paid >= local(date(2026, 9, 21))) + (paid >= local(date(2026, 10, 19)))
    early = np.minimum(base, 6)
    return np.where(hw, np.where(pinned > 6, pinned, early), base).astype(np.int64)


def listing_name(goods: Products, sku: Ints, version: Ints) -> pl.Series:
    """Return names such as `HW-12@v7` for each row."""
    frame = pl.DataFrame({"sku": pick(goods.sku, sku), "version": version})
    return frame.select(pl.format("{}@v{}", "sku", "version")).to_series()


def batch_frame(rng: np.random.Generator, goods: Products, lots: Batches, bought: Orders) -> pl.DataFrame:
    """Return the canonical `batch` table: stocks as of the world's end.

    Args:
        rng: Source of chance.
        goods: The products.
        lots: The batches.
        bought: The order lines.

    Returns:
        One row a batch that shipped at least one unit, sorted by batch number.
    """
    rows = bought.batch >= 0
    size = len(lots.number)
    moved = np.bincount(bought.batch[rows], weights=bought.qty[rows], minlength=size).astype(np.int64)
    first = np.full(size, NEVER)
    last = np.zeros(size, dtype=np.int64)
    np.minimum.at(first, bought.batch[rows], bought.shipped[rows])
    np.maximum.at(last, bought.batch[rows], bought.shipped[rows])
    open_transit = rows & (bought.signed == NEVER) & (bought.shipped < NEVER)
    transit = np.bincount(bought.batch[open_transit], weights=bought.qty[open_transit], minlength=size).astype(np.int64)
    stock = rng.integers(0, 60, size) + np.where(np.append(lots.sku[1:] != lots.sku[:-1], True), moved // 3, 0)
    supplier_stock = rng.integers(0, 40, size)
    if "FW03-2608B" in lots.index:
        stock[lots.index["FW03-2608B"]] = 312
        supplier_stock[lots.index["FW03-2608B"]] = 0
    lines = goods.line[lots.sku]
    days = [EPOCH + timedelta(days=int(value) // DAY) for value in lots.first]
    frame = pl.DataFrame(
        {
            "batch_no": lots.number,
            "sku": [goods.sku[index] for index in lots.sku],
            "supplier": [LINES[index].supplier for index in lines],
            "component_supplier": [LINES[index].component or None for index in lines],
            "made_on": [one - timedelta(days=9) for one in days],
            "qty_in": moved + stock,
            "qty_shipped": moved,
            "qty_stock": stock,
            "qty_transit": transit,
            "qty_at_supplier": supplier_stock,
            "first_ship": pl.Series(np.where(moved > 0, first, 0) // DAY, dtype=pl.Int32).cast(pl.Date),
            "last_ship": pl.Series(np.where(moved > 0, last, 0) // DAY, dtype=pl.Int32).cast(pl.Date),
            "cut_in_of": ["A-2026-W26-KT05" if name == "KT05-2607C" else None for name in lots.number],
        },
        schema_overrides={"component_supplier": pl.String, "cut_in_of": pl.String},
    )
    return frame.filter(pl.col("qty_shipped") > 0).sort("batch_no")


def order_frame(goods: Products, lots: Batches, bought: Orders, stamp_delay: Ints) -> pl.DataFrame:
    """Return the canonical `order_line` table with `source_id` and `stamp`.

    Args:
        goods: The products.
        lots: The batches.
        bought: The order lines.
        stamp_delay: Seconds from payment to the source's first knowledge of the row.

    Returns:
        One row an order line, sorted by paid time. A row is stamped when the order became known; its later times
        (shipped, signed) stand in the same row, so a review must cut them at its period's end.
    """
    cancelled = bought.cancelled
    has_parcel = (bought.shipped < NEVER) & (bought.channel != nouns.STORE)
    lines = bought.line
    lot_line = np.isin(lines, [LINE_CODES.index(code) for code in ("AF", "KT", "BB")])
    by_serial = np.isin(lines, [LINE_CODES.index(code) for code in ("FW", "SM")])
    shelf_search = (bought.channel < 2) & ((bought.tid.astype(np.int64) * 2_654_435_761) % 100 < 35)
    traffic = np.where(shelf_search, len(SALES_CHANNELS), bought.channel)
    ids = pl.DataFrame({"tid": bought.tid.astype(np.int64) + 10_000_000, "part": bought.part + 1})
    oid = ids.select(pl.format("T{}-{}", "tid", "part")).to_series()
    amount = np.round(goods.price[bought.sku] * bought.qty * 0.97, 2)
    sessions = bought.sessions
    in_session = bought.session >= 0
    source = np.where(bought.batch < 0, 3, np.where(by_serial, 0, np.where(lot_line, np.where(bought.batch_known, 1, 3), 2)))
    serial = pl.DataFrame({"lot": pick(lots.number, np.maximum(bought.batch, 0)), "no": bought.serial}).select(
        pl.when(pl.col("no") >= 0).then(pl.format("{}{}", pl.col("lot").str.replace("-", "", literal=True), "no"))
    )
    waybills = pl.DataFrame(
        {"carrier": pick(("YJ", "YY", "YB", "YD"), bought.carrier), "tid": bought.tid.astype(np.int64) + 7_300_000_000}
    )
    transit_days = np.where(bought.region == nouns.SOUTHWEST, 5, 4) * DAY
    return pl.DataFrame(
        {
            "oid": oid,
            "tid": ids.select(pl.format("T{}", "tid")).to_series(),
            "shop": pl.repeat(nouns.SHOP, len(bought), eager=True),
            "platform": pick([one.platform for one in SALES_CHANNELS], bought.channel),
            "traffic_source": pick([*(one.traffic for one in SALES_CHANNELS), "search"], traffic),
            "room_id": pick(
                [*(one["room_id"] for one in sessions), "R01"],
                np.where(in_session, bought.session, len(sessions)),
                in_session | (bought.channel == nouns.SELF_LIVE),
            ),
            "session_id": pick([one["session_id"] for one in sessions], np.maximum(bought.session, 0), in_session),
            "talent_ref": pick([one["talent_ref"] for one in sessions], np.maximum(bought.session, 0), in_session),
            "sku": pick(goods.sku, bought.sku),
            "listing_version": listing_name(goods, bought.sku, bought.version),
            "qty": bought.qty,
            "paid_amount": amount,
            "cost_amount": np.round(goods.cost[bought.sku] * bought.qty, 2),
            "is_gift": np.zeros(len(bought), dtype=bool),
            "is_presale": bought.presale,
            "paid_at": utc(bought.paid),
            "promised_ship_at": utc(bought.promised),
            "shipped_at": utc(bought.shipped),
            "promised_delivery_at": utc(np.where(has_parcel, bought.shipped + transit_days, NEVER)),
            "signed_at": utc(bought.signed_known),
            "cancelled_before_ship": cancelled,
            "warehouse": pick(nouns.WAREHOUSES, bought.warehouse, bought.channel != nouns.STORE),
            "waybill": waybills.select(pl.format("{}{}", "carrier", "tid")).to_series().set(pl.Series(~has_parcel), None),
            "carrier": pick(nouns.CARRIERS, bought.carrier, has_parcel),
            "dest_province": pick(bought.provinces, bought.province),
            "dest_city": pick(bought.cities, bought.city),
            "batch_no": pick(lots.number, np.maximum(bought.batch, 0), bought.batch_known),
            "batch_source": pick(("sn", "wms_lot", "date_window", "none"), source),
            "serial_no": serial.to_series(),
            "stamp": utc(bought.paid + stamp_delay),
            "source_id": oid,
        }
    )
