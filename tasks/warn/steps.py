"""Warn: look for what should not wait for Monday, tell its owner once, and pass it on while nobody answers."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.model.facts import Facts
from tasks.model.warnings import EarlyWarning, WarningEventKind
from tasks.report.warning_letter import letter
from tasks.run import Run
from tasks.warn.kinds.clusters import clusters
from tasks.warn.kinds.deadlines import deadlines, regulator
from tasks.warn.kinds.mood import emotion, reputations
from tasks.warn.kinds.new_words import new_words
from tasks.warn.kinds.parcels import parcels
from tasks.warn.kinds.safety import safety
from tasks.warn.lifecycle import WatchResult, due_round
from tasks.warn.owners import assigned


@task(name="watch safety and clocks", cache_policy=NO_CACHE, persist_result=False)
def watch_safety_and_clocks(run: Run, facts: Facts) -> list[EarlyWarning]:
    """Find safety leads, regulator cases, deadlines that are close, and parcels that stand still; none needs statistics."""
    run.progress("watch safety and clocks")
    found = [*safety(facts, run.shop), *regulator(facts, run.shop), *deadlines(facts, run.shop), *parcels(facts, run.shop)]
    return _assigned(run, facts, found)


@task(name="watch clusters", cache_policy=NO_CACHE, persist_result=False)
def watch_clusters(run: Run, facts: Facts) -> list[EarlyWarning]:
    """Find batches, products and carriers that bring more of one problem than their units explain."""
    run.progress("watch clusters")
    return _assigned(run, facts, clusters(facts, run.shop) if facts.has("order_line") else [])


@task(name="watch moods and words", cache_policy=NO_CACHE, persist_result=False)
def watch_moods_and_words(run: Run, facts: Facts) -> list[EarlyWarning]:
    """Find unusual anger, talk about the shop, and words that nobody used before."""
    run.progress("watch moods and words")
    return _assigned(run, facts, [*emotion(facts, run.shop), *reputations(facts, run.shop), *new_words(facts, run.shop)])


@task(name="decide what to tell", cache_policy=NO_CACHE, persist_result=False)
def decide(run: Run, *found: list[EarlyWarning]) -> WatchResult:
    """Hold what was found against what was told before: new, grown, waiting too long, or over."""
    run.progress("decide what to tell")
    kept = run.stores.ledger.warnings()
    due = due_round([warning for part in found for warning in part], kept, run.shop, run.as_of)
    counts = {
        kind: sum(telling.event.kind is kind for telling in due.tellings)
        for kind in WarningEventKind
        if kind != WarningEventKind.ANSWERED
    }
    get_run_logger().info("%s", ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return due


@task(name="keep warnings", cache_policy=NO_CACHE, persist_result=False)
def keep(run: Run, due: WatchResult) -> int:
    """Write the mails and store them with their warnings before any is sent; a look without mailing keeps nothing."""
    if not run.send:
        return 0
    run.progress("keep warnings")
    told = [
        (
            telling.kept,
            telling.event,
            letter(telling.kept, telling.warning, telling.event, telling.person, run.shop) if telling.person else None,
        )
        for telling in due.tellings
    ]
    return run.stores.ledger.keep_warnings(told, seen=due.seen, at=run.as_of)


def _assigned(run: Run, facts: Facts, found: list[EarlyWarning]) -> list[EarlyWarning]:
    get_run_logger().info("%s found", len(found))
    return [assigned(warning, facts, run.shop) for warning in found]
