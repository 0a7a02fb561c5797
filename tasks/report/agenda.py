"""The content of an edition, decided once for all languages: which findings, in which order, who decides what by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasks.model.actions import Action, ActionKind, Verdict
from tasks.model.causes import Cause, CauseKind, SearchBasis, urgency
from tasks.model.figure_kinds import HEADLINE, FigureFamily
from tasks.model.figures import UNJUDGED, Breakdown, Figure, Judgement, MixEffect, MixVerdict, ProblemRow, Projection, Ranking
from tasks.model.review import ChannelQuality, RedLine, RedLineKind, Review
from tasks.report import action_choice, figure_choice, table_choice
from tasks.report.reading import direction
from tasks.shop.load import Shop

RED_LINES = 3
"""Red lines that page 1 prints one by one; the others are counted there and named with the causes."""

MATTERS = 3
"""Matters, and decisions, that one meeting has time for."""

OFF_TARGET_PERIODS = 5
"""Periods in a row off target from which on nothing is called normal."""

NEW_ACTIONS = {True: 24, False: 12}
"""New actions printed in a monthly edition, and in a weekly one."""

FALLS = 3
"""Falls that are printed after the causes."""


class ConclusionKind(StrEnum):
    """The subject of page 1's one-sentence conclusion."""

    PARTIAL = "partial"  # the period is not over
    NO_COMPLAINTS = "no_complaints"
    SMALL = "small"  # too few cases to judge
    RED_LINE = "red_line"
    CAUSE = "cause"
    MIX = "mix"
    FIGURE = "figure"  # nothing but the state of the main figure
    QUIET_LATE = "quiet_late"  # nothing new, so time for late actions
    QUIET = "quiet"
    NOT_SOUGHT = "not_sought"  # nothing found, which says little: no past, few cases, or something only just fell short


class OverallKind(StrEnum):
    """How the main figures stand as a whole."""

    WORSE = "worse"
    OFF_TARGET = "off_target"  # for more periods than one can call normal
    BETTER = "better"
    WATCH = "watch"
    NORMAL = "normal"
    UNJUDGED = "unjudged"
    CAUSES = "causes"  # causes are named, though no figure of page 1 left its range
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Overall:
    """How the main figures stand, and the figure that says so."""

    kind: OverallKind
    figure: Figure | None = None


@dataclass(frozen=True)
class Conclusion:
    """The one-sentence conclusion of page 1: its kind, and the finding that it is about."""

    kind: ConclusionKind
    overall: Overall | None = None
    red_line: int | None = None  # its index in the review
    cause: Cause | None = None
    only_matter: bool = False  # the cause is the only thing to decide
    mix: MixEffect | None = None


@dataclass(frozen=True)
class Matter:
    """One of the three matters: a cause with the next step against it, or a change due to composition alone."""

    cause: Cause | None = None
    next_step: Action | None = None
    mix: MixEffect | None = None


@dataclass(frozen=True)
class Decision:
    """Something that a person must decide now: an action, or whether to stop selling the subject of a red line."""

    owner: str
    due: datetime
    cause: Cause | None = None
    action: Action | None = None
    red_line: RedLine | None = None


@dataclass(frozen=True)
class Agenda:
    """The content of one edition, independent of language.

    `causes` are in the order of their urgency and empty for a partial period; `red_told` and `red_counted` are indices of the
    review's red lines; `comparable` maps a cause to the judged action against its like.
    """

    monthly: bool
    restricted: bool
    partial: bool
    small: bool
    cases: float | None  # counted complaints of the period
    minimum: int  # cases from which on percentages are printed
    red_told: tuple[int, ...]
    red_counted: tuple[int, ...]
    conclusion: Conclusion
    causes: tuple[Cause, ...]
    falls: tuple[Cause, ...]
    excess_shared: bool  # the shop's own figure left its range, so an excess has a share in it
    comparable: Mapping[str, tuple[Action, Verdict]]
    matters: tuple[Matter, ...]
    decisions: tuple[Decision, ...]
    earlier: action_choice.EarlierActions
    new_actions: tuple[Action, ...]
    more_actions: int
    withheld: int  # new actions that only restricted editions name
    mix: tuple[MixEffect, ...]
    page_one: tuple[Figure, ...]
    revisable: tuple[Figure, ...]  # whose value page 1 prints, in the review's order
    scorecard: tuple[tuple[FigureFamily, tuple[Figure, ...]], ...]
    over_time: tuple[Figure, ...]
    problems: tuple[ProblemRow, ...]
    projections: tuple[Projection, ...]
    breakdowns: tuple[Breakdown, ...]
    rankings: tuple[Ranking, ...]
    channels: tuple[ChannelQuality, ...]

    @property
    def quiet(self) -> bool:
        """Whether there is neither a cause nor a red line."""
        return not self.causes and not self.red_told


