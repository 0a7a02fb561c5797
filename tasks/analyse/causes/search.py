"""Root causes of a period: where observed cases exceed expected ones, with the right exposure for each family."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import numpy as np

from tasks.analyse.causes.by_problem import contrast_by_problem
from tasks.analyse.causes.candidates import Candidate, brought_together, describer, order_panel, spans
from tasks.analyse.causes.claim_clusters import clusters
from tasks.analyse.causes.comparison_rates import stands_out
from tasks.analyse.causes.description import order_cause, weekly_counts
from tasks.analyse.causes.exposure_panels import ExposurePanel, app_panel, expected_on_exposure, service_panel
from tasks.analyse.causes.families import PANELS, SEARCHED
from tasks.analyse.causes.lifecycle import with_lifecycle
from tasks.analyse.causes.mix import mix_effects
from tasks.analyse.causes.naming import ALPHA, ancestry
from tasks.analyse.causes.power import with_power
from tasks.analyse.causes.problem_focus import ProblemFocus
from tasks.analyse.causes.public_talk import reputation
from tasks.analyse.causes.recount import measured
from tasks.analyse.causes.same_weeks import contrast
from tasks.analyse.causes.without_orders import from_records
from tasks.expected.arrivals import expected_units, observed_cases
from tasks.expected.lag_curves import LEAST_CASES, LEAST_DAYS, Curve, baseline_end, curves
from tasks.expected.pooled_curves import pooled_curves
from tasks.expected.unit_history import UnitHistory, as_of_day, build_history, day_number
from tasks.methods.panels import Panel
from tasks.methods.scan import scan
from tasks.model.causes import Cause, CauseKind, CauseSearch, RootCauses, SearchBasis, SearchLack
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.shop.load import Shop


def root_causes(
    facts: CodedFacts,
    period: Period,
    shop: Shop,
    *,
    partial: str = "",
    history: UnitHistory | None = None,
    earlier: Sequence[tuple[str, Cause]] = (),
) -> RootCauses:
    """Find the slices with more cases than expected in a period, and say which are new.

    Args:
        facts: Coded facts.
        period: The judged period; only what happened before its end counts.
        shop: Configures the base of rates (orders, reviews or earlier counts) and the dimensions to cut by.
        partial: Why the period is incomplete; if so, no cause is named.
        history: The arrays of `facts`, if the caller already has them.
        earlier: (period id, cause) of earlier reviews of the same report, oldest first, with what people decided.
    """
    if partial:
        return RootCauses([], [], 0, 0.0, None, "partial")
    base = shop.base
    if base == "orders" and facts.has("order_line"):
        return _from_orders(facts, period, shop, history, earlier)
    return with_lifecycle(from_records(facts, period, shop, base), earlier, period, lambda _: None)


def order_dimensions(shop: Shop) -> tuple[list[str], dict[str, frozenset[str]]]:
    """Return the order line's dimensions that are searched, and what each determines."""
    names = [d.name for d in shop.dimensions.dimensions if d.scan and d.domain == "orders"]
    return names, ancestry(shop)


def make_history(facts: CodedFacts, period: Period, shop: Shop) -> UnitHistory:
    """Return the arrays that judging a period needs."""
    names, _ = order_dimensions(shop)
    return build_history(facts, names, period.zone, period.last_day + timedelta(days=1))


@dataclass
class _Raised:
    """Everything that the searches of a review found."""

    candidates: list[Candidate] = field(default_factory=list)
    falls: list[Candidate] = field(default_factory=list)
    rejected: list[Candidate] = field(default_factory=list)
    tested: int = 0
    cases: float = 0.0  # of the longest span, whatever was found in them
    excess: float = 0.0  # cases of the last week beyond expectation, over all families that exceed theirs

    def add_excess(self, panel: Panel) -> None:
        self.excess += max(panel.n_cases - float(panel.weights.sum()), 0.0)


