"""The actions of earlier editions, with what happened to them since, each event with its own time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ACTIONS = Path(__file__).parent / "earlier_actions.yaml"


def earlier_actions(t9_sku: str, until: str) -> list[dict[str, Any]]:
    """Return the actions that earlier editions made, as plain dicts for `actions.jsonl`.

    Args:
        t9_sku: The product whose chance spike got an action (T9).
        until: ISO moment (UTC) of the world's end; later actions and events are left out.

    Returns:
        Fields of model.Action, with `events` (fields of model.ActionEvent); moments are ISO texts in UTC.
    """
    written = yaml.safe_load(ACTIONS.read_text(encoding="utf-8").replace("{t9_sku}", t9_sku))
    found: list[dict[str, Any]] = []
    for given in written["actions"]:
        action = {**written["defaults"], **given, "expected_effect": given["target_text"]}
        events = [_event(action["action_id"], number, event) for number, event in enumerate(given["events"], 1)]
        action["events"] = [event for event in events if event["at"] < until]
        if action["events"]:
            found.append(action)
    return sorted(found, key=lambda action: str(action["action_id"]))


def _event(action_id: str, seq: int, given: dict[str, str]) -> dict[str, Any]:
    return {
        "action_id": action_id,
        "seq": seq,
        "at": given["at"],
        "by": given["by"],
        "kind": given["kind"],
        "state": given.get("state"),
        "owner": given.get("owner", ""),
        "due": given.get("due"),
        "cut_in_actual": given.get("cut_in_actual", ""),
        "evidence": given.get("evidence", ""),
        "why": given.get("why", ""),
    }
