"""The benchmarks answer for their options, and score a finding as a person would."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from benchmarks.stories import EXCESS, is_right_slice, seeds_of
from tasks.model.causes import Cause
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts
from tests.makers.shops import coded_facts

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(("text", "seeds"), [("1-3", [1, 2, 3]), ("7", [7]), ("3,7", [3, 7]), ("5-5", [5])])
def test_seeds(text: str, seeds: list[int]) -> None:
    assert seeds_of(text) == seeds


@pytest.mark.parametrize("text", ["", "a-b", "1-"])
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        seeds_of(text)


def test_help_tells_the_options() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.stories", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert "--seeds" in done.stdout and "--quick" in done.stdout
    assert "Traceback" not in done.stderr


def test_the_stories_with_an_excess_are_scored() -> None:
    assert EXCESS == ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S10")


# ---- Is the slice the right one? -----------------------------------------------------------------

FIRST = date(2026, 10, 1)


def moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def facts() -> CodedFacts:
    """Eight units a day for thirty days: SM-04 and SM-05 × carriers 甲 丙 × regions 华东 西南; SM-04 is of batch B from the twelfth day on."""
    rows = []
    for n in range(30):
        day = FIRST + timedelta(days=n)
        for sku in ("SM-04", "SM-05"):
            for carrier in ("承运商甲", "承运商丙"):
                for region in ("华东", "西南"):
                    batch = f"{sku}-{'B' if sku == 'SM-04' and n >= 12 else 'A'}"
                    rows.append((f"T{len(rows)}", sku, batch, carrier, region, moment(day), moment(day + timedelta(days=1))))
    schema = {"oid": pl.String, "sku": pl.String, "batch_no": pl.String, "carrier": pl.String, "region": pl.String,
              "paid_at": UTC_TIME, "shipped_at": UTC_TIME}  # fmt: skip
    lines = pl.DataFrame(rows, schema=schema, orient="row").with_columns(warehouse=pl.lit("华东仓"))
    feedback = pl.DataFrame({"record_id": [f"R{n}" for n in range(20)]})
    return coded_facts({"order_line": lines, "feedback": feedback}, moment(date(2026, 11, 10)))


def cause(slice_: dict[str, str], records: int = 10, kind: str = "slice") -> Cause:
    return Cause(
        cause_id="c", kind=kind, slice=slice_, family="function", leaf="PRD.FAULT", leaves=(("PRD.FAULT", records),), observed=float(records),
        expected=2.0, ratio=records / 2, low=1.5, high=9.0, contribution=None, llr=20.0, window_weeks=1, exposure_kind="units_signed", exposure=100.0,
        rows=tuple(f"R{n}" for n in range(records)), days=(date(2026, 10, 26), date(2026, 10, 30)),
    )  # fmt: skip


SHIPPED = {"sku": "SM-04", "shipped_from": "2026-10-14"}
LANE = {"carrier": "承运商丙", "region": "西南"}


@pytest.mark.parametrize(
    ("truth", "got", "right"),
    [
        (LANE, LANE, True),
        (LANE, {"carrier": "承运商丙"}, False),  # half of its units are well
        (LANE, {"region": "西南"}, False),
        (LANE, {"carrier": "承运商甲", "region": "西南"}, False),  # not one unit of it
        (LANE, {**LANE, "sku": "SM-04"}, True),  # inside the truth, and half of it
        (SHIPPED, {"sku": "SM-04", "batch_no": "SM-04-B"}, True),  # another name for nearly the same units
        (SHIPPED, {"sku": "SM-04", "ship_date": "2026-10-14.."}, True),
        (SHIPPED, {"sku": "SM-04", "pay_date": "2026-10-13.."}, True),
        (SHIPPED, {"sku": "SM-04"}, False),  # two in five of its units were shipped before
        (SHIPPED, {"sku": "SM-05", "ship_date": "2026-10-14.."}, False),
        (SHIPPED, {"sku": "SM-04", "ship_date": "2026-10-28.."}, False),  # too small a part
        ({"sku": "SM-04"}, {"sku": "SM-04", "batch_no": "SM-04-B"}, True),  # three in five of the SKU's units
        ({"batch_no": "SM-04-B", "component_supplier": "S08"}, {"sku": "SM-04", "batch_no": "SM-04-B"}, True),
        (
            {"warehouse": "华东仓", "pay_date": "2026-10-10..2026-10-12"},
            {"warehouse": "华东仓", "pay_date": "2026-10-10..2026-10-12"},
            True,
        ),
        ({"warehouse": "华东仓", "pay_date": "2026-10-10..2026-10-12"}, {"warehouse": "华东仓"}, False),
    ],
)
def test_a_slice_is_right_where_its_units_are_those_of_the_truth(truth: dict[str, str], got: dict[str, str], right: bool) -> None:
    assert is_right_slice(truth, cause(got), facts()) is right


def test_a_slice_with_hardly_any_case_is_not_right() -> None:
    assert not is_right_slice(LANE, cause(LANE, records=4), facts())


@pytest.mark.parametrize(
    ("got", "right"),
    [
        ({"queue": "外包", "shift": "22-02"}, True),
        ({"queue": "外包"}, False),
        ({"shift": "22-02"}, False),
        ({"queue": "自营", "shift": "22-02"}, False),
    ],
)
def test_queue_and_shift_must_both_be_named(got: dict[str, str], right: bool) -> None:
    assert is_right_slice({"queue": "外包", "shift": "22-02"}, cause(got, kind="service"), facts()) is right


def test_a_release_is_right_by_its_version() -> None:
    truth = {"app_version": "4.6.0", "os": "Android", "line": "SM"}
    assert is_right_slice(truth, cause({"app_version": "4.6.0"}, kind="app"), facts())
    assert not is_right_slice(truth, cause({"app_version": "4.5.0", "os": "Android"}, kind="app"), facts())
