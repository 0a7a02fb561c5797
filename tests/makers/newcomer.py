"""A newcomer's shop: a few weeks of orders, two lots of one lamp, and one of them fails within days of signing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl

from tasks.classify.coding import code
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts, Facts
from tasks.model.periods import Period
from tasks.model.tables import TABLES
from tasks.shop.load import Shop

NOON = timedelta(hours=4)
ILL, WELL = "L2610B", "L2608A"
WONT_CHARGE = ("It won't charge any more", "the lamp is not charging", "won't charge", "does not charge at all")
WONT_TURN_ON = ("It won't turn on any more, faulty", "does not turn on", "won't turn on", "will not turn on, faulty")
ILL_BY_WEEK = {"2026-W43": 2, "2026-W44": 7, "2026-W45": 6, "2026-W46": 5, "2026-W47": 4}
WELL_BY_WEEK = {"2026-W44": 1, "2026-W46": 1}
OTHER_TEXTS = ("the colour is different from the picture", "the box was crushed on arrival", "parcel still not here", "it smells")


def newcomer(
    texts: tuple[str, ...],
    shop: Shop,
    *,
    until: str = "2026-W47",
    history_weeks: int = 0,
    ill: bool = True,
    lots: bool = True,
    signed: bool = True,
) -> CodedFacts:
    """Return the coded facts of the shop as known at the end of a week.

    Args:
        texts: What the owners of the failing lot write, in turn.
        shop: Configuration.
        until: The last week known.
        history_weeks: Weeks of quiet sales before the first of the two lots.
        ill: Whether the lot fails at all.
        lots: Whether lots are known, and other products sold.
        signed: Whether the shop records when parcels are signed for.
    """
    end = Period.parse(until).last_day + timedelta(days=1)
    orders = _orders(history_weeks, lots=lots)
    records = _complaints(orders, texts, history_weeks, ill=ill)
    begun = datetime(end.year, end.month, end.day, tzinfo=UTC) - timedelta(hours=8)
    lines = orders.filter(pl.col("paid_at") < begun)
    if not signed:
        lines = lines.with_columns(signed_at=pl.lit(None, UTC_TIME))
    late = [pl.when(pl.col(name) < begun).then(pl.col(name)).alias(name) for name in ("shipped_at", "signed_at")]
    tables = {
        "order_line": _table("order_line", lines.with_columns(late)),
        "feedback": _table("feedback", records.filter(pl.col("submitted_at") < begun)),
    }
    return code(Facts(tables, begun), shop)


def _orders(history_weeks: int, *, lots: bool) -> pl.DataFrame:
    first = Period.parse("2026-W41").first_day
    rows: list[tuple[str, str | None, date]] = []

    def sell(sku: str, lot: str, monday: date, count: int) -> None:
        rows.extend((sku, lot if lots else None, monday + timedelta(days=n * 7 // count)) for n in range(count))

    for back in range(history_weeks, 0, -1):
        monday = first - timedelta(weeks=back)
        sell("LMP-USB-02", WELL, monday, 14)
        for sku in ("LMP-DESK-01", "CBL-USBC-1M", "PAD-10W")[: 3 if lots else 0]:
            sell(sku, f"{sku[:3]}-2601", monday, 14)
    for week, count in enumerate((30, 30, 15, 10, 7, 5, 2)):
        sell("LMP-USB-02", WELL, first + timedelta(weeks=week), count)
    for week, count in enumerate((12, 20, 14, 8), start=1):
        sell("LMP-USB-02", ILL, first + timedelta(weeks=week), count)
    for sku in ("LMP-DESK-01", "CBL-USBC-1M", "PAD-10W")[: 3 if lots else 0]:
        for week in range(7):
            sell(sku, f"{sku[:3]}-2609", first + timedelta(weeks=week), 15)
    paid = pl.Series("day", [day for *_, day in rows], pl.Date).cast(UTC_TIME) + NOON
    return pl.DataFrame({"sku": [row[0] for row in rows], "batch_no": [row[1] for row in rows]}).with_columns(
        oid=pl.format("T{}", pl.int_range(pl.len())),
        qty=pl.lit(1, pl.Int64),
        paid_amount=pl.lit(39.0),
        paid_at=paid,
        shipped_at=paid + timedelta(days=1),
        signed_at=paid + timedelta(days=4),
    )


def _complaints(orders: pl.DataFrame, texts: tuple[str, ...], history_weeks: int, *, ill: bool) -> pl.DataFrame:
    """Return the failing lot's complaints, two to twelve days after signing, and a few others everywhere."""
    numbered = orders.with_row_index("unit").with_columns(signed=pl.col("signed_at").dt.date())
    used: set[int] = set()
    rows: list[tuple[int, date, str]] = []

    def complain(where: pl.Expr, week: str, count: int, words: tuple[str, ...]) -> None:
        monday = Period.parse(week).first_day
        able = numbered.filter(where & pl.col("signed").is_between(monday - timedelta(days=12), monday + timedelta(days=4)))
        free = [row for row in able.select("unit", "signed").iter_rows() if row[0] not in used]
        for number, (unit, signed) in enumerate(free[:: max(len(free) // max(count, 1), 1)][:count]):
            used.add(unit)
            day = max(monday + timedelta(days=number * 7 // count), signed + timedelta(days=2))
            rows.append((unit, day, words[number % len(words)]))

    lots = orders["batch_no"].null_count() == 0
    for week, count in ILL_BY_WEEK.items():
        complain(pl.col("batch_no") == ILL if lots else pl.col("sku") == "LMP-USB-02", week, count if ill else 0, texts)
    for week, count in WELL_BY_WEEK.items():
        complain(pl.col("batch_no") == WELL if lots else pl.lit(value=True), week, count, texts)
    first = Period.parse("2026-W41").first_day - timedelta(weeks=history_weeks)
    for number in range(history_weeks + 7):
        week = _week_of(first, number)
        complain(pl.lit(value=True), week, 2, OTHER_TEXTS[number % 2 :])
    mine = orders[[unit for unit, _, _ in rows]]
    return pl.DataFrame(
        {
            "record_id": [f"c{number}" for number in range(len(rows))],
            "order_ref": mine["oid"],
            "sku": mine["sku"],
            "submitted_at": pl.Series([day for _, day, _ in rows], dtype=pl.Date).cast(UTC_TIME) + NOON,
            "text": [text for *_, text in rows],
            "source": "ticket",
            "customer_ref": [f"u{number}" for number in range(len(rows))],
        }
    )


def _week_of(first: date, number: int) -> str:
    year, week, _ = (first + timedelta(weeks=number)).isocalendar()
    return f"{year}-W{week:02d}"


def _table(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    columns = TABLES[name].columns
    missing = [pl.lit(None).alias(column) for column in columns if column not in frame.columns]
    return frame.with_columns(missing).select(pl.col(column).cast(kind) for column, kind in columns.items())
