"""The words that every stage shares: periods, tables, states and records."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Literal
from zoneinfo import ZoneInfo

import polars as pl

from tasks.errors import UserError

Grain = Literal["week", "month", "quarter", "range"]
Language = Literal["zh-CN", "en"]

UTC_TIME = pl.Datetime("us", "UTC")


# ---- Periods -----------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Period:
    """A half-open span of the business zone: `start <= t < end`, both aware UTC."""

    start: datetime
    end: datetime
    id: str
    grain: Grain
    zone: str = "Asia/Shanghai"

    @classmethod
    def parse(cls, text: str, zone: str = "Asia/Shanghai") -> Period:
        """Read `2026-W45`, `2026-10`, `2026-Q4` or `2026-11-01..2026-11-15`."""
        text = text.strip()
        hint = "Write a week as 2026-W45, a month as 2026-10, a quarter as 2026-Q4, days as 2026-11-01..2026-11-15."
        try:
            if match := re.fullmatch(r"(\d{4})-W(\d{2})", text):
                first = date.fromisocalendar(int(match[1]), int(match[2]), 1)
                return cls._of(first, first + timedelta(days=7), text, "week", zone)
            if match := re.fullmatch(r"(\d{4})-Q([1-4])", text):
                year, month = int(match[1]), int(match[2]) * 3 - 2
                return cls._of(date(year, month, 1), _months_later(date(year, month, 1), 3), text, "quarter", zone)
            if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
                first = date(int(match[1]), int(match[2]), 1)
                return cls._of(first, _months_later(first, 1), text, "month", zone)
            if match := re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", text):
                first, last = date.fromisoformat(match[1]), date.fromisoformat(match[2])
                if last < first:
                    raise UserError(f"The period {text} ends before it begins.", hint=hint)
                return cls._of(first, last + timedelta(days=1), text, "range", zone)
        except ValueError as error:
            raise UserError(f"There is no period {text!r}: {error}.", hint=hint) from error
        raise UserError(f"{text!r} is not a period.", hint=hint)

    @classmethod
    def _of(cls, first: date, after: date, text: str, grain: Grain, zone: str) -> Period:
        return cls(_midnight(first, zone), _midnight(after, zone), text, grain, zone)

    @classmethod
    def containing(cls, moment: datetime, grain: Grain, zone: str = "Asia/Shanghai") -> Period:
        """Return the week, month or quarter in which an aware moment lies."""
        day = moment.astimezone(ZoneInfo(zone)).date()
        if grain == "week":
            year, week, _ = day.isocalendar()
            return cls.parse(f"{year}-W{week:02d}", zone)
        if grain == "month":
            return cls.parse(f"{day:%Y-%m}", zone)
        if grain == "quarter":
            return cls.parse(f"{day.year}-Q{(day.month + 2) // 3}", zone)
        raise UserError(f"A {grain} does not follow from a moment.", hint="Name its first and last day.")

    @classmethod
    def last_complete(cls, moment: datetime, grain: Grain, zone: str = "Asia/Shanghai") -> Period:
        """Return the newest period that had ended at an aware moment."""
        return cls.containing(moment, grain, zone).previous()

    def previous(self) -> Period:
        """Return the period of the same grain just before this one."""
        if self.grain == "range":
            length = self.days
            first = self.first_day - timedelta(days=length)
            return Period.parse(f"{first}..{self.first_day - timedelta(days=1)}", self.zone)
        return Period.containing(self.start - timedelta(hours=12), self.grain, self.zone)

    def next(self) -> Period:
        """Return the period of the same grain just after this one."""
        if self.grain == "range":
            after = self.last_day + timedelta(days=1)
            return Period.parse(f"{after}..{after + timedelta(days=self.days - 1)}", self.zone)
        return Period.containing(self.end + timedelta(hours=12), self.grain, self.zone)

    def is_reviewed_before(self, other: Period) -> bool:
        """Say whether this period's review comes before another's: it ends earlier, or is the shorter of two that end together."""
        return self.end < other.end or (self.end == other.end and self.start > other.start)

    @classmethod
    def span(cls, text: str, zone: str = "Asia/Shanghai") -> list[Period]:
        """Read `2026-W40..2026-W45` (or months, quarters; or one period) as periods in order."""
        first_text, _, last_text = text.partition("..")
        first = cls.parse(first_text, zone)
        last = cls.parse(last_text or first_text, zone)
        if first.grain != last.grain:
            raise UserError(
                f"{text!r} mixes a {first.grain} with a {last.grain}.", hint="Name two weeks, two months or two quarters."
            )
        if last.start < first.start:
            raise UserError(f"{text!r} ends before it begins.", hint="Put the earlier period first.")
        periods = [first]
        while periods[-1].start < last.start:
            periods.append(periods[-1].next())
        return periods

    @property
    def first_day(self) -> date:
        """First day in the business zone."""
        return self.start.astimezone(ZoneInfo(self.zone)).date()

    @property
    def last_day(self) -> date:
        """Last day in the business zone."""
        return (self.end - timedelta(microseconds=1)).astimezone(ZoneInfo(self.zone)).date()

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last_day - self.first_day).days + 1

    def __str__(self) -> str:
        return self.id


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _months_later(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


# ---- The lake's tables -------------------------------------------------------------------------


class Nature(StrEnum):
    """What a record is; only a complaint counts in a figure named 投诉."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    SUGGESTION = "suggestion"
    PRAISE = "praise"


