"""A proposal becomes a promise when its report has reached somebody who may see it."""

from datetime import UTC, datetime

import pytest

from tasks.act.binding import mailed_proposals
from tasks.model.actions import Action, ActionKind, ActionState


def action(name: str, state: ActionState = ActionState.PROPOSED, *, period: str = "2026-W45", restricted: bool = False) -> Action:
    return Action(
        name, "x", ActionKind.CONTAIN, "C1", "王*", "仓配", datetime(2026, 11, 12, tzinfo=UTC), "m", "units_signed", 14, {}, "PRD.FAULT",
        0.01, "", "", period, state=state, restricted=restricted,
    )  # fmt: skip


ACTIONS = [action("A"), action("B", restricted=True), action("C", ActionState.CANCELLED), action("D", period="2026-W44")]


@pytest.mark.parametrize(("restricted", "bound"), [(False, ["A"]), (True, ["A", "B"])])
def test_only_open_proposals_of_the_period_that_the_reader_saw_are_bound(restricted: bool, bound: list[str]) -> None:
    assert mailed_proposals(ACTIONS, "2026-W45", restricted=restricted) == bound
