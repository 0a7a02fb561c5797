"""Files and mails of the sample shop: reviews, posts, app forms, calls, hand-typed workbooks, published figures."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import xlsxwriter

from examples.sample_shop.dirt import BAD_ROWS, DOUBLES, DirtLedger, chance, rows_of, spoil
from examples.sample_shop.rows import ZONE, native_rows, nested
from examples.sample_shop.shapes import REVIEW_CHANNELS

EXPORT_LIMIT = 5_000
EXPORTED_AGAIN_DAYS = 2
MONTH_DAY_WITHIN = 300
"""Dates are typed without a year only within this many days before the newest: the reader takes the nearest year."""
MAILBOXES = {"平台甲": "jia", "平台乙": "yi", "平台丙": "bing", "小程序": "app", "门店": "store"}
LOCAL = ZoneInfo(ZONE)


def write_reviews(folder: Path, channel: str, reviews: pl.DataFrame, seed: int, ledger: DirtLedger) -> list[str]:
    """Write a platform's reviews: 平台甲 as CSV whose first export stops at 5,000 rows, the others as JSON lines by month.

    Returns:
        Source ids that the cut-off export lost.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if "thread_ref" in reviews.columns:
        ledger.note("soiled", channel, "follow_up", reviews["thread_ref"].drop_nulls().len())
    whole = reviews.sort("stamp", "source_id")
    if channel == REVIEW_CHANNELS["平台甲"]:
        return _write_exports(folder, channel, whole, seed, ledger)
    rows = spoil(native_rows(whole, "reviews"), "reviews", seed, ledger, name=channel)
    day = pl.col("crawledAt").str.slice(0, 10)
    months = rows.with_columns(day.str.slice(0, 7).alias("_month")).partition_by("_month", as_dict=True, maintain_order=True)
    before: list[str] = []
    for (month,), part in sorted(months.items()):
        lines = nested(part.drop("_month")).to_list()
        last = part.select(day.alias("day"))["day"]
        tail = last.max()
        (folder / f"{channel.removeprefix('reviews_')}-{month}.jsonl").write_text(
            "".join(f"{line}\n" for line in before + lines), encoding="utf-8"
        )
        ledger.rows[channel] += len(before)
        ledger.note("repeated", channel, "exported_again", len(before))
        edge = (datetime.fromisoformat(str(tail)) - timedelta(days=EXPORTED_AGAIN_DAYS - 1)).strftime("%Y-%m-%d")
        before = [line for line, when in zip(lines, last.to_list(), strict=True) if when >= edge][:20]
    return []


def _write_exports(folder: Path, channel: str, whole: pl.DataFrame, seed: int, ledger: DirtLedger) -> list[str]:
    stem = channel.removeprefix("reviews_")
    lost: list[str] = []
    if whole.height > EXPORT_LIMIT:
        edge = whole["stamp"].dt.convert_time_zone(ZONE).dt.date()[EXPORT_LIMIT - 1]
        old = pl.col("stamp").dt.convert_time_zone(ZONE).dt.date() <= edge
        first, whole = whole.filter(old), whole.filter(~old)
        lost = first["source_id"].to_list()[EXPORT_LIMIT:]
        _csv(folder / f"{stem}-until-{edge:%Y-%m-%d}.csv", native_rows(first.head(EXPORT_LIMIT), channel))
        ledger.rows[channel] += EXPORT_LIMIT
        ledger.lost[channel] = len(lost)
    rows = spoil(native_rows(whole, channel), channel, seed, ledger)
    months = rows.with_columns(pl.col("导出时间").str.slice(0, 7).alias("_month")).partition_by(
        "_month", as_dict=True, maintain_order=True
    )
    for (month,), part in sorted(months.items()):
        _csv(folder / f"{stem}-{month}.csv", part.drop("_month"))
    return lost


def _csv(path: Path, rows: pl.DataFrame, *, preamble: str = "") -> None:
    """Write a CSV in GB18030, as Chinese back-offices do."""
    path.write_bytes((preamble + rows.write_csv(line_terminator="\r\n")).encode("gb18030"))


