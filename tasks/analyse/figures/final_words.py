"""Everything that an edition tested, judged together: how much was looked at, and how many false alarms that lets expect."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tasks.methods.discoveries import FALSE_SHARE, discoveries
from tasks.model.figures import CHANGED, Figure, Judgement, ProblemRow, RankedSlice, Ranking

TAKEN_BACK = {Judgement.WORSE: Judgement.WATCH, Judgement.BETTER: Judgement.NORMAL}
"""A word that does not survive → what is left of it."""


@dataclass(frozen=True)
class FinalWords:
    """The figures, problems and rankings of an edition with their final words, what was tested, and the false alarms expected."""

    figures: list[Figure]
    problems: list[ProblemRow]
    rankings: list[Ranking]
    tested: int
    expected_false_alarms: float


def judged_together(
    figures: list[Figure], problems: list[ProblemRow], rankings: list[Ranking], *, searched: int, search_alarms: float
) -> FinalWords:
    """Take back the words that do not survive when everything an edition tested is judged together.

    What left its range and does not survive is watched when it is bad and normal when it is good. Words that follow from a rule
    and not from a test (a warning line, a change of formula) stay.

    Args:
        figures: Figures with the probability of their distance where they were tested.
        problems: Labels of the lenses, the same.
        rankings: Ranked slices, the same; a ranking counts all it tested, also what is not listed.
        searched: Slices in which causes were sought; that search has a price of its own, which keeps its promise.
        search_alarms: False causes that the search lets expect.
    """
    slices = [row for ranking in rankings for row in ranking.rows]
    every: list[Figure | ProblemRow | RankedSlice] = [*figures, *problems, *slices]
    rows = [row for row in every if row.p is not None]
    unlisted = sum(ranking.tested - sum(row.p is not None for row in ranking.rows) for ranking in rankings)
    # What is not listed ranks lower than all that is: it counts as tested and as not found.
    passed = discoveries([*(row.p for row in rows if row.p is not None), *[1.0] * unlisted])[: len(rows)]
    failed = {id(row) for row, found in zip(rows, passed, strict=True) if not found}
    named = sum(found and row.judgement in CHANGED for row, found in zip(rows, passed, strict=True))

    def said(row: Figure | ProblemRow | RankedSlice) -> Judgement:
        return TAKEN_BACK.get(row.judgement, row.judgement) if id(row) in failed else row.judgement

    return FinalWords(
        [replace(row, judgement=said(row)) for row in figures],
        [replace(row, judgement=said(row)) for row in problems],
        [replace(one, rows=tuple(replace(row, judgement=said(row)) for row in one.rows)) for one in rankings],
        tested=searched + len(rows) + unlisted,
        expected_false_alarms=search_alarms + (FALSE_SHARE * max(named, 1) if rows else 0.0),
    )
