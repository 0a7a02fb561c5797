"""The benchmark of verdicts draws what it says, and its rows and frames tell the same."""

import json

import numpy as np
import pytest

from benchmarks.verdict_cases import draw, small_cases
from benchmarks.verdicts import is_same_through_frames, main
from tasks.act.week_counts import OWN
from tasks.shop.load import Shop


def test_the_last_line_holds_what_is_promised(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--seed", "5", "--actions", "40", "--frames", "0"])
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(result) == {"actions", "coverage", "false_effective", "power"} and result["actions"] == 40


def test_half_of_the_actions_were_opened_on_the_worst_of_150() -> None:
    chance = np.random.default_rng(1)
    cases = [draw(chance) for _ in range(120)]
    share = np.mean([case.selected for case in cases])
    assert 0.35 < share < 0.65

    def excess(case) -> float:  # type: ignore[no-untyped-def]
        """Cases of the trigger week over what they truly are on average."""
        week = (case.windows.known_to.toordinal() - case.table.day.min()) // 7
        own = (case.table.group == OWN) & (case.table.day == case.table.day.min() + 7 * week)
        return float(case.table.events[own].sum() / max((case.table.n[own] * case.per_unit[week]).sum(), 1e-9))

    plain = [case for case in cases if case.story == "none"]
    assert np.mean([excess(case) for case in plain if case.selected]) > 1.15
    assert np.mean([excess(case) for case in plain if not case.selected]) == pytest.approx(1.0, abs=0.1)


def test_order_lines_and_complaints_tell_the_same() -> None:
    case = next(small_cases(np.random.default_rng(2)))
    assert is_same_through_frames(case, Shop.load(None))
