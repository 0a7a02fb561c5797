"""Were the warnings right? Each is checked against its owner's answer and later reports."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.model.causes import Cause
from tasks.model.periods import Period
from tasks.model.warnings import CLUSTER, GradedWarning, KeptWarning, WarningGrades, WarningVerdict
from tasks.shop.load import Shop
from tasks.warn.kinds.catalogue import kinds, rule_of

SAME_CASES = 0.3
"""A report's cause is the warning's if they share this part of the smaller one's cases."""


def grades(kept: list[KeptWarning], causes: Iterable[tuple[str, Cause]], period: Period, shop: Shop) -> WarningGrades | None:
    """Grade the warnings sent in a period; None if the daily watch has never sent any.

    A person's answer takes precedence; if nobody answered, a report of the same or a later period that names the cause
    counts as proof and is cited. Reminders of deadlines and parcels cannot be wrong and are only counted.

    Args:
        kept: Warnings as of the review's moment.
        causes: Period id and cause, from archived editions.
        period: The reviewed period.
        shop: Defines which kinds are reminders.
    """
    if not kept:
        return None
    inside = [each for each in kept if period.start <= each.opened_at < period.end]
    named = [(Period.parse(name, period.zone), cause) for name, cause in causes]
    graded = tuple(_graded(each, named) for each in inside if not rule_of(each.warning.kind, shop).reminder)
    return WarningGrades(graded, len(inside) - len(graded))


def _graded(kept: KeptWarning, causes: list[tuple[Period, Cause]]) -> GradedWarning:
    wording = kinds()[kept.warning.kind].wording
    if kept.answer is not None:
        return GradedWarning(kept.warning_id, kept.warning, kept.opened_at, wording, WarningVerdict(kept.answer.value))
    for period, cause in sorted(causes, key=lambda pair: (pair[0].end, pair[0].id, pair[1].cause_id)):
        if period.end > kept.opened_at and _is_its(kept, cause):
            return GradedWarning(kept.warning_id, kept.warning, kept.opened_at, wording, WarningVerdict.NAMED, period.id)
    return GradedWarning(kept.warning_id, kept.warning, kept.opened_at, wording, WarningVerdict.SILENT)


def _is_its(kept: KeptWarning, cause: Cause) -> bool:
    """Whether a report's cause is what a warning was about: largely the same cases, or the same place and problem."""
    warning = kept.warning
    shared = kept.reported & set(cause.rows)
    if shared and len(shared) >= SAME_CASES * min(len(kept.reported), len(cause.rows)):
        return True
    same_place = bool(warning.slice) and all(cause.slice.get(name) == value for name, value in warning.slice.items())
    return warning.kind == CLUSTER and same_place and cause.leaf.partition(":")[0] == warning.leaf
