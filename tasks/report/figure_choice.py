"""The figures that an edition prints, in order."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.model.figure_kinds import PAGE_ONE, FigureFamily
from tasks.model.figures import Attainment, Figure, Judgement
from tasks.report.reading import counts_only

PAGE_ONE_ROWS = 8
PAGE_ONE_MINIMUM = 4
"""With fewer rows, page 1 is padded with other figures of the whole shop."""
PLATFORMS = 4
"""Platforms whose score page 1 prints."""

FAMILY_ROWS = 10

LINES = 6
"""Figures that are drawn over time."""
LINE_POINTS = 4
"""Periods that a line over time needs."""


def page_one(figures: Sequence[Figure], platforms: Sequence[str]) -> tuple[Figure, ...]:
    """Return the figures of page 1 in the order of the meeting; the first known one of each group of alternatives.

    Args:
        figures: All figures of the review.
        platforms: The shop's platforms, in the order in which their scores are printed; others follow by name.
    """
    order = {platform: place for place, platform in enumerate(platforms)}
    rows: list[Figure] = []
    for group in PAGE_ONE:
        for code in group:
            found = [figure for figure in figures if figure.code == code]
            whole = [figure for figure in found if not figure.scope]
            if found and found[0].family is FigureFamily.PUBLISHED:
                whole = sorted(found, key=lambda figure: (order.get(figure.scope, len(order)), figure.scope))
            if whole:
                rows += whole[:PLATFORMS]
                break
    if len(rows) < PAGE_ONE_MINIMUM:
        more = [figure for figure in figures if not figure.scope and figure not in rows]
        rows += [figure for figure in more if figure.kind.printed][: PAGE_ONE_ROWS - len(rows)]
    return tuple(rows[:PAGE_ONE_ROWS])


def revisable(figures: Sequence[Figure], printed: Sequence[Figure], minimum: int) -> tuple[Figure, ...]:
    """Return the printed figures by which to compare a revision, in the order of the review."""
    return tuple(
        figure for figure in figures if figure in printed and figure.value is not None and not counts_only(figure, minimum)
    )


def scorecard(figures: Sequence[Figure]) -> tuple[tuple[FigureFamily, tuple[Figure, ...]], ...]:
    """Return the figures of each family that deserve a line."""
    groups = []
    for family in FigureFamily:
        members = [figure for figure in figures if figure.family is family and figure.kind.printed]
        chosen = [figure for figure in members if figure.value is not None and (not figure.scope or _telling(figure))]
        if chosen:
            # the items of a loss add up to it, so none is left out
            groups.append((family, tuple(chosen if family is FigureFamily.MONEY else chosen[:FAMILY_ROWS])))
    return tuple(groups)


def _telling(figure: Figure) -> bool:
    """Whether a figure of a part of the shop deserves a line: published and money figures, and those outside their range."""
    if figure.family is FigureFamily.INFLOW:
        return False
    return figure.family in (FigureFamily.PUBLISHED, FigureFamily.MONEY) or (
        figure.judgement == Judgement.WORSE or figure.attainment == Attainment.MISSED
    )


def over_time(figures: Sequence[Figure], minimum: int) -> tuple[Figure, ...]:
    """Return the figures that have enough periods and cases to be drawn as a line."""
    drawn = [
        figure
        for figure in figures
        if figure.value is not None
        and sum(value is not None for _, value in figure.series) >= LINE_POINTS
        and not counts_only(figure, minimum)
    ]
    return tuple(drawn[:LINES])
