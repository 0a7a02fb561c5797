"""The catalogue of figures: what each is, what moves it, and where a report prints it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class FigureFamily(StrEnum):
    """What a figure is about (docs/method.md, 2), in the order of the meeting; families never mix."""

    MONEY = "money"
    QUALITY = "quality"
    PUBLISHED = "published"
    SERVICE = "service"
    INFLOW = "inflow"


class FigureUnit(StrEnum):
    """What the value of a figure is: shares as fractions, money in the shop's currency, times in minutes."""

    SHARE = "share"
    COUNT = "count"
    MONEY = "money"
    MINUTES = "minutes"
    SCORE = "score"
    PER_100 = "per_100"

    @property
    def change(self) -> str:
        """The unit in which its changes are printed."""
        return {
            FigureUnit.SHARE: "points",
            FigureUnit.COUNT: "count_change",
            FigureUnit.MONEY: "money_change",
            FigureUnit.MINUTES: "change_minutes",
            FigureUnit.SCORE: "change_score",
            FigureUnit.PER_100: "change_per_100",
        }[self]


class Counted(StrEnum):
    """What a figure counts: the things in its denominator, or those that it is a number of."""

    BOOKINGS = "bookings"
    ORDER_LINES = "order lines"
    UNITS = "units"
    REVIEWS = "reviews"
    PLATFORM = "as the platform counts"
    CONVERSATIONS = "conversations"
    CONTACTS = "chats and tickets"
    DEADLINES = "deadlines"
    AFTER_SALES_ORDERS = "after-sales orders"
    PLATFORM_CASES = "platform cases"
    REGULATOR_CASES = "regulator cases"
    CASES = "cases"
    RECORDS = "records"


class AgedFrom(StrEnum):
    """The day from which the units of a quality figure age."""

    SIGNING = "signing"
    PAYMENT = "payment"


