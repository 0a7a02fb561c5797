"""Warn: look for what cannot wait for Monday, notify its owner once, and escalate until someone answers."""

from dataclasses import replace

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.model.facts import CodedFacts
from tasks.model.warnings import EarlyWarning, WarningEventKind, WarningGrades, WarningLetter
from tasks.privacy.second_net import SecondNet
from tasks.report.warning_letter import letter
from tasks.run import Run
from tasks.shop.load import Shop
from tasks.shop.people import Person
from tasks.warn.grades import grades
from tasks.warn.kinds.catalogue import check_names, kinds, rule_of
from tasks.warn.kinds.kind import Watch
from tasks.warn.lifecycle import Notice, WatchResult, due_round
from tasks.warn.owners import assigned


@task(name="watch safety and clocks", cache_policy=NO_CACHE, persist_result=False)
def watch_safety_and_clocks(run: Run, facts: CodedFacts) -> list[EarlyWarning]:
    """Find safety leads, regulator cases, close deadlines and stalled parcels; none of them needs statistics."""
    run.progress("watch safety and clocks")
    return _found(run, facts, Watch.CLOCKS)


@task(name="watch clusters", cache_policy=NO_CACHE, persist_result=False)
def watch_clusters(run: Run, facts: CodedFacts) -> list[EarlyWarning]:
    """Find batches, products and carriers with more cases of one problem than their units explain."""
    run.progress("watch clusters")
    return _found(run, facts, Watch.CLUSTERS)


@task(name="watch moods and words", cache_policy=NO_CACHE, persist_result=False)
def watch_moods_and_words(run: Run, facts: CodedFacts) -> list[EarlyWarning]:
    """Find unusual anger, unusual talk about the shop, and words that nobody used before."""
    run.progress("watch moods and words")
    return _found(run, facts, Watch.TEXTS)


@task(name="decide what to tell", cache_policy=NO_CACHE, persist_result=False)
def decide(run: Run, *found: list[EarlyWarning]) -> WatchResult:
    """Compare the findings with earlier warnings: new, grown, unanswered too long, or over."""
    run.progress("decide what to tell")
    kept = run.stores.ledger.warnings()
    due = due_round([warning for part in found for warning in part], kept, run.shop, run.as_of)
    counts = {
        kind: sum(notice.event.kind is kind for notice in due.notices)
        for kind in WarningEventKind
        if kind != WarningEventKind.ANSWERED
    }
    get_run_logger().info("%s", ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return due


@task(name="keep warnings", cache_policy=NO_CACHE, persist_result=False)
def keep(run: Run, due: WatchResult) -> int:
    """Write the mails and store them with their warnings before any is sent; without mailing, store nothing."""
    if not run.send:
        return 0
    run.progress("keep warnings")
    entries = [
        (
            notice.kept,
            notice.event,
            _letter(notice, notice.person, run.shop) if notice.person else None,
        )
        for notice in due.notices
    ]
    return run.stores.ledger.keep_warnings(entries, seen=due.seen, at=run.as_of)


def _letter(notice: Notice, person: Person, shop: Shop) -> WarningLetter:
    code = notice.warning.kind
    written = letter(
        notice.kept, notice.warning, notice.event, person, shop, wording=kinds()[code].wording, rule=rule_of(code, shop)
    )
    net = SecondNet(shop.own_words)
    written = replace(written, subject=net.words(written.subject), text=net.words(written.text), html=net.page(written.html))
    if net.found:
        get_run_logger().warning("%s: personal data in a warning were masked at the last moment (%s)", code, net.report)
    return written


def _found(run: Run, facts: CodedFacts, watch: Watch) -> list[EarlyWarning]:
    check_names(run.shop)
    found = [warning for kind in kinds().values() if kind.watch is watch for warning in kind.look(facts, run.shop)]
    get_run_logger().info("%s found", len(found))
    return [assigned(warning, facts, run.shop) for warning in found]


@task(name="grade warnings", cache_policy=NO_CACHE, persist_result=False)
def grade_warnings(run: Run) -> WarningGrades | None:
    """Grade a month's early warnings by the answers and reports known at the review's moment; a week grades none."""
    if run.period.grain == "week":
        return None
    kept = run.stores.ledger.warnings(as_of=run.as_of)
    causes = [(known.period, known.cause) for known in run.stores.ledger.causes(made_by=run.pulls_until)] if kept else []
    return grades(kept, causes, run.period, run.shop)