def agenda(review: Review, shop: Shop, *, restricted: bool) -> Agenda:
    """Decide the content of an edition.

    Args:
        review: What may be said.
        shop: Who decides, the smallest number of cases for a percentage, the main lens, the order of platforms.
        restricted: Whether restricted actions may be named.
    """
    monthly, partial, minimum = review.period.grain != "week", bool(review.partial), shop.identity.minimum_n
    cases = counted_cases(review)
    ordered = sorted(review.causes, key=urgency)
    proposals = [action for action in review.proposals if restricted or not action.restricted]
    red_told, red_counted = red_order(review.red_lines)
    told = [result for result in review.prior if restricted or not result.action.restricted]
    earlier = action_choice.earlier_actions(told, review.period, review.as_of)
    decided = () if partial else decisions(review, ordered, proposals, shop)
    small = cases is not None and cases < minimum
    new_actions = _by_cause(proposals, ordered)
    ended = {cause.cause_id for cause in review.ended}
    page_one = figure_choice.page_one(review.figures, shop.channels.platforms)
    return Agenda(
        monthly=monthly,
        restricted=restricted,
        partial=partial,
        small=small,
        cases=cases,
        minimum=minimum,
        red_told=red_told,
        red_counted=red_counted,
        conclusion=conclusion(review, ordered, cases, page_one, small=small, decisions=len(decided), late=len(earlier.late)),
        causes=() if partial else tuple(ordered),
        falls=() if partial else tuple(cause for cause in review.falls[:FALLS] if cause.cause_id not in ended),
        excess_shared=_excess_shared(review),
        comparable=action_choice.comparable(ordered, told),
        matters=() if partial else matters(review, ordered, proposals),
        decisions=decided,
        earlier=earlier,
        new_actions=new_actions[: NEW_ACTIONS[monthly]],
        more_actions=max(len(new_actions) - NEW_ACTIONS[monthly], 0),
        withheld=len(review.proposals) - len(proposals),
        mix=() if partial else tuple(review.mix[: table_choice.MIX_TABLES]),
        page_one=page_one,
        revisable=figure_choice.revisable(review.figures, page_one, minimum),
        scorecard=figure_choice.scorecard(review.figures),
        over_time=figure_choice.over_time(page_one, minimum),
        problems=table_choice.problems(review.problems, shop.taxonomy.main_lens),
        projections=() if small else tuple(review.projections),
        breakdowns=table_choice.breakdowns(review.breakdowns, monthly=monthly, orders=shop.base == "orders"),
        rankings=() if partial else table_choice.rankings(review.rankings),
        channels=table_choice.channels(review.channels, monthly=monthly),
    )


def counted_cases(review: Review) -> float | None:
    """Return the counted complaints of the period, or None if the review does not say."""
    figure = review.figure("complaints")
    if figure is not None and figure.value is not None:
        return figure.value
    first = review.problems[0].lens if review.problems else ""
    rows = [row.cases for row in review.problems if row.lens == first]
    return float(sum(rows)) if rows else None


