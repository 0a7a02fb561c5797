"""`aftersales channels try NAME`: what a channel would deliver, and which rows would be rejected. Nothing is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
from rich.console import Console
from rich.table import Table

from flows.console.sample_desk import desk_beside
from tasks.collect.preview import Preview, preview
from tasks.errors import UserError
from tasks.report.language.masks import with_own_masks
from tasks.settings import Settings
from tasks.shop.channels import Channel
from tasks.shop.load import Shop
from tasks.validate.quarantine import judge

ROWS = 20
WIDEST = 40
REASONS = 5
"""The most cells that are shown for one rule."""


def try_channel(settings: Settings, name: str, console: Console) -> None:
    """Print 20 mapped rows of a channel, what would be rejected and why, and the columns that stayed empty.

    Raises:
        UserError: If there is no such channel, or it or one of its files cannot be read; the other files are shown before.
    """
    shop = Shop.load(settings.home)
    channel = shop.channels.named(name)
    if channel is None:
        names = ", ".join(channel.name for channel in shop.channels.channels)
        raise UserError(
            f"channels.yaml has no channel {name!r}.",
            hint=f"Name one of {names}." if names else "It lists none yet; its comments show how to add one.",
        )
    with console.status(f"Reading {name} …"), desk_beside(settings.home):
        seen = trial(channel, shop, settings, datetime.now(UTC))
    if seen.batch.error and not seen.batch.failures:
        raise UserError(seen.batch.error, hint=seen.batch.hint)
    for failure in seen.batch.failures:
        console.print(f"Not read: {failure}")
    console.print(
        f"{name} → {channel.table}: {seen.batch.read} rows read, {seen.rejected.height} would be rejected. Nothing was stored."
    )
    language = shop.identity.languages[0]
    console.print(rows_table(seen.rows, ZoneInfo(shop.identity.zone), language))
    for note in dict.fromkeys((*seen.batch.warnings, *seen.batch.notes)):
        console.print(f"Note: {note}")
    if seen.empty:
        console.print(f"Always empty: {', '.join(seen.empty)}. Check the source's column name in channels.yaml.")
    for flag, count in seen.flags.items():
        console.print(f"{count} rows are kept and flagged {flag}.")
    if seen.rejected.height:
        console.print("Rejected:")
        for rule, count in seen.counts.items():
            reasons = seen.rejected.filter(pl.col("rule") == rule)["reason"].unique(maintain_order=True)
            console.print(f"  {count:>6}  {rule}: {reasons[0]}")
            for reason in reasons[1:REASONS].to_list():
                console.print(f"          {reason}")
        console.print(
            rows_table(
                seen.rejected.select("source_id", "field", "rule", "record").head(ROWS), ZoneInfo(shop.identity.zone), language
            )
        )
    if seen.batch.failures:
        raise UserError(seen.batch.error, hint=seen.batch.hint)


def trial(channel: Channel, shop: Shop, settings: Settings, now: datetime) -> Preview:
    """Pull and judge a channel without storing anything."""

    def judged(table: str, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        result = judge(
            table,
            frame,
            shop,
            now=now,
            known={"issue": frozenset(shop.taxonomy.every_leaf) | frozenset(shop.taxonomy.nodes)},
            channel=channel.name,
            language=shop.identity.languages[0],
            confirm=False,
        )
        return result.good, result.quarantine

    return preview(channel, shop=shop, settings=settings, now=now, judge=judged, rows=ROWS)


def rows_table(rows: pl.DataFrame, zone: ZoneInfo, language: str) -> Table:
    """Return rows as a table of short cells, moments in the shop's zone, and what stands for personal data in a language."""
    table = Table(*rows.columns, box=None)
    for row in rows.iter_rows():
        table.add_row(*[_cell(value, zone, language) for value in row])
    return table


def _cell(value: object, zone: ZoneInfo, language: str) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    whole = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = " ".join(with_own_masks(whole, language).split())
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
