"""Multiple-testing correction over a whole edition: how much was tested, and how many false alarms to expect."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tasks.methods.discoveries import FALSE_SHARE, discoveries
from tasks.model.figures import CHANGED, Figure, Judgement, ProblemRow, RankedSlice, Ranking

TAKEN_BACK = {Judgement.WORSE: Judgement.WATCH, Judgement.BETTER: Judgement.NORMAL}
"""A judgement that does not survive → the one that replaces it."""


@dataclass(frozen=True)
class FinalWords:
    """The figures, problems and rankings of an edition with their final judgements, the tests made, and expected false alarms."""

    figures: list[Figure]
    problems: list[ProblemRow]
    rankings: list[Ranking]
    tested: int
    expected_false_alarms: float


def judged_together(
    figures: list[Figure], problems: list[ProblemRow], rankings: list[Ranking], *, searched: int, search_alarms: float
) -> FinalWords:
    """Withdraw the judgements that do not survive the correction for everything an edition tested.

    What left its range but does not survive is watched if bad and normal if good. Judgements that follow from a rule
    and not from a test (a warning line, a change of formula) stay.

    Args:
        figures: Figures, with the probability of their distance if they were tested.
        problems: Labels of the lenses, likewise.
        rankings: Ranked slices, likewise; a ranking counts everything it tested, listed or not.
        searched: Slices searched for causes; that search controls its own false alarms.
        search_alarms: Expected false causes of that search.
    """
    slices = [row for ranking in rankings for row in ranking.rows]
    every: list[Figure | ProblemRow | RankedSlice] = [*figures, *problems, *slices]
    rows = [row for row in every if row.p is not None]
    unlisted = sum(ranking.tested - sum(row.p is not None for row in ranking.rows) for ranking in rankings)
    # Unlisted slices rank below all listed ones: they count as tested and not found.
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
