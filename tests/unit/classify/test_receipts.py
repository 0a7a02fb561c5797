"""Order lines whose source never says when they arrived."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from tasks.analyse.figures.quality import quality
from tasks.classify.coding import code
from tasks.classify.receipts import with_estimated_receipts
from tasks.model.facts import EstimatedReceipts, Facts
from tasks.model.periods import Period
from tasks.model.tables import TABLES
from tasks.report.sections import data
from tasks.shop.load import Shop
from tests.makers.reviews import make_context, make_review
from tests.makers.shops import default_shop

AS_OF = datetime(2026, 11, 24, 4, tzinfo=UTC)
DAY = timedelta(days=1)
COLUMNS = "{oid: o, tid: t, sku: s, qty: n, paid_at: p, shipped_at: h%s}"
SILENT = "channels:\n- name: orders\n  table: order_line\n  read: {kind: delimited, files: [o.csv]}\n  columns: " + COLUMNS % ""
TELLING = SILENT.replace("h}", "h, signed_at: r}")


def _shop(channels: str) -> Shop:
    return Shop({**default_shop().files, "channels.yaml": channels.encode()})


def _lines(*rows: dict[str, Any]) -> pl.DataFrame:
    columns = TABLES["order_line"].columns
    given = [{"oid": f"o{index}", "tid": f"t{index}", "sku": "A", "qty": 1, **row} for index, row in enumerate(rows)]
    return pl.DataFrame([{name: row.get(name) for name in columns} for row in given], schema=columns, orient="row")


def _line(shipped: int | None, signed: int | None = None, platform: str | None = None) -> dict[str, Any]:
    return {
        "platform": platform,
        "paid_at": AS_OF - ((shipped or 0) + 1) * DAY,
        "shipped_at": AS_OF - shipped * DAY if shipped is not None else None,
        "signed_at": AS_OF - signed * DAY if signed is not None else None,
    }


def test_without_any_signature_three_days_are_assumed_and_the_future_is_left_open() -> None:
    filled, estimate = with_estimated_receipts(_lines(_line(10), _line(3), _line(2), _line(None)), _shop(SILENT), AS_OF)
    assert filled["signed_at"].to_list() == [AS_OF - 7 * DAY, AS_OF, None, None]
    assert estimate == EstimatedReceipts(lines=2, transit_days=3.0, measured=False)


def test_the_transit_is_that_of_the_shops_other_orders() -> None:
    told = [_line(20 + index, 15 + index, "own") for index in range(30)]
    filled, estimate = with_estimated_receipts(
        _lines(*told, _line(21, None, "market"), _line(22, None, "own")), _shop(SILENT), AS_OF
    )
    assert estimate == EstimatedReceipts(lines=1, transit_days=5.0, measured=True)
    assert filled["signed_at"].to_list()[30:] == [AS_OF - 16 * DAY, None]  # a missing scan where scans are given stays missing


@pytest.mark.parametrize("channels", [TELLING, "channels: []"])
def test_a_source_that_tells_signatures_is_believed(channels: str) -> None:
    lines = _lines(_line(10), _line(20))
    filled, estimate = with_estimated_receipts(lines, _shop(channels), AS_OF)
    assert estimate is None and filled.equals(lines)


def test_quality_rates_of_such_a_shop_have_their_denominator_and_customers_words_no_estimate() -> None:
    lines = [_line(19 + index % 7) for index in range(140)]
    columns = TABLES["feedback"].columns
    said = {"record_id": "r", "submitted_at": AS_OF - 30 * DAY, "source": "ticket", "order_ref": "o0", "text": "The lid leaks"}
    feedback = pl.DataFrame([{name: said.get(name) for name in columns}], schema=columns, orient="row")
    shop = _shop(SILENT)
    coded = code(Facts({"order_line": _lines(*lines), "feedback": feedback}, AS_OF), shop)
    assert coded.estimated_receipts == EstimatedReceipts(140, 3.0, measured=False)
    assert coded["feedback"]["signed_at"].to_list() == [None]
    [rate] = [
        one
        for one in quality(coded, Period.parse("2026-W47", shop.identity.zone), shop)
        if one.code == "complaint_rate_signed" and not one.scope
    ]
    assert rate.n and rate.n > 0


@pytest.mark.parametrize(("measured", "words"), [(True, "other orders take"), (False, "assumed and not measured")])
def test_the_report_says_what_was_estimated(measured: bool, words: str) -> None:
    review = make_review(estimated_receipts=EstimatedReceipts(140, 3.0, measured=measured))
    told = [line.plain for line in data.build(make_context(review, "en")).trust]
    [line] = [line for line in told if "no delivery time" in line]
    assert words in line and "140 orders" in line and "3 days" in line


def test_a_column_that_is_always_empty_is_as_silent_as_none() -> None:
    empty = [_line(22 + index) for index in range(30)]
    filled, estimate = with_estimated_receipts(_lines(*empty, _line(10)), _shop(TELLING), AS_OF)
    assert estimate == EstimatedReceipts(lines=31, transit_days=3.0, measured=False)
    assert filled["signed_at"].null_count() == 0


def test_a_few_parcels_without_a_scan_do_not_make_a_column_empty() -> None:
    young = [_line(3 + index % 10) for index in range(40)]
    for lines in (_lines(*young), _lines(*[_line(40)] * 5)):
        assert with_estimated_receipts(lines, _shop(TELLING), AS_OF)[1] is None
