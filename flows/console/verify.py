"""`aftersales review --verify`: remake an archived edition as of its own moment and compare every byte, storing nothing."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from prefect.logging import disable_run_logger
from rich.console import Console
from sqlalchemy import select

from flows.console.review import answer
from tasks.act.steps import check_prior_actions, propose_actions
from tasks.analyse.steps import analyse, find_root_causes, see_red_lines
from tasks.classify.steps import classify
from tasks.errors import UserError
from tasks.model.actions import Action, ActionEvent
from tasks.model.editions import edition_id
from tasks.model.periods import Grain
from tasks.model.review import Review
from tasks.report.edition import make
from tasks.run import Run, RunKind
from tasks.settings import Settings
from tasks.store.ledger import Ledger
from tasks.store.steps import recall
from tasks.store.tables import ActionRow
from tasks.warn.steps import grade_warnings


class LedgerThen:
    """The ledger as it was when an edition was made, without what later editions proposed as of the same moment."""

    def __init__(self, ledger: Ledger, moment: datetime) -> None:
        self._ledger = ledger
        later = [edition_id(edition) for edition in ledger.editions() if edition.made_at > moment]
        with ledger.reading() as session:
            self._unmade = set(session.scalars(select(ActionRow.action_id).where(ActionRow.edition_id.in_(later))))

    def __getattr__(self, name: str) -> Any:
        """Everything else is the ledger's own."""
        return getattr(self._ledger, name)

    def actions_as_of(self, moment: datetime | None) -> list[tuple[Action, list[ActionEvent]]]:
        """Return the actions as of a moment, without those proposed after the edition was made."""
        return [(action, events) for action, events in self._ledger.actions_as_of(moment) if action.action_id not in self._unmade]


def verify_here(settings: Settings, period: str, grain: Grain, as_of: str, console: Console) -> None:
    """Remake an archived edition, as of its own moment with its own configuration, and compare every byte.

    Raises:
        UserError: If there is no finished edition, or a file came out differently.
    """
    run = answer(settings, period, grain, as_of, revise=False, send=False)
    if not run.answered:
        raise UserError(f"{run.period} has no finished edition to compare with.", hint="Run `aftersales review` for it first.")
    with console.status(f"Making {run.period} revision {run.revision} again …"):
        different = differing_files(run)
    if different:
        raise UserError(
            f"{len(different)} files of {run.period} revision {run.revision} came out differently: {', '.join(different)}.",
            hint="The code or the renderer has changed since; --revise makes a new revision.",
        )
    console.print(f"{run.period} revision {run.revision}: every file came out the same, byte for byte.")


def differing_files(run: Run) -> list[str]:
    """Return the files of an archived edition that now come out differently, as `audience.language/file`.

    The lake is read as of the edition's moment, with the configuration archived with it and the actions known then, by
    the flow's own steps.
    """
    review = remade(run)
    different = []
    for edition in run.answered:
        parts = make(review, run.shop, edition.audience, edition.language, run.settings)
        files = {**parts.files, "subject.txt": f"{parts.subject}\n".encode()}
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
        different += [
            f"{edition.audience}.{edition.language}/{name}"
            for name in sorted(hashes.keys() | edition.files.keys())
            if hashes.get(name) != edition.files.get(name)
        ]
    return different


def remade(run: Run) -> Review:
    """Review the period of an archived edition again, as it was reviewed then."""
    kept = run.answered[0]
    ledger: Any = LedgerThen(run.stores.ledger, kept.made_at)
    again = replace(run, stores=replace(run.stores, ledger=ledger), kind=RunKind.VERIFY, now=kept.made_at, answered=())
    with disable_run_logger():
        facts = classify.fn(again, recall.fn(again, []))
        causes = find_root_causes.fn(again, facts)
        lines = see_red_lines.fn(again, facts)
        prior = check_prior_actions.fn(again, facts)
        proposals = propose_actions.fn(again, causes, lines)
        return analyse.fn(again, facts, causes, lines, grade_warnings.fn(again), prior, proposals)
