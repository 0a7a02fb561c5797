"""An edition judged together: what survives, what is taken back, what is counted and promised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from tasks.analyse.figures.final_words import judged_together
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Figure, ProblemRow, RankedSlice, Ranking


def figure(code: str, judgement: str, p: float | None) -> Figure:
    return Figure(replace(FIGURES["damage_rate"], code=code), 0.04, judgement=judgement, p=p)


def problem(label: str, judgement: str, p: float | None) -> ProblemRow:
    return ProblemRow("A", label, 40, 30, 30.0, 20.0, 40.0, 0.2, judgement, p=p)


def ranking(*rows: RankedSlice, tested: int) -> Ranking:
    return Ranking("sku", rows, "orders", ("line",), tested, 0, 30, 1.0)


def test_what_does_not_survive_is_watched_or_normal() -> None:
    noise = [figure(f"f{n}", "normal", 0.5) for n in range(40)]
    made = judged_together(
        [
            figure("clear", "worse", 1e-6),
            figure("near", "worse", 0.02),
            figure("down", "better", 0.02),
            figure("rule", "worse", None),
            *noise,
        ],
        [problem("x", "worse", 0.03)],
        [],
        searched=300,
        search_alarms=0.05,
    )
    assert [one.judgement for one in made.figures[:4]] == ["worse", "watch", "normal", "worse"]
    assert made.problems[0].judgement == "watch"
    assert made.tested == 300 + 3 + 40 + 1
    assert made.expected_false_alarms == pytest.approx(0.05 + 0.05)


def test_the_same_distance_survives_where_little_was_looked_at() -> None:
    made = judged_together([figure("near", "worse", 0.003)], [], [], searched=0, search_alarms=0.0)
    assert made.figures[0].judgement == "worse"


def test_slices_count_also_where_they_are_not_listed() -> None:
    row = RankedSlice("KT-01", 60, 1000, 40, 1.4, 1.1, "worse", p=0.004)
    small = RankedSlice("KT-02", 4, 50, 2)
    alone = judged_together([], [], [ranking(row, small, tested=1)], searched=0, search_alarms=0.0)
    assert (alone.rankings[0].rows[0].judgement, alone.tested) == ("worse", 1)
    among = judged_together([], [], [ranking(row, small, tested=50)], searched=0, search_alarms=0.0)
    assert (among.rankings[0].rows[0].judgement, among.tested) == ("watch", 50)
    assert among.rankings[0].rows[1] == small


def test_more_findings_let_expect_more_false_ones() -> None:
    made = judged_together([figure(f"f{n}", "worse", 1e-9) for n in range(60)], [], [], searched=10, search_alarms=0.05)
    assert made.expected_false_alarms == pytest.approx(0.05 + 60 * 0.05)


def test_nothing_tested_promises_nothing() -> None:
    untested = figure("f", "untested", None)
    made = judged_together([untested], [], [], searched=0, search_alarms=0.0)
    assert (made.tested, made.expected_false_alarms, made.figures) == (0, 0.0, [replace(untested)])


def test_quiet_editions_call_anything_changed_as_rarely_as_promised() -> None:
    generator = np.random.default_rng(6)
    called = 0
    for _ in range(300):
        p = generator.uniform(size=80)
        rows = [figure(str(n), "worse" if one < 0.0027 else "normal", float(one)) for n, one in enumerate(p)]
        made = judged_together(rows, [], [], searched=0, search_alarms=0.0)
        called += any(one.judgement == "worse" for one in made.figures)
    assert binomtest(called, 300, 0.05, "greater").pvalue > 0.01
