"""Backfill: review earlier periods in order, as of one moment, without mailing unless asked."""

from prefect import flow, runtime
from prefect.logging import get_run_logger

from flows.backfill_plan import finish, open_backfill, show_plan
from flows.backfill_request import BackfillRequest
from flows.review import review


def run_name() -> str:
    """Name a run by its range."""
    request = BackfillRequest.model_validate(runtime.flow_run.parameters["request"])
    return f"backfill {request.first}..{request.last}" if request.last else f"backfill {request.first}"


@flow(name="backfill", flow_run_name=run_name, persist_result=False)
def backfill(request: BackfillRequest) -> str:
    """Review a range of earlier periods, oldest first; after an interruption, run it again and it continues.

    Args:
        request: Which periods to review, and whether to mail the reports.
    """
    with open_backfill(request) as plan:
        show_plan(plan)
        if request.dry_run:
            return plan.text
        for period in plan.remaining():
            get_run_logger().info("Reviewing %s as of %s", period, plan.as_of)
            state = review(
                period=period,
                grain=request.grain,
                as_of=plan.as_of,
                revise=plan.revises(period),
                send=request.send,
                return_state=True,
            )
            plan.settle(period, state)
        return finish(plan)
