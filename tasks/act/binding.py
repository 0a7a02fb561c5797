"""When a proposal becomes binding: once its report has reached a reader who may see it."""

from __future__ import annotations

from collections.abc import Iterable

from tasks.model.actions import Action, ActionState


def mailed_proposals(actions: Iterable[Action], period: str, *, restricted: bool) -> list[str]:
    """Return the ids of the proposals that a mailed report of a period makes binding.

    Args:
        actions: Actions in their current state.
        period: Id of the report's period.
        restricted: Whether the report's readers may see restricted actions; if not, those stay proposals.
    """
    return [
        action.action_id
        for action in actions
        if action.period == period and action.state is ActionState.PROPOSED and (restricted or not action.restricted)
    ]
