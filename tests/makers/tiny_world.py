"""A hand-made world of a few hundred rows, for tests of the writers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from tasks.model.columns.column import UTC_TIME
from tasks.model.tables import TABLES

SOURCES = (
    "ticket",
    "chat",
    "aftersale",
    "review",
    "review",
    "review",
    "review",
    "mail",
    "social",
    "form",
    "store",
    "call",
    "regulator",
)
PLATFORMS = ("平台甲", "平台乙", "平台丙", "小程序")
PROBLEMS = (
    ("PRD.FAULT", "battery", "FW-03"),
    ("LOG.DAMAGE", "", "CP-02"),
    ("DSC.SIZE", "", "HW-12"),
    ("SVC.SLOW", "", "AF-09"),
    ("UNK", "", "KT-11"),
)
FIRST = datetime(2026, 9, 1, 4, tzinfo=UTC)


class TinyWorld:
    """Tables, gold, truth and actions as a world has them."""

    def __init__(self, count: int = 650) -> None:
        records, labels = [], []
        for number in range(count):
            leaf, symptom, sku = PROBLEMS[number % len(PROBLEMS)]
            at = FIRST + timedelta(hours=number * 2)
            source = SOURCES[number % len(SOURCES)]
            records.append(
                {
                    "source_id": f"F{number:05d}",
                    "stamp": at + timedelta(hours=1),
                    "source": source,
                    "platform": PLATFORMS[number % 4],
                    "shop": "门店03" if source == "store" else "朴岸生活",
                    "submitted_at": at,
                    "customer_ref": f"u{number % 90}",
                    "order_ref": f"T{number}-1",
                    "waybill": f"YJ{7_300_000_000 + number}",
                    "sku": sku,
                    "batch_no": "FW03-2608B" if sku == "FW-03" else None,
                    "unit_price": 1499.0,
                    "rating": float(1 + number % 5) if source == "review" else None,
                    "request": ("refund", "exchange", None)[number % 3],
                    "source_code": "异响",
                    "nature": "complaint",
                    "status": "closed",
                    "first_bot_at": at + timedelta(seconds=1),
                    "first_human_at": at + timedelta(minutes=2),
                    "closed_at": at + timedelta(hours=5),
                    "reopened_at": at + timedelta(hours=9) if number % 50 == 0 else None,
                    "must_act_by": at + timedelta(days=3) if source == "regulator" else None,
                    "contact_count": 1 + number % 2,
                }
            )
            labels.append(
                {
                    "source_id": f"F{number:05d}",
                    "gold_leaf": leaf,
                    "gold_leaves": [leaf],
                    "gold_symptom": symptom or None,
                    "gold_nature": "complaint",
                    "gold_emotion": 1 + number % 5,
                    "gold_vague": number % 13 == 0,
                    "gold_case_id": f"C{number}",
                    "story": None,
                }
            )
        orders = [
            {
                "oid": f"T{number}-1",
                "tid": f"T{number}",
                "sku": PROBLEMS[number % 5][2],
                "qty": 1,
                "platform": PLATFORMS[number % 4],
                "paid_amount": 99.0,
                "paid_at": FIRST + timedelta(hours=number * 2) - timedelta(days=5),
                "source_id": f"T{number}-1",
                "stamp": FIRST + timedelta(hours=number * 2) - timedelta(days=5),
            }
            for number in range(count)
        ]
        aftersales = [
            {
                "aftersale_id": f"A{number}",
                "oid": f"T{number}-1",
                "platform": PLATFORMS[number % 4],
                "sku": PROBLEMS[number % 5][2],
                "qty": 1,
                "type": ("refund_only", "return_refund")[number % 2],
                "phase": "after_sign",
                "applied_at": FIRST + timedelta(hours=number),
                "refund_amount": 99.5,
                "freight_insurance": True,
                "reason_buyer_first": "quality",
                "source_id": f"A{number}",
                "stamp": FIRST + timedelta(hours=number + 2),
            }
            for number in range(300)
        ]
        cases = [
            {
                "case_no_hash": f"N{number}",
                "body": "12315",
                "kind": "complaint",
                "received_at": FIRST + timedelta(days=number),
                "accepted": number % 2 == 0,
                "amount": 1499.0,
                "source_id": f"N{number}",
                "stamp": FIRST + timedelta(days=number, hours=2),
            }
            for number in range(20)
        ]
        day = date(2026, 9, 1)
        products = [
            {
                "sku": sku,
                "name": sku,
                "line": sku[:2],
                "listed_on": day,
                "price": 99.0,
                "cost": 50.0,
                "aliases": ["CP02-OLD"] if sku == "CP-02" else [],
            }
            for _, _, sku in PROBLEMS
        ]
        stamps = {"source_id": "x", "stamp": FIRST}
        self.tables: dict[str, pl.DataFrame] = {
            "feedback": _frame("feedback", records),
            "order_line": _frame("order_line", orders),
            "aftersale": _frame("aftersale", aftersales),
            "regulator_case": _frame("regulator_case", cases),
            "product": _frame("product", [{**row, **stamps} for row in products]),
            "batch": _frame("batch", [{"batch_no": "FW03-2608B", "sku": "FW-03", "qty_stock": 312, **stamps}]),
            "return_inspection": _frame(
                "return_inspection", [{"aftersale_id": "A1", "inspected_at": FIRST, "result": "scrap", **stamps}]
            ),
            "exposure": _frame("exposure", [{"day": day, "kind": "units_signed", "n": 900.0, **stamps}]),
            "platform_metric": _frame(
                "platform_metric",
                [{"platform": "平台甲", "metric_code": "score", "value": 4.7, "as_published_at": FIRST, **stamps}],
            ),
            "cost_rate": _frame("cost_rate", [{"valid_from": day, "item": "freight_out", "amount": 8.5, "unit": "件", **stamps}]),
        }
        self.gold = pl.DataFrame(labels, schema_overrides={"story": pl.String})
        self.truth: dict[str, Any] = {"stories": {}}
        self.actions: list[dict[str, Any]] = [{"action_id": "A-2026-W26-KT05", "title": "换包装", "at": FIRST}]


def _frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {**TABLES[table].columns, "source_id": pl.String, "stamp": UTC_TIME}
    return pl.DataFrame(rows, schema={name: kind for name, kind in schema.items() if name != "record_id"})
