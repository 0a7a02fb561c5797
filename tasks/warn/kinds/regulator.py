"""Regulator cases with running clocks (docs/method.md, 7)."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from tasks.analyse.clocks import due_moment
from tasks.analyse.deadlines import HIDDEN
from tasks.model.facts import CodedFacts
from tasks.model.warnings import EarlyWarning, WarningWording
from tasks.shop.load import Shop
from tasks.shop.service_levels import Milestone
from tasks.shop.warnings import WarningRule
from tasks.warn.kinds.kind import WarningKind, Watch

REGULATOR_TABLE = "regulator_case"


def regulator(facts: CodedFacts, shop: Shop) -> list[EarlyWarning]:
    """Return regulator cases without a first contact, and those whose answer is due within `warnings.due_hours`.

    A case is reported when it arrives, and again when its answer is nearly due; the clocks are those of `service_levels`.

    Args:
        facts: Coded facts at their moment.
        shop: Configuration.
    """
    zone = shop.identity.zone
    warnings = []
    for milestone in shop.service_levels.milestones:
        if milestone.table != REGULATOR_TABLE:
            continue
        is_last = milestone.deadline != ""
        until = facts.as_of + timedelta(hours=shop.warnings.due_hours) if is_last else None
        open_cases = [case for case in _open(facts, milestone, shop) if until is None or case[1] < until]
        if not open_cases:
            continue
        first = min(due for _, due, _ in open_cases)
        warnings.append(
            EarlyWarning(
                kind="regulator",
                slice={"milestone": milestone.id},
                leaf="",
                observed=float(len(open_cases)),
                since=min(received for _, _, received in open_cases).astimezone(ZoneInfo(zone)).date(),
                answer_by=first,
                items=tuple(f"{milestone.id}:{reference[:HIDDEN]}" for reference, _, _ in open_cases),
                dues=tuple(due for _, due, _ in open_cases),
            )
        )
    return warnings


def _open(facts: CodedFacts, milestone: Milestone, shop: Shop) -> list[tuple[str, datetime, datetime]]:
    """Return (case, due, received) of the cases that have not met a milestone and can still meet it, by due time."""
    cases = facts[REGULATOR_TABLE].filter(pl.col(milestone.start) <= facts.as_of)
    met = pl.min_horizontal([pl.when(pl.col(column) <= facts.as_of).then(pl.col(column)) for column in milestone.met])
    given = pl.col(milestone.deadline) if milestone.deadline else pl.lit(None, facts[REGULATOR_TABLE].schema["must_act_by"])
    rows = cases.filter(met.is_null()).select("case_no_hash", started=milestone.start, given=given).sort("case_no_hash")
    found = []
    for reference, started, deadline in rows.iter_rows():
        due = due_moment(milestone, started, deadline, shop.calendar, shop.service_levels.service_hours, shop.identity.zone)
        if due is not None and due > facts.as_of:
            found.append((str(reference), due, started))
    return sorted(found, key=lambda case: (case[1], case[0]))


KIND = WarningKind(
    code="regulator",
    watch=Watch.CLOCKS,
    look=regulator,
    wording=WarningWording("regulator"),
    default=WarningRule(owner="法务", ladder=["总经理"], answer_hours=4, escalate_hours=12, restricted=True, reminder=True),
)