class Severity(StrEnum):
    """How urgent, P0 first."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class Track(StrEnum):
    """Which route a case takes beside its severity."""

    STANDARD = "standard"
    DISPUTE = "dispute"
    SAFETY = "safety"
    BATCH = "batch"


@dataclass(frozen=True)
class Table:
    """A canonical table: its columns, what identifies a row, and the time by which it is pulled."""

    name: str
    key: tuple[str, ...]
    time: str
    columns: dict[str, Any]
    required: tuple[str, ...] = ()


STAMPS: dict[str, Any] = {
    "channel": pl.String,
    "source_id": pl.String,
    "source_version": pl.String,
    "ingested_at": UTC_TIME,
    "pull_id": pl.String,
    "row_hash": pl.UInt64,
}
"""Columns that every lake table carries beside its own."""

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "feedback",
            ("record_id",),
            "submitted_at",
            {
                "record_id": pl.String,
                "origin": pl.String,
                "source": pl.String,  # ticket, chat, mail, review, social, form, store, call, regulator, aftersale, survey
                "platform": pl.String,
                "shop": pl.String,
                "submitted_at": UTC_TIME,
                "occurred_at": UTC_TIME,
                "customer_ref": pl.String,
                "customer_tier": pl.String,
                "age_band": pl.String,
                "region": pl.String,
                "habit": pl.String,
                "order_ref": pl.String,
                "waybill": pl.String,
                "sku": pl.String,
                "product_model": pl.String,
                "batch_no": pl.String,
                "serial_no": pl.String,
                "purchase_channel": pl.String,
                "purchased_at": UTC_TIME,
                "unit_price": pl.Float64,
                "currency": pl.String,
                "title": pl.String,
                "text": pl.String,
                "language": pl.String,
                "attachments": pl.Int64,
                "image_hash": pl.String,
                "rating": pl.Float64,
                "frequency": pl.String,
                "impact": pl.String,
                "request": pl.String,
                "expected_solution": pl.String,
                "source_code": pl.String,  # the source's own reason or category, before mapping
                "issue": pl.String,  # canonical leaf or node where the source's code maps to one
                "issue_source": pl.String,
                "nature": pl.String,
                "causes": pl.List(pl.String),
                "emotion": pl.Int64,
                "status": pl.String,
                "outcome": pl.String,
                "refund_amount": pl.Float64,
                "currency_rate": pl.Float64,
                "agent_ref": pl.String,
                "traffic_source": pl.String,
                "session_id": pl.String,
                "queue": pl.String,
                "shift": pl.String,
                "app_version": pl.String,
                "os": pl.String,
                "first_bot_at": UTC_TIME,
                "first_human_at": UTC_TIME,
                "solution_at": UTC_TIME,
                "flagged_at": UTC_TIME,
                "reviewed_at": UTC_TIME,
                "closed_at": UTC_TIME,
                "promised_at": UTC_TIME,
                "must_act_by": UTC_TIME,
                "reopened_at": UTC_TIME,
                "milestone_met": pl.Boolean,
                "csat": pl.Int64,
                "contact_count": pl.Int64,
                "thread_ref": pl.String,  # links a later version or 追评 of the same record
                "carrier": pl.String,
                "warehouse": pl.String,
                "destination": pl.String,
                "last_scan_at": UTC_TIME,
            },
            ("record_id", "submitted_at", "source"),
        ),
        Table(
            "order_line",
            ("oid",),
            "paid_at",
            {
                "oid": pl.String,
                "tid": pl.String,
                "shop": pl.String,
                "platform": pl.String,
                "traffic_source": pl.String,
                "room_id": pl.String,
                "session_id": pl.String,
                "talent_ref": pl.String,
                "sku": pl.String,
                "listing_version": pl.String,
                "qty": pl.Int64,
                "paid_amount": pl.Float64,
                "cost_amount": pl.Float64,
                "is_gift": pl.Boolean,
                "is_presale": pl.Boolean,
                "paid_at": UTC_TIME,
                "promised_ship_at": UTC_TIME,
                "shipped_at": UTC_TIME,
                "promised_delivery_at": UTC_TIME,
                "signed_at": UTC_TIME,
                "cancelled_before_ship": pl.Boolean,
                "warehouse": pl.String,
                "waybill": pl.String,
                "carrier": pl.String,
                "dest_province": pl.String,
                "dest_city": pl.String,
                "batch_no": pl.String,
                "batch_source": pl.String,
                "serial_no": pl.String,
            },
            ("oid", "tid", "sku", "qty", "paid_at"),
        ),
        Table(
            "aftersale",
            ("aftersale_id",),
            "applied_at",
            {
                "aftersale_id": pl.String,
                "oid": pl.String,
                "platform": pl.String,
                "sku": pl.String,
                "qty": pl.Int64,
                "type": pl.String,
                "phase": pl.String,
                "goods_status": pl.String,
                "applied_at": UTC_TIME,
                "must_act_by": UTC_TIME,
                "agreed_at": UTC_TIME,
                "returned_at": UTC_TIME,
                "received_at": UTC_TIME,
                "refunded_at": UTC_TIME,
                "closed_at": UTC_TIME,
                "refund_amount": pl.Float64,
                "freight_amount": pl.Float64,
                "freight_borne_by": pl.String,
                "freight_insurance": pl.Boolean,
                "compensation_amount": pl.Float64,
                "reason_buyer_first": pl.String,
                "reason_buyer_last": pl.String,
                "reason_agent": pl.String,
                "reason_inspection": pl.String,
                "decided_by": pl.String,
                "platform_involved": pl.Boolean,
                "involved_at": UTC_TIME,
                "evidence_at": UTC_TIME,
                "liability": pl.String,
                "auto_refund": pl.Boolean,
            },
            ("aftersale_id", "type", "phase", "applied_at"),
        ),
        Table(
            "return_inspection",
            ("aftersale_id",),
            "inspected_at",
            {
                "aftersale_id": pl.String,
                "inspected_at": UTC_TIME,
                "result": pl.String,
                "fault_confirmed": pl.Boolean,
                "fault_code": pl.String,
                "batch_no": pl.String,
                "serial_no": pl.String,
                "photo_count": pl.Int64,
                "loss_amount": pl.Float64,
            },
            ("aftersale_id", "inspected_at", "result"),
        ),
        Table(
            "exposure",
            ("day", "kind", "platform", "sku", "line", "queue", "shift", "app_version", "os", "warehouse"),
            "day",
            {
                "day": pl.Date,
                "kind": pl.String,  # units_signed, parcels_shipped, conversations, human_conversations, replied_3min, active_devices, reviews
                "platform": pl.String,
                "sku": pl.String,
                "line": pl.String,
                "queue": pl.String,
                "shift": pl.String,
                "app_version": pl.String,
                "os": pl.String,
                "warehouse": pl.String,
                "n": pl.Float64,
            },
            ("day", "kind", "n"),
        ),
        Table(
            "platform_metric",
            ("platform", "shop", "metric_code", "as_published_at"),
            "as_published_at",
            {
                "platform": pl.String,
                "shop": pl.String,
                "metric_code": pl.String,
                "metric_name": pl.String,
                "value": pl.Float64,
                "window_days": pl.Int64,
                "as_published_at": UTC_TIME,
                "warn_line": pl.Float64,
                "bad_line": pl.Float64,
                "formula_version": pl.String,
            },
            ("platform", "metric_code", "value", "as_published_at"),
        ),
        Table(
            "regulator_case",
            ("case_no_hash",),
            "received_at",
            {
                "case_no_hash": pl.String,
                "body": pl.String,
                "kind": pl.String,
                "received_at": UTC_TIME,
                "must_act_by": UTC_TIME,
                "first_contact_at": UTC_TIME,
                "answered_at": UTC_TIME,
                "accepted": pl.Boolean,
                "result": pl.String,
                "amount": pl.Float64,
                "law_cited": pl.String,
                "order_ref": pl.String,
            },
            ("case_no_hash", "body", "received_at"),
        ),
        Table(
            "batch",
            ("batch_no",),
            "made_on",
            {
                "batch_no": pl.String,
                "sku": pl.String,
                "supplier": pl.String,
                "component_supplier": pl.String,
                "made_on": pl.Date,
                "qty_in": pl.Int64,
                "qty_shipped": pl.Int64,
                "qty_stock": pl.Int64,
                "qty_transit": pl.Int64,
                "qty_at_supplier": pl.Int64,
                "first_ship": pl.Date,
                "last_ship": pl.Date,
                "cut_in_of": pl.String,
            },
            ("batch_no", "sku"),
        ),
        Table(
            "cost_rate",
            ("item", "valid_from"),
            "valid_from",
            {"valid_from": pl.Date, "item": pl.String, "amount": pl.Float64, "unit": pl.String},
            ("item", "valid_from", "amount"),
        ),
        Table(
            "product",
            ("sku",),
            "listed_on",
            {
                "sku": pl.String,
                "name": pl.String,
                "line": pl.String,
                "listed_on": pl.Date,
                "maturity_days": pl.Int64,
                "price": pl.Float64,
                "cost": pl.Float64,
                "aliases": pl.List(pl.String),
            },
            ("sku", "line"),
        ),
    )
}


def record_id(channel: str, source_id: str) -> str:
    """Return the stable id of a source's record: 16 hex digits of SHA-256 over channel and source id."""
    return hashlib.sha256(f"{channel}\x1f{source_id}".encode()).hexdigest()[:16]


