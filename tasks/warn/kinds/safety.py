"""Safety: one credible case is enough, and every further one is reported."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from tasks.analyse.red_lines import red_lines
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.review import RedLineKind
from tasks.model.warnings import SAFETY, EarlyWarning, WarningWording
from tasks.shop.load import Shop
from tasks.shop.warnings import WarningRule
from tasks.warn.kinds.catalogue import rule_of
from tasks.warn.kinds.kind import WarningKind, Watch


def safety(facts: CodedFacts, shop: Shop) -> list[EarlyWarning]:
    """Return the safety leads of the last days, those of one SKU and symptom together; no statistics, no denominators.

    Args:
        facts: Coded facts at their moment.
        shop: Configuration; `warnings.safety_days` sets how recent.
    """
    zone = shop.identity.zone
    today = facts.as_of.astimezone(ZoneInfo(zone)).date()
    recent = Period.parse(f"{today - timedelta(days=shop.warnings.safety_days - 1)}..{today}", zone)
    rule = rule_of(SAFETY, shop)
    return [
        EarlyWarning(
            kind=SAFETY,
            slice={name: value for name, value in line.slice.items() if name == "sku"},
            leaf=line.leaf,
            symptom=line.slice.get("symptom", ""),
            observed=float(line.cases),
            since=line.days[0],
            days=line.days,
            answer_by=facts.as_of + timedelta(hours=rule.answer_hours),
            items=line.rows,
            words=(line.words,) if line.words else (),
            sold=line.sold,
        )
        for line in red_lines(facts, recent, shop)
        if line.kind == RedLineKind.SAFETY
    ]


KIND = WarningKind(
    code=SAFETY,
    watch=Watch.CLOCKS,
    look=safety,
    wording=WarningWording("safety", quotes_one=True, names_symptom=True, tells_days=True, chance="safety"),
    default=WarningRule(owner="品控", ladder=["总经理"], answer_hours=2, escalate_hours=4, red_line=True, restricted=True),
)
