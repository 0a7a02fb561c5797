"""`aftersales backfill`: review a range of earlier periods through Prefect; the plan alone needs no server."""

from __future__ import annotations

from typing import Literal

from pydantic import ValidationError
from rich.console import Console

from flows.backfill_request import BackfillRequest
from flows.console.local_prefect import local_prefect, outcome_of
from tasks.errors import UserError
from tasks.model.periods import Period
from tasks.settings import Settings

Which = Literal["missing", "failed", "stale", "all"]


def backfill_here(settings: Settings, *, span: str, which: Which, dry_run: bool, send: bool, console: Console) -> None:
    """Review a range of periods in this process, or only print which would be reviewed."""
    request = requested(span, which=which, dry_run=dry_run, send=send)
    if dry_run:
        from flows.backfill_plan import open_backfill

        with open_backfill(request) as plan:
            console.print(plan.text)
        return
    with local_prefect(settings, console, f"Backfill {span}"):
        from flows.backfill import backfill

        outcome = outcome_of(backfill(request, return_state=True))
    console.print(outcome)


def requested(span: str, *, which: Which, dry_run: bool, send: bool) -> BackfillRequest:
    """Return the request for the command's options.

    Raises:
        UserError: If the range is not valid or too long.
    """
    periods = Period.span(span)
    try:
        return BackfillRequest.model_validate(
            {
                "first": periods[0].id,
                "last": periods[-1].id,
                "grain": periods[0].grain,
                "which": which,
                "dry_run": dry_run,
                "send": send,
            }
        )
    except ValidationError as error:
        raise UserError(
            error.errors()[0]["msg"].removeprefix("Value error, "), hint="See `aftersales backfill --help`."
        ) from error