# ---- What a run passes on ----------------------------------------------------------------------


@dataclass(frozen=True)
class Pull:
    """What one channel's pull brought: `read == new + changed + unchanged + quarantined`."""

    pull_id: str
    channel: str
    table: str
    window_start: datetime
    window_end: datetime
    started_at: datetime
    read: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    quarantined: int = 0
    error: str = ""
    hint: str = ""
    complete_through: datetime | None = None
    watermark: str = ""

    @property
    def ok(self) -> bool:
        """Whether the channel was read to its end."""
        return not self.error

    @property
    def quarantined_share(self) -> float:
        """Share of read rows that were quarantined."""
        return self.quarantined / self.read if self.read else 0.0


class Facts:
    """All lake tables as of one moment, coded, for one review.

    A plain class: Prefect must not walk into frames that hold customer text.

    Args:
        tables: Frames by canonical table name; a missing table is an empty frame with its columns.
        as_of: The moment of knowledge, aware UTC.
        pulls: What each channel brought.
    """

    def __init__(self, tables: dict[str, pl.DataFrame], as_of: datetime, pulls: list[Pull] | None = None) -> None:
        self.tables = {
            name: tables[name] if name in tables else pl.DataFrame(schema=table.columns) for name, table in TABLES.items()
        }
        self.as_of = as_of
        self.pulls = pulls or []
        self.excluded_channels: dict[str, str] = {}

    def __getitem__(self, name: str) -> pl.DataFrame:
        return self.tables[name]

    def has(self, name: str) -> bool:
        """Whether a table has any row."""
        return not self.tables[name].is_empty()

    def forget_rows(self) -> None:
        """Let go of all rows once they have been used; a flow holds every result of its tasks until it ends."""
        self.tables = {name: frame.clear() for name, frame in self.tables.items()}