def _from_orders(
    facts: CodedFacts, period: Period, shop: Shop, history: UnitHistory | None, earlier: Sequence[tuple[str, Cause]]
) -> RootCauses:
    history = as_of_day(history, period.last_day + timedelta(days=1)) if history else make_history(facts, period, shop)
    _, parents = order_dimensions(shop)
    past = curves(history, period)
    pooled = pooled_curves(history, [family for family in SEARCHED if family not in past], day_number(period.last_day))
    fitted = {**pooled, **past}
    windows = spans(period)
    panels = len(PANELS) + 2
    alpha = ALPHA / panels / len(windows) ** 0.5
    raised = _Raised()
    for families in PANELS:
        if known := [past[family] for family in families if family in past]:
            _search_orders(raised, history, known, windows, parents, alpha)
    for build in (app_panel, service_panel):
        _search_exposure(raised, partial(build, facts, period.zone), windows, alpha)
    raised.cases = float(sum(len(observed_cases(history, family, windows[-1][1], windows[-1][2])) for family in fitted))
    beside = contrast(history, pooled, PANELS, windows, parents, alpha)
    single = contrast_by_problem(history, past, SEARCHED, windows, parents, ALPHA)
    raised.candidates += beside.candidates + single.candidates
    raised.rejected += beside.rejected
    raised.tested += beside.compared
    chosen = [
        (candidate, more)
        for candidate, more in brought_together(raised.candidates)
        if period.grain != "week" or _is_current(history, fitted, candidate)
    ]
    describe = partial(order_cause, facts, period, shop, history, fitted)
    causes = _with_contributions(_standing_out([describe(candidate, more) for candidate, more in chosen]), raised.excess)
    causes += clusters(facts, period) + reputation(facts, period)
    causes.sort(key=lambda cause: (-(cause.llr), cause.cause_id))
    falls = [describe(candidate, []) for candidate, _ in brought_together(raised.falls)]
    if not causes:  # beside a named place its other problems are no news
        raised.rejected += single.rejected
    best = max(raised.rejected, key=lambda candidate: candidate.found.score, default=None)
    expected_leaves = _expected_leaves(history, past, facts, period)
    found = RootCauses(
        causes=causes,
        falls=[replace(cause, kind=CauseKind.FALL) for cause in falls[:3]],
        tested=raised.tested,
        expected_false_alarms=alpha * panels * len(windows) + ALPHA,
        strongest_rejected=describe(best, []) if best else None,
        rejected_why="below_threshold" if best else "nothing_raised",
        mix=mix_effects(history, past, period),
        expected_leaves=expected_leaves,
        expected_total=sum(expected_leaves.values()) if expected_leaves else None,
        search=with_power(
            _search_of(history, past, period, beside.compared),
            tested=raised.tested,
            cases=raised.cases,
            weeks=windows[-1][0],
            alpha=alpha,
            best=best.found.score if best else None,
        ),
    )
    return with_lifecycle(found, earlier, period, lambda cause: measured(facts, period, history, fitted, cause))


def _standing_out(causes: list[Cause]) -> list[Cause]:
    """Leave out causes whose peers have as much: the expectation is too low or all have risen, and no slice is the cause."""
    return [cause for cause in causes if stands_out(cause.rate, cause.comparison_rate)]


