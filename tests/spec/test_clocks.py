from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from tasks.analyse.clocks import SCHEMA, milestones
from tasks.model.facts import Facts
from tasks.model.periods import Period
from tasks.model.tables import TABLES
from tests.makers.shops import default_shop

SHOP = default_shop()
WEEK = Period.parse("2026-W37")  # 7 to 13 September


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def table(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    columns = dict(TABLES[name].columns)
    if name == "feedback":
        columns |= {"severity": pl.String, "track": pl.String, "leaf": pl.String}
    return pl.DataFrame([{column: row.get(column) for column in columns} for row in rows], schema=columns, orient="row")


def chat(record_id: str, asked: str, answered: str | None, **more: Any) -> dict[str, Any]:
    row = {
        "record_id": record_id,
        "source": "chat",
        "nature": "complaint",
        "severity": "P2",
        "track": "standard",
        "queue": "平台丙",
    }
    return row | {"submitted_at": local(asked), "first_human_at": local(answered) if answered else None, **more}


def due(name: str, rows: list[dict[str, Any]], milestone: str, period: Period = WEEK) -> list[dict[str, Any]]:
    found = milestones(Facts({name: table(name, *rows)}, period.end), SHOP, period)
    assert dict(found.schema) == SCHEMA
    return found.filter(pl.col("milestone") == milestone).to_dicts()


@pytest.mark.parametrize(
    ("asked", "answered", "due_at", "met"),
    [
        ("2026-09-08 10:00", "2026-09-08 10:02", "2026-09-08 10:03", True),
        ("2026-09-08 10:00", "2026-09-08 10:04", "2026-09-08 10:03", False),
        ("2026-09-08 03:00", "2026-09-08 08:02", "2026-09-08 08:03", True),  # night cases start at opening
        ("2026-09-08 23:58", "2026-09-09 08:01", "2026-09-09 08:01", True),  # two minutes today, one tomorrow
        ("2026-09-08 23:58", None, "2026-09-09 08:01", False),  # still open and overdue
    ],
)
def test_the_first_human_reply_counts_service_hours(asked: str, answered: str | None, due_at: str, met: bool) -> None:
    (row,) = due("feedback", [chat("r", asked, answered)], "human_first_reply")
    assert (row["due_at"], row["met"]) == (local(due_at), met)
    assert bool(row["arithmetic"]) != met


def test_a_milestone_belongs_to_the_period_in_which_it_falls_due() -> None:
    late_on_sunday = chat("r", "2026-09-13 23:59", "2026-09-14 08:01")
    assert due("feedback", [late_on_sunday], "human_first_reply") == []
    (row,) = due("feedback", [late_on_sunday], "human_first_reply", WEEK.next())
    assert row["met"] is True


def test_what_happens_after_the_period_has_not_yet_happened() -> None:
    row = chat("r", "2026-09-11 20:00", None, source="ticket", closed_at=local("2026-09-14 09:00"))
    (found,) = due("feedback", [row], "closed")
    assert (found["due_at"], found["met"], found["met_at"]) == (local("2026-09-13 20:00"), False, None)


@pytest.mark.parametrize(("asked", "minutes"), [("2026-09-08 10:00", 15), ("2026-09-08 02:00", 60)])
def test_an_urgent_call_has_longer_outside_service_hours(asked: str, minutes: int) -> None:
    (row,) = due("feedback", [chat("r", asked, None, severity="P0", track="safety")], "urgent_call")
    assert (row["due_at"] - row["started_at"]).total_seconds() == minutes * 60


def test_a_given_deadline_wins_unless_it_belongs_to_another_step() -> None:
    row = {
        "aftersale_id": "a",
        "type": "refund_only",
        "phase": "after_sign",
        "applied_at": local("2026-09-07 10:00"),
        "must_act_by": local("2026-09-09 10:00"),
        "agreed_at": local("2026-09-08 20:00"),
    }
    (found,) = due("aftersale", [row], "aftersale_agreed")
    assert (found["due_at"], found["met"]) == (local("2026-09-09 10:00"), True)
    disputed = row | {
        "platform_involved": True,
        "involved_at": local("2026-09-07 12:00"),
        "evidence_at": local("2026-09-09 05:00"),
    }
    (found,) = due("aftersale", [disputed], "aftersale_agreed")
    assert (found["due_at"], found["met"]) == (local("2026-09-08 10:00"), False)
    (found,) = due("aftersale", [disputed], "platform_evidence")
    assert (found["due_at"], found["met"]) == (local("2026-09-09 04:00"), False)
    assert found["arithmetic"] == "2026-09-09 10:00 − 6 h = 2026-09-09 04:00; 2026-09-09 05:00 (+1 h)"


def test_a_regulator_is_answered_in_working_days_with_make_up_days() -> None:
    period = Period.parse("2026-W41")  # 5 to 11 October: holiday until the 7th, Saturday the 10th is worked
    row = {
        "case_no_hash": "c",
        "body": "12315",
        "received_at": local("2026-09-30 16:00"),
        "first_contact_at": local("2026-10-09 09:00"),
    }
    (contact,) = due("regulator_case", [row], "regulator_contact", period)
    assert (contact["due_at"], contact["met"]) == (local("2026-10-08 16:00"), False)
    assert contact["arithmetic"] == "2026-09-30 16:00 + 1 wd (−7 d off) = 2026-10-08 16:00; 2026-10-09 09:00 (+17 h)"
    (answer,) = due("regulator_case", [row], "regulator_answer", period)
    assert (answer["due_at"], answer["met"]) == (local("2026-10-10 16:00"), False)
    assert answer["arithmetic"].endswith("; —")


def test_a_promise_is_a_clock_of_its_own() -> None:
    row = chat("r", "2026-09-07 10:00", None, promised_at=local("2026-09-10 18:00"), solution_at=local("2026-09-10 17:59"))
    (found,) = due("feedback", [row], "callback")
    assert (found["due_at"], found["met"]) == (local("2026-09-10 18:00"), True)


def test_questions_owe_no_solution() -> None:
    row = chat("r", "2026-09-08 10:00", None, nature="question", severity="P3", source="ticket")
    assert due("feedback", [row], "closed") == []
    assert len(due("feedback", [row], "first_contact")) == 1