def write_posts(folder: Path, posts: pl.DataFrame | None, seed: int, ledger: DirtLedger) -> None:
    """Write social posts: one JSON document a month from the monitoring service, posts nested by day."""
    folder.mkdir(parents=True, exist_ok=True)
    if posts is None:
        return
    rows = spoil(native_rows(posts, "social"), "social", seed, ledger)
    months = rows.with_columns(pl.from_epoch("crawlTs", time_unit="ms").dt.strftime("%Y-%m").alias("_month"))
    for (month,), part in sorted(months.partition_by("_month", as_dict=True, maintain_order=True).items()):
        items = [json.loads(line) for line in nested(part.drop("_month")).to_list()]
        document = {"monitor": "社媒监测", "month": month, "total": len(items), "data": {"posts": items}}
        (folder / f"posts-{month}.json").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")


def write_app_forms(folder: Path, filled: pl.DataFrame | None, seed: int, ledger: DirtLedger) -> None:
    """Write the in-app form's database: one SQLite file, table `feedback_form`."""
    if filled is None:
        return
    rows = spoil(native_rows(filled, "forms"), "forms", seed, ledger)
    path = folder / "app.sqlite"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    kinds = ", ".join(
        f"{name} {'TEXT' if kind == pl.String else 'REAL' if kind.is_float() else 'INTEGER'}"
        for name, kind in rows.schema.items()
    )
    with connection:
        connection.execute(f"CREATE TABLE feedback_form ({kinds})")
        marks = ", ".join("?" * rows.width)
        connection.executemany(f"INSERT INTO feedback_form VALUES ({marks})", rows.rows())  # noqa: S608  only question marks
        connection.execute("CREATE INDEX feedback_form_changed ON feedback_form (changed_at)")
    connection.close()


def write_calls(folder: Path, calls: pl.DataFrame | None, seed: int, ledger: DirtLedger) -> None:
    """Write the call centre's CSV (GB18030, two lines of preamble)."""
    if calls is None:
        return
    rows = spoil(native_rows(calls, "calls"), "calls", seed, ledger)
    _csv(folder / "calls.csv", rows, preamble="呼叫中心通话明细\r\n导出人：系统,口径：已归档\r\n")


