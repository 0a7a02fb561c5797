"""External deadlines that are close (docs/method.md, 7)."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from tasks.analyse.deadlines import due_items
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.review import DueItem, DueKind
from tasks.model.warnings import EarlyWarning, WarningWording
from tasks.shop.load import Shop
from tasks.shop.warnings import WarningRule
from tasks.warn.kinds.kind import WarningKind, Watch


def deadlines(facts: CodedFacts, shop: Shop) -> list[EarlyWarning]:
    """Return the open cases whose given deadline falls due within `warnings.due_hours`, those of one kind together.

    Args:
        facts: Coded facts at their moment.
        shop: Configuration.
    """
    zone = shop.identity.zone
    until = facts.as_of + timedelta(hours=shop.warnings.due_hours)
    yesterday = facts.as_of.astimezone(ZoneInfo(zone)).date() - timedelta(days=1)
    close = [
        item
        for item in due_items(facts, Period.parse(f"{yesterday}..{yesterday}", zone), shop)
        if not item.missed and item.kind != DueKind.REGULATOR and item.must_act_by < until
    ]
    return [_of_kind(kind, [item for item in close if item.kind == kind], zone) for kind in sorted({item.kind for item in close})]


def _of_kind(kind: str, items: list[DueItem], zone: str) -> EarlyWarning:
    first = min(item.must_act_by for item in items)
    amounts = tuple(item.amount for item in items if item.amount is not None)
    return EarlyWarning(
        kind="deadline",
        slice={"deadline": kind},
        leaf="",
        observed=float(len(items)),
        since=first.astimezone(ZoneInfo(zone)).date(),
        answer_by=first,
        items=tuple(item.reference for item in items),
        dues=tuple(item.must_act_by for item in items),
        amounts=amounts if len(amounts) == len(items) else (),
    )


def _variant(warning: EarlyWarning) -> str:
    return "deadline_money" if warning.amounts else ""


KIND = WarningKind(
    code="deadline",
    watch=Watch.CLOCKS,
    look=deadlines,
    wording=WarningWording("deadline", unit="orders", variant=_variant, first="first_due", lists_items=True),
    default=WarningRule(owner="客服", ladder=["总经理"], answer_hours=4, escalate_hours=12, reminder=True),
)
