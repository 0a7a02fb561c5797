"""The counted cases of a period under each lens of the taxonomy, against expectation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from tasks.analyse.figures.expected_counts import against_expected, unlinked_factor
from tasks.model.facts import CodedFacts
from tasks.model.figures import Judgement, ProblemRow
from tasks.model.periods import Period
from tasks.shop.load import Shop


def problems(
    facts: CodedFacts, period: Period, shop: Shop, *, expected_leaves: Mapping[str, float] | None = None, incomplete: str = ""
) -> list[ProblemRow]:
    """Return the counted cases of a period under each lens, against expectation.

    Every lens splits the same total; a label without any case in this or the previous period is left out.

    Args:
        facts: Coded tables.
        period: The period by arrival.
        shop: Taxonomy and minimum of cases.
        expected_leaves: Expected cases by leaf; a label is judged if all its leaves with cases have one.
        incomplete: Code of why the period is incomplete; if given, nothing is judged.

    Returns:
        Rows by lens in the taxonomy's order, most cases first.
    """
    cases = facts["feedback"].filter(pl.col("counted"))
    now, before = (_by_leaf(cases, span) for span in (period, period.previous()))
    begun = facts["feedback"]["submitted_at"].min()
    known = (
        isinstance(begun, datetime) and begun < period.start
    )  # else «0 before» would be said of a time of which nothing is known
    total = sum(now.values())
    factor = unlinked_factor(facts, period) if expected_leaves else {}
    expected_leaves = {leaf: expected * factor.get(leaf, 1.0) for leaf, expected in (expected_leaves or {}).items()}
    made: list[ProblemRow] = []
    for lens in shop.taxonomy.lenses:
        labels = {code: shop.taxonomy.label(lens, code) for code in sorted({*now, *before, *expected_leaves})}
        rows = []
        for label in sorted(set(labels.values())):
            codes = [code for code, its in labels.items() if its == label]
            count, past = (sum(counts.get(code, 0) for code in codes) for counts in (now, before))
            if count == 0 and past == 0:
                continue
            due = [expected_leaves[code] for code in codes if code in expected_leaves]
            complete = bool(due) and all(code in expected_leaves for code in codes if now.get(code, 0))
            expected = sum(due) if complete else None
            low, high, p = None, None, None
            said = Judgement.UNTESTED if due or count >= shop.identity.minimum_n else Judgement.INSUFFICIENT
            if expected is not None and max(count, expected) >= shop.identity.minimum_n and not incomplete:
                low, high, said, p = against_expected(count, expected)
            rows.append(
                ProblemRow(
                    lens=lens, label=label, cases=count, previous=past if known else None, expected=expected, low=low, high=high,
                    share=count / total if total >= shop.identity.minimum_n else None,
                    judgement=Judgement.INCOMPLETE if incomplete else said,
                    leaves=tuple(code for code in codes if now.get(code, 0)), incomplete=incomplete, p=p,
                )
            )  # fmt: skip
        made += sorted(rows, key=lambda row: (-row.cases, row.label))
    return made


def _by_leaf(cases: pl.DataFrame, span: Period) -> dict[str, int]:
    within = cases.filter((pl.col("submitted_at") >= span.start) & (pl.col("submitted_at") < span.end))
    return {str(leaf): int(n) for leaf, n in within.group_by("leaf").agg(pl.len()).iter_rows() if leaf is not None}
