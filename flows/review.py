"""Review: what went wrong, why, who fixes it by when, and did last time's actions work?"""

from typing import Literal

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.artifacts import publish
from flows.run_context import PULLED_AT_ONCE, open_run, pulled_when_complete, run_name
from tasks.act.steps import check_prior_actions, propose_actions
from tasks.analyse.coverage import must_have_data
from tasks.analyse.steps import analyse, find_root_causes, see_red_lines
from tasks.classify.steps import classify
from tasks.collect.steps import collect
from tasks.deliver.steps import deliver
from tasks.report.steps import render
from tasks.run import RunKind
from tasks.store.steps import recall, store
from tasks.validate.steps import validate
from tasks.warn.steps import grade_warnings


@flow(
    name="review",
    task_runner=ThreadPoolTaskRunner(max_workers=PULLED_AT_ONCE),  # type: ignore[arg-type]  # Prefect types its own runner too narrowly
    flow_run_name=run_name,
    timeout_seconds=4 * 3600,
    persist_result=False,
)
def review(
    period: str = "",
    grain: Literal["week", "month", "quarter"] = "week",
    as_of: str = "",
    revise: bool = False,
    send: bool = False,
    wait_until: str = "",
) -> str:
    """Review one period: pull every channel, analyse it, check earlier actions, make the report, mail it once.

    Safe to run again: a finished period is answered from the ledger, and nobody gets the same report twice.

    Args:
        period: A week (2026-W45), month (2026-10) or quarter (2026-Q4). Empty: the last one complete when this run was due.
        grain: Which kind of period "the last one" is, when none is named.
        as_of: Review what was known at this moment, as 2026-11-10T14:00 in the shop's zone. Empty: what is known now.
        revise: Pull again and make a new revision of a finished period.
        send: Mail the report to its audiences. Each reader gets each revision once.
        wait_until: Wait for incomplete sources until this local time, as 11:00; after that the report is marked preliminary.
    """
    with open_run(period, grain, as_of, revise, send) as planned:
        if planned.kind is RunKind.ANSWER:
            return deliver(planned)
        with pulled_when_complete(
            planned, wait_until, lambda run: [collect.submit(run, channel) for channel in run.channels]
        ) as (run, pulled):
            pulls = store(run, validate(run, pulled))
        facts = classify(run, recall(run, pulls))
        must_have_data(facts, run.period)
        causes = find_root_causes(run, facts)
        lines = see_red_lines(run, facts)
        prior = check_prior_actions(run, facts)
        proposals = propose_actions(run, causes, lines)
        findings = analyse(run, facts, causes, lines, grade_warnings(run), prior, proposals)
        publish(run, render(run, findings), findings)
        return deliver(run)
