"""The whole sample shop by seed, in memory: canonical tables, gold, truth and earlier actions."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from examples.sample_shop import nouns, service
from examples.sample_shop.aftersale_tables import aftersale_frames
from examples.sample_shop.aftersales import Applications, applications, refund_cases, refund_rates
from examples.sample_shop.cases import (
    APP_RATE,
    GIFT_BY_CHANNEL,
    SOUTHWEST_CARRIER_C,
    DrawnCases,
    Hazards,
    app_cases,
    flow_cases,
    joined,
    service_cases,
    service_rates,
)
from examples.sample_shop.earlier_actions import earlier_actions
from examples.sample_shop.exposure_table import exposure_frame
from examples.sample_shop.feedback_table import Drawing, feedback_frame
from examples.sample_shop.gold import gold_frame
from examples.sample_shop.goods import Batches, Products, batches, products
from examples.sample_shop.moments import DAY, Bools, Floats, local, utc
from examples.sample_shop.nouns import LINE_CODES
from examples.sample_shop.order_tables import batch_frame, order_frame
from examples.sample_shop.orders import Orders, orders
from examples.sample_shop.problems import AXES, LAGS, PROBLEMS, line_rates
from examples.sample_shop.records import T6_DAYS, Records, in_missing_days, records
from examples.sample_shop.stories import CODES, S5_RATE, S6_RATIO, stories, story_cases
from examples.sample_shop.traps import TrapCases, trap_cases, trap_truth
from examples.sample_shop.truth import quiet_weeks, story_truth
from tasks.errors import UserError
from tasks.model.periods import Period
from tasks.model.tables import TABLES

FORMULA_CHANGED = date(2026, 7, 1)
SCORES = (
    ("平台甲", 4.70, 0.02, 4.5, 4.3, 0.0),
    ("平台乙", 9.10, 0.04, 8.8, 8.5, 0.0),
    ("平台丙", 92.0, 0.35, 85.0, 80.0, 3.2),
)
"""Platform, level, daily noise, warn and bad line, and how much higher the old formula stood."""


class World:
    """The sample shop: the data of its sources, the truth, and the actions promised.

    Args:
        seed: The seed it was built from.
        first: First day.
        after: Day after the last.
        tables: Frames by canonical table name, each with `stamp` and `source_id`.
        gold: Labels beside `feedback`, by `source_id`.
        truth: Stories, traps, quiet weeks, rates and lag curves.
        actions: Actions of earlier editions.
    """

    def __init__(
        self,
        seed: int,
        first: date,
        after: date,
        tables: dict[str, pl.DataFrame],
        gold: pl.DataFrame,
        truth: dict[str, Any],
        actions: list[dict[str, Any]],
    ) -> None:
        self.seed = seed
        self.first = first
        self.after = after
        self.tables = tables
        self.gold = gold
        self.truth = truth
        self.actions = actions


@dataclass(frozen=True)
class _Chance:
    seed: int

    def __call__(self, name: str) -> np.random.Generator:
        # Each part of the world has its own stream, so that one story does not change another's noise.
        return np.random.default_rng(np.random.SeedSequence([self.seed, zlib.crc32(name.encode())]))


def build(
    seed: int,
    weeks: int = 60,
    scale: float = 1.0,
    through: str = "2026-W45",
    *,
    with_stories: bool = True,
    with_traps: bool | None = None,
) -> World:
    """Build the sample shop.

    Args:
        seed: Same seed, same frames.
        weeks: Number of weeks up to and including `through`.
        scale: Multiplies the number of orders and devices.
        through: Last ISO week, at most 2026-W47.
        with_stories: Whether the ten stories happen; without them the shop is quiet.
        with_traps: Whether the planted trap cases happen and reviews go missing (T2, T3, T6, T9, T10); as the stories when not
            said. The other traps lie in the calendar and the mix of orders and are always there.

    Returns:
        The world; about 1.75 million order lines at scale 1 and 60 weeks.

    Raises:
        UserError: If the weeks lie outside 2025-W38 … 2026-W47.
    """
    first, after = _span_of(weeks, through)
    if scale <= 0:
        raise UserError(f"A shop of scale {scale} has no orders.", hint="Give a scale above 0, such as 0.1.")
    traps = with_stories if with_traps is None else with_traps
    chance = _Chance(seed)
    ground = _ground(chance, first, after, scale)
    goods, bought, days, begin, end = ground.goods, ground.bought, ground.days, ground.begin, ground.end
    desk = service.desk(chance("desk"), bought, days, with_stories)
    active = service.devices(days, scale)
    hazards = Hazards(chance("hazards"), goods, bought, with_stories)
    told = stories(goods, ground.lots, bought)
    parts = _quiet_cases(chance, hazards, desk, active, begin, end, with_stories)
    parts += story_cases({story.code: chance(story.code) for story in told}, told, bought) if with_stories else []
    trap_chances = {code: chance(code) for code in ("T2", "T3", "T9", "T10")}
    trapped = trap_cases(trap_chances, goods, bought, scale, end) if traps else TrapCases([], np.zeros(0, dtype=np.int64), "")
    cases = joined([*parts, *trapped.parts])
    applied = applications(chance("applications"), goods, bought, cases, trapped.claims, end)
    cases = joined([cases, refund_cases(chance("refund"), applied)])
    part = records(chance("records"), bought, cases, end)
    gone = in_missing_days(part, bought) if traps else np.zeros(len(part), dtype=bool)
    tables, gold = _tables(chance, ground, applied, part, gone)
    silent = np.array([traps and T6_DAYS[0] <= day < T6_DAYS[1] for day in days])
    exposure = exposure_frame(desk, active, tables["order_line"], tables["aftersale"], days, silent)
    tables["exposure"] = _canonical("exposure", exposure)
    asked = {"seed": seed, "weeks": weeks, "scale": scale, "through": through}
    truth: dict[str, Any] = asked | {
        "stories": story_truth(told, hazards, cases, desk, active, begin, weeks) if with_stories else {},
        "traps": trap_truth(trapped.t9_sku, int(gone.sum())) if traps else {},
        "quiet_weeks": quiet_weeks(begin, weeks, nothing=not with_stories),
        "rates": _rates(hazards),
        "lags": {"distribution": "low + (high - low) * Beta(a, b) days since the axis", "families": LAGS, "axes": AXES},
    }
    until = datetime.fromtimestamp(end - nouns.ZONE_OFFSET, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return World(seed, first, after, tables, gold, truth, earlier_actions(trapped.t9_sku, until) if with_stories else [])


@dataclass(frozen=True)
class _Ground:
    """The basis of every other part of the world; `begin` and `end` are local seconds."""

    goods: Products
    lots: Batches
    bought: Orders
    days: list[date]
    begin: int
    end: int


def _ground(chance: _Chance, first: date, after: date, scale: float) -> _Ground:
    days = [first + timedelta(days=number) for number in range((after - first).days)]
    goods = products(chance("products"))
    lots = batches(chance("batches"), goods, first, after)
    streams = [chance(f"orders.{name}") for name in ("count", "buy", "place", "ship", "lot", "session", "dirt", "person")]
    bought = orders(streams, goods, lots, first, len(days) // 7, scale)
    return _Ground(goods, lots, bought, days, local(first), local(after))


def _span_of(weeks: int, through: str) -> tuple[date, date]:
    """Return the world's first day and the day after its last."""
    last = Period.parse(through)
    after = last.last_day + timedelta(days=1)
    first = after - timedelta(weeks=weeks)
    if last.grain != "week" or weeks < 1 or first < nouns.FIRST_MONDAY or after - timedelta(weeks=1) not in nouns.WEEK_INDEX:
        raise UserError(
            f"The sample shop has no {weeks} weeks through {through}.",
            hint="It covers 2025-W38 to 2026-W47: at most 60 weeks to 2026-W45.",
        )
    return first, after