class ActionKind(StrEnum):
    """What an action does: stop the harm, mend the cause, keep it from coming back."""

    CONTAIN = "contain"
    CORRECT = "correct"
    PREVENT = "prevent"


class ActionState(StrEnum):
    """Where an action stands; a proposal is never overdue, and closed needs the numbers' word."""

    PROPOSED = "proposed"
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    TO_VERIFY = "to_verify"
    CLOSED = "closed"
    INEFFECTIVE = "ineffective"
    REOPENED = "reopened"
    CANCELLED = "cancelled"


class Verdict(StrEnum):
    """Whether an action worked (domain.md 9.5)."""

    EFFECTIVE = "effective"
    PARTLY = "partly"
    NO_CHANGE = "no_change"
    WORSE = "worse"
    UNDECIDED = "undecided"
    RELAPSED = "relapsed"


class CauseStatus(StrEnum):
    """How sure a cause is: data points at it, reproduced, confirmed by a person, or rejected."""

    SUSPECTED = "suspected"
    REPRODUCED = "reproduced"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class DeliveryState(StrEnum):
    """Where one mail to one recipient stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


@dataclass(frozen=True)
class Number:
    """A printed number: what it is, over how many, when, and by which method; `rows` finds its rows."""

    id: str
    value: float | int | None
    unit: str = ""
    n: float | int | None = None
    range: str = ""
    method: str = ""
    rows: str = ""
    text: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """One measured figure of a period, with what it is judged against.

    `family` is one of `inflow`, `quality`, `service`, `published`, `money` (domain.md 2.3); families never mix.
    Rates are fractions (0.019), money is in the shop's currency, times in minutes.
    """

    code: str
    family: str
    value: float | None
    unit: str  # share, count, money, minutes, score, per_100
    numerator: float | None = None
    n: float | None = None
    low: float | None = None
    high: float | None = None
    previous: float | None = None
    last_year: float | None = None
    last_year_basis: str = ""
    target: float | None = None
    target_op: str = ""
    good: Literal["up", "down", "none"] = "none"
    judgement: str = "insufficient"  # normal, worse, better, slightly_over, watch, insufficient, level_break, incomplete
    attainment: str = ""  # met, missed, mixed
    streak: int = 0  # periods in a row on the wrong side of the target
    axis_from: date | None = None
    axis_to: date | None = None
    age_days: int | None = None
    method: str = ""
    scope: str = ""  # platform, line … where the figure is one of several
    missing: str = ""  # why there is no value
    series: tuple[tuple[str, float | None], ...] = ()
    note: str = ""
    rows: str = ""
    p: float | None = None  # two-sided probability of such a distance when nothing changed, where it was tested
    level_since: date | None = None  # when the level began that it is judged by, where that changed within its history


@dataclass(frozen=True)
class Cause:
    """An excess (or fall) against what was to be expected, at one slice.

    `slice` maps dimension to value; `since` is the day of the change on the axis `since_axis`.
    """

    cause_id: str
    kind: str  # slice, session, cluster, safety, app, service, promotion, reputation, fall
    slice: dict[str, str]
    family: str
    leaf: str
    leaves: tuple[tuple[str, int], ...]
    observed: float
    expected: float
    ratio: float
    low: float
    high: float
    contribution: float | None
    llr: float
    window_weeks: int
    exposure_kind: str
    exposure: float
    track: str = "standard"
    since: date | None = None
    since_axis: str = ""
    trend: str = ""  # rising, falling, steady
    rate: float | None = None
    comparison_rate: float | None = None
    comparison: str = ""
    age_days: int | None = None
    facts: tuple[tuple[str, Any], ...] = ()
    to_confirm: tuple[tuple[str, str, str], ...] = ()  # question code, owner role, due
    money: float | None = None
    stock: int | None = None
    first_period: str = ""
    periods: int = 1
    life: Literal["new", "continuing", "recurring", "watched", "recovered"] = (
        "new"  # watched: still raised, no longer beyond chance
    )
    status: CauseStatus = CauseStatus.SUSPECTED
    rows: tuple[str, ...] = ()  # record ids
    days: tuple[date, ...] = ()
    series: tuple[tuple[str, float, float], ...] = ()  # period id, observed, expected; in order of time: the cause's chart


@dataclass(frozen=True)
class MixEffect:
    """A change of a shop-level rate split into composition and the slices' own change (sums exactly)."""

    figure: str
    dimension: str
    before: float
    after: float
    composition: float
    own: float
    leading: str
    share_before: float
    share_after: float
    verdict: str  # composition, own, both, none


