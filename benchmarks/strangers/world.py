"""An invented shop: its orders, its complaints, and the faults planted in it, with the truth about all of them.

Nothing here is the sample shop's: rates vary by product and from week to week more than chance, shops grow, have seasons and
promotions, complaints follow by gamma, lognormal and two-humped ages, and some customers write about something else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from benchmarks.strangers.trades import CLOSINGS, OPENINGS, TRADES, Grievance, Trade
from tasks.model.periods import Period

LAST_WEEK = "2026-W45"
REVIEWED_WEEKS = 6
REPLICAS = 8
"""Fault-free copies of a shop from which the expected cases of a place are counted."""

PROVINCES = {
    "zh": ("浙江省", "江苏省", "广东省", "四川省", "湖北省", "北京市", "陕西省"),
    "en": ("Bavaria", "Saxony", "Hesse", "Ontario", "Texas", "Ohio", "Kent"),
}
CARRIERS = {"zh": ("青鸟速运", "山河物流", "快马快递"), "en": ("Bluebird Parcel", "Hillside Freight", "Swiftline")}
ZONES = {"zh": ("Asia/Shanghai",), "en": ("America/New_York", "Europe/Berlin", "Europe/London")}
CURRENCIES = {"zh": "CNY", "en": "EUR"}

Array = Any


@dataclass(frozen=True)
class PlantedPlace:
    """A fault: at which place, since when, in which kind of complaint, and how many more than usual."""

    number: int
    dimension: str
    value: str
    grievance: str
    since: datetime
    times: float


@dataclass
class StrangerShop:
    """One invented shop.

    units: One row an order line, with `place` columns and moments; `signed_at` may lie after the last week.
    cases: One row a record: ref, submitted_at, grievance (empty where calm), text, unit (row of `units`, or -1), sku, release,
        fault (number, or -1), danger, language, order_told (whether the record names its order).
    baseline: Fault-free cases of `REPLICAS` copies: submitted_at, grievance, unit, release.
    """

    seed: int
    trade: Trade
    language: str
    mixed: bool
    zone: str
    weeks: int
    weekly_cases: float
    has_orders: bool
    has_signing: bool
    has_lots: bool
    units: pl.DataFrame = field(default_factory=pl.DataFrame)
    cases: pl.DataFrame = field(default_factory=pl.DataFrame)
    baseline: pl.DataFrame = field(default_factory=pl.DataFrame)
    faults: list[PlantedPlace] = field(default_factory=list)
    releases: list[tuple[str, datetime]] = field(default_factory=list)

    @property
    def periods(self) -> list[Period]:
        """The reviewed weeks, oldest first."""
        last = Period.parse(LAST_WEEK, self.zone)
        weeks = [Period.containing(last.start + timedelta(days=2 - 7 * n), "week", self.zone) for n in range(REVIEWED_WEEKS)]
        return weeks[::-1]

    @property
    def begins(self) -> datetime:
        """The first moment of the history that the shop's exports hold."""
        return self.periods[0].start - timedelta(weeks=self.weeks)

    @property
    def ends(self) -> datetime:
        """The end of the last reviewed week."""
        return self.periods[-1].end

    def nats(self, fault: PlantedPlace, until: datetime) -> float:
        """Return the log-likelihood ratio of a fault's place against all else that is known by a moment, in nats."""
        inside, outside = self._counts(self.cases, fault, until)
        expected_inside, expected_outside = (max(n, 0.5) / REPLICAS for n in self._counts(self.baseline, fault, until))
        rate = (inside + outside) / (expected_inside + expected_outside)
        if inside <= expected_inside * rate:
            return 0.0
        return sum(n * math.log(n / (e * rate)) for n, e in ((inside, expected_inside), (outside, expected_outside)) if n)

    def _counts(self, cases: pl.DataFrame, fault: PlantedPlace, until: datetime) -> tuple[int, int]:
        mine = cases.filter(
            (pl.col("grievance") == fault.grievance) & (pl.col("submitted_at") < until) & (pl.col("submitted_at") >= self.begins)
        )
        if fault.dimension in ("carrier", "region", "lot", "listing") and self.has_orders and "order_told" in mine.columns:
            mine = mine.filter("order_told")  # of the others nobody can know the order
        if fault.dimension == "release":
            here = mine["release"] == fault.value
        else:
            places = self.units[fault.dimension].to_list()
            here = pl.Series([unit >= 0 and places[unit] == fault.value for unit in mine["unit"]], dtype=pl.Boolean)
        inside = int((here & (mine["submitted_at"] >= fault.since)).sum())
        return inside, mine.height - inside


