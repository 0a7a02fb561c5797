"""A moment that a source never records is no data: nobody missed it, nobody kept it, and the report says so."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.analyse.clocks import milestones, unmeasured
from tasks.analyse.deadlines import due_items
from tasks.analyse.figures.response_times import human_minutes
from tasks.analyse.figures.service import service
from tasks.analyse.observed_moments import silent_channels
from tasks.analyse.red_lines import red_lines
from tasks.model.columns.column import UTC_TIME
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.review import ChannelQuality, UnmeasuredClock
from tasks.report.sections import data
from tests.makers.reviews import make_context, make_review
from tests.makers.shops import coded_facts, default_shop

WEEK = Period.parse("2026-W47")
SHOP = default_shop()
MONDAY = datetime(2026, 11, 16, 2, tzinfo=UTC)
MOMENTS = ("first_human_at", "closed_at", "promised_at", "solution_at", "first_bot_at")


def tickets(n: int, channel: str = "desk", start: int = 0, **more: object) -> pl.DataFrame:
    rows = [
        {
            "record_id": f"{channel}{start + k}", "channel": channel, "source": "ticket", "nature": "complaint", "severity": "P2", "track": "standard",
            "counted": True, "submitted_at": MONDAY + timedelta(hours=k), "first_human_at": MONDAY + timedelta(hours=k, minutes=10), **more,
        }
        for k in range(n)
    ]  # fmt: skip
    times = {"submitted_at", *MOMENTS}
    schema = {name: UTC_TIME if name in times else None for name in rows[0]}
    return pl.DataFrame(rows, schema_overrides={name: kind for name, kind in schema.items() if kind is not None})


def facts_of(*frames: pl.DataFrame, **tables: pl.DataFrame) -> CodedFacts:
    feedback = pl.concat(frames, how="diagonal_relaxed") if frames else None
    known = {**tables, "feedback": feedback} if feedback is not None else tables
    return coded_facts(known, WEEK.end + timedelta(days=4))


def sla(facts: CodedFacts) -> tuple[float | None, float | None]:
    made = service(facts, WEEK, SHOP, milestones(facts, SHOP, WEEK))
    figure = next((figure for figure in made if (figure.code, figure.scope) == ("sla_rate", "")), None)
    return (figure.numerator, figure.n) if figure else (None, None)


def test_a_desk_that_never_says_when_it_closed_a_case_misses_nothing() -> None:
    facts = facts_of(tickets(20))
    assert sla(facts) == (20.0, 20.0)
    assert unmeasured(facts, SHOP, WEEK) == [UnmeasuredClock("closed", ("desk",), 20)]


def test_one_closed_case_shows_that_the_desk_records_it_and_the_others_are_open() -> None:
    facts = facts_of(tickets(1, closed_at=MONDAY + timedelta(hours=5)), tickets(19, start=1))
    assert sla(facts) == (21.0, 40.0) and unmeasured(facts, SHOP, WEEK) == []


def test_each_channel_is_judged_by_what_it_records_itself() -> None:
    facts = facts_of(tickets(5, "mails", source="mail", first_human_at=None), tickets(5, closed_at=MONDAY + timedelta(hours=9)))
    assert sla(facts) == (10.0, 10.0)
    assert {(clock.milestone, clock.channels) for clock in unmeasured(facts, SHOP, WEEK)} == {
        ("first_contact", ("mails",)), ("closed", ("mails",)),
    }  # fmt: skip


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.booleans()), max_size=20))
def test_every_due_case_of_a_silent_channel_is_neither_met_nor_missed(rows: list[tuple[str, bool]]) -> None:
    frames = [
        tickets(1, name, k, closed_at=MONDAY + timedelta(hours=1) if closed else None, first_human_at=None)
        for k, (name, closed) in enumerate(rows)
    ]
    facts = facts_of(*frames)
    silent = {name for name, _ in rows} - {name for name, closed in rows if closed}
    assert set(silent_channels(facts["feedback"], ("closed_at",))) == silent
    due = milestones(facts, SHOP, WEEK)
    assert due.height == sum(name not in silent for name, _ in rows)
    assert due.height + sum(clock.n for clock in unmeasured(facts, SHOP, WEEK) if clock.milestone == "closed") == len(rows)


def test_a_promised_answer_is_not_missed_where_no_answer_is_ever_recorded() -> None:
    promised = tickets(3, promised_at=MONDAY + timedelta(days=1))
    assert due_items(facts_of(promised), WEEK, SHOP) == []


def test_waiting_for_a_person_is_measured_only_where_persons_are_recorded() -> None:
    by_bot = tickets(40, first_human_at=None, first_bot_at=MONDAY)
    assert all(figure.value is None for figure in human_minutes(facts_of(by_bot), WEEK, SHOP))


@pytest.mark.parametrize(("evidence", "value", "lines"), [(None, None, 0), (MONDAY - timedelta(hours=1), 1.0, 1)])
def test_evidence_is_missed_only_where_evidence_is_recorded(evidence: datetime | None, value: float | None, lines: int) -> None:
    cases = pl.DataFrame(
        {
            "aftersale_id": ["A1", "A2"], "channel": ["platform"] * 2, "platform_involved": [True] * 2,
            "involved_at": [MONDAY - timedelta(days=2)] * 2, "must_act_by": [MONDAY] * 2, "evidence_at": [None, evidence],
        },
        schema_overrides=dict.fromkeys(("involved_at", "must_act_by", "evidence_at"), UTC_TIME),
    )  # fmt: skip
    empty = dict.fromkeys(("applied_at", "agreed_at", "closed_at", "refunded_at", "received_at"), UTC_TIME)
    texts = dict.fromkeys(("oid", "type", "phase", "liability", "decided_by", "platform"), pl.String)
    cases = cases.with_columns([pl.lit(None, kind).alias(name) for name, kind in {**empty, **texts}.items()])
    facts = facts_of(aftersale=cases)
    figure = next(figure for figure in service(facts, WEEK, SHOP) if figure.code == "evidence_missed")
    assert figure.value == value and (figure.missing == "not_recorded") == (value is None)
    assert len([line for line in red_lines(facts, WEEK, SHOP) if line.kind == "evidence_missed"]) == lines


@pytest.mark.parametrize(("language", "said"), [("en", "Closed within 48 hours (Desk)"), ("zh-CN", "48小时内办结（Desk）")])
def test_the_report_says_which_clocks_are_not_measured(language: str, said: str) -> None:
    review = make_review(
        "week", channels=[ChannelQuality("desk", "Desk", 20, 20, 0)], unmeasured=[UnmeasuredClock("closed", ("desk",), 20)]
    )
    trust = [phrase.plain for phrase in data.build(make_context(review, language)).trust]
    assert any(said in line for line in trust), trust
