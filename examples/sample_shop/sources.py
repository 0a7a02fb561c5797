"""The sample shop's sources on disk, each in its own shape."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from examples.sample_shop import forms, server
from examples.sample_shop.dirt import DirtLedger, soil, spoil
from examples.sample_shop.rows import CLOCK, ZONE, native_rows, nested
from examples.sample_shop.shapes import (
    CODES,
    FROM_SOURCE,
    IDENTITY,
    REVIEW_CHANNELS,
    REVIEW_OTHERS,
)
from examples.sample_shop.texts import write_texts
from tasks.model.tables import record_id

DESK_SOURCES = ("tickets", "chats", "disputes")
Progress = Callable[[str, float], None]


class Written(Protocol):
    """The part of a world to write: tables by name, gold labels, truth and earlier actions."""

    tables: dict[str, pl.DataFrame]
    gold: pl.DataFrame
    truth: dict[str, Any]
    actions: list[dict[str, Any]]


def write_sources(world: Written, home: Path, seed: int, progress: Progress | None = None) -> dict[str, Any]:
    """Write every source of a world to `home/sources`, and its truth beside them to `home/truth`.

    Args:
        world: The shop's tables, gold labels, truth and actions.
        home: The shop's folder.
        seed: Draws texts and dirt.
        progress: Called with the step and the share done (0–1).

    Returns:
        The ledger of what was written, by channel.
    """
    tell = progress or (lambda step, share: None)
    folder = home / "sources"
    folder.mkdir(parents=True, exist_ok=True)
    ledger = DirtLedger()
    tell("texts", 0.0)
    feedback, gold = told_feedback(world, seed)
    parcels = world.tables["order_line"].select(pl.col("oid").alias("order_ref"), pl.col("waybill").alias("parcel"))
    feedback = feedback.join(parcels.unique(subset="order_ref"), on="order_ref", how="left", maintain_order="left")
    products = world.tables["product"]
    tell("service desk", 0.15)
    with server.open_for_writing(folder) as desk:
        for channel in DESK_SOURCES:
            frame = soil(feedback.filter(pl.col("channel") == channel), channel, products, seed, ledger)
            rows = spoil(native_rows(frame, channel), channel, seed, ledger)
            write_desk(desk, channel, with_earlier_versions(rows, channel, ledger))
        rows = native_rows(world.tables["aftersale"], "aftersales")
        write_desk(desk, "aftersales", spoil(rows, "aftersales", seed, ledger))
        desk.commit()
    desk.close()
    tell("reviews, posts, forms", 0.4)
    parts = {name: soil(part, name, products, seed, ledger) for name, part in by_channel(feedback).items()}
    lost: list[str] = []
    for channel in sorted(parts):
        if channel.startswith("reviews"):
            lost += forms.write_reviews(folder / "reviews", channel, parts[channel], seed, ledger)
    forms.write_posts(folder / "social", parts.get("social"), seed, ledger)
    forms.write_app_forms(folder, parts.get("forms"), seed, ledger)
    forms.write_calls(folder, parts.get("calls"), seed, ledger)
    tell("mails", 0.5)
    forms.write_mails(folder / "mail", parts.get("mails"), seed, ledger)
    tell("hand-typed forms", 0.6)
    forms.write_store_forms(folder / "store", parts.get("store_forms"), seed, ledger)
    forms.write_regulator_forms(
        folder / "regulator", parts.get("regulator_letters"), world.tables["regulator_case"], seed, ledger
    )
    tell("orders", 0.75)
    write_parquet(folder, world.tables, seed, ledger)
    tell("figures", 0.92)
    forms.write_metrics(folder, world.tables["platform_metric"], ledger)
    forms.write_cost_rates(folder, world.tables["cost_rate"], ledger)
    tell("truth", 0.95)
    write_truth(home / "truth", world, gold.with_columns(pl.col("source_id").is_in(lost).alias("lost")), ledger, seed)
    # The actions of earlier editions are no source of feedback, yet they come from outside as well.
    lines = "".join(json.dumps(action, ensure_ascii=False, default=_plain, sort_keys=True) + "\n" for action in world.actions)
    (folder / "actions.jsonl").write_text(lines, encoding="utf-8")
    tell("done", 1.0)
    return ledger.as_dict()


def told_feedback(world: Written, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give every record its channel and its text.

    Returns:
        Feedback with `channel`, `text`, `language`; gold labels with `channel` and `record_id`; both sorted by source id.
    """
    feedback = world.tables["feedback"].sort("source_id")
    gold = world.gold.sort("source_id")
    known = [name for name in ("source", "rating", "request", "app_version", "contact_count") if name in feedback.columns]
    labels = [name for name in gold.columns if name.startswith("gold_") or name in ("line", "again")]
    records = feedback.select("source_id", "sku", *known).join(
        gold.select("source_id", *labels), on="source_id", how="left", maintain_order="left"
    )
    if "line" not in labels:
        records = records.with_columns(pl.col("sku").str.extract(r"^([A-Z]{2})").alias("line"))
    told = write_texts(records, seed)
    channel = (
        pl.when(pl.col("source") == "review")
        .then(pl.col("platform").replace_strict(REVIEW_CHANNELS, default=REVIEW_OTHERS, return_dtype=pl.String))
        .otherwise(pl.col("source").replace_strict(FROM_SOURCE, default="tickets", return_dtype=pl.String))
    )
    feedback = feedback.with_columns(told["text"], told["language"], channel.alias("channel"))
    gold = gold.join(feedback.select("source_id", "channel", "text"), on="source_id", how="left", maintain_order="left")
    ids = [record_id(name, source) for name, source in zip(gold["channel"].to_list(), gold["source_id"].to_list(), strict=True)]
    return feedback, gold.with_columns(pl.Series("record_id", ids, dtype=pl.String))