@dataclass(frozen=True)
class Action:
    """A promise: one person, one date, one measurable target."""

    action_id: str
    what: str
    kind: ActionKind
    cause_id: str
    owner: str
    department: str
    due: datetime
    metric: str
    exposure: str
    age_days: int
    slice: dict[str, str]
    leaf: str
    target: float | None
    target_text: str
    expected_effect: str
    period: str
    playbook: str = ""
    resources: str = ""
    cut_in_axis: str = ""  # batch, ship_date, pay_date, release, shift, session
    cut_in_planned: str = ""
    cut_in_actual: str = ""
    evidence_required: tuple[str, ...] = ()
    side_effect_metric: str = ""
    baseline_from: date | None = None
    baseline_to: date | None = None
    trigger_from: date | None = None
    trigger_to: date | None = None
    control: dict[str, str] = field(default_factory=dict)
    verify_weeks: int = 4
    min_units: int = 0
    state: ActionState = ActionState.PROPOSED
    postponed: int = 0
    restricted: bool = False
    numbers: tuple[
        tuple[str, float], ...
    ] = ()  # behind target_text and expected_effect: observed_rate, base_rate, fewer_per_week


@dataclass(frozen=True)
class ActionEvent:
    """A change of an action's state, owner or date: by whom, when and why."""

    action_id: str
    seq: int
    at: datetime
    by: str
    kind: str  # proposed, accepted, started, done, postponed, reassigned, cut_in, verified, reopened, closed, cancelled
    state: ActionState | None = None
    owner: str = ""
    due: datetime | None = None
    cut_in_actual: str = ""
    evidence: str = ""
    why: str = ""