def _quiet_cases(
    chance: _Chance, hazards: Hazards, desk: service.ServiceDesk, active: Floats, begin: int, end: int, with_stories: bool
) -> list[DrawnCases]:
    """Draw what goes wrong in any shop; the stories S5 and S6 only raise the rates of apps and of one shift."""
    return [
        flow_cases(chance("flow"), hazards, local(date(2026, 10, 15)) if with_stories else end),
        service_cases(chance("service"), hazards.bought, desk, begin, S6_RATIO if with_stories else 1.0, CODES.index("S6")),
        app_cases(chance("app"), hazards.bought, active, begin, S5_RATE if with_stories else 0.0, CODES.index("S5")),
    ]


def _tables(
    chance: _Chance, ground: _Ground, applied: Applications, part: Records, gone: Bools
) -> tuple[dict[str, pl.DataFrame], pl.DataFrame]:
    """Return the canonical tables but `exposure`, and the gold beside `feedback`."""
    goods, lots, bought, end = ground.goods, ground.lots, ground.bought, ground.end
    order_table = order_frame(goods, lots, bought, chance("stamps").integers(60, 900, len(bought)))
    drawing = Drawing(chance("feedback"), goods, lots, bought, part, end)
    feedback = feedback_frame(drawing, order_table).filter(pl.Series(~gone))
    aftersale, inspection = aftersale_frames(chance("aftersales"), goods, lots, bought, applied, order_table["oid"], end)
    tables = {
        "order_line": order_table,
        "feedback": feedback,
        "aftersale": aftersale,
        "return_inspection": inspection,
        "platform_metric": _published(chance("published"), ground.days),
        "regulator_case": _regulator_cases(chance("regulator"), feedback),
        # A batch is known from the day on which it first ships; its stock is that of the world's end.
        "batch": batch_frame(chance("stock"), goods, lots, bought).with_columns(
            stamp=pl.col("first_ship").cast(pl.Datetime("us")).dt.replace_time_zone("UTC") - pl.duration(hours=8),
            source_id=pl.col("batch_no"),
        ),
        "cost_rate": _cost_rates().with_columns(
            stamp=pl.col("valid_from").cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
            source_id=pl.format("{}|{}", "item", "valid_from"),
        ),
        "product": _stamped(goods.frame, "sku", datetime(2025, 9, 14, 16, tzinfo=UTC)),
    }
    gold = gold_frame(drawing, order_table).filter(pl.Series(~gone))
    return {name: _canonical(name, frame) for name, frame in tables.items()}, gold


