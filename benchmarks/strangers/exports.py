"""The exports of an invented shop as its tools write them, dirt included, and the configuration a newcomer writes for them.

The configuration uses only what README says: shop.yaml and channels.yaml. What was delivered by when is kept as the truth.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import xlsxwriter
import yaml

from benchmarks.strangers.world import CURRENCIES, StrangerShop, at
from tasks.shop.sources.delimited import Delimited

HEADINGS = {
    "zh": {"ref": "工单编号", "when": "创建时间", "text": "买家描述", "order": "订单号", "sku": "货号", "state": "状态",
           "amount": "退款金额", "changed": "最后更新", "lot": "批号", "release": "版本"},
    "en": {"ref": "Ticket ID", "when": "Created", "text": "Message", "order": "Order", "sku": "Item", "state": "State",
           "amount": "Refund", "changed": "Updated", "lot": "Lot", "release": "App version"},
}  # fmt: skip
ORDER_HEADINGS = {
    "zh": {"oid": "子订单", "tid": "订单号", "sku": "货号", "qty": "数量", "paid_at": "付款时间", "shipped_at": "发货时间",
           "signed_at": "签收时间", "carrier": "快递公司", "region": "收货省份", "lot": "批号", "listing": "页面版本"},
    "en": {"oid": "Line", "tid": "Order", "sku": "Item", "qty": "Qty", "paid_at": "Paid", "shipped_at": "Shipped",
           "signed_at": "Delivered", "carrier": "Carrier", "region": "State/County", "lot": "Lot", "listing": "Listing"},
}  # fmt: skip
RENAMED = {"zh": "商品货号", "en": "Item no."}
STATES = {"zh": ("待处理", "已关闭"), "en": ("Open", "Closed")}
DATE_FORMS = {
    "zh": ("iso", "half_day", "epoch_s"),
    "en": ("iso", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M"),
}
ENCODINGS = {"zh": ("utf-8", "utf-8-sig", "gb18030"), "en": ("utf-8", "utf-8-sig", "cp1252")}


@dataclass(frozen=True)
class ExportLayout:
    """How a shop's tools write: form of the tickets, characters, dates, amounts, and which dirt befalls the files."""

    form: str
    encoding: str
    separator: str
    preamble: bool
    dates: str
    comma: bool
    stamp: bool
    ids: bool
    products: bool
    mail: bool
    dirt: frozenset[str]

    @classmethod
    def drawn(cls, shop: StrangerShop) -> ExportLayout:
        """Draw a shop's layout; dirt is among late, corrected, copied, renamed, blank."""
        chance = np.random.default_rng([shop.seed, 11])
        form = str(chance.choice(["weekly", "weekly", "cumulative", "workbook", "lines"]))
        # A shop whose export has no number of its own cannot tell rows of two overlapping files apart.
        ids = form == "cumulative" or bool(chance.random() < 0.75)
        dirt = {name for name in ("late", "corrected", "copied", "renamed", "blank") if chance.random() < 0.35}
        if "fill_down" not in Delimited.model_fields:
            dirt.discard("blank")
        return cls(
            form=form,
            encoding=str(chance.choice(ENCODINGS[shop.language][: 2 if shop.mixed else 3])),
            separator=str(chance.choice([",", ";", "\t"])),
            preamble=bool(chance.random() < 0.35),
            dates=str(chance.choice(DATE_FORMS[shop.language])),
            comma=shop.language == "en" and bool(chance.random() < 0.4),
            stamp=bool(chance.random() < 0.5),
            ids=ids,
            products=shop.trade.physical and bool(chance.random() < 0.5),
            mail=bool(chance.random() < 0.3),
            dirt=frozenset(dirt),
        )