class Good(StrEnum):
    """The direction in which a figure gets better, where it has one."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


_COUNTED_IN = {
    Counted.BOOKINGS: "aftersale",
    Counted.ORDER_LINES: "order_line",
    Counted.UNITS: "order_line",
    Counted.REVIEWS: "feedback",
    Counted.PLATFORM: "platform_metric",
    Counted.CONVERSATIONS: "exposure",
    Counted.CONTACTS: "feedback",
    Counted.DEADLINES: "feedback",
    Counted.AFTER_SALES_ORDERS: "aftersale",
    Counted.PLATFORM_CASES: "aftersale",
    Counted.REGULATOR_CASES: "regulator_case",
    Counted.CASES: "feedback",
    Counted.RECORDS: "feedback",
}
"""What a figure counts → the table that holds it."""

_REFUNDS = frozenset({"quality_refund_rate", "refund_only_rate", "preship_refund_rate"})
"""Rates of order lines whose events are after-sales orders."""


@dataclass(frozen=True)
class FigureKind:
    """One figure as the catalogue knows it.

    Its name and its meaning stand in `figure_kinds.yaml` of each language's messages. `moved_by` are the tables whose events
    (a formula, taxonomy, rule or switch) move its level, or whose missing data leave it without a period: what a rule does not
    decide keeps its level. `page_one` is the place on page 1; figures with one place are alternatives, of which the first that
    the shop has is printed. `headline` is the place among those that may open the conclusion.
    """

    code: str
    family: FigureFamily
    unit: FigureUnit
    counted: Counted
    good: Good
    moved_by: tuple[str, ...] = ()
    page_one: int | None = None
    headline: int | None = None
    shows_excess: bool = False  # if worse than its range, the excess of a cause is given as a share of it
    printed: bool = True  # not printed, as no manager reads it (docs/method.md, 8), but kept in the archive
    aged_from: AgedFrom = AgedFrom.SIGNING
    explained: bool = True  # a monthly edition prints its definition

    @property
    def rests_on(self) -> frozenset[str]:
        """The tables whose missing rows falsify it."""
        events = {"aftersale"} if self.code in _REFUNDS else {table for table in self.moved_by if table != "reviews"}
        return frozenset({_COUNTED_IN[self.counted], *events})


_MONEY, _QUALITY, _PUBLISHED, _SERVICE, _INFLOW = FigureFamily
_SHARE, _COUNT, _AMOUNT, _MINUTES, _SCORE, _PER_100 = FigureUnit
_UP, _DOWN, _NONE = Good

_KINDS = (
    FigureKind("net_loss", _MONEY, _AMOUNT, Counted.BOOKINGS, _DOWN, moved_by=("aftersale",), page_one=1),
    FigureKind("net_loss_share", _MONEY, _SHARE, Counted.BOOKINGS, _DOWN, explained=False),
    FigureKind("gross_loss", _MONEY, _AMOUNT, Counted.BOOKINGS, _DOWN, moved_by=("aftersale",), explained=False),
    FigureKind("recovered_loss", _MONEY, _AMOUNT, Counted.BOOKINGS, _NONE, explained=False),
    FigureKind("net_sales", _MONEY, _AMOUNT, Counted.ORDER_LINES, _NONE, explained=False),
    FigureKind("loss_item", _MONEY, _AMOUNT, Counted.BOOKINGS, _NONE, explained=False),
    FigureKind("recovered_item", _MONEY, _AMOUNT, Counted.BOOKINGS, _NONE, explained=False),
    FigureKind(
        "complaint_rate_signed", _QUALITY, _SHARE, Counted.ORDER_LINES, _DOWN,
        moved_by=("feedback",), page_one=5, headline=2, shows_excess=True,
    ),
    FigureKind(
        "complaints_per_100", _QUALITY, _PER_100, Counted.ORDER_LINES, _DOWN,
        moved_by=("feedback",), page_one=5, headline=4, explained=False,
    ),
    FigureKind("quality_refund_rate", _QUALITY, _SHARE, Counted.ORDER_LINES, _DOWN, page_one=2, headline=1),
    FigureKind("aftersale_rate", _QUALITY, _SHARE, Counted.ORDER_LINES, _DOWN, moved_by=("aftersale",)),
    FigureKind("return_rate", _QUALITY, _SHARE, Counted.UNITS, _DOWN, moved_by=("aftersale",)),
    FigureKind("refund_only_rate", _QUALITY, _SHARE, Counted.ORDER_LINES, _DOWN),
    FigureKind("preship_refund_rate", _QUALITY, _SHARE, Counted.ORDER_LINES, _DOWN, aged_from=AgedFrom.PAYMENT),
    FigureKind("damage_rate", _QUALITY, _SHARE, Counted.ORDER_LINES, _DOWN, moved_by=("feedback",)),
    FigureKind(
        "complaint_share_reviews", _QUALITY, _SHARE, Counted.REVIEWS, _DOWN,
        moved_by=("feedback", "reviews"), page_one=6, headline=3,
    ),
    FigureKind(
        "negative_rate", _QUALITY, _SHARE, Counted.REVIEWS, _DOWN,
        moved_by=("feedback", "reviews"), page_one=6, headline=5,
    ),
    FigureKind("platform_score", _PUBLISHED, _SCORE, Counted.PLATFORM, _UP, moved_by=("platform_metric",), page_one=3),
    FigureKind(
        "platform_quality_refund_rate", _PUBLISHED, _SCORE, Counted.PLATFORM, _DOWN,
        moved_by=("platform_metric",), explained=False,
    ),
    FigureKind("reply_3min_rate", _SERVICE, _SHARE, Counted.CONVERSATIONS, _UP, moved_by=("exposure",), page_one=4),
    FigureKind("sla_rate", _SERVICE, _SHARE, Counted.DEADLINES, _UP),
    FigureKind("first_reply_median", _SERVICE, _MINUTES, Counted.CONTACTS, _DOWN, moved_by=("feedback",), explained=False),
    FigureKind("first_reply_p90", _SERVICE, _MINUTES, Counted.CONTACTS, _DOWN, moved_by=("feedback",), explained=False),
    FigureKind("platform_involved_rate", _SERVICE, _SHARE, Counted.AFTER_SALES_ORDERS, _DOWN, explained=False),
    FigureKind("merchant_liable_rate", _SERVICE, _SHARE, Counted.PLATFORM_CASES, _DOWN, explained=False),
    FigureKind("evidence_missed", _SERVICE, _COUNT, Counted.PLATFORM_CASES, _DOWN, explained=False),
    FigureKind("auto_timeout_count", _SERVICE, _COUNT, Counted.AFTER_SALES_ORDERS, _DOWN, explained=False),
    FigureKind("refund_minutes_median", _SERVICE, _MINUTES, Counted.AFTER_SALES_ORDERS, _DOWN, explained=False),
    FigureKind("refund_paid_minutes_median", _SERVICE, _MINUTES, Counted.AFTER_SALES_ORDERS, _DOWN, explained=False),
    FigureKind("regulator_on_time", _SERVICE, _SHARE, Counted.REGULATOR_CASES, _UP, explained=False),
    FigureKind("fcr", _SERVICE, _SHARE, Counted.CASES, _UP, explained=False),
    FigureKind("records", _INFLOW, _COUNT, Counted.RECORDS, _NONE),
    FigureKind("complaints", _INFLOW, _COUNT, Counted.CASES, _DOWN, page_one=7, headline=6, shows_excess=True),
    FigureKind("complaints_per_day", _INFLOW, _COUNT, Counted.CASES, _DOWN, moved_by=("feedback",)),
    FigureKind("complaint_records", _INFLOW, _COUNT, Counted.RECORDS, _NONE, printed=False, explained=False),
    FigureKind("question_records", _INFLOW, _COUNT, Counted.RECORDS, _NONE, printed=False, explained=False),
    FigureKind("suggestion_records", _INFLOW, _COUNT, Counted.RECORDS, _NONE, printed=False, explained=False),
    FigureKind("praise_records", _INFLOW, _COUNT, Counted.RECORDS, _NONE, printed=False, explained=False),
    FigureKind("aftersale_count", _INFLOW, _COUNT, Counted.AFTER_SALES_ORDERS, _NONE, moved_by=("aftersale",), explained=False),
    FigureKind("conversations", _INFLOW, _COUNT, Counted.CONVERSATIONS, _NONE, explained=False),
    FigureKind("human_conversations", _INFLOW, _COUNT, Counted.CONVERSATIONS, _NONE, explained=False),
    FigureKind("complaints_by_source", _INFLOW, _COUNT, Counted.CASES, _NONE, printed=False, explained=False),
    FigureKind("complaints_by_platform", _INFLOW, _COUNT, Counted.CASES, _NONE, printed=False, explained=False),
)  # fmt: skip

FIGURES: dict[str, FigureKind] = {kind.code: kind for kind in _KINDS}
"""Every figure by its code; platform metrics not named here come from `published_kind`."""

PAGE_ONE: tuple[tuple[str, ...], ...] = tuple(
    tuple(kind.code for kind in _KINDS if kind.page_one == place)
    for place in sorted({kind.page_one for kind in _KINDS if kind.page_one is not None})
)
"""Codes of page 1 in the order of the meeting; alternatives are next to each other."""

HEADLINE: tuple[str, ...] = tuple(
    code for _, code in sorted((kind.headline, kind.code) for kind in _KINDS if kind.headline is not None)
)
"""Codes of the figures whose judgement opens the conclusion, most telling first."""


def published_kind(metric: str, good: Good) -> FigureKind:
    """Return the kind of a metric that a platform publishes; which direction is good follows from its warning lines."""
    code = f"platform_{metric}"
    known = FIGURES.get(code) or FigureKind(
        code, FigureFamily.PUBLISHED, FigureUnit.SCORE, Counted.PLATFORM, good, explained=False
    )
    return replace(known, good=good)
