"""What cells show: forms of times, the order of day and month, doubts that stay."""

from datetime import UTC, datetime

import polars as pl
import pytest

from tasks.connect.evidence import column_evidence, moments_of

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def _moments(*cells: str):
    return moments_of(pl.Series(cells), "Europe/London", NOW)


@pytest.mark.parametrize(
    ("cells", "forms", "order"),
    [
        (("2026-11-16 09:30", "2026-11-17"), (), ""),
        (("2026/11/2 下午3:05", "2026-11-03 10:21"), (), ""),
        (("2026-11-02T10:00:00Z", "2026-11-02 10:00:00 +0100"), (), ""),
        (("3 Nov 2026", "15 Nov 2026"), (), ""),
        (("46343", "46344.5", "2026-11-17"), (), ""),
        (("1793600000", "1793700000"), ("epoch_s",), ""),
        (("1793600000000", "1793700000123"), ("epoch_ms",), ""),
        (("03/11/2026", "15/11/2026"), ("day_first",), "day_first"),
        (("11/03/2026", "11/15/2026"), ("month_first",), "month_first"),
        (("31.10.26 14:05", "01.11.26 09:00"), (), ""),
        (("11/15/2026 03:05 PM", "11/16/2026 09:00 AM"), ("month_first",), "month_first"),
    ],
)
def test_the_form_of_times_is_found(cells: tuple[str, ...], forms: tuple[str, ...], order: str) -> None:
    found = _moments(*cells)
    assert (found.read, found.order, found.doubtful) == (1.0, order, "")
    assert found.forms[:1] == forms


def test_an_order_that_nothing_decides_is_doubtful_and_named_by_a_cell() -> None:
    found = _moments("03/11/2026", "05/11/2026")
    assert found.order == "day_first" and found.doubtful == "03/11/2026"


def test_an_order_that_leads_into_the_future_is_not_taken() -> None:
    found = _moments("10/02/2026", "10/03/2026", "10/12/2026", "11/01/2026", "11/02/2026", "11/03/2026")
    assert (found.order, found.doubtful) == ("month_first", "")


@pytest.mark.parametrize("cells", [("dead", "sparks"), ("111-1", "111-2"), ("12,50", "1.234,56"), ("LPN01", "LPN02")])
def test_other_cells_are_no_times(cells: tuple[str, ...]) -> None:
    assert _moments(*cells).read == 0


def test_a_column_tells_what_it_holds() -> None:
    cells = pl.Series(["ann@shop.example", "bob@shop.example", "", None])
    seen = column_evidence("Email", cells, zone="Europe/London", now=NOW)
    assert (seen.rows, seen.filled, seen.distinct, seen.mails, seen.unique) == (4, 2, 2, 1.0, False)
