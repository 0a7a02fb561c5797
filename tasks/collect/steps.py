"""Collect: pull one channel."""

from dataclasses import replace
from datetime import datetime
from importlib.metadata import version

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.collect.file_contents import declaration_of, reads_files_only
from tasks.collect.pull import pull_channel
from tasks.model.facts import Pull
from tasks.model.rows import PulledRows
from tasks.run import Run
from tasks.shop.channels import Channel


@task(name="collect", task_run_name="collect {channel.name}", cache_policy=NO_CACHE, persist_result=False)
def collect(run: Run, channel: Channel) -> PulledRows:
    """Pull what a channel has not delivered yet: files not read before, or a server's rows since its last good pull, with overlap.

    A failing channel reports it and stops no other. A pull of a time that is still to come (a clock that was ahead) counts for nothing.
    """
    run.progress(f"collect {channel.name}")
    ledger = run.stores.ledger
    last = ledger.last_pulls(run.now, good=True).get(channel.name)
    declaration = declaration_of(run.shop, version("after-sales-review"))
    batch = pull_channel(
        _reaching_back(run, channel),
        window_start=min(last.window_end, run.now) if last else None,
        window_end=run.now,
        shop=run.shop,
        settings=run.settings,
        now=run.now,
        known=ledger.known_files(channel.name, declaration, run.now),
    )
    batch = replace(batch, declaration=declaration, complete_through=_latest(batch, last))
    get_run_logger().info("%s: %s rows%s", channel.name, batch.read, f"; {batch.error}" if batch.error else "")
    for warning in batch.warnings:
        get_run_logger().warning("%s: %s", channel.name, warning)
    return batch


def _reaching_back(run: Run, channel: Channel) -> Channel:
    """Return a channel whose window reaches back as far as its source's own lateness asks; files know no window."""
    if channel.stamp is None or channel.window_by == "all" or reads_files_only(channel):
        return channel
    hours = run.stores.overlap_hours(channel, run.now)
    if hours == channel.overlap_hours:
        return channel
    get_run_logger().info("%s: the window reaches back %s hours, because rows have come so late.", channel.name, hours)
    return channel.model_copy(update={"overlap_hours": hours})


def _latest(batch: PulledRows, last: Pull | None) -> datetime | None:
    """Return the moment through which a channel is complete: what was read before is still there."""
    moments = (batch.complete_through, last.complete_through if last else None)
    return max((moment for moment in moments if moment is not None), default=None) if batch.ok else batch.complete_through
