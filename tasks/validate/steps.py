"""Validate: judge the pulled rows by the rules."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.model.rows import CheckedRows, PulledRows
from tasks.model.tables import TABLES
from tasks.run import Run
from tasks.validate.quarantine import Pulled, judge_together


@task(name="validate", cache_policy=NO_CACHE, persist_result=False)
def validate(run: Run, batches: list[PulledRows]) -> list[tuple[PulledRows, CheckedRows]]:
    """Separate good rows from rows for the quarantine, channel by channel, each with rule and reason."""
    run.progress("validate")
    known = {
        "sku": _known_skus(run, batches),
        "issue": frozenset(run.shop.taxonomy.every_leaf) | frozenset(run.shop.taxonomy.nodes),
    }
    if not known["sku"]:
        del known["sku"]
    verdicts: dict[str, CheckedRows] = {}
    for table in dict.fromkeys(batch.table for batch in batches):
        mine = [batch for batch in batches if batch.table == table]
        pulls = [Pulled(batch.rows, batch.channel, batch.pull_id) for batch in mine]
        judged = judge_together(table, pulls, run.shop, now=run.now, known=known, language=run.shop.identity.languages[0])
        for batch, verdict in zip(mine, judged, strict=True):
            rejected = verdict.quarantine.height + batch.unreadable.height
            get_run_logger().info("%s: %s good, %s quarantined", batch.channel, verdict.rows.height, rejected)
            verdicts[batch.channel] = verdict
    return [(batch, verdicts[batch.channel]) for batch in batches]


def _known_skus(run: Run, batches: list[PulledRows]) -> frozenset[str]:
    frames = [batch.frame for batch in batches if batch.table == "product"]
    frames.append(run.stores.lake.as_of("product", run.now, columns=list(TABLES["product"].columns)))
    skus: set[str] = set()
    for frame in frames:
        skus.update(frame["sku"].drop_nulls().to_list())
        if "aliases" in frame.columns:
            skus.update(frame["aliases"].drop_nulls().explode().drop_nulls().to_list())
    return frozenset(skus)
