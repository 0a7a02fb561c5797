"""The lifecycle of a finding over editions: new, continuing with its age, recurring, or ended; it is news only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tasks.analyse.causes.recount import Recount
from tasks.methods.likelihood import ratio_interval
from tasks.model.causes import Cause, CauseEvidence, CauseLife, GradedForecast, RootCauses, urgency
from tasks.model.periods import Period
from tasks.model.slices import Slice, lasting

MAX_NEW = 3
"""The most new findings that a week's meeting can handle; the rest get a line each and come first next time."""

MAX_NAMED = 6
MEMORY = 26
"""Periods after which the same problem counts as a new one."""

SHARED = 0.5
"""Two slices are one problem if they share this part of the smaller one's cases of the period."""


Measure = Callable[[Cause], Recount | None]
"""Counts an earlier cause's slice in the period under review; None if it cannot be counted."""


def with_lifecycle(found: RootCauses, earlier: Sequence[tuple[str, Cause]], period: Period, measure: Measure) -> RootCauses:
    """Date each cause, limit the new ones, and follow up the causes of the last review.

    Args:
        found: What this period's search named, the strongest first.
        earlier: (period id, cause) of earlier reviews of the same report, oldest first, with what people decided.
        period: The period under review.
        measure: Counts an earlier cause's slice again.

    Returns:
        The same with causes in the order of risk and money (of a week at most three new ones), those left over as `deferred`, and as
        `ended` what the last review named and this one does not: recovered, or watched while it is still raised.
    """
    last = period.previous().id
    known = _newest(earlier, period)
    counted = {name: measure(cause) if when == last else None for name, (when, cause) in known.items()}
    claimed: set[str] = set()
    aged: list[Cause] = []
    for cause in sorted(found.causes, key=lambda one: one.cause_id not in known):
        before = _predecessor(cause, known, counted, claimed)
        if before is None:
            aged.append(cause)
            continue
        when, then = before
        claimed.add(then.cause_id)
        aged.append(
            replace(
                cause,
                cause_id=then.cause_id,
                first_period=then.first_period,
                periods=then.periods + 1,
                life=CauseLife.CONTINUING if when == last else CauseLife.RECURRING,
                status=then.status,
                evidence=replace(cause.evidence, graded=_graded(then, counted[then.cause_id], period)),
            )
        )
    aged.sort(key=urgency)
    unsaid = [cause for cause in aged if cause.life != CauseLife.CONTINUING]
    # the one with most evidence is always news: what nobody returns has no price and would wait for ever
    largest = sorted(unsaid, key=lambda cause: -cause.llr)[:1]
    new = [*largest, *(cause for cause in unsaid if cause not in largest)][: MAX_NEW if period.grain == "week" else MAX_NAMED]
    named = [cause for cause in aged if cause.life == CauseLife.CONTINUING or cause in new][:MAX_NAMED]
    named_rows = {record for cause in aged for record in cause.rows}
    ended = [
        _ended(cause, now, period)
        for name, (_, cause) in known.items()
        if (now := counted[name]) is not None and name not in claimed and not _is_part(now.records, named_rows)
    ]
    return replace(
        found,
        causes=named,
        deferred=[cause for cause in aged if cause not in named],
        ended=sorted(ended, key=lambda one: one.cause_id),
    )


def _newest(earlier: Sequence[tuple[str, Cause]], period: Period) -> dict[str, tuple[str, Cause]]:
    """Return the latest state of each cause of the last half year, by its id."""
    oldest = period
    for _ in range(MEMORY):
        oldest = oldest.previous()
    return {
        cause.cause_id: (when, cause)
        for when, cause in earlier
        if not Period.parse(when, period.zone).is_reviewed_before(oldest) and when != period.id
    }


def _predecessor(
    cause: Cause, known: dict[str, tuple[str, Cause]], counted: dict[str, Recount | None], claimed: set[str]
) -> tuple[str, Cause] | None:
    """Return the newest earlier cause of the same problem.

    It has the same name, the same problem in a wider or narrower slice, or another name for the same cases: a region and
    the warehouse that serves it.
    """
    if cause.cause_id in known and cause.cause_id not in claimed:
        return known[cause.cause_id]
    fits = []
    for when, then in known.values():
        if then.cause_id in claimed or then.kind != cause.kind or not _same_problem(cause, then):
            continue
        now = counted[then.cause_id]
        if _nested(cause.slice, then.slice) or (now is not None and _is_part(now.records, set(cause.rows))):
            fits.append((when, then))
    return max(fits, key=lambda pair: (pair[0], pair[1].llr, pair[1].cause_id), default=None)


def _is_part(records: frozenset[str], of: set[str]) -> bool:
    return len(records) >= 3 and len(records & of) >= SHARED * len(records)


def _same_problem(one: Cause, other: Cause) -> bool:
    return one.leaf.split(".")[0] == other.leaf.split(".")[0] or one.family == other.family


def _nested(one: Slice, other: Slice) -> bool:
    """Whether one slice lies in the other; days of payment or shipment shift from week to week and do not count."""
    a, b = lasting(one).items(), lasting(other).items()
    return bool(a & b) and (a <= b or b <= a)


def _graded(then: Cause, now: Recount | None, period: Period) -> GradedForecast | None:
    """Return the last review's forecast of a cause for this period beside the outcome."""
    foretold = then.evidence.forecast
    if now is None or foretold is None or foretold.period != period.id:
        return None
    return GradedForecast(foretold.mean, foretold.low, foretold.high, now.observed)


def _ended(cause: Cause, now: Recount, period: Period) -> Cause:
    low, high = ratio_interval(now.observed, now.expected)
    raised = low > 1 or (now.observed > 1.3 * now.expected and now.observed - now.expected >= 3)
    return replace(
        cause,
        life=CauseLife.WATCHED if raised else CauseLife.RECOVERED,
        observed=now.observed,
        expected=round(now.expected, 2),
        ratio=now.observed / max(now.expected, 1e-9),
        low=low,
        high=high,
        window_weeks=1,
        contribution=None,
        evidence=CauseEvidence(graded=_graded(cause, now, period)),
    )