@dataclass(frozen=True)
class ActionResult:
    """How a prior action stands at the moment of a review, and whether it worked."""

    action: Action
    state: ActionState
    due: datetime
    done_at: datetime | None
    days_late: int
    postponed: int
    status: str  # not_due, due, done, late, cancelled, proposed
    verdict: Verdict | None = None
    method: str = ""  # exact, control, segmented: what the printed interval comes from
    rate_before: float | None = None
    rate_after: float | None = None
    n_before: float | None = None
    n_after: float | None = None
    events_before: float | None = None
    events_after: float | None = None
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    control_ratio: float | None = None
    rate_later: float | None = None  # in the weeks of watching, where it rose again
    n_later: float | None = None
    side_before: float | None = None  # other cases on the same units, where they rose
    side_after: float | None = None
    needed: int | None = None
    needed_by: date | None = None
    reason: str = ""


@dataclass(frozen=True)
class Edition:
    """One finished report: what it knew, how it was made, and the very bytes of its files."""

    report: str
    period: str
    audience: str
    language: str
    revision: int
    as_of: datetime
    made_at: datetime
    status: str  # provisional (快报), final
    code_version: str
    config_sha256: str
    taxonomy_version: str
    files: dict[str, str] = field(default_factory=dict)  # relative path → sha256
    headline: str = ""


@dataclass(frozen=True)
class Claim:
    """Something an edition said about the future, to be held against it: a forecast, an expected effect, a headline."""

    claim_id: str
    kind: str  # forecast, effect, headline
    text: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = ""
    check_period: str = ""
    rows: str = ""


@dataclass(frozen=True)
class Delivery:
    """One mail to one recipient."""

    report: str
    period: str
    audience: str
    language: str
    revision: int
    recipient: str
    state: DeliveryState
    message_id: str
    content_sha256: str
    claimed_by: str = ""
    claimed_at: datetime | None = None
    settled_at: datetime | None = None
    detail: str = ""

    @property
    def key(self) -> str:
        """The identity of this mail: two mails with one key are the same mail."""
        return "\x1f".join((self.report, self.period, self.audience, self.language, str(self.revision), self.recipient.lower()))


# ---- What a review says ------------------------------------------------------------------------


@dataclass(frozen=True)
class RedLine:
    """Something that opens the meeting whatever the statistics say: injury, regulator, missed evidence."""

    kind: str  # safety, regulator, evidence_missed, platform_warn
    slice: dict[str, str]
    leaf: str
    cases: int
    days: tuple[date, ...]
    words: str = ""  # the customers' own word, scrubbed: 麻手
    sold: float | None = None
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProblemRow:
    """One label of a lens: counted cases of the period, what was to be expected, and the word for it."""

    lens: str
    label: str
    cases: int
    previous: int
    expected: float | None
    low: float | None
    high: float | None
    share: float | None
    judgement: str
    leaves: tuple[str, ...] = ()
    incomplete: str = ""
    p: float | None = None


@dataclass(frozen=True)
class ChannelQuality:
    """What one channel brought to a period and whether it may be trusted."""

    channel: str
    label: str
    records: int
    read: int
    quarantined: int
    error: str = ""
    hint: str = ""
    excluded: str = ""
    missing_days: tuple[date, ...] = ()
    complete_through: datetime | None = None


@dataclass(frozen=True)
class DueItem:
    """A given deadline that is close or was missed; `reference` is an order reference, never a person."""

    kind: str  # evidence, regulator, refund, callback
    must_act_by: datetime
    reference: str
    amount: float | None = None
    missed: bool = False


@dataclass(frozen=True)
class Break:
    """A rule, formula, taxonomy or data event that makes before and after incomparable, named and not blamed."""

    kind: str  # freight_insurance, formula, taxonomy, missing_data, promotion, holiday, release, rule, switch
    on: date
    until: date | None
    name: dict[str, str]
    affects: tuple[str, ...] = ()
    slice: dict[str, str] = field(default_factory=dict)
    bridge: tuple[tuple[str, str, int], ...] = ()  # old leaf, new leaf, cases moved


@dataclass(frozen=True)
class CaseStory:
    """One case in words that hold no personal data."""

    text: str
    leaf: str
    slice: dict[str, str]
    on: date
    record_id: str


@dataclass(frozen=True)
class Keyword:
    """A word that more of a group's cases use than others let expect, tested; `leaf` is the problem or the cause's id."""

    word: str
    leaf: str
    cases: int
    expected: float
    z: float
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Quote:
    """A customer's typical words that point to nobody; a restricted one is of a safety or dispute case."""

    text: str
    restricted: bool
    record_id: str


