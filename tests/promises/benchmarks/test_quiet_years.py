"""The benchmark of quiet years: its planted batches, its excuses, and that broken promises are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from benchmarks.quiet_years import PlantedFault, _cause_of_trap, _figure_of_trap, _say_planted, planted_years
from tasks.model.causes import Cause
from tasks.model.figure_kinds import FIGURES
from tasks.model.figures import Figure
from tasks.model.periods import Period

W42 = Period.parse("2026-W42")


def cause(sku: str, leaf: str) -> Cause:
    return Cause("c", "slice", {"sku": sku}, "function", leaf, (), 9, 2.0, 4.5, 2.0, 8.0, None, 14.0, 1, "units_signed", 300)


def test_planted_batches_are_found_and_healthy_ones_left_alone() -> None:
    made = planted_years(6, seed=3)
    assert (made.years, made.found, made.healthy, len(made.cases)) == (6, 6, 66, 6)
    assert made.within >= 5 and made.false_signals <= 8


def test_a_promise_that_breaks_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    kept = PlantedFault(200, 200, 195, [20, 30], [14, 15], 2200, 40, 60.0)
    assert _say_planted(kept) == []
    assert "195 within the promised cases" in capsys.readouterr().out
    assert len(_say_planted(replace(kept, within=150))) == 1
    assert len(_say_planted(replace(kept, false_signals=300))) == 1


def test_only_what_a_trap_planted_is_excused() -> None:
    assert _cause_of_trap(cause("AF-03", "PRD.COSMETIC"), Period.parse("2026-W21"), "AF-03")
    assert not _cause_of_trap(cause("AF-03", "PRD.COSMETIC"), Period.parse("2026-W30"), "AF-03")
    assert not _cause_of_trap(cause("CP-02", "LOG.DAMAGE"), Period.parse("2026-W36"), "AF-03")
    figure = Figure(FIGURES["return_rate"], 0.1, axis_from=date(2026, 10, 12), axis_to=date(2026, 10, 18))
    assert _figure_of_trap(figure, Period.parse("2026-W45"))
    assert not _figure_of_trap(replace(figure, kind=FIGURES["damage_rate"]), W42)
    assert _figure_of_trap(Figure(FIGURES["complaints"], 1200), Period.parse("2026-W30"))
    assert not _figure_of_trap(Figure(FIGURES["complaints"], 1200), W42)
