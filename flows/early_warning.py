"""Early warning: notify the owner at once of what cannot wait for Monday, and escalate until someone answers."""

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.artifacts import publish_warnings
from flows.run_context import PULLED_AT_ONCE, open_watch, pull_turn, show_found, watch_name
from tasks.classify.steps import classify
from tasks.collect.steps import collect
from tasks.deliver.steps import deliver_warnings
from tasks.store.steps import recall, store
from tasks.validate.steps import validate
from tasks.warn.steps import decide, keep, watch_clusters, watch_moods_and_words, watch_safety_and_clocks


@flow(
    name="early_warning",
    task_runner=ThreadPoolTaskRunner(max_workers=PULLED_AT_ONCE),  # type: ignore[arg-type]  # Prefect types its own runner too narrowly
    flow_run_name=watch_name,
    timeout_seconds=2 * 3600,
    persist_result=False,
)
def early_warning(as_of: str = "", send: bool = False) -> str:
    """Look for what cannot wait: safety, deadlines, stalled parcels, clusters, anger, new words; notify each owner once.

    Safe to run again: nobody gets the same warning twice, and with nothing to report no mail is sent.

    Args:
        as_of: Look at what was known at this moment, as 2026-11-10T08:00 in the shop's zone. Empty: what is known now.
        send: Mail the warnings and store them. Off: only show them.
    """
    with open_watch(as_of, send) as planned:
        with pull_turn(planned) as run:
            pulls = [collect.submit(run, channel) for channel in run.channels]
            pulled = store(run, validate(run, [pull.result() for pull in pulls]))
        facts = classify(run, recall(run, pulled))
        due = decide(run, watch_safety_and_clocks(run, facts), watch_clusters(run, facts), watch_moods_and_words(run, facts))
        show_found(due)
        keep(run, due)
        publish_warnings(run, due)
        return deliver_warnings(run)