@dataclass(frozen=True)
class Theme:
    """What several unclassified records are about: its words, its records, and how many the weeks before let expect."""

    words: tuple[str, ...]
    records: int
    expected: float
    grown: bool = False  # tested
    quote: Quote | None = None
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sayings:
    """What customers say, counted: words and a quote by cause, words that grew by leaf, and themes of the unclassified."""

    cause_words: dict[str, tuple[Keyword, ...]] = field(default_factory=dict)
    cause_quotes: dict[str, Quote] = field(default_factory=dict)
    grown: tuple[Keyword, ...] = ()
    themes: tuple[Theme, ...] = ()
    tested: int = 0
    unclassified: int = 0


@dataclass(frozen=True)
class Breakdown:
    """A table of one measure by the values of one dimension, for a monthly edition or a shop without orders."""

    code: str
    dimension: str
    rows: tuple[tuple[str, float | None, float, float | None, float | None], ...]  # value, share, n, low, high
    minimum_n: int
    total: float | None
    n: float
    left_out: int = 0
    axis_from: date | None = None
    axis_to: date | None = None
    age_days: int | None = None


@dataclass(frozen=True)
class Projection:
    """A signing week that is too young to be compared: what came so far, and the rate it is going to reach, fractions."""

    first_day: date
    last_day: date
    age_days: int
    units: float
    so_far: float
    reached: float
    rate: float
    low: float
    high: float
    usual: float


@dataclass(frozen=True)
class RankedSlice:
    """One slice of a ranking: cases against what its size lets expect, the shrunken ratio with its 5 % limit, the word.

    Below the minimum of cases only the cases are told: no ratio, no word.
    """

    value: str
    cases: float
    exposure: float
    expected: float
    ratio: float | None = None
    low: float | None = None
    judgement: str = ""  # worse, watch, normal, better; empty below the minimum
    leaf: str = ""  # the problem that is out of proportion in it
    p: float | None = None


@dataclass(frozen=True)
class Ranking:
    """Slices of one dimension ranked by what their size leaves unexplained (已按销量大小校正)."""

    dimension: str
    rows: tuple[RankedSlice, ...]
    unit: str  # what exposure counts: orders, conversations
    compared_with: tuple[str, ...]  # dimensions within which slices are compared
    tested: int
    left_out: int
    minimum_n: int
    dispersion: float
    axis_from: date | None = None
    axis_to: date | None = None


class Review:
    """Everything that one edition may say; the report prints nothing that is not in here."""

    def __init__(
        self,
        *,
        period: Period,
        as_of: datetime,
        status: str,
        figures: list[Figure],
        red_lines: list[RedLine],
        causes: list[Cause],
        falls: list[Cause],
        ended: list[Cause],
        deferred: list[Cause],
        tested: int,
        expected_false_alarms: float,
        strongest_rejected: Cause | None,
        rejected_why: str,
        mix: list[MixEffect],
        prior: list[ActionResult],
        proposals: list[Action],
        problems: list[ProblemRow],
        channels: list[ChannelQuality],
        due_items: list[DueItem],
        breaks: list[Break],
        story: CaseStory | None,
        breakdowns: list[Breakdown],
        projections: list[Projection],
        daily: list[tuple[date, int]],
        rankings: list[Ranking] | None = None,
        partial: str = "",
        completeness: float | None = None,
        previous_numbers: dict[str, float] | None = None,
        revision: int = 1,
        sayings: Sayings | None = None,
        warnings: WarningGrades | None = None,
    ) -> None:
        self.period = period
        self.as_of = as_of
        self.status = status
        self.figures = figures
        self.red_lines = red_lines
        self.causes = causes
        self.falls = falls
        self.ended = ended
        self.deferred = deferred
        self.tested = tested
        self.expected_false_alarms = expected_false_alarms
        self.strongest_rejected = strongest_rejected
        self.rejected_why = rejected_why
        self.mix = mix
        self.prior = prior
        self.proposals = proposals
        self.problems = problems
        self.channels = channels
        self.due_items = due_items
        self.breaks = breaks
        self.story = story
        self.breakdowns = breakdowns
        self.projections = projections
        self.daily = daily
        self.rankings = rankings or []
        self.partial = partial
        self.completeness = completeness
        self.previous_numbers = previous_numbers or {}
        self.revision = revision
        self.sayings = sayings or Sayings()
        self.warnings = warnings

    def figure(self, code: str, scope: str = "") -> Figure | None:
        """Return a figure by its code (and scope), or nothing."""
        return next((figure for figure in self.figures if figure.code == code and figure.scope == scope), None)


# ---- Early warnings ----------------------------------------------------------------------------


class WarningKind(StrEnum):
    """What an early warning looks at."""

    SAFETY = "safety"
    CLUSTER = "cluster"
    PARCELS = "parcels"
    DEADLINE = "deadline"
    REGULATOR = "regulator"
    EMOTION = "emotion"
    REPUTATION = "reputation"
    WORDS = "words"