def invent(seed: int, *, scale: float = 1.0) -> StrangerShop:
    """Invent a shop.

    Args:
        seed: The same seed gives the same shop.
        scale: Factor of its weekly cases; tests make smaller ones.
    """
    chance = np.random.default_rng([seed, 7])
    trade = TRADES[seed % len(TRADES)]
    language = "zh" if chance.random() < 0.5 else "en"
    cases = float(np.exp(chance.uniform(np.log(5), np.log(500)))) * scale
    shop = StrangerShop(
        seed=seed,
        trade=trade,
        language=language,
        mixed=bool(chance.random() < 0.25),
        zone=str(chance.choice(ZONES[language])),
        weeks=int(chance.choice([3, 4, 6, 9, 14, 26, 40, 60])),
        weekly_cases=cases,
        has_orders=trade.physical and bool(chance.random() < 0.8),
        has_signing=bool(chance.random() < 0.7),
        has_lots=bool(chance.random() < 0.6),
    )
    if not trade.physical:
        first = shop.begins - timedelta(days=20)
        shop.releases = [(f"{2 + n // 5}.{n % 5}.0", first + timedelta(days=33 * n)) for n in range(20)]
    shop.units = _units(shop, chance)
    rates = _rates(shop, chance)
    shop.faults = _faults(shop, chance)
    drawn = [_drawn(shop, rates, chance, None)]
    drawn += [_drawn(shop, rates, chance, fault) for fault in shop.faults]
    shop.baseline = pl.concat([_drawn(shop, rates, chance, None) for _ in range(REPLICAS)])
    shop.cases = _written(shop, pl.concat(drawn), chance)
    return shop