def write_mails(folder: Path, mails: pl.DataFrame | None, seed: int, ledger: DirtLedger) -> None:
    """Write a Maildir of real messages: some in GB18030, some with the earlier mail quoted, some as HTML beside text."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    if mails is None:
        return
    mails = mails.sort("stamp", "source_id")
    rng = chance(seed, "mails")
    coins = rng.random((mails.height, 3))
    bad = set(rows_of(rng, mails.height, BAD_ROWS).tolist())
    double = set(rows_of(rng, mails.height, DOUBLES).tolist())
    wanted = [
        name
        for name in ("source_id", "submitted_at", "customer_ref", "order_ref", "sku", "platform", "title", "text")
        if name in mails.columns
    ]
    for number, row in enumerate(mails.select(wanted).iter_rows(named=True)):
        sent = row["submitted_at"].astimezone(LOCAL)
        message = _mail(row, sent, coins[number].tolist())
        name = f"{int(sent.timestamp())}.{number:06d}.shop"
        data = message.as_bytes()
        (folder / "cur" / f"{name}:2,S").write_bytes(data)
        if number in double:
            (folder / "new" / f"{name}d").write_bytes(data)
        if number in bad:
            del message["Date"], message["Message-ID"]
            message["Message-ID"] = f"<{row['source_id']}B@mail.example.com>"
            if number % 2:
                message["Date"] = "Mon, 30 Feb 2026 25:61:00 +0800"
            ledger.note("quarantine", "mails", "impossible_date" if number % 2 else "no_date", 1)
            (folder / "new" / f"{name}b").write_bytes(message.as_bytes())
    ledger.rows["mails"] += mails.height + len(bad) + len(double)
    ledger.note("repeated", "mails", "same_row_twice", len(double))


def _mail(row: dict[str, Any], sent: datetime, coins: list[float]) -> Message:
    text = str(row["text"] or "")
    about = " ".join(str(row[name]) for name in ("order_ref", "sku") if row.get(name))
    charset = "gb18030" if coins[0] < 0.35 else "utf-8"
    if coins[1] < 0.25:
        earlier = sent - timedelta(days=2)
        text += f"\n\n在 {earlier:%Y年%m月%d日 %H:%M}，朴岸售后 <service@puan.example> 写道："
        text += "\n> 您好，已收到您的来信，\n> 我们会尽快核实处理。"
    plain = MIMEText(text, "plain", charset)
    message: Message = plain
    if coins[2] < 0.12:
        message = MIMEMultipart("alternative", boundary=f"=_{row['source_id']}")
        message.attach(plain)
        message.attach(MIMEText(f"<p>{text.replace(chr(10), '<br>')}</p>", "html", charset))
    message["From"] = f"{row.get('customer_ref') or 'guest'}@example.com"
    message["To"] = f"service-{MAILBOXES.get(str(row.get('platform')), 'all')}@puan.example"
    message["Subject"] = Header(f"{'回复：' if coins[1] < 0.25 else ''}售后反馈 {about}".strip(), charset).encode()
    message["Date"] = format_datetime(sent)
    message["Message-ID"] = f"<{row['source_id']}@mail.example.com>"
    if coins[1] < 0.25:
        message["In-Reply-To"] = f"<desk-{row['source_id']}@puan.example>"
    return message


def write_store_forms(folder: Path, filled: pl.DataFrame | None, seed: int, ledger: DirtLedger) -> None:
    """Write the stores' monthly workbooks as clerks type them: title rows, merged cells, 同上, dates in four manners."""
    folder.mkdir(parents=True, exist_ok=True)
    if filled is None:
        return
    rows = spoil(native_rows(filled, "store_forms"), "store_forms", seed, ledger)
    newest = datetime.fromisoformat(str(rows["录入时间"].max()))
    months = rows.with_columns(pl.col("录入时间").str.slice(0, 7).alias("_month")).partition_by(
        "_month", as_dict=True, maintain_order=True
    )
    for (month,), part in sorted(months.items()):
        table = part.drop("_month")
        if "门店" in table.columns:
            table = table.sort(pl.col("录入时间").str.slice(0, 10), "门店", maintain_order=True)
        typed = _typed_dates(table, "日期", newest)
        with _workbook(folder / f"门店售后登记-{month}.xlsx") as book:
            _sheet(
                book, "登记表", f"朴岸生活 门店售后登记表（{month}）", "填表：各门店当班店员；有破损请附照片", typed, merge="门店"
            )


