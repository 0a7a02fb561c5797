"""The canonical exposure table of the sample shop: what could have gone wrong, by day and slice."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl

from examples.sample_shop import nouns
from examples.sample_shop.moments import Bools, Floats
from examples.sample_shop.service import SYSTEMS, VERSIONS, ServiceDesk

EXPOSURE_COLUMNS = ("platform", "sku", "line", "queue", "shift", "app_version", "os", "warehouse")


def _rows(kind: str, frame: pl.DataFrame) -> pl.DataFrame:
    present = [name for name in EXPOSURE_COLUMNS if name in frame.columns]
    return frame.filter(pl.col("n") > 0).select(
        pl.col("day").cast(pl.Date),
        pl.lit(kind).alias("kind"),
        *(pl.col(name) if name in present else pl.lit(None, dtype=pl.String).alias(name) for name in EXPOSURE_COLUMNS),
        pl.col("n").cast(pl.Float64),
    )


def exposure_frame(
    desk_: ServiceDesk, active: Floats, orders: pl.DataFrame, aftersales: pl.DataFrame, days: list[date], silent: Bools
) -> pl.DataFrame:
    """Return the canonical `exposure` table.

    Args:
        desk_: Conversations.
        active: Active devices by day × version × system.
        orders: The canonical order lines (with `sku`).
        aftersales: The canonical after-sales orders.
        days: The world's days.
        silent: Days on which 平台丙 delivered no review exposure.

    Returns:
        Rows by day and slice for units_signed, parcels_shipped, conversations, human_conversations, replied_3min,
        active_devices, reviews and aftersales, with `stamp` (06:00 of the next day) and `source_id`.
    """
    quiet = [day for day, one in zip(days, silent, strict=True) if one]
    frame = pl.concat(
        [
            *_conversations(desk_, days),
            _devices(active, days),
            *_units(orders),
            _reviews(orders, days[-1], quiet),
            _rows(
                "aftersales", aftersales.select(_on_day("applied_at"), "platform").group_by(["day", "platform"]).agg(n=pl.len())
            ),
        ]
    ).filter(pl.col("day").is_between(days[0], days[-1]))
    frame = frame.sort("kind", "day", *EXPOSURE_COLUMNS, nulls_last=True)
    stamp = pl.col("day").cast(pl.Datetime("us")).dt.offset_by("22h").dt.replace_time_zone("UTC")
    return frame.with_columns(
        stamp=stamp,
        source_id=pl.concat_str(
            [pl.col("kind"), pl.col("day").cast(pl.String), *(pl.col(name).fill_null("-") for name in EXPOSURE_COLUMNS)],
            separator="|",
        ),
    )


def _on_day(column: str) -> pl.Expr:
    return pl.col(column).dt.convert_time_zone("Asia/Shanghai").dt.date().alias("day")


def _conversations(desk_: ServiceDesk, days: list[date]) -> list[pl.DataFrame]:
    calendar = np.array(days, dtype="datetime64[D]")
    day_index, queue_index, shift_index = (index.ravel() for index in np.indices(desk_.human.shape))
    base = pl.DataFrame(
        {
            "day": pl.Series(calendar[day_index]).cast(pl.Date),
            "platform": pl.Series([platform for _, platform in nouns.QUEUES]).gather(pl.Series(queue_index)),
            "queue": pl.Series([queue for queue, _ in nouns.QUEUES]).gather(pl.Series(queue_index)),
            "shift": pl.Series(nouns.SHIFTS).gather(pl.Series(shift_index)),
        }
    )
    counted = {"conversations": desk_.conversations, "human_conversations": desk_.human, "replied_3min": desk_.replied}
    return [_rows(kind, base.with_columns(n=pl.Series(values.ravel()))) for kind, values in counted.items()]


def _devices(active: Floats, days: list[date]) -> pl.DataFrame:
    calendar = np.array(days, dtype="datetime64[D]")
    day_index, version_index, system_index = (index.ravel() for index in np.indices(active.shape))
    frame = pl.DataFrame(
        {
            "day": pl.Series(calendar[day_index]).cast(pl.Date),
            "line": pl.repeat("SM", active.size, eager=True),
            "app_version": pl.Series(VERSIONS).gather(pl.Series(version_index)),
            "os": pl.Series(SYSTEMS).gather(pl.Series(system_index)),
            "n": active.ravel(),
        }
    )
    return _rows("active_devices", frame)


def _units(orders: pl.DataFrame) -> list[pl.DataFrame]:
    """Return units by the day they were signed and parcels by the day they were shipped."""
    units = orders.filter(pl.col("signed_at").is_not_null()).select(
        _on_day("signed_at"), "platform", pl.col("sku").str.slice(0, 2).alias("line"), "warehouse", "qty"
    )
    parcels = orders.filter(pl.col("waybill").is_not_null()).select(_on_day("shipped_at"), "platform", "warehouse", "waybill")
    return [
        _rows("units_signed", units.group_by(["day", "platform", "line", "warehouse"]).agg(n=pl.col("qty").sum())),
        _rows("parcels_shipped", parcels.group_by(["day", "platform", "warehouse"]).agg(n=pl.col("waybill").n_unique())),
    ]


def _reviews(orders: pl.DataFrame, last: date, quiet: list[date]) -> pl.DataFrame:
    """Return reviews by day: few buyers write one, one in nine of the parcels signed three days before."""
    signed = orders.filter(pl.col("signed_at").is_not_null()).select(
        (pl.col("signed_at").dt.convert_time_zone("Asia/Shanghai").dt.date() + timedelta(days=3)).alias("day"), "platform"
    )
    reviews = signed.filter(pl.col("day") <= last).group_by(["day", "platform"]).agg(n=(pl.len() * 0.11).round(0))
    missing = (pl.col("platform") == "平台丙") & pl.col("day").is_in(quiet)
    return _rows("reviews", reviews.filter((pl.col("platform") != "门店") & ~missing))