def _canonical(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    single = [pl.lit(None, pl.String).alias(column) for column in ("market", "currency") if column not in frame.columns]
    frame = frame.with_columns(single)  # the shop sells in one country and one currency
    kinds = {column: kind for column, kind in TABLES[name].columns.items() if column != "record_id"}
    return frame.select(*(pl.col(column).cast(kind) for column, kind in kinds.items()), "stamp", "source_id")


def _stamped(frame: pl.DataFrame, key: str, stamp: datetime) -> pl.DataFrame:
    return frame.with_columns(stamp=pl.lit(stamp).cast(pl.Datetime("us", "UTC")), source_id=pl.col(key))


def _rates(hazards: Hazards) -> dict[str, Any]:
    table = line_rates()
    numbers, slow = service_rates()
    return {
        "per_signed_order": [
            {
                "line": code,
                "leaf": problem.leaf,
                "symptom": problem.symptom,
                "family": problem.family,
                "rate": round(float(table[row, column]), 8),
            }
            for row, code in enumerate(LINE_CODES)
            for column, problem in enumerate(PROBLEMS)
            if problem.family not in ("service", "refund", "app") and table[row, column] > 0
        ],
        "sku_factor": {
            hazards.goods.sku[row]: {
                f"{problem.leaf}/{problem.symptom}".rstrip("/"): round(float(hazards.own[row, column]), 4)
                for column, problem in enumerate(PROBLEMS)
                if abs(hazards.own[row, column] - 1.0) > 1e-9
            }
            for row in range(len(hazards.goods.sku))
        },
        "axis_factor": {
            "ship": float(hazards.scale[_family_number("ship")]),
            "delivery": float(hazards.scale[_family_number("delivery")]),
        },
        "per_human_conversation": {
            PROBLEMS[number].leaf: dict(zip(nouns.SHIFTS, (round(float(value), 8) for value in slow[row]), strict=True))
            for row, number in enumerate(numbers)
        },
        "per_device_day": APP_RATE,
        "per_aftersale": {PROBLEMS[number].leaf: rate for number, rate in refund_rates().items()},
        "carrier_c_southwest_factor": SOUTHWEST_CARRIER_C,
        "gift_factor_by_channel": dict(zip((one.traffic for one in nouns.SALES_CHANNELS), GIFT_BY_CHANNEL, strict=False)),
    }


def _family_number(family: str) -> int:
    return next(number for number, problem in enumerate(PROBLEMS) if problem.family == family)


def _published(rng: np.random.Generator, days: list[date]) -> pl.DataFrame:
    rows: list[dict[str, Any]] = []
    for platform, level, noise, warn, bad, shift in SCORES:
        walk = np.convolve(rng.normal(0.0, noise, len(days) + 30), np.ones(30) / 30 * 2.2, mode="valid")
        quality = np.convolve(rng.normal(0.0, 0.05, len(days) + 30), np.ones(30) / 30 * 2.2, mode="valid")
        for number, day in enumerate(days):
            published = datetime(day.year, day.month, day.day, 1, 5, tzinfo=UTC) + timedelta(days=1)
            old = day < FORMULA_CHANGED
            common = {"platform": platform, "shop": nouns.SHOP, "window_days": 30, "as_published_at": published}
            version = "2025.1" if old and platform == "平台丙" else "2026.7" if platform == "平台丙" else "2025.1"
            value = round(level + float(walk[number]) + (shift if old else 0.0), 2)
            rows.append(
                {
                    **common,
                    "metric_code": "score",
                    "metric_name": "店铺体验分",
                    "value": value,
                    "warn_line": warn,
                    "bad_line": bad,
                    "formula_version": version,
                }
            )
            rows.append(
                {
                    **common,
                    "metric_code": "quality_refund_rate",
                    "metric_name": "品质退款率",
                    "value": round(2.1 + float(quality[number]), 3),
                    "warn_line": 3.0,
                    "bad_line": 4.0,
                    "formula_version": "2025.1",
                }
            )
    frame = pl.DataFrame(rows).with_columns(pl.col("as_published_at").cast(pl.Datetime("us", "UTC")))
    return frame.sort("as_published_at", "platform", "metric_code").with_columns(
        stamp=pl.col("as_published_at") + pl.duration(minutes=10),
        source_id=pl.format("{}|{}|{}", "platform", "metric_code", pl.col("as_published_at").dt.date().cast(pl.String)),
    )


def _regulator_cases(rng: np.random.Generator, feedback: pl.DataFrame) -> pl.DataFrame:
    own = feedback.filter(pl.col("source") == "regulator")
    size = len(own)
    received = own["submitted_at"].dt.epoch("s").to_numpy().astype(np.int64) + nouns.ZONE_OFFSET
    answered_late = rng.random(size) < 0.01
    contact = received + ((0.2 + 0.6 * rng.random(size)) * DAY).astype(np.int64)
    answer = received + (np.where(answered_late, 9.5, 1.0 + 2.0 * rng.random(size)) * DAY).astype(np.int64)
    end = int(feedback["submitted_at"].dt.epoch("s").max() or 0) + nouns.ZONE_OFFSET if len(feedback) else 0  # type: ignore[arg-type]
    kinds = rng.random(size)
    return pl.DataFrame(
        {
            "case_no_hash": own["source_id"].str.replace("RG", "reg-"),
            "body": pl.Series(rng.choice(["12315", "12345", "platform"], size, p=[0.72, 0.2, 0.08]), dtype=pl.String),
            "kind": pl.Series(np.where(kinds < 0.88, "complaint", "report").astype(object), dtype=pl.String),
            "received_at": own["submitted_at"],
            "must_act_by": own["must_act_by"],
            "first_contact_at": utc(np.where(contact < end, contact, 2**61)),
            "answered_at": utc(np.where(answer < end, answer, 2**61)),
            "accepted": pl.Series(kinds < 0.75),
            "result": pl.Series(np.where(kinds < 0.6, "调解成功", "处理中").astype(object), dtype=pl.String),
            "amount": own["unit_price"],
            "law_cited": pl.Series(np.where(kinds > 0.93, "广告法", "").astype(object), dtype=pl.String).replace("", None),
            "order_ref": own["order_ref"],
            "stamp": own["stamp"],
            "source_id": own["source_id"],
        }
    )


def _cost_rates() -> pl.DataFrame:
    rows = [
        ("freight_out", 4.6, "parcel"), ("freight_back", 9.0, "parcel"), ("inspection", 3.5, "unit"), ("refurbish", 12.0, "unit"),
        ("service_minute", 0.9, "minute"), ("service_minutes_per_contact", 6.0, "minute"), ("insurance_premium", 0.9, "order"),
        ("resellable_share", 0.82, "share"), ("carrier_claim_share", 0.35, "share"), ("supplier_claim_share", 0.15, "share"),
    ]  # fmt: skip
    later = [("freight_out", 4.4, "parcel", date(2026, 3, 1)), ("insurance_premium", 1.1, "order", date(2026, 4, 15))]
    every = [(date(2025, 9, 1), *row) for row in rows] + [(day, item, amount, unit) for item, amount, unit, day in later]
    frame = pl.DataFrame(
        every, schema={"valid_from": pl.Date, "item": pl.String, "amount": pl.Float64, "unit": pl.String}, orient="row"
    )
    return frame.sort("item", "valid_from")
