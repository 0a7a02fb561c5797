"""Classify: give every record its leaf, nature, severity, track and case."""

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.classify.coding import code, code_unverified
from tasks.model.facts import CodedFacts, Facts
from tasks.run import Run


@task(name="classify", cache_policy=NO_CACHE, persist_result=False)
def classify(run: Run, facts: Facts) -> CodedFacts:
    """Code every record: what is wrong, how urgent it is, and which case it belongs to."""
    run.progress("classify")
    coded = code(facts, run.shop)
    coded.unverified = code_unverified(facts, run.shop)
    facts.forget_rows()
    get_run_logger().info("%s records coded", coded["feedback"].height)
    return coded