def _search_of(history: UnitHistory, past: dict[str, Curve], period: Period, compared: int) -> CauseSearch:
    """Return how far causes were sought: against the past if any family has one, else within the same weeks, else not at all."""
    if any(family in past for family in SEARCHED):
        return CauseSearch(compared=compared)
    basis = SearchBasis.SAME_WEEKS if compared else SearchBasis.NOTHING
    weeks = max((day_number(period.first_day) - history.known_from(SEARCHED[0])) // 7, 0)
    if weeks < LEAST_DAYS // 7 + 1:  # a week lies between the past and the period
        return CauseSearch(basis, SearchLack.WEEKS, weeks, LEAST_DAYS // 7 + 1, compared)
    known = max(int((history.case_day[family] < baseline_end(history, period, family)).sum()) for family in SEARCHED)
    # of a family's earlier cases, those of unknown product or signing make no curve
    return CauseSearch(basis, SearchLack.KINDS, min(known, LEAST_CASES - 1), LEAST_CASES, compared)


def _search_orders(
    raised: _Raised,
    history: UnitHistory,
    known: list[Curve],
    windows: list[tuple[int, int, int]],
    parents: dict[str, frozenset[str]],
    alpha: float,
) -> None:
    """Search the order lines of some families over all spans, and their last week for falls."""
    dispersion = max(curve.dispersion for curve in known)
    leaves = ProblemFocus(history, known)
    looked = 0
    for weeks, first, last in windows:
        panel, rows, cases = order_panel(history, known, first, last, parents)
        # an expectation from few weeks is itself a count: Var(O−E) = E (1 + span / baseline)
        baseline = max((known[0].baseline_last - known[0].baseline_first + 1) / 7, 1.0)
        spread = dispersion * (1 + weeks / baseline)
        focus = partial(leaves.nats, panel, cases, spread)
        result = scan(panel, alpha=alpha, dispersion=spread, focus=focus)
        looked = max(looked, result.tested)
        describe = describer(history, weeks, first, last, panel, rows, cases)
        raised.candidates += [describe(found) for found in result.found]
        if result.rejected is not None:
            raised.rejected.append(describe(result.rejected))
        if weeks == windows[0][0]:
            raised.add_excess(panel)
            down = scan(panel, alpha=alpha / 5, dispersion=dispersion, falls=True, max_causes=2, min_cases=12)
            raised.falls += [describe(found) for found in down.found]
    raised.tested += looked  # the spans look at the same slices


def _search_exposure(
    raised: _Raised, build: Callable[[int, int], ExposurePanel | None], windows: list[tuple[int, int, int]], alpha: float
) -> None:
    """Search what is measured by device or conversation over all spans."""
    for weeks, first, last in windows:
        built = build(first, last)
        if built is None:
            continue
        panel, describe, baseline = built
        if weeks == windows[0][0]:
            raised.add_excess(panel)
        result = scan(panel, alpha=alpha, min_ratio=1.6, dispersion=1.2 * (1 + weeks / max(baseline, 1.0)))
        raised.tested += result.tested
        raised.candidates += [describe(found, weeks) for found in result.found]
        if result.rejected is not None:
            raised.rejected.append(describe(result.rejected, weeks))


def _with_contributions(causes: list[Cause], raised: float) -> list[Cause]:
    """Give each cause its share of the last week's excess, where that is beyond chance; shares add up to at most 1."""
    own = [max(weekly[-1][1] - weekly[-1][2], 0.0) for weekly in (cause.evidence.weekly for cause in causes)]
    whole = max(raised, sum(own))
    if whole < 30:
        return causes
    return [replace(cause, contribution=part / whole) for cause, part in zip(causes, own, strict=True)]


def _is_current(history: UnitHistory, fitted: dict[str, Curve], candidate: Candidate) -> bool:
    """Whether the last week itself is raised: what had ended before it is no finding of a week. A month tells it all the same."""
    recent = sum(day > candidate.last - 7 for day in candidate.days)
    if recent < 3:
        return False
    history, fitted = candidate.seen_in(history, fitted)
    weekly = (
        weekly_counts(history, fitted, candidate, weeks=1)
        if candidate.families[0] in fitted
        else [("", float(recent), candidate.found.expected / max(candidate.weeks, 1))]
    )
    _, o, e = weekly[-1]
    return o >= 1.3 * e


def _expected_leaves(history: UnitHistory, fitted: dict[str, Curve], facts: CodedFacts, period: Period) -> dict[str, float]:
    """Return the expected counted cases of the period by leaf: a family's expectation split by its baseline leaves."""
    first, last = day_number(period.first_day), day_number(period.last_day)
    out: dict[str, float] = {}
    for family, curve in fitted.items():
        if family == "return":
            continue
        _, weights = expected_units(history, curve, first, last)
        arrived = history.case_day[family]
        past = (arrived >= curve.baseline_first) & (arrived <= curve.baseline_last)
        shares = np.bincount(history.case_leaf[family][past], minlength=len(history.leaves)).astype(float)
        if shares.sum() == 0:
            continue
        for code in np.flatnonzero(shares):
            leaf = history.leaves[code]
            out[leaf] = out.get(leaf, 0.0) + float(weights.sum() * shares[code] / shares.sum())
    for family, kind in (("app", "active_devices"), ("service", "human_conversations")):
        for leaf, expected in expected_on_exposure(facts, period, family, kind).items():
            out[leaf] = out.get(leaf, 0.0) + expected
    return dict(sorted(out.items()))
