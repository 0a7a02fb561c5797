"""Act: check earlier actions, then propose what is still to be done."""

from dataclasses import replace
from functools import partial

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.logging import get_run_logger

from tasks.act.earlier_actions import check
from tasks.act.proposals import propose
from tasks.model.actions import Action, ActionResult, ActionStatus
from tasks.model.causes import RootCauses
from tasks.model.facts import CodedFacts
from tasks.model.review import RedLine
from tasks.report.language.action_words import action_words
from tasks.report.language.registry import language
from tasks.run import Run


@task(name="check prior actions", cache_policy=NO_CACHE, persist_result=False)
def check_prior_actions(run: Run, facts: CodedFacts) -> list[ActionResult]:
    """Check what became of every earlier action, and measure whether it worked."""
    run.progress("check prior actions")
    results = check(run.stores.ledger.actions_as_of(run.as_of), facts, run.period, run.shop, run.as_of)
    get_run_logger().info(
        "%s earlier actions, %s late", len(results), sum(result.status == ActionStatus.LATE for result in results)
    )
    return results


@task(name="propose actions", cache_policy=NO_CACHE, persist_result=False)
def propose_actions(run: Run, causes: RootCauses, lines: list[RedLine]) -> list[Action]:
    """Propose containment, correction and prevention from the playbook, each with person, date and target."""
    run.progress("propose actions")
    everything = [action for action, _ in run.stores.ledger.actions_as_of(run.as_of)]
    # A revision proposes its period's actions again, under the same ids and with the dates that they have by now.
    known = [action for action in everything if action.period != run.period.id]
    dates = {action.action_id: action.due for action in everything if action.period == run.period.id}
    # A safety lead is due within hours: the weekly review acts on it, a month only counts them.
    urgent = lines if run.period.grain == "week" else []
    wording = partial(action_words, playbook=run.shop.playbook, language=language(run.shop.identity.languages[0]))
    proposed = propose(causes.causes, urgent, run.period, run.shop, known, wording, as_of=run.as_of)
    return [replace(action, due=dates.get(action.action_id, action.due)) for action in proposed]
