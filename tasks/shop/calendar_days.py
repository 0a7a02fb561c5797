"""The shop's calendar: working days with 调休, promotions, closures, and the events that explain a move."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from tasks.model.review import BreakKind
from tasks.shop.names import Name, Named
from tasks.shop.public_holidays import public_holidays
from tasks.shop.regions import region_of
from tasks.shop.section import ConfigSection

WorkCalendar = Literal["statutory", "supplier"]


def _days(value: object) -> object:
    """Expand `[2026-10-01, 2026-10-07]` spans within a list of days."""
    if not isinstance(value, list):
        return value
    days: list[object] = []
    for entry in value:
        if isinstance(entry, list) and len(entry) == 2 and all(isinstance(day, date) for day in entry):
            days += [entry[0] + timedelta(days=n) for n in range((entry[1] - entry[0]).days + 1)]
        else:
            days.append(entry)
    return days


Days = Annotated[list[date], BeforeValidator(_days)]


class Year(ConfigSection):
    """Statutory days off on weekdays or weekends, and weekend days that are worked instead (调休)."""

    days_off: Days
    make_up: Days = []
    assumed: bool = Field(default=False, description="The year is not published yet: plain weekends and fixed-date holidays.")


class Span(Named):
    """A span of days, first and last included, with its name."""

    first: date
    last: date

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.last < self.first:
            raise ValueError(f"the span ends on {self.last}, before it begins on {self.first}")
        return self

    def holds(self, day: date) -> bool:
        """Whether a day lies in the span."""
        return self.first <= day <= self.last


class Promotion(Span):
    """One edition of a promotion; day 0 is what stages count from (双11: 11 November)."""

    id: str = Field(description="Same id every year: d11, 618, d12, new_year_goods, d38.")
    day0: date
    after: int = Field(default=7, description="Days after the end that still belong to it (refunds, late deliveries).")

    @model_validator(mode="after")
    def _holds_day0(self) -> Self:
        if not self.holds(self.day0):
            raise ValueError(f"day0 {self.day0} of {self.id} lies outside {self.first} … {self.last}")
        return self


class Event(Name):
    """Something that makes before and after incomparable, or explains a change; reports name it and never blame it."""

    day: date
    until: date | None = None
    kind: BreakKind
    affects: list[str] = Field(default_factory=list, description="Figures, leaves, families or tables that it touches.")
    slice: dict[str, str] = Field(default_factory=dict, description="Dimension → value it is limited to.")
    bridge: list[tuple[str, str]] = Field(default_factory=list, description="For a taxonomy change: old code → new code.")
    channel: str = Field(default="", description="For missing data: the channel whose days are missing.")

    @property
    def last(self) -> date:
        """Last day of the event; a switch or break lasts one day."""
        return self.until or self.day


class Stage(ConfigSection):
    """The position of a day in a promotion: `D-3`, `D+0`, `D+9`."""

    promotion: str
    offset: int
    running: bool

    def __str__(self) -> str:
        return f"{self.promotion} D{self.offset:+d}"


class Alignment(ConfigSection):
    """The day of last year to compare a day with, and the rule that gave it."""

    day: date
    basis: Literal["promotion", "lunar", "iso_week"]
    detail: str = ""


def plain_calendar(zone: str, years: Iterable[int]) -> dict[str, Any]:
    """Return the keys `weekend` and `years` of a calendar for a zone: its country's public holidays, or weekends alone.

    Args:
        zone: Zone of the shop.
        years: Years to fill; without a rule for the country they are marked as assumed.
    """
    region = region_of(zone)
    made: dict[int, dict[str, Any]] = {}
    for year in years:
        days = public_holidays(region.country, year)
        made[year] = {"days_off": []} | ({"assumed": True} if days is None else {"days_off": list(days)})
    return {"weekend": list(region.weekend), "years": made}


class Calendar(ConfigSection):
    """All special days: holidays, promotions and events."""

    valid_from: date
    zones: list[str] = Field(
        default_factory=list,
        description="Zones of the shops it is made for. A shop elsewhere gets plain weekends and, where a rule is known, the public "
        "holidays of its own country instead of everything else here. Empty: every shop.",
    )
    years: dict[int, Year]
    weekend: list[int] = Field(default=[6, 7], description="ISO weekdays without work: Monday is 1.")
    supplier_closed: list[Span] = []
    carrier_reduced: list[Span] = []
    clocks_extended: list[Span] = Field(default_factory=list, description="Spans in which platforms extend their own timers.")
    lunar_new_year: list[date] = []
    lunar_reach: tuple[int, int] = Field(
        default=(21, 21), description="Days before and after the lunar new year that are aligned by it."
    )
    promotions: list[Promotion] = []
    events: list[Event] = []

    @model_validator(mode="before")
    @classmethod
    def _of_the_shops_country(cls, value: Any, info: ValidationInfo) -> Any:
        zone = str((info.context or {}).get("zone", ""))
        if not isinstance(value, dict) or not zone or not value.get("zones") or zone in value["zones"]:
            return value
        return {"valid_from": value.get("valid_from"), **plain_calendar(zone, value.get("years", {}))}

    @cached_property
    def _off(self) -> frozenset[date]:
        return frozenset(day for year in self.years.values() for day in year.days_off)

    @cached_property
    def _make_up(self) -> frozenset[date]:
        return frozenset(day for year in self.years.values() for day in year.make_up)

    # ---- Working days ------------------------------------------------------------------------

    def is_working_day(self, day: date, calendar: WorkCalendar = "statutory") -> bool:
        """Whether a day is worked: statutory with 调休, or additionally open at the suppliers."""
        if calendar == "supplier" and any(span.holds(day) for span in self.supplier_closed):
            return False
        return day in self._make_up or (day not in self._off and day.isoweekday() not in self.weekend)

    def is_holiday(self, day: date) -> bool:
        """Whether a day is a statutory day off; a plain weekend is not."""
        return day in self._off

    def is_assumed(self, day: date) -> bool:
        """Whether the working days of a day's year are assumed because they are not published yet."""
        year = self.years.get(day.year)
        return year is None or year.assumed

    def working_days(self, first: date, last: date, calendar: WorkCalendar = "statutory") -> int:
        """Count the working days from first to last, both included."""
        return sum(self.is_working_day(first + timedelta(days=n), calendar) for n in range((last - first).days + 1))

    def add_working_days(
        self, moment: datetime, n: int, calendar: WorkCalendar = "statutory", zone: str = "Asia/Shanghai"
    ) -> datetime:
        """Return the moment n working days later: the same time of day on the n-th working day after the moment's day.

        A moment on a day off counts as the start of the next working day: Saturday 15:00 + 1 is Monday 24:00.

        Args:
            moment: Aware start.
            n: Working days, 0 or more.
            calendar: Statutory, or the suppliers' with their closures.
            zone: Business zone in which days begin.
        """
        local = moment.astimezone(ZoneInfo(zone))
        day, clock = local.date(), local.time()
        if not self.is_working_day(day, calendar):
            while not self.is_working_day(day, calendar):
                day += timedelta(days=1)
            clock = time()
        for _ in range(n):
            day += timedelta(days=1)
            while not self.is_working_day(day, calendar):
                day += timedelta(days=1)
        return datetime.combine(day, clock, ZoneInfo(zone)).astimezone(moment.tzinfo)

    # ---- Service hours -----------------------------------------------------------------------

    def add_service_minutes(
        self, moment: datetime, minutes: float, *, opens: int = 8 * 60, closes: int = 24 * 60, zone: str = "Asia/Shanghai"
    ) -> datetime:
        """Return the moment a number of service minutes later; a promotion's own days are open round the clock.

        Args:
            moment: Aware start.
            minutes: Minutes of service time, 0 or more.
            opens: Minute of the day at which the desk opens.
            closes: Minute of the day at which it closes (1440: midnight).
            zone: Business zone of the desk.
        """
        local = moment.astimezone(ZoneInfo(zone))
        left = minutes
        while True:
            start, end = self._hours(local.date(), opens, closes, zone)
            local = max(local, start)
            available = (end - local).total_seconds() / 60
            if available > 0 and left <= available:
                return (local + timedelta(minutes=left)).astimezone(moment.tzinfo)
            left -= max(available, 0)
            local = datetime.combine(local.date() + timedelta(days=1), time(), ZoneInfo(zone))

    def service_minutes(
        self, start: datetime, end: datetime, *, opens: int = 8 * 60, closes: int = 24 * 60, zone: str = "Asia/Shanghai"
    ) -> float:
        """Return the minutes of service hours between two aware moments."""
        first, last = start.astimezone(ZoneInfo(zone)), end.astimezone(ZoneInfo(zone))
        total = 0.0
        day = first.date()
        while day <= last.date():
            open_at, close_at = self._hours(day, opens, closes, zone)
            total += max((min(close_at, last) - max(open_at, first)).total_seconds() / 60, 0)
            day += timedelta(days=1)
        return total

    def is_open(self, moment: datetime, *, opens: int = 8 * 60, closes: int = 24 * 60, zone: str = "Asia/Shanghai") -> bool:
        """Whether a moment lies in service hours."""
        local = moment.astimezone(ZoneInfo(zone))
        start, end = self._hours(local.date(), opens, closes, zone)
        return start <= local < end

    def _hours(self, day: date, opens: int, closes: int, zone: str) -> tuple[datetime, datetime]:
        if any(promotion.holds(day) for promotion in self.promotions):
            opens, closes = 0, 24 * 60
        midnight = datetime.combine(day, time(), ZoneInfo(zone))
        return midnight + timedelta(minutes=opens), midnight + timedelta(minutes=closes)

    # ---- Promotions and alignment ------------------------------------------------------------

    def stage(self, day: date) -> Stage | None:
        """Return the position of a day in a promotion (or in the days after it), or None if it is in none."""
        holding = [p for p in self.promotions if p.first <= day <= p.last + timedelta(days=p.after)]
        if not holding:
            return None
        promotion = min(holding, key=lambda p: (not p.holds(day), abs((day - p.day0).days)))
        return Stage(promotion=promotion.id, offset=(day - promotion.day0).days, running=promotion.holds(day))

    def same_stage_before(self, first: date, last: date) -> tuple[date, date] | None:
        """Return the days at the same stage of the latest earlier promotion, or None if there are none.

        Args:
            first: First day; only the days that lie in the promotion of the last such day count.
            last: Last day.
        """
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        stages = [stage for day in days if (stage := self.stage(day))]
        offsets = [stage.offset for stage in stages if stage.promotion == stages[-1].promotion]
        if not offsets:
            return None
        day0 = next(day for day in reversed(days) if self.stage(day)) - timedelta(days=offsets[-1])
        found = [
            (earlier.day0 + timedelta(days=offsets[0]), earlier.day0 + timedelta(days=offsets[-1]))
            for earlier in sorted(self.promotions, key=lambda p: p.day0)
            if earlier.day0 < day0
        ]
        inside = [(a, b) for a, b in found if (stage := self.stage(a)) and stage.offset == offsets[0] and self.stage(b)]
        return inside[-1] if inside else None

    def lunar_offset(self, day: date) -> int | None:
        """Return the days from the nearest lunar new year, or None if the day is out of its reach."""
        before, after = self.lunar_reach
        offsets = [(day - new_year).days for new_year in self.lunar_new_year]
        return min((offset for offset in offsets if -before <= offset <= after), key=abs, default=None)

    def last_year(self, day: date) -> Alignment:
        """Return the day of last year to compare with: by promotion stage, else by lunar date, else by ISO week."""
        stage = self.stage(day)
        if stage and (earlier := self._edition_before(stage.promotion, day)):
            return Alignment(day=earlier.day0 + timedelta(days=stage.offset), basis="promotion", detail=str(stage))
        offset = self.lunar_offset(day)
        if offset is not None:
            new_year = day - timedelta(days=offset)
            for earlier_new_year in self.lunar_new_year:
                if 330 < (new_year - earlier_new_year).days < 400:
                    return Alignment(day=earlier_new_year + timedelta(days=offset), basis="lunar", detail=f"{offset:+d}")
        year, week, weekday = day.isocalendar()
        last_week = date(year - 1, 12, 28).isocalendar().week
        return Alignment(
            day=date.fromisocalendar(year - 1, min(week, last_week), weekday), basis="iso_week", detail=f"W{week:02d}"
        )

    def _edition_before(self, promotion: str, day: date) -> Promotion | None:
        found = [p for p in self.promotions if p.id == promotion and 300 < (day - p.day0).days < 430]
        return max(found, key=lambda p: p.day0, default=None)

    # ---- Events ------------------------------------------------------------------------------

    def events_between(self, first: date, last: date, kinds: tuple[BreakKind, ...] = ()) -> list[Event]:
        """Return the events that touch the days first … last, in order of day."""
        found = [e for e in self.events if e.day <= last and e.last >= first and (not kinds or e.kind in kinds)]
        return sorted(found, key=lambda event: (event.day, event.kind, sorted(event.texts.items())))
