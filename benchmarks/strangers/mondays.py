"""The Monday review of an invented shop: the steps that the flow calls, in its order, at the moment of that Monday.

The PDF is left out unless it is asked for: everything that it would print stands in the HTML that it is made from.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from tasks.act.steps import check_prior_actions, propose_actions
from tasks.analyse.steps import analyse, find_root_causes, see_red_lines
from tasks.classify.steps import classify
from tasks.collect.steps import collect
from tasks.model.facts import Facts, Pull
from tasks.model.periods import Period
from tasks.model.review import Review
from tasks.report.steps import render
from tasks.run import Run, Stores, plan
from tasks.settings import load_settings
from tasks.shop.load import Shop
from tasks.store.steps import recall, store
from tasks.validate.steps import validate
from tasks.warn.steps import grade_warnings

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)  # a picture of one dot stands for the first page


@dataclass
class MondayReview:
    """What one Monday's review found and printed.

    pages: HTML of each edition by language. causes: those named and those deferred to a line.
    """

    period: Period
    moment: datetime
    review: Review
    pages: dict[str, str]
    pulls: list[Pull]
    cases: dict[str, str]
    """record_id → source's own id of every record that was known."""


@contextmanager
def quiet_steps(paint: bool) -> Iterator[None]:
    """Run steps outside a flow: their loggers are silent, and unless `paint` no page is rendered."""
    names = ("prefect.flow_runs", "prefect.task_runs")
    before = {name: logging.getLogger(name).disabled for name in names}
    for name in names:
        logging.getLogger(name).disabled = True
    try:
        if paint:
            yield
            return
        with (
            patch("tasks.report.steps.painted", lambda written, renderer: b"%PDF-1.7\n"),
            patch("tasks.report.edition.first_page_png.first_page", lambda document: PIXEL),
        ):
            yield
    finally:
        for name, was in before.items():
            logging.getLogger(name).disabled = was


def reviewed(home: Path, period: Period, moment: datetime, *, paint: bool = False) -> MondayReview:
    """Review one period of a home as the flow does at a moment.

    Args:
        home: The shop's folder.
        period: The reviewed week.
        moment: The moment of the run.
        paint: Whether the PDF is rendered too.
    """
    settings = load_settings(home)
    shop = Shop.load(home)
    shop.check()
    stores = Stores.open(settings)
    try:
        with quiet_steps(paint):
            run = plan(stores, shop, period, as_of=None, now=moment, revise=False, send=False)
            return _made(run)
    finally:
        stores.ledger.close()


def _made(run: Run) -> MondayReview:
    pulled = [collect.fn(run, channel) for channel in run.channels]
    pulls = store.fn(run, validate.fn(run, pulled))
    facts: Facts = recall.fn(run, pulls)
    cases = dict(facts["feedback"].select("record_id", "source_id").iter_rows())
    coded = classify.fn(run, facts)
    causes = find_root_causes.fn(run, coded)
    lines = see_red_lines.fn(run, coded)
    prior = check_prior_actions.fn(run, coded)
    proposals = propose_actions.fn(run, causes, lines)
    findings = analyse.fn(run, coded, causes, lines, grade_warnings.fn(run), prior, proposals)
    render.fn(run, findings)
    folder = run.settings.archive_root / run.report / run.period.id / f"r{run.revision}"
    pages = {str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(folder.rglob("report.html"))}
    return MondayReview(run.period, run.now, findings, pages, pulls, cases)


def warned(home: Path, moment: datetime) -> None:
    """Pull as the daily early warning does, between two reviews, so that a later file meets a window that has moved."""
    from tasks.run import plan_watch

    settings = load_settings(home)
    stores = Stores.open(settings)
    try:
        with quiet_steps(paint=False):
            run = plan_watch(stores, Shop.load(home), as_of=None, now=moment - timedelta(hours=1), send=False)
            store.fn(run, validate.fn(run, [collect.fn(run, channel) for channel in run.channels]))
    finally:
        stores.ledger.close()
