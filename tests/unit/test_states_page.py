"""The diagrams of docs/states.md show what the ledger allows."""

import re
from pathlib import Path

from tasks.model.editions import DeliveryState
from tasks.model.warnings import WarningState
from tasks.store.actions import TRANSITIONS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "states.md").read_text("utf-8")
ACTION, WARNING, MAIL = re.findall(r"```mermaid\n(.*?)```", PAGE, flags=re.S)


def arrows(diagram: str) -> set[tuple[str, str, str]]:
    """Return (from, label, to) of every arrow between two states; a label with commas is several."""
    found = re.findall(r"^\s*(\w+) --> (\w+): (.+)$", diagram, flags=re.M)
    return {(before, kind.strip(), after) for before, after, label in found for kind in label.split(",")}


def test_an_action_moves_as_drawn():
    allowed = {
        (before.value, kind, after.value)
        for kind, moves in TRANSITIONS.items()
        for before, states in moves.items()
        for after in states
        if after != before
    }
    assert arrows(ACTION) == allowed


def test_every_state_of_warnings_and_mails_is_drawn():
    for diagram, states in ((WARNING, WarningState), (MAIL, DeliveryState)):
        drawn = {state for before, _, after in arrows(diagram) for state in (before, after)}
        assert drawn == {state.value for state in states}
