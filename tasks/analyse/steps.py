"""Analyse: judge the period against expectation, find causes, and gather everything the report may use."""

from dataclasses import replace

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.analyse.breaks import breaks
from tasks.analyse.causes.search import root_causes
from tasks.analyse.clocks import milestones, unmeasured
from tasks.analyse.coverage import coverage, partial
from tasks.analyse.deadlines import due_items
from tasks.analyse.example_case import example_case
from tasks.analyse.figures.all_figures import figures
from tasks.analyse.figures.final_words import FinalWords, judged_together
from tasks.analyse.figures.gaps import gaps, with_gaps
from tasks.analyse.figures.inflow import daily
from tasks.analyse.foreign_amounts import foreign_amounts
from tasks.analyse.late_arrivals import completeness
from tasks.analyse.red_lines import red_lines
from tasks.analyse.tables.breakdowns import breakdowns
from tasks.analyse.tables.listed_cases import listed_cases
from tasks.analyse.tables.problems import problems
from tasks.analyse.tables.projections import projections
from tasks.analyse.tables.rankings import rankings
from tasks.analyse.words.customer_words import customer_words
from tasks.model.actions import Action, ActionResult
from tasks.model.causes import CauseLife, RootCauses
from tasks.model.editions import EditionStatus
from tasks.model.facts import CodedFacts
from tasks.model.review import ChannelQuality, RedLine, Review
from tasks.model.warnings import WarningGrades
from tasks.model.words import CustomerWords
from tasks.run import Run


@task(name="find root causes", cache_policy=NO_CACHE, persist_result=False)
def find_root_causes(run: Run, facts: CodedFacts) -> RootCauses:
    """Find the slices with more cases than expected."""
    run.progress("find root causes")
    earlier = run.stores.ledger.causes(report=run.report, before=run.period.start, made_by=run.pulls_until)
    incomplete = partial(facts, run.period)
    found = root_causes(
        facts,
        run.period,
        run.shop,
        partial=incomplete,
        earlier=[(known.period, known.cause) for known in earlier],
    )
    new = sum(cause.life == CauseLife.NEW for cause in found.causes)
    get_run_logger().info("%s causes named, %s of them new, %s slices looked at", len(found.causes), new, found.tested)
    return replace(found, partial=incomplete)


@task(name="see red lines", cache_policy=NO_CACHE, persist_result=False)
def see_red_lines(run: Run, facts: CodedFacts) -> list[RedLine]:
    """List the matters that open the meeting whatever the statistics."""
    return red_lines(facts, run.period, run.shop)


@task(name="analyse", cache_policy=NO_CACHE, persist_result=False)
def analyse(
    run: Run,
    facts: CodedFacts,
    causes: RootCauses,
    lines: list[RedLine],
    graded: WarningGrades | None,
    prior: list[ActionResult],
    proposals: list[Action],
) -> Review:
    """Measure every figure of the period and gather everything the report may use."""
    run.progress("analyse")
    incomplete = causes.partial
    channels = coverage(facts, run.period, run.shop)
    judged = _judged(run, facts, causes, channels)
    review = Review(
        period=run.period,
        as_of=run.as_of,
        status=EditionStatus.PROVISIONAL
        if run.provisional or any(channel.error for channel in channels)
        else EditionStatus.FINAL,
        figures=judged.figures,
        red_lines=lines,
        causes=causes.causes,
        falls=causes.falls,
        ended=causes.ended,
        deferred=causes.deferred,
        tested=judged.tested,
        expected_false_alarms=judged.expected_false_alarms,
        strongest_rejected=causes.strongest_rejected,
        rejected_why=causes.rejected_why,
        search=causes.search,
        mix=causes.mix,
        prior=prior,
        proposals=proposals,
        problems=judged.problems,
        rankings=judged.rankings,
        channels=channels,
        due_items=due_items(facts, run.period, run.shop),
        breaks=breaks(facts, run.period, run.shop, channels),
        example_case=example_case(facts, run.period, causes.causes),
        breakdowns=breakdowns(facts, run.period, run.shop),
        projections=[] if incomplete else projections(facts, run.period, run.shop),
        daily=daily(facts, run.period),
        partial=incomplete,
        completeness=completeness(facts, run.period),
        previous_numbers=_previous_numbers(run),
        revision=run.revision,
        customer_words=CustomerWords() if incomplete else customer_words(facts, run.period, run.shop, causes.causes),
        warnings=graded,
        unmeasured=unmeasured(facts, run.shop, run.period),
        listed=listed_cases(facts, run.period, run.shop),
        estimated_receipts=facts.estimated_receipts,
        foreign_amounts=foreign_amounts(facts.foreign_amounts, run.period),
    )
    facts.forget_rows()
    return review


def _judged(run: Run, facts: CodedFacts, causes: RootCauses, channels: list[ChannelQuality]) -> FinalWords:
    """Measure figures, problems and rankings, and correct them jointly with the search for causes."""
    incomplete = causes.partial
    measured = figures(
        facts,
        run.period,
        run.shop,
        milestones=lambda period: milestones(facts, run.shop, period),
        expected_total=causes.expected_total,
        partial=incomplete,
    )
    tables = {channel.name: channel.table for channel in run.shop.channels.channels}
    before = gaps(coverage(facts, run.period.previous(), run.shop), tables, failures=False)
    return judged_together(
        with_gaps(measured, gaps(channels, tables), before),
        problems(facts, run.period, run.shop, expected_leaves=causes.expected_leaves, incomplete=incomplete),
        [] if incomplete else rankings(facts, run.period, run.shop),
        searched=causes.tested,
        search_alarms=causes.expected_false_alarms,
    )


def _previous_numbers(run: Run) -> dict[str, float]:
    """Return the numbers that the newest earlier revision of the same report printed."""
    kept = [
        edition
        for edition in run.stores.ledger.editions(period=run.period.id, report=run.report)
        if edition.revision < run.revision
    ]
    numbers = run.stores.ledger.numbers(max(kept, key=lambda edition: edition.revision)) if kept else []
    return {number.id: float(number.value) for number in numbers if number.value is not None}
