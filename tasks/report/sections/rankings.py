"""Slices of one dimension ranked by what their size does not explain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks.model.causes import Cause
from tasks.model.figures import RankedSlice, Ranking
from tasks.model.report_sections import ReportSection
from tasks.report.language.phrase import EMPTY, Phrase, join
from tasks.report.sections.section import SectionContext

STEM = ReportSection.RANKINGS


@dataclass(frozen=True)
class RankingRow:
    """One slice of a ranking; without a ratio where it is too small for one."""

    value: Phrase
    cases: Phrase
    expected: Phrase
    ratio: Phrase
    low: Phrase
    leaf: Phrase
    judgement: Phrase
    tone: str


@dataclass(frozen=True)
class RankingTable:
    """Slices of one dimension, adjusted for their size."""

    title: Phrase
    message: Phrase
    rows: tuple[RankingRow, ...]
    caption: Phrase


@dataclass(frozen=True)
class RankingsView:
    """The rankings, those in which something stands out first."""

    tables: tuple[RankingTable, ...]


def build(context: SectionContext) -> RankingsView | None:
    """Return the rankings, or None if there are none."""
    tables = tuple(_table(context, ranking) for ranking in context.agenda.rankings)
    return RankingsView(tables) if tables else None


def _table(context: SectionContext, ranking: Ranking) -> RankingTable:
    rows = tuple(_row(context, ranking, row) for row in ranking.rows)
    key = "section.ranking" if ranking.unit == "orders" else "section.ranking_desk"
    title = context.voice.say(key, dimension=context.voice.dimension(ranking.dimension))
    return RankingTable(title, _message(context, ranking, rows), rows, _caption(context, ranking))


def _row(context: SectionContext, ranking: Ranking, row: RankedSlice) -> RankingRow:
    """Return one slice: cases against those expected of its kind, the shrunken ratio and its lower limit."""
    voice, n = context.voice, row.exposure
    unit = "cases" if ranking.unit == "orders" else "count"
    id_ = f"ranking.{ranking.dimension}.{row.value}"
    ratio = low = leaf = voice.word("word.none")
    judgement, tone = voice.word("ranking.small"), "muted"
    if row.ratio is not None and row.low is not None:
        ratio = context.number(f"{id_}.ratio", row.ratio, "times", n=n, method="shrunken observed/expected")
        low = context.number(f"{id_}.low", row.low, "times", n=n, method="5 % of the posterior")
        judgement = voice.word(f"ranking.judge_{row.judgement}")
        tone = row.judgement if row.judgement in ("worse", "better") else ""
        leaf = voice.leaf(row.leaf) if row.leaf else leaf
    if _is_named(context, ranking, row):
        judgement, tone = voice.word("ranking.judge_cause"), "worse"
    return RankingRow(
        value=voice.value(ranking.dimension, row.value),
        cases=context.number(f"{id_}.cases", row.cases, unit, n=n, method=ranking.unit),
        expected=context.number(f"{id_}.expected", round(row.expected, 1), unit, n=n, method="rate of its kind"),
        ratio=ratio,
        low=low,
        leaf=leaf,
        judgement=judgement,
        tone=tone,
    )


def _is_named(context: SectionContext, ranking: Ranking, row: RankedSlice) -> bool:
    """Whether a cause of this edition is about a slice or a part of it: one matter has one verdict."""
    return any(row.value in _values(cause, ranking.dimension) for cause in context.agenda.causes)


def _values(cause: Cause, dimension: str) -> set[str]:
    """Return a cause's values of a dimension; a listing version names its product as well."""
    listed = cause.slice.get("listing_version", "").partition("@")[0] if dimension == "sku" else ""
    return {value for value in (cause.slice.get(dimension, ""), listed) if value}


def _message(context: SectionContext, ranking: Ranking, rows: Sequence[RankingRow]) -> Phrase:
    """Name what stands out beside what the edition names as a cause."""
    named = [row.value for ranked, row in zip(ranking.rows, rows, strict=True) if _is_named(context, ranking, ranked)]
    others = [pair for pair in zip(ranking.rows, rows, strict=True) if not _is_named(context, ranking, pair[0])]
    lead = context.voice.say("ranking.named", top=context.voice.listed(named)) if named else EMPTY
    for word in ("worse", "watch"):
        for ranked, row in others:
            if ranked.judgement == word:
                key = f"ranking.{word}_else" if named else f"ranking.{word}"
                return lead + context.voice.say(key, top=row.value, cases=row.cases, expected=row.expected, ratio=row.ratio)
    return lead + context.voice.word("ranking.none_else" if named else "ranking.none")


def _caption(context: SectionContext, ranking: Ranking) -> Phrase:
    voice, id_ = context.voice, f"ranking.{ranking.dimension}"
    parts = [context.whole_shop()]
    if ranking.unit == "orders" and ranking.axis_from and ranking.axis_to:
        parts.append(voice.part("breakdown.signed", days=voice.span(ranking.axis_from, ranking.axis_to)))
    within = join([voice.dimension(name) for name in ranking.compared_with], voice.catalogue["ranking.and"])
    parts.append(voice.part("ranking.within", within=within))
    parts.append(voice.part("ranking.minimum", n=context.number(f"{id_}.minimum_n", ranking.minimum_n, "cases")))
    if ranking.left_out:
        parts.append(voice.part("breakdown.left_out", n=context.number(f"{id_}.left_out", ranking.left_out, "count")))
    return context.caption(*parts)