def red_order(lines: Sequence[RedLine]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the indices of the red lines that page 1 prints, and of the others; safety first, then by cases.

    Every kind has a line: a regulator's case does not vanish behind the third safety report.
    """
    order = tuple(
        sorted(range(len(lines)), key=lambda index: (lines[index].kind != RedLineKind.SAFETY, -lines[index].cases, index))
    )
    firsts = {lines[index].kind: index for index in reversed(order)}.values()
    room = RED_LINES - sum(index not in order[:RED_LINES] for index in firsts)
    told = tuple(index for index in order if index in firsts or index in order[: max(room, 1)])
    return told, tuple(index for index in order if index not in told)


# ---- The one sentence --------------------------------------------------------------------------


def conclusion(
    review: Review,
    causes: Sequence[Cause],
    cases: float | None,
    page_one: Sequence[Figure],
    *,
    small: bool,
    decisions: int,
    late: int,
) -> Conclusion:
    """Choose what the one sentence of page 1 is about: the gravest matter that there is.

    Args:
        review: What may be said.
        causes: Its causes, the most urgent first.
        cases: Counted complaints of the period.
        page_one: The figures that page 1 prints.
        small: Whether they are too few to judge.
        decisions: How many decisions the edition asks for.
        late: How many earlier actions are late.
    """
    if review.partial:
        return Conclusion(ConclusionKind.PARTIAL)
    if cases == 0:
        return Conclusion(ConclusionKind.NO_COMPLAINTS)
    if small and not review.red_lines and not causes:
        return Conclusion(ConclusionKind.SMALL)
    overall = overall_state(review, page_one, bool(causes))
    if review.red_lines:
        return Conclusion(ConclusionKind.RED_LINE, overall, red_line=red_order(review.red_lines)[0][0])
    if causes:
        return Conclusion(ConclusionKind.CAUSE, overall, cause=causes[0], only_matter=decisions == 1)
    if (mix := _composition(review)) is not None:
        return Conclusion(ConclusionKind.MIX, overall, mix=mix)
    if overall.kind in (OverallKind.WORSE, OverallKind.OFF_TARGET, OverallKind.WATCH):
        return Conclusion(ConclusionKind.FIGURE, overall)
    sought = review.search.tells and review.tested
    return Conclusion((ConclusionKind.QUIET_LATE if late else ConclusionKind.QUIET) if sought else ConclusionKind.NOT_SOUGHT)


def _headline_figures(review: Review) -> list[Figure]:
    found = (review.figure(code) for code in HEADLINE)
    return [figure for figure in found if figure is not None and figure.value is not None]


def overall_state(review: Review, page_one: Sequence[Figure], causes: bool) -> Overall:
    """Return how the figures of page 1 stand: what got worse, else what has long been off target, else what got better.

    Nothing is called normal while one of them is worse or has been off target for five periods, or a cause is named.
    """
    known, sought = [figure for figure in page_one if figure.value is not None], review.search.basis is SearchBasis.HISTORY
    main = [figure for figure in _headline_figures(review) if figure in known] or known
    ordered = [*main, *(figure for figure in known if figure not in main)]
    if worse := next((figure for figure in ordered if direction(figure) == Judgement.WORSE), None):
        return Overall(OverallKind.WORSE, worse)
    if missed := next((figure for figure in ordered if figure.streak >= OFF_TARGET_PERIODS), None):
        return Overall(OverallKind.OFF_TARGET, missed)
    if main and direction(main[0]) == Judgement.WATCH:
        return Overall(OverallKind.WATCH, main[0])
    if causes:
        return Overall(OverallKind.CAUSES if sought and main else OverallKind.UNKNOWN)
    if better := next((figure for figure in main if direction(figure) == Judgement.BETTER), None):
        return Overall(OverallKind.BETTER, better)
    if main and direction(main[0]) in (Judgement.NORMAL, Judgement.SLIGHTLY_OVER):
        return Overall(OverallKind.NORMAL if sought else OverallKind.UNKNOWN)
    if main and all(figure.judgement in UNJUDGED for figure in main):
        return Overall(OverallKind.UNJUDGED)
    return Overall(OverallKind.UNKNOWN)


def _composition(review: Review) -> MixEffect | None:
    return next((effect for effect in review.mix if effect.verdict == MixVerdict.COMPOSITION), None)


def _excess_shared(review: Review) -> bool:
    """Whether the shop's own figure left its normal range: only then has an excess a share (docs/method.md, 5)."""
    return any(figure.kind.shows_excess and not figure.scope and figure.judgement == Judgement.WORSE for figure in review.figures)


# ---- Matters and decisions ---------------------------------------------------------------------


def matters(review: Review, causes: Sequence[Cause], proposals: Sequence[Action]) -> tuple[Matter, ...]:
    """Return at most three matters: the most urgent causes with the next step against each, then a change of composition.

    The cause with most evidence is one of them, whatever it costs: what nobody returns has no price, and may be the largest.
    """
    told = list(causes[:MATTERS])
    largest = max(causes, key=lambda cause: (cause.llr, cause.cause_id), default=None)
    if largest is not None and largest not in told:
        told[-1] = largest
    chosen = [Matter(cause=cause, next_step=_next_step(cause, proposals)) for cause in told]
    mix = _composition(review)
    if mix is not None and len(chosen) < MATTERS:
        chosen.append(Matter(mix=mix))
    return tuple(chosen)


def _next_step(cause: Cause, proposals: Sequence[Action]) -> Action | None:
    order = {ActionKind.CONTAIN: 0, ActionKind.CORRECT: 1, ActionKind.PREVENT: 2}
    steps = [action for action in proposals if action.cause_id == cause.cause_id]
    return min(steps, key=lambda action: (order[action.kind], action.due, action.action_id), default=None)


def decisions(review: Review, causes: Sequence[Cause], proposals: Sequence[Action], shop: Shop) -> tuple[Decision, ...]:
    """Return at most three decisions: stops of sales first, then containment of stock or danger, then what needs resources."""
    chosen = _stop_sale_decisions(review, shop)
    decided: set[str] = set()
    contain = sorted(
        (action for action in proposals if action.kind == ActionKind.CONTAIN), key=lambda action: (action.due, action.action_id)
    )
    for cause in causes:
        step = next((action for action in contain if action.cause_id == cause.cause_id), None)
        if step is not None and (cause.stock or cause.kind == CauseKind.SAFETY or step.resources):
            chosen.append(Decision(step.owner, step.due, cause=cause, action=step))
            decided.add(cause.cause_id)
    by_cause = {cause.cause_id: cause for cause in causes}
    for action in proposals:
        if action.resources and action.cause_id not in decided:
            decided.add(action.cause_id)
            chosen.append(Decision(action.owner, action.due, cause=by_cause.get(action.cause_id), action=action))
    return tuple(chosen[:MATTERS])


def _stop_sale_decisions(review: Review, shop: Shop) -> list[Decision]:
    """Ask whether to stop sales of what the gravest safety reports are about: nobody waits for a sample."""
    lines = [line for line in review.red_lines if line.kind == RedLineKind.SAFETY and line.slice.get("sku")]
    several = sorted((line for line in lines if line.cases > 1), key=lambda line: (-line.cases, line.slice["sku"]))
    contain = [action for action in review.proposals if action.kind == ActionKind.CONTAIN and action.restricted]
    chosen = []
    for line in several[:2] or lines[:1]:
        steps = [action for action in contain if action.slice.get("sku") == line.slice["sku"]]
        if steps:
            decider = shop.people.decider(shop.playbook.decides(action.playbook for action in steps))
            chosen.append(Decision(decider.name, min(action.due for action in steps), red_line=line))
    return chosen


# ---- Actions -----------------------------------------------------------------------------------


def _by_cause(proposals: Sequence[Action], causes: Sequence[Cause]) -> tuple[Action, ...]:
    """Order new actions like the causes that they are about."""
    order = {cause.cause_id: index for index, cause in enumerate(causes)}
    return tuple(sorted(proposals, key=lambda action: order.get(action.cause_id, len(order))))