class WarningState(StrEnum):
    """Where a warning stands; only a person answers it, only time ends it."""

    OPEN = "open"
    ESCALATED = "escalated"
    ANSWERED = "answered"
    EXPIRED = "expired"


class WarningAnswer(StrEnum):
    """What its owner says of a warning: something was there, nothing was, or it was known already."""

    REAL = "real"
    FALSE = "false"
    KNOWN = "known"


@dataclass(frozen=True)
class EarlyWarning:
    """Something that should not wait for Monday: what, where, how many against how many, and by when it is answered.

    `every_days` says how often chance alone would give this in the whole shop; nothing where chance is no matter (one safety
    case, a deadline). `items` are the records, parcels or orders behind it: none of them is told twice. A deadline's or
    parcel's items are each a matter of their own; those of the other kinds are one matter that grows.
    """

    kind: WarningKind
    slice: dict[str, str]
    leaf: str
    observed: float
    since: date
    answer_by: datetime
    items: tuple[str, ...]
    expected: float | None = None
    every_days: float | None = None
    symptom: str = ""
    words: tuple[str, ...] = ()  # the customers' own, scrubbed
    days: tuple[date, ...] = ()
    dues: tuple[datetime, ...] = ()  # the items' own deadlines, where they have any
    amounts: tuple[float, ...] = ()  # the items' own money, where it is known
    sold: float | None = None
    spread: int = 1  # of how many products the same problem is told at once
    playbook: str = ""  # entry and step that would be next
    role: str = ""
    owner: str = ""
    restricted: bool = False

    @property
    def key(self) -> str:
        """The identity of the matter: two findings with one key are the same matter."""
        place = ",".join(f"{name}={value}" for name, value in sorted(self.slice.items()))
        what = "" if self.kind is WarningKind.CLUSTER else self.symptom  # most cases of a cluster may come to name another one
        return hashlib.sha256("\x1f".join((self.kind.value, place, self.leaf, what)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class WarningEvent:
    """Something that happened to a warning: told, grown, escalated, answered, expired."""

    warning_id: str
    seq: int
    at: datetime
    kind: str  # opened, grew, escalated, answered, expired
    by: str = ""
    to: str = ""  # the person who was told
    answer: WarningAnswer | None = None
    why: str = ""
    observed: float | None = None
    expected: float | None = None
    items: tuple[str, ...] = ()  # first told here


@dataclass(frozen=True)
class KeptWarning:
    """A warning that was told, with everything that happened to it."""

    warning_id: str
    warning: EarlyWarning
    opened_at: datetime
    last_seen: datetime
    events: tuple[WarningEvent, ...] = ()

    @property
    def state(self) -> WarningState:
        """Where it stands."""
        return {
            "opened": WarningState.OPEN,
            "escalated": WarningState.ESCALATED,
            "answered": WarningState.ANSWERED,
            "expired": WarningState.EXPIRED,
        }[next((event.kind for event in reversed(self.events) if event.kind != "grew"), "opened")]

    @property
    def answer(self) -> WarningAnswer | None:
        """The last answer, or nothing."""
        return next((event.answer for event in reversed(self.events) if event.answer is not None), None)

    @property
    def told(self) -> frozenset[str]:
        """Every item that was told."""
        return frozenset(item for event in self.events for item in event.items)

    @property
    def people(self) -> tuple[str, ...]:
        """The people who were told, first the owner."""
        return tuple(dict.fromkeys(event.to for event in self.events if event.to))

    @property
    def told_at(self) -> datetime:
        """When somebody was last told of it for the first time."""
        return max((event.at for event in self.events if event.kind in ("opened", "escalated")), default=self.opened_at)

    @property
    def observed(self) -> float:
        """The count that was told last."""
        return next((event.observed for event in reversed(self.events) if event.observed is not None), self.warning.observed)


@dataclass(frozen=True)
class WarningLetter:
    """The words with which one person was told of a warning; kept, so that a mail can be sent again as it was."""

    recipient: str
    name: str
    language: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class GradedWarning:
    """A warning with what it proved to be: `real`, `false` or `known` by its owner's word, `named` by a later report, or `silent`."""

    warning_id: str
    warning: EarlyWarning
    opened_at: datetime
    verdict: str
    named_in: str = ""  # the period whose report names the cause


@dataclass(frozen=True)
class WarningGrades:
    """The warnings of a period, graded, and how many reminders were told beside them."""

    warnings: tuple[GradedWarning, ...]
    reminders: int = 0

    @property
    def real(self) -> int:
        """How many were right: by their owner's word, or by a later report where nobody answered."""
        return sum(each.verdict in ("real", "named") for each in self.warnings)
