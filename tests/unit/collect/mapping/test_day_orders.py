"""Days written as numbers mean what the cells of their column can mean; what stays open is flagged and named."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.collect.mapping.readings import read_times
from tasks.errors import ConfigurationError
from tasks.model.rows import PulledRows

Pull = Callable[..., PulledRows]
END = datetime(2026, 11, 27, tzinfo=UTC)


def days(*cells: str, forms: tuple[str, ...] = ("auto",), zone: str = "Europe/London") -> list[str | None]:
    """Read a column, and give its moments in UTC, to the minute; a doubtful one ends in a question mark."""
    found = read_times(pl.Series(cells, dtype=pl.String), forms, zone, END)
    texts = [moment and f"{moment:%Y-%m-%d %H:%M}".removesuffix(" 00:00") for moment in found.values.to_list()]
    return [text and text + "?" * doubt for text, doubt in zip(texts, found.doubtful.to_list(), strict=True)]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("46343", "2026-11-17"),
        ("46344.5", "2026-11-18 12:00"),
        ("46343.999999", "2026-11-18"),
        ("20000", None),
        ("99999", None),
        ("2.11.2026", "2026-11-02"),
        ("2.11.26 15:05", "2026-11-02 15:05"),
        ("17/11/2026 3:05 PM", "2026-11-17 15:05"),
        ("11/17/26 12:05 am", "2026-11-17 00:05"),
        ("17-11-2026 13:05:09", "2026-11-17 13:05"),
        ("17/11/2026, 15:05 Uhr", "2026-11-17 15:05"),
        ("17/11/2026 15:05 +0100", "2026-11-17 14:05"),
        ("17/11/2026 13:05 PM", None),  # 13 is no hour of a half day
        ("2 Nov 2026", "2026-11-02"),
        ("02-Nov-26", "2026-11-02"),
        ("2. März 2026 15:05", "2026-03-02 15:05"),
        ("1er février 2026", "2026-02-01"),
        ("2 de noviembre de 2026", "2026-11-02"),
        ("November 2nd, 2026", "2026-11-02"),
        ("Nov 2, 2026 3:05 PM", "2026-11-02 15:05"),
        ("Mon, 2 Nov 2026 10:00:00 +0000", "2026-11-02 10:00"),
        ("2026-11-17T10:00:00Z", "2026-11-17 10:00"),
        ("12:30", None),
        ("31/02/2026", None),
        ("2 Brumaire 2026", None),
    ],
)
def test_a_day_alone(cell: str, expected: str | None) -> None:
    """Serials, 12-hour times, stops, names of months in seven languages; a time without a day is none."""
    assert days(cell) == [expected]


def test_one_day_above_twelve_decides_for_the_column() -> None:
    """A column is read in one order if a cell fits only that one."""
    assert days("03/11/2026", "15/11/2026") == ["2026-11-03", "2026-11-15"]
    assert days("11/03/2026", "11/15/2026") == ["2026-11-03", "2026-11-15"]
    assert days("03/11/2026", "15/11/2026", forms=("%m/%d/%Y", "%d/%m/%Y")) == ["2026-11-03", "2026-11-15"]
    assert days("03/11/2026", forms=("day_first",)) == ["2026-11-03"]
    assert days("03/11/2026", forms=("month_first",)) == ["2026-03-11"]


def test_the_future_was_not_meant() -> None:
    """Where no day is above twelve, an order that gives days to come is not taken."""
    assert days("05/12/2026", "10/11/2026", zone="America/New_York") == ["2026-05-12 04:00", "2026-10-11 04:00"]
    assert days("05/12/2026", zone="UTC") == ["2026-05-12"]


def test_what_nothing_decides_is_doubtful() -> None:
    """Cells that fit both orders are flagged if no other decides, or others contradict each other; the zone suggests the first."""
    assert days("03/04/2026") == ["2026-04-02 23:00?"]
    assert days("03/04/2026", zone="America/New_York") == ["2026-03-04 05:00?"]
    assert days("03/11/2026", "15/11/2026", "11/17/2026") == ["2026-11-03?", "2026-11-15", "2026-11-17"]
    assert days("03/03/2026") == ["2026-03-03"]


@given(
    st.lists(st.dates(min_value=datetime(2000, 1, 1).date(), max_value=datetime(2026, 11, 20).date()), min_size=1, max_size=20)
)
def test_a_column_in_one_order_is_right_or_doubtful(moments: list[datetime]) -> None:
    """Whatever days a column holds, each is read right or flagged."""
    for form in ("%d/%m/%Y", "%m/%d/%Y"):
        for moment, text in zip(moments, days(*(f"{moment:{form}}" for moment in moments), zone="UTC"), strict=True):
            assert text is not None
            assert text.endswith("?") or text == f"{moment:%Y-%m-%d}"


CHANNEL = """
channels:
  - name: tt
    table: feedback
    source: ticket
    zone: {zone}
    dates: {dates}
    source_id: id
    read: {{kind: delimited, files: [t.csv]}}
    columns: {{submitted_at: date, text: text}}
"""


def test_two_orders_in_one_column_are_told(pull: Pull, tmp_path: Path) -> None:
    """csvkit 280, submersion 1828: of two listed forms the cells decide, and the warning names the cell."""
    cells = ["03/11/2026", "08/11/2026", "04/10/2026", "15/10/2026"]
    (tmp_path / "t.csv").write_text("id,date,text\n" + "\n".join(f"{row},{cell},a" for row, cell in enumerate(cells)), "utf-8")
    batch = pull(CHANNEL.format(zone="UTC", dates='["%m/%d/%Y", "%d/%m/%Y"]'))
    assert [f"{moment:%m-%d}" for moment in batch.frame["submitted_at"]] == ["11-03", "11-08", "10-04", "10-15"]
    assert batch.warnings == (
        "submitted_at: 3 cells fit %m/%d/%Y and %d/%m/%Y; read as %d/%m/%Y because of: «15/10/2026» (t.csv, row 5).",
    )


@pytest.mark.parametrize(
    ("zone", "dates", "words"),
    [
        ("London", "[iso]", "write Europe/London"),
        ("Europe/London", "[dd/mm/yyyy]", "write '%d/%m/%Y'"),
        ("Europe/London", '["%q"]', "%q means nothing"),
    ],
)
def test_a_wrong_zone_or_form_is_refused_when_it_is_read(pull: Pull, zone: str, dates: str, words: str) -> None:
    """The sentence says what was probably meant."""
    with pytest.raises(ConfigurationError) as found:
        pull(CHANNEL.format(zone=zone, dates=dates))
    assert words in str(found.value)
