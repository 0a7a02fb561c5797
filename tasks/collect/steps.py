"""Collect: pull one channel."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.collect.pull import pull_channel
from tasks.model.rows import PulledRows
from tasks.run import Run
from tasks.shop.channels import Channel


@task(name="collect", task_run_name="collect {channel.name}", cache_policy=NO_CACHE, persist_result=False)
def collect(run: Run, channel: Channel) -> PulledRows:
    """Pull a channel's rows since its last good pull, with overlap; a failing channel reports it and stops no other."""
    run.progress(f"collect {channel.name}")
    last = run.stores.ledger.last_pulls(good=True).get(channel.name)
    start = last.window_end if last else None
    batch = pull_channel(channel, window_start=start, window_end=run.now, shop=run.shop, settings=run.settings, now=run.now)
    get_run_logger().info("%s: %s rows%s", channel.name, batch.read, f"; {batch.error}" if batch.error else "")
    return batch