@dataclass
class ShopExports:
    """Writes a shop's exports week by week and remembers what it wrote.

    records: ref → (channel, text as last delivered, submitted_at, amount or None), of all that was delivered.
    lines: oids of the delivered order lines.
    renamed_since: Number of the week since which a column has another name, or -1.
    """

    shop: StrangerShop
    layout: ExportLayout
    home: Path
    records: dict[str, tuple[str, str, datetime, float | None]] = field(default_factory=dict)
    lines: set[str] = field(default_factory=set)
    held: dict[int, list[str]] = field(default_factory=dict)
    renamed_since: int = -1

    def __post_init__(self) -> None:
        """Decide once for each record what it costs, whether it comes by mail, and whether it comes late."""
        chance = np.random.default_rng([self.shop.seed, 13])
        n = self.shop.cases.height
        zone = ZoneInfo(self.shop.zone)
        orders = self.shop.units["tid"].to_list()
        lots = self.shop.units["lot"].to_list()
        cents = np.where(chance.random(n) < 0.3, chance.integers(250, 160000, n), -1)
        by_mail = (chance.random(n) < 0.15) & self.layout.mail
        late = (chance.random(n) < 0.12) & ("late" in self.layout.dirt)
        self.rows: list[dict[str, Any]] = [
            {
                "ref": row["ref"],
                "when": row["submitted_at"].astimezone(zone),
                "text": row["text"],
                "order": orders[row["unit"]] if row["order_told"] else "",
                "sku": row["sku"] or "",
                "lot": lots[row["unit"]] if row["unit"] >= 0 else "",
                "release": row["release"],
                "amount": None if cents[k] < 0 else float(cents[k]) / 100,
                "channel": "mail" if by_mail[k] else "tickets",
                "late": bool(late[k]),
                "state": 0,
                "language": row["language"],
            }
            for k, row in enumerate(self.shop.cases.iter_rows(named=True))
        ]

    def configure(self) -> None:
        """Write the configuration that a newcomer writes after reading README."""
        shop, layout = self.shop, self.layout
        config = self.home / "config"
        config.mkdir(parents=True, exist_ok=True)
        (self.home / "inbox").mkdir(exist_ok=True)
        name = {"zh": "陌生小店", "en": "A stranger's shop"}[shop.language]
        identity = {"name": name, "zone": shop.zone, "currency": CURRENCIES[shop.language],
                    "base": "orders" if shop.has_orders else "records",
                    "languages": ["zh-CN" if shop.language == "zh" else "en"]}  # fmt: skip
        channels = [self._tickets()]
        if shop.has_orders:
            channels.append(self._orders())
        if layout.products:
            channels.append(self._channel("products", "product", self._read("products", HEADINGS[shop.language]["sku"]),
                                          {"sku": HEADINGS[shop.language]["sku"], "name": "name", "line": "line"}))  # fmt: skip
        if layout.mail:
            mail = self._channel("mail", "feedback", {"kind": "mailbox", "maildir": "inbox/mail"},
                                 {"submitted_at": "date", "text": "text", "title": "subject", "customer_ref": "from"})  # fmt: skip
            channels.append({**mail, "source": "mail", "source_id": "message_id"})
        for stem, content in (("shop", identity), ("channels", {"channels": channels})):
            (config / f"{stem}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")

    def _channel(self, name: str, table: str, read: dict[str, Any], columns: dict[str, Any]) -> dict[str, Any]:
        labels = {
            "tickets": ("工单", "Tickets"),
            "orders": ("订单", "Orders"),
            "products": ("商品", "Products"),
            "mail": ("邮箱", "Mail"),
        }
        zh, en = labels[name]
        return {"name": name, "label": {"zh": zh, "en": en}, "table": table, "read": read, "columns": columns}

    def _read(self, stem: str, *heading: str) -> dict[str, Any]:
        layout = self.layout
        read: dict[str, Any] = {"kind": "delimited", "files": [f"inbox/{stem}*.csv"], "separator": layout.separator}
        if layout.preamble:
            read |= {"skip_rows": "auto", "heading": list(heading)}
        return read

    def _tickets(self) -> dict[str, Any]:
        shop, layout, names = self.shop, self.layout, HEADINGS[self.shop.language]
        read = self._read("tickets", names["when"], names["text"])
        if layout.form == "workbook":
            read = {"kind": "workbook", "files": ["inbox/tickets*.xlsx"], "heading": [names["when"], names["text"]]}
        elif layout.form == "lines":
            read = {"kind": "json_records", "files": ["inbox/tickets*.jsonl"]}
        open_, closed = STATES[shop.language]
        columns: dict[str, Any] = {"submitted_at": names["when"], "text": names["text"], "order_ref": names["order"],
                                   "refund_amount": names["amount"],
                                   "status": {"from": names["state"], "map": {open_: "open", closed: "closed"}}}  # fmt: skip
        columns |= {"sku": names["sku"]} if shop.trade.physical else {"app_version": names["release"]}
        if shop.has_lots and shop.trade.physical and not shop.has_orders:
            columns["batch_no"] = names["lot"]
        made = self._channel("tickets", "feedback", read, columns)
        made |= {"source": "ticket", "origin": "online", "dates": [layout.dates]}
        if layout.ids:
            made["source_id"] = names["ref"]
        if layout.stamp:
            made["stamp"] = names["changed"]
        return made

    def _orders(self) -> dict[str, Any]:
        names = ORDER_HEADINGS[self.shop.language]
        read = self._read("orders", names["tid"], names["sku"])
        if "blank" in self.layout.dirt:
            carried = [key for key in ("paid_at", "shipped_at", "signed_at", "carrier", "region") if key in self._order_columns()]
            read["fill_down"] = {"by": names["tid"], "columns": [names[key] for key in carried]}
        targets = {"region": "dest_province", "lot": "batch_no", "listing": "listing_version"}
        columns = {targets.get(key, key): names[key] for key in self._order_columns()}
        return {**self._channel("orders", "order_line", read, columns), "dates": [self.layout.dates]}

    def _order_columns(self) -> list[str]:
        absent = {key for key, there in (("signed_at", self.shop.has_signing), ("lot", self.shop.has_lots)) if not there}
        return [key for key in ORDER_HEADINGS[self.shop.language] if key not in absent]

    def write(self, week: int) -> None:
        """Write what lies in the inbox on the Monday after a reviewed week; before the first, the whole history too."""
        period = self.shop.periods[week]
        self._write_tickets(week, self.shop.begins if week == 0 else period.start, period.end)
        if self.layout.mail:
            self._write_mails(self.shop.begins if week == 0 else period.start, period.end)
        if self.shop.has_orders:
            self._write_orders(week)
        if self.layout.products and week == 0:
            languages = 0 if self.shop.language == "zh" else 1
            rows = [[f"{self.shop.trade.name[:2].upper()}{1 + k}", product[languages], product[2] if languages == 0 else "all"]
                    for k, product in enumerate(self.shop.trade.products)]  # fmt: skip
            self._write_csv("products.csv", [HEADINGS[self.shop.language]["sku"], "name", "line"], rows)

    def _write_tickets(self, week: int, first: datetime, end: datetime) -> None:
        dirt = self.layout.dirt
        if "renamed" in dirt and week >= 3 and self.renamed_since < 0:
            self.renamed_since = week
        fresh = [row for row in self.rows if row["channel"] == "tickets" and first <= row["when"] < end]
        last = week == len(self.shop.periods) - 1
        kept = [row for row in fresh if not row["late"] or (week == 0 and row["when"] < end - timedelta(days=7))]
        waiting = [row for row in fresh if row not in kept] if "late" in dirt else []
        stem = "tickets" if self.layout.form == "cumulative" else f"tickets-{self.shop.periods[week].id}"
        if "corrected" in dirt and week > 0 and self.layout.form != "cumulative":
            self._correct(week - 1)
        rows = kept
        if self.layout.form == "cumulative":
            delivered = [row for row in self.rows if row["ref"] in self.records and row["channel"] == "tickets"]
            rows = delivered + kept
        self._tickets_file(stem, rows, week)
        self.held[week] = [row["ref"] for row in kept]
        if late := self.held.pop(-1, []):
            self._tickets_file(
                f"tickets-{self.shop.periods[week - 1].id}-b", [row for row in self.rows if row["ref"] in set(late)], week
            )
        if waiting and not last:
            self.held[-1] = [row["ref"] for row in waiting]
        if "copied" in dirt and week == 1:
            suffix = {"workbook": "xlsx", "lines": "jsonl"}.get(self.layout.form, "csv")
            original = self.home / "inbox" / f"{stem}.{suffix}"
            (original.parent / f"{stem} (1).{suffix}").write_bytes(original.read_bytes())

    def _correct(self, week: int) -> None:
        """Write last week's file anew: all closed, and one text written over."""
        refs = set(self.held.get(week, []))
        rows = [row for row in self.rows if row["ref"] in refs]
        for row in rows:
            row["state"] = 1
        if rows:
            rows[0]["text"] += {"zh": "（客户补充：尽快）", "en": " (customer adds: soon please)"}[self.shop.language]
        self._tickets_file(f"tickets-{self.shop.periods[week].id}", rows, week)

    def _tickets_file(self, stem: str, rows: list[dict[str, Any]], week: int) -> None:
        names = dict(HEADINGS[self.shop.language])
        if 0 <= self.renamed_since <= week and self.shop.trade.physical:
            names["sku"] = RENAMED[self.shop.language]
        keys = [key for key in names if key != ("release" if self.shop.trade.physical else "sku")]
        keys = [key for key in keys if (key != "lot" or self.shop.has_lots) and (key != "ref" or self.layout.ids)]
        table = [[self._cell(row, key) for key in keys] for row in rows]
        heading = [names[key] for key in keys]
        if self.layout.form == "workbook":
            with xlsxwriter.Workbook(str(self.home / "inbox" / f"{stem}.xlsx")) as book:
                sheet = book.add_worksheet("Tickets")
                for n, cells in enumerate([heading, *table]):
                    sheet.write_row(n, 0, cells)
        elif self.layout.form == "lines":
            text = "".join(json.dumps(dict(zip(heading, cells, strict=True)), ensure_ascii=False) + "\n" for cells in table)
            (self.home / "inbox" / f"{stem}.jsonl").write_text(text, "utf-8")
        else:
            self._write_csv(f"{stem}.csv", heading, table)
        for row in rows:
            self.records[row["ref"]] = ("tickets", row["text"], row["when"], row["amount"])

    def _cell(self, row: dict[str, Any], key: str) -> str:
        if key in ("when", "changed"):
            return self._moment(row["when"])
        if key == "state":
            return STATES[self.shop.language][row["state"]]
        if key == "amount":
            return "" if row["amount"] is None else self._amount(row["amount"])
        return str(row[key])

    def _amount(self, amount: float) -> str:
        if self.layout.comma:
            return f"{amount:,.2f}".translate(str.maketrans(",.", ".,")) + " €"
        return f"{amount:.2f}" if self.shop.seed % 2 else f"{amount:,.2f}"

    def _moment(self, moment: datetime | None) -> str:
        if moment is None:
            return ""
        local = moment.astimezone(ZoneInfo(self.shop.zone))
        form = self.layout.dates
        if form == "iso":
            return local.strftime("%Y-%m-%d %H:%M:%S")
        if form == "epoch_s":
            return str(int(local.timestamp()))
        if form == "half_day":
            return f"{local.year}/{local.month}/{local.day} {'上午' if local.hour < 12 else '下午'}{(local.hour - 1) % 12 + 1}:{local:%M}"
        return local.strftime(form)

    def _write_csv(self, name: str, heading: list[str], rows: list[list[str]]) -> None:
        text = io.StringIO()
        if self.layout.preamble:
            text.write({"zh": "导出时间 2026-11-09\n\n", "en": "Exported by admin\n\n"}[self.shop.language])
        writer = csv.writer(text, delimiter=self.layout.separator, lineterminator="\r\n" if self.shop.seed % 3 else "\n")
        writer.writerow(heading)
        writer.writerows(rows)
        (self.home / "inbox" / name).write_bytes(text.getvalue().encode(self.layout.encoding))

    def _write_orders(self, week: int) -> None:
        period = self.shop.periods[week]
        now, first = at(period), period.end - timedelta(days=35)
        begin = self.shop.begins - timedelta(days=30) if week == 0 else first
        units = self.shop.units.filter((pl.col("paid_at") >= begin) & (pl.col("paid_at") < period.end)).sort("paid_at", "oid")
        keys = self._order_columns()
        rows, last = [], ""
        for unit in units.iter_rows(named=True):
            cells = []
            repeats = "blank" in self.layout.dirt and unit["tid"] == last
            for key in keys:
                value = unit.get(key, "1")
                if isinstance(value, datetime):
                    value = self._moment(value if value <= now else None)
                cells.append("" if repeats and key in ("paid_at", "shipped_at", "signed_at", "carrier", "region") else str(value))
            last = unit["tid"]
            rows.append(cells)
            self.lines.add(unit["oid"])
        self._write_csv(f"orders-{period.id}.csv", [ORDER_HEADINGS[self.shop.language][key] for key in keys], rows)

    def _write_mails(self, first: datetime, end: datetime) -> None:
        folder = self.home / "inbox" / "mail"
        for part in ("cur", "new", "tmp"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for row in self.rows:
            if row["channel"] != "mail" or not first <= row["when"] < end:
                continue
            mail = EmailMessage()
            mail["From"] = f"buyer{row['ref'][-5:]}@mail.example"
            mail["To"] = "service@stranger.example"
            mail["Subject"] = {"zh": "售后问题", "en": "About my purchase"}[row["language"]]
            mail["Date"] = format_datetime(row["when"])
            mail["Message-ID"] = f"<{row['ref']}@mail.example>"
            mail.set_content(row["text"], charset="utf-8" if self.layout.encoding.startswith("utf") else "gb18030")
            (folder / "new" / f"{int(row['when'].timestamp())}.{row['ref']}.host").write_bytes(mail.as_bytes())
            self.records[row["ref"]] = ("mail", row["text"], row["when"], None)