def by_channel(feedback: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Split feedback by channel."""
    return {str(key[0]): part for key, part in sorted(feedback.partition_by("channel", as_dict=True).items())}


def write_desk(desk: sqlite3.Connection, endpoint: str, rows: pl.DataFrame) -> None:
    """Put a list's rows into the desk in order of their last change."""
    rows = rows.sort("modifiedTime", maintain_order=True)
    changed = rows["modifiedTime"].str.to_datetime(CLOCK).dt.epoch("s").fill_null(0).to_list()
    if endpoint == "chats":
        rows = with_messages(rows)
    desk.executemany(f"INSERT INTO {endpoint} (changed, body) VALUES (?, ?)", zip(changed, nested(rows).to_list(), strict=True))  # noqa: S608  one of ENDPOINTS


def with_messages(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn a chat's first words into its messages: the buyer's, the robot's greeting, the person's answer."""
    greeting, answer = "亲亲稍等，小岸正在为您查询～", "您好，已经看到您的问题，帮您登记处理。"
    person = pl.col("serve.manualReplyTime") if "serve.manualReplyTime" in rows.columns else pl.lit(None, dtype=pl.String)
    messages = pl.concat_list(
        _message("buyer", pl.col("firstWords"), pl.col("createTime")),
        _message("bot", pl.lit(greeting), pl.col("createTime")),
        _message("seat", pl.when(person.is_not_null()).then(pl.lit(answer)), person),
    )
    return rows.with_columns(messages.alias("messages")).drop("firstWords")


def _message(role: str, words: pl.Expr, at: pl.Expr) -> pl.Expr:
    return pl.struct(pl.lit(role).alias("role"), words.alias("content"), at.alias("time"))


def with_earlier_versions(rows: pl.DataFrame, channel: str, ledger: DirtLedger) -> pl.DataFrame:
    """Give a case that was opened again twice: as it was closed, and as it is now."""
    if "serve.reopenTime" not in rows.columns or "serve.finishTime" not in rows.columns:
        return rows
    good = pl.col(IDENTITY[channel]).str.contains(r"^[A-Z]+\d+$") & pl.col("createTime").is_not_null()
    again = rows.filter(pl.col("serve.reopenTime").is_not_null() & good)
    again = again.unique(subset=IDENTITY[channel], maintain_order=True)
    earlier = again.with_columns(
        pl.lit(None, dtype=pl.String).alias("serve.reopenTime"),
        pl.lit(CODES["status"]["closed"], dtype=pl.Int64).alias("bizStatus"),
        pl.min_horizontal("serve.reopenTime", "modifiedTime").alias("modifiedTime"),
    )
    earlier = earlier.filter(pl.col("modifiedTime").is_not_null())
    ledger.note("repeated", channel, "earlier_version", earlier.height)
    ledger.rows[channel] += earlier.height
    return pl.concat([earlier, rows])


def write_parquet(folder: Path, tables: dict[str, pl.DataFrame], seed: int, ledger: DirtLedger) -> None:
    """Write what the warehouse and the shop's own systems export as Parquet; order lines in one file a month."""
    orders = tables["order_line"]
    months = orders["stamp"].dt.convert_time_zone(ZONE).dt.strftime("%Y-%m")
    (folder / "orders").mkdir(exist_ok=True)
    # Month by month, so that there is never a second copy of all order lines in memory.
    for month in months.drop_nulls().unique().sort().to_list():
        part = spoil_lightly(native_rows(orders.filter(months == month), "order_lines"), seed, ledger)
        part.write_parquet(
            folder / "orders" / f"order_lines-{month}.parquet", compression="zstd", compression_level=1, statistics=True
        )
    for channel, table in (
        ("inspections", "return_inspection"),
        ("exposures", "exposure"),
        ("batches", "batch"),
        ("products", "product"),
    ):
        rows = native_rows(tables[table], channel)
        rows.write_parquet(folder / f"{channel}.parquet", compression="zstd")
        ledger.rows[channel] += rows.height


def spoil_lightly(orders: pl.DataFrame, seed: int, ledger: DirtLedger) -> pl.DataFrame:
    """Add six bad order lines and three repeated ones to a month: more would be much for the shop's own system."""
    sample = orders.gather_every(max(orders.height // 6, 1), offset=seed % 5).head(6)
    if sample.height < 6:
        ledger.rows["order_lines"] += orders.height
        return orders
    number = pl.int_range(pl.len())
    bad = sample.with_columns(
        pl.format("{}B{}", pl.col("sub_order_no"), number).alias("sub_order_no"),
        pl.when(number < 2).then(pl.lit(None, dtype=orders.schema["pay_time"])).otherwise(pl.col("pay_time")).alias("pay_time"),
        pl.when(number.is_between(2, 3)).then(pl.lit(0)).otherwise(pl.col("num")).cast(orders.schema["num"]).alias("num"),
    ).with_columns(
        pl.when(number > 3).then(pl.lit(None, dtype=pl.String)).otherwise(pl.col("sub_order_no")).alias("sub_order_no")
    )
    double = sample.head(3)
    for what in ("no_date", "out_of_range", "missing_id"):
        ledger.note("quarantine", "order_lines", what, 2)
    ledger.note("repeated", "order_lines", "same_row_twice", double.height)
    ledger.rows["order_lines"] += orders.height + bad.height + double.height
    return pl.concat([orders, bad, double])


def write_truth(folder: Path, world: Written, gold: pl.DataFrame, ledger: DirtLedger, seed: int) -> None:
    """Write what is true of the sources, never among them: stories, traps, the dirt, and a label for each record."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = {**world.truth, "seed": seed, "sources": ledger.as_dict()}
    (folder / "truth.json").write_text(
        json.dumps(truth, ensure_ascii=False, indent=1, sort_keys=True, default=_plain), encoding="utf-8"
    )
    gold.write_parquet(folder / "gold.parquet", compression="zstd")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