def _units(shop: StrangerShop, chance: np.random.Generator) -> pl.DataFrame:
    """Draw the order lines: a trend, a season, week-to-week noise, and one promotion."""
    begin = shop.begins - timedelta(days=30)
    days = (shop.ends - begin).days
    growth = chance.uniform(-0.003, 0.012)
    day = np.arange(days)
    level = np.exp(growth * day / 7) * (1 + 0.25 * np.sin(2 * np.pi * (day / 365 + chance.random())))
    level = level * np.repeat(chance.gamma(25, 1 / 25, days // 7 + 1), 7)[:days] * np.where(day % 7 > 4, 1.4, 0.85)
    promotion = int(chance.integers(0, max(1, days - 7)))
    level[promotion : promotion + 5] *= 2.5
    lines = min(shop.weekly_cases * 14, 2600) / 7
    counts = chance.poisson(level / level.mean() * lines)
    bought = np.repeat(day, counts)
    n = len(bought)
    seconds = bought * 86400 + chance.integers(8 * 3600, 23 * 3600, n)
    words = 0 if shop.language == "zh" else 1
    names = [product[words] for product in shop.trade.products]
    product = chance.choice(len(names), n, p=_shares(len(names), chance))
    life = chance.integers(21, 40, len(names))
    lot = (bought + chance.integers(0, 30, len(names))[product]) // life[product]
    carriers, provinces = CARRIERS[shop.language], PROVINCES[shop.language]
    shipped = seconds + chance.integers(3 * 3600, 60 * 3600, n)
    signed = shipped + (chance.gamma(5, 0.7, n) * 86400).astype(int)
    stamp = int(begin.timestamp())
    moments = {
        name: pl.from_epoch(pl.Series(values + stamp), time_unit="s").dt.replace_time_zone("UTC")
        for name, values in (("paid_at", seconds), ("shipped_at", shipped), ("signed_at", signed))
    }
    return pl.DataFrame(
        {
            "oid": [f"{shop.seed:02d}{9000 + row // 2:06d}-{row % 2 + 1}" for row in range(n)],
            "tid": [f"{shop.seed:02d}{9000 + row // 2:06d}" for row in range(n)],
            "sku": [f"{shop.trade.name[:2].upper()}{1 + k}" for k in product],
            "product": product,
            "lot": [f"{chr(65 + k)}{100 + b}" for k, b in zip(product, lot, strict=True)],
            "carrier": chance.choice(carriers, n, p=_shares(len(carriers), chance)),
            "region": chance.choice(provinces, n, p=_shares(len(provinces), chance)),
            "listing": [f"{shop.trade.name[:2].upper()}{1 + k}-v{1 + b // 3}" for k, b in zip(product, lot, strict=True)],
            **moments,
        }
    )  # fmt: skip


def _shares(n: int, chance: np.random.Generator) -> Array:
    return chance.dirichlet(np.full(n, 4.0))


def _rates(shop: StrangerShop, chance: np.random.Generator) -> dict[str, Array]:
    """Return by grievance each unit's chance of one; where no order matters, the cases expected on each day."""
    days = (shop.ends - shop.begins).days + 30
    total = sum(one.share for one in shop.trade.grievances)
    rates: dict[str, Array] = {}
    weeks = days // 7 + 1
    per_unit = shop.weekly_cases / max(1.0, shop.units.height / (days / 7))
    week = ((shop.units["paid_at"] - (shop.begins - timedelta(days=30))).dt.total_days() // 7).to_numpy()
    for one in shop.trade.grievances:
        wobble = chance.gamma(20, 1 / 20, weeks)  # more than chance from week to week
        share = one.share / total
        if one.axis == "day":
            rates[one.name] = np.repeat(wobble, 7)[:days] * shop.weekly_cases * share / 7
        else:
            product = np.exp(chance.normal(0, 0.35, len(shop.trade.products)))[shop.units["product"].to_numpy()]
            rates[one.name] = np.minimum(per_unit * share * product * wobble[np.minimum(week, weeks - 1)], 0.5)
    return rates


def _faults(shop: StrangerShop, chance: np.random.Generator) -> list[PlantedPlace]:
    """Plant up to two faults, at places that the shop's exports name."""
    seen = {"sku", "release"}
    if shop.has_orders:
        seen |= {"carrier", "region", "listing"}
    if shop.has_lots and shop.trade.physical:
        seen.add("lot")
    faults: list[PlantedPlace] = []
    for number in range(int(chance.choice(3, p=(0.25, 0.5, 0.25)))):
        options = [(one, place) for one in shop.trade.grievances for place in one.places if place in seen]
        one, place = options[int(chance.integers(len(options)))]
        if any(fault.grievance == one.name for fault in faults):
            continue
        since = shop.periods[0].start + timedelta(days=int(chance.integers(-14, 7 * (REVIEWED_WEEKS - 3))))
        value, since = _value(shop, place, since, chance)
        wanted = chance.uniform(12, 20 + 0.25 * shop.weekly_cases)  # further cases within two weeks
        faults.append(PlantedPlace(number, place, value, one.name, since, wanted))
    return faults


def _value(shop: StrangerShop, place: str, since: datetime, chance: np.random.Generator) -> tuple[str, datetime]:
    """Choose the value of a place with a fault; a lot or a release is faulty from its own first day."""
    if place == "release":
        version, day = min(shop.releases, key=lambda known: abs(known[1] - since))
        return version, max(day, shop.begins)
    recent = shop.units.filter(pl.col("shipped_at").is_between(since - timedelta(days=5), since + timedelta(days=9)))
    by_value = recent.group_by(place).len().sort("len", place, descending=True).head(3)
    value = str(by_value[place][int(chance.integers(by_value.height))])
    if place == "lot":
        first = shop.units.filter(pl.col(place) == value)["shipped_at"].min()
        return value, max(first, shop.begins) if isinstance(first, datetime) else since
    return value, since


def _drawn(shop: StrangerShop, rates: dict[str, Array], chance: np.random.Generator, fault: PlantedPlace | None) -> pl.DataFrame:
    """Draw the usual complaints, or only those that a fault adds."""
    frames = []
    for one in shop.trade.grievances:
        if fault is not None and one.name != fault.grievance:
            continue
        frames.append(
            _by_day(shop, one, rates, chance, fault) if one.axis == "day" else _by_unit(shop, one, rates, chance, fault)
        )
    everything = pl.concat(frames)
    return everything.filter((pl.col("submitted_at") < shop.ends) & (pl.col("submitted_at") >= shop.begins)).with_columns(
        fault=pl.lit(fault.number if fault else -1)
    )


def _by_unit(
    shop: StrangerShop, one: Grievance, rates: dict[str, Array], chance: np.random.Generator, fault: PlantedPlace | None
) -> pl.DataFrame:
    wanted = rates[one.name]
    if fault is not None:
        here = (shop.units[fault.dimension] == fault.value) & (shop.units["shipped_at"] >= fault.since)
        window = here & (shop.units["shipped_at"] < fault.since + timedelta(days=14))
        wanted = here.to_numpy() * min(0.6, fault.times / max(1, int(window.sum())))
    unit = np.flatnonzero(chance.random(shop.units.height) < wanted)
    shape = sum(map(ord, one.name)) % 3
    if shape == 0:
        lag = chance.gamma(1.2, one.lag_days / 1.2, len(unit))
    elif shape == 1:
        lag = chance.lognormal(math.log(max(one.lag_days, 0.3)) - 0.32, 0.8, len(unit))
    else:
        lag = np.where(chance.random(len(unit)) < 0.7, 0.5, 2.2) * chance.gamma(3, one.lag_days / 3, len(unit))
    axis = shop.units["shipped_at" if one.axis == "shipped" else "signed_at"].gather(unit)
    submitted = axis + pl.Series(lag * 86_400_000_000).cast(pl.Duration("us"))
    return pl.DataFrame(
        {"submitted_at": submitted.cast(pl.Datetime("us", "UTC")), "grievance": one.name, "unit": unit.astype(np.int64), "release": ""},
        schema_overrides={"grievance": pl.String, "release": pl.String},
    )  # fmt: skip


def _by_day(
    shop: StrangerShop, one: Grievance, rates: dict[str, Array], chance: np.random.Generator, fault: PlantedPlace | None
) -> pl.DataFrame:
    per_day = rates[one.name]
    begin = shop.begins - timedelta(days=30)
    if fault is not None:
        first = max(0, (fault.since - begin).days)
        per_day = np.where(np.arange(len(per_day)) >= first, fault.times / 14, 0.0)
    day = np.repeat(np.arange(len(per_day)), chance.poisson(per_day))
    moments = [
        begin + timedelta(days=int(d), seconds=int(s)) for d, s in zip(day, chance.integers(0, 86400, len(day)), strict=True)
    ]
    release = [fault.value if fault else _release_at(shop, moment, chance) for moment in moments]
    return pl.DataFrame(
        {"submitted_at": moments, "grievance": one.name, "unit": -1, "release": release},
        schema={"submitted_at": pl.Datetime("us", "UTC"), "grievance": pl.String, "unit": pl.Int64, "release": pl.String},
    )


def _release_at(shop: StrangerShop, moment: datetime, chance: np.random.Generator) -> str:
    """Return the release in use: a new one reaches its users over a fortnight."""
    past = [version for version, day in shop.releases if day + timedelta(days=float(chance.gamma(2, 4))) <= moment]
    return past[-1] if past else (shop.releases[0][0] if shop.releases else "")


def _written(shop: StrangerShop, cases: pl.DataFrame, chance: np.random.Generator) -> pl.DataFrame:
    """Give every case its words, add calm records and now and then one of danger, and number all by time."""
    calm = int(cases.height * 0.25) + 2
    span = (shop.ends - shop.begins).total_seconds()
    moments = [shop.begins + timedelta(seconds=float(s)) for s in chance.uniform(0, span, calm)]
    danger = [
        period.start + timedelta(seconds=float(chance.uniform(0, 6 * 86400)))
        for period in shop.periods
        if shop.trade.danger_en and chance.random() < 0.3
    ]
    extra = pl.DataFrame(
        {"submitted_at": moments + danger, "grievance": "", "unit": -1, "release": "", "fault": -1},
        schema={**cases.schema, "fault": cases.schema["fault"]},
    ).with_columns(danger=pl.Series([False] * calm + [True] * len(danger)))
    everything = pl.concat([cases.with_columns(danger=pl.lit(value=False)), extra]).sort("submitted_at", "grievance", "unit")
    texts, languages = [], []
    kinds = {one.name: one for one in shop.trade.grievances}
    for row in everything.iter_rows(named=True):
        language = shop.language if not shop.mixed or chance.random() < 0.6 else ("en" if shop.language == "zh" else "zh")
        texts.append(_text(shop, row, kinds, language, chance))
        languages.append(language)
    products = shop.units["sku"].to_list()
    return everything.with_columns(
        text=pl.Series(texts, dtype=pl.String),
        language=pl.Series(languages, dtype=pl.String),
        order_told=pl.Series((chance.random(everything.height) < 0.85) & (everything["unit"].to_numpy() >= 0)),
        ref=pl.Series([f"C{shop.seed:02d}-{100000 + n}" for n in range(everything.height)]),
        sku=pl.Series([products[unit] if unit >= 0 else None for unit in everything["unit"]], dtype=pl.String),
        submitted_at=pl.Series(
            [_unambiguous(at, shop.zone) for at in everything["submitted_at"]], dtype=pl.Datetime("us", "UTC")
        ),
    )


def _unambiguous(moment: datetime, zone: str) -> datetime:
    """Return a moment in whole minutes whose local time comes once: none of the hour that the end of summer time repeats."""
    local = moment.replace(second=0, microsecond=0).astimezone(ZoneInfo(zone))
    twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
    return (local.astimezone(UTC) + timedelta(hours=3 if twice else 0)).astimezone(UTC)


def _text(
    shop: StrangerShop, row: dict[str, Any], kinds: dict[str, Grievance], language: str, chance: np.random.Generator
) -> str:
    zh = language == "zh"
    if row["danger"]:
        options = shop.trade.danger_zh if zh else shop.trade.danger_en
    elif not row["grievance"]:
        options = shop.trade.calm_zh if zh else shop.trade.calm_en
    else:
        kind = kinds[row["grievance"]]
        if chance.random() < 0.04:  # the customer writes about something else
            kind = shop.trade.grievances[int(chance.integers(len(shop.trade.grievances)))]
        options = kind.zh if zh else kind.en
    index = int(shop.units["product"][row["unit"]]) if row["unit"] >= 0 else 0
    name = shop.trade.products[index][0 if zh else 1]
    sentence = str(chance.choice(options)).format(p=name)
    return f"{chance.choice(OPENINGS[language])}{sentence}{chance.choice(CLOSINGS[language])}"


def at(period: Period, hour: int = 9) -> datetime:
    """Return the moment of the Monday review after a period."""
    return (period.end + timedelta(hours=hour, minutes=30)).astimezone(UTC)