def write_regulator_forms(folder: Path, letters: pl.DataFrame | None, cases: pl.DataFrame, seed: int, ledger: DirtLedger) -> None:
    """Write the legal clerk's quarterly workbooks: sheet 来文 holds what was said, sheet 台账 the register of cases."""
    folder.mkdir(parents=True, exist_ok=True)
    said = spoil(native_rows(letters, "regulator_letters"), "regulator_letters", seed, ledger) if letters is not None else None
    register = spoil(native_rows(cases, "regulator_cases"), "regulator_cases", seed, ledger)
    if said is None or said.is_empty():
        return
    newest = datetime.fromisoformat(str(said["录入时间"].max()))
    month = pl.col("录入时间").str.slice(5, 2).cast(pl.Int64)
    quarter = pl.format("{}Q{}", pl.col("录入时间").str.slice(0, 4), (month + 2) // 3)
    for name in sorted({*said.select(quarter).to_series().to_list(), *register.select(quarter).to_series().to_list()}):
        with _workbook(folder / f"监管来文-{name}.xlsx") as book:
            _sheet(
                book,
                "来文",
                f"监管及平台转办来文（{name}）",
                "法务部登记",
                _typed_dates(said.filter(quarter == name), "收到时间", newest),
            )
            _sheet(book, "台账", f"案件台账（{name}）", "法务部登记", register.filter(quarter == name))


def _typed_dates(rows: pl.DataFrame, column: str, newest: datetime) -> pl.DataFrame:
    """Write one column's times in the manners of different hands: full, `2026/11/2 下午3:05`, `2026年11月2日`, `11.2`."""
    typed: list[str | None] = []
    for number, cell in enumerate(rows[column].to_list()):
        try:
            moment = datetime.fromisoformat(cell)
        except (TypeError, ValueError):
            typed.append(cell)
            continue
        half = "上午" if moment.hour < 12 else "下午"
        hour = moment.hour if moment.hour <= 12 else moment.hour - 12
        manners = [
            f"{moment:%Y-%m-%d %H:%M}",
            f"{moment.year}/{moment.month}/{moment.day} {half}{hour}:{moment:%M}",
            f"{moment.year}年{moment.month}月{moment.day}日 {moment:%H:%M}",
            f"{moment.month}.{moment.day}"
            if (newest - moment).days < MONTH_DAY_WITHIN
            else f"{moment.year}.{moment.month}.{moment.day}",
        ]
        typed.append(manners[number % len(manners)])
    return rows.with_columns(pl.Series(column, typed, dtype=pl.String))


def _workbook(path: Path) -> Any:
    book = xlsxwriter.Workbook(path, {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": datetime.fromisoformat("2025-01-01"), "author": "门店"})
    return book


def _sheet(book: Any, name: str, title: str, note: str, rows: pl.DataFrame, *, merge: str = "") -> None:
    """Type a sheet: two title rows, an empty one, the heading, the rows, a total."""
    sheet = book.add_worksheet(name)
    bold = book.add_format({"bold": True, "align": "center", "valign": "vcenter"})
    sheet.merge_range(0, 0, 0, max(rows.width - 1, 1), title, bold)
    sheet.write(1, 0, note)
    sheet.write_row(3, 0, rows.columns, bold)
    records = rows.rows()
    spot = rows.columns.index(merge) if merge in rows.columns else -1
    dittos = [rows.columns.index(name) for name in ("货号", "顾客要求") if name in rows.columns]
    line = 4
    while line - 4 < len(records):
        run = 1
        while (
            spot >= 0 and line - 4 + run < len(records) and records[line - 4 + run][spot] == records[line - 4][spot] is not None
        ):
            run += 1
        for row in range(line, line + run):
            cells = list(records[row - 4])
            if row > line:
                above = records[row - 5]
                cells = [
                    "同上" if index in dittos and cell is not None and cell == above[index] else cell
                    for index, cell in enumerate(cells)
                ]
            for index, cell in enumerate(cells):
                if cell is not None and index != spot:
                    sheet.write(row, index, cell)
        if spot >= 0 and records[line - 4][spot] is not None:
            if run > 1:
                sheet.merge_range(line, spot, line + run - 1, spot, records[line - 4][spot], bold)
            else:
                sheet.write(line, spot, records[line - 4][spot])
        line += run
    sheet.write(line, 0, f"合计 {len(records)} 条")


def write_metrics(folder: Path, metrics: pl.DataFrame, ledger: DirtLedger) -> None:
    """Write the platforms' published figures as one CSV in GB18030 with a preamble."""
    rows = native_rows(metrics, "metrics")
    ledger.rows["metrics"] += rows.height
    _csv(folder / "platform_metrics.csv", rows, preamble="店铺体验分导出\r\n说明：数值为平台公布值,不得重算\r\n\r\n")


def write_cost_rates(folder: Path, rates: pl.DataFrame, ledger: DirtLedger) -> None:
    """Write the finance department's cost rates as CSV (UTF-8)."""
    rows = native_rows(rates, "cost_rates")
    ledger.rows["cost_rates"] += rows.height
    (folder / "cost_rates.csv").write_text(rows.write_csv(), encoding="utf-8")
