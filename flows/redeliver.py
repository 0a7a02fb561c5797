"""Redeliver: find out whether uncertain mails were sent, and send what is still queued."""

from prefect import flow

from flows.run_context import open_mailing
from tasks.deliver.steps import redeliver_queued, settle_uncertain


@flow(name="redeliver", persist_result=False)
def redeliver(period: str = "", failed: bool = False) -> str:
    """Look up uncertain mails by Message-ID, then send the queued ones; nobody gets the same mail twice.

    Args:
        period: Only mails of this period, as 2026-W45. Empty: all.
        failed: Also send again what the server refused, once its cause is mended.
    """
    with open_mailing(period, failed) as post:
        settled = settle_uncertain(post)
        sent = redeliver_queued(post)
        return f"{settled} {sent}"
