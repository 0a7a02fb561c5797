"""Artifacts of a review in the Prefect UI: summary, causes, actions, data quality, and links to the PDFs."""

import re
from typing import Any

from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact

from tasks.model.review import Review
from tasks.privacy.second_net import SecondNet
from tasks.report.steps import Rendered
from tasks.run import Run
from tasks.shop.names import text_in
from tasks.warn.lifecycle import WatchResult


def publish(run: Run, rendered: list[Rendered], review: Review) -> None:
    """Publish a review's artifacts: counts, names and codes only, never a customer's words."""
    if not rendered:
        return
    net = SecondNet(run.shop.own_words)
    key = "review-" + re.sub(r"[^a-z0-9]+", "-", str(run.period).lower()).strip("-")
    first = rendered[0]
    points = "\n".join(f"- {point}" for point in first.main_points)
    create_markdown_artifact(
        key=f"{key}-summary",
        markdown=net.words(f"# {first.subject}\n\n{points}\n"),
        description=f"Review {run.period} r{run.revision}",
    )
    create_table_artifact(key=f"{key}-causes", table=net.values(cause_rows(review)), description="Causes")
    create_table_artifact(
        key=f"{key}-actions", table=net.values(action_rows(review)), description="Earlier actions and new proposals"
    )
    create_table_artifact(
        key=f"{key}-data",
        table=net.values(channel_rows(review, run.shop.identity.languages[0])),
        description="Data quality by channel",
    )
    for item in rendered:
        create_link_artifact(
            key=f"{key}-{item.audience}-{item.language}".lower().replace("_", "-"),
            link=f"{run.settings.archive_url.rstrip('/')}/{item.pdf_path}",
            link_text=item.pdf_path.rsplit("/", 1)[-1],
            description="Open the report",
        )


def cause_rows(review: Review) -> list[dict[str, Any]]:
    """Return one row per cause, or a single row saying there is none."""
    rows = [
        {
            "slice": ", ".join(f"{name}={value}" for name, value in cause.slice.items()),
            "leaf": cause.leaf,
            "observed": cause.observed,
            "expected": cause.expected,
            "ratio": round(cause.ratio, 2),
            "interval": f"{cause.low:.2f}–{cause.high:.2f}",
            "status": cause.status.value,
        }
        for cause in review.causes
    ]
    empty = dict.fromkeys(("leaf", "observed", "expected", "ratio", "interval", "status"), "")
    return rows or [{"slice": "none: everything within the normal range", **empty}]


def action_rows(review: Review) -> list[dict[str, Any]]:
    """Return earlier actions with their verdicts, then the new proposals."""
    earlier = [
        (result.action, result.due, result.status, result.verdict.value if result.verdict else "") for result in review.prior
    ]
    proposed = [(action, action.due, "proposed", "") for action in review.proposals]
    return [
        {"action": action.action_id, "owner": action.owner, "due": str(due.date()), "status": status, "verdict": verdict}
        for action, due, status, verdict in earlier + proposed
    ]


def channel_rows(review: Review, language: str) -> list[dict[str, Any]]:
    """Return one row per channel: what it delivered and, for the operator, what went wrong."""
    return [
        {
            "channel": quality.channel,
            "records": quality.records,
            "read": quality.read,
            "quarantined": quality.quarantined,
            "problem": quality.error
            or text_in(quality.excluded, language)
            or ", ".join(str(day) for day in quality.missing_days),
        }
        for quality in review.channels
    ]


def publish_warnings(run: Run, due: WatchResult) -> None:
    """Publish the notices of a daily watch as a table of kinds, counts and people; restricted ones without their place."""
    create_table_artifact(
        key=f"early-warning-{run.as_of:%Y-%m-%d}",
        table=SecondNet(run.shop.own_words).values(
            [
                {
                    "number": notice.event.warning_id,
                    "what": notice.event.kind,
                    "kind": notice.warning.kind,
                    "where": "restricted"
                    if notice.warning.restricted
                    else ", ".join(f"{k}={v}" for k, v in notice.warning.slice.items()),
                    "observed": notice.warning.observed,
                    "expected": notice.warning.expected,
                    "sent to": notice.event.to,
                    "answer by": str(notice.warning.answer_by),
                }
                for notice in due.notices
            ]
            or [{"number": "", "what": "nothing to send"}]
        ),
        description="Early warnings",
    )
