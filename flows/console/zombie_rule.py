"""The rule that ends zombie runs: a run whose worker died leaves Running and frees its slot in the pool."""

from __future__ import annotations

from datetime import timedelta

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification

NAME = "End zombie runs"
SILENCE = timedelta(seconds=540)
"""Three heartbeats of 180 s."""


def zombie_rule() -> AutomationCore:
    """Return the rule: nine minutes after a heartbeat without another one or an end, the run has crashed."""
    return AutomationCore(
        name=NAME,
        description="A run without heartbeat for nine minutes has lost its worker.",
        enabled=True,
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={
                "prefect.flow-run.heartbeat",
                "prefect.flow-run.Completed",
                "prefect.flow-run.Failed",
                "prefect.flow-run.Cancelled",
                "prefect.flow-run.Crashed",
            },
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(state=StateType.CRASHED, name=None, message="No heartbeat for nine minutes: its worker is gone.")
        ],
    )


def existing(client: SyncPrefectClient) -> list[Automation]:
    """Return the server's rules of this name."""
    answer = client.request("POST", "/automations/filter", json={"automations": {"name": {"any_": [NAME]}}})
    return [Automation.model_validate(rule) for rule in answer.json()]


def ensure(client: SyncPrefectClient) -> bool:
    """Create the rule or correct the server's; return whether anything changed."""
    wanted = zombie_rule()
    rules = existing(client)
    for surplus in rules[1:]:
        client.request("DELETE", "/automations/{id}", path_params={"id": surplus.id})
    body = wanted.model_dump(mode="json")
    if not rules:
        client.request("POST", "/automations/", json=body)
        return True
    if same(rules[0]) and len(rules) == 1:
        return False
    client.request("PUT", "/automations/{id}", path_params={"id": rules[0].id}, json=body)
    return True


def same(rule: Automation) -> bool:
    """Whether a server's rule equals ours."""
    trigger, wanted = rule.trigger, zombie_rule()
    return (
        rule.enabled
        and isinstance(trigger, EventTrigger)
        and isinstance(wanted.trigger, EventTrigger)
        and (trigger.after, trigger.expect, trigger.within, trigger.posture, trigger.for_each)
        == (wanted.trigger.after, wanted.trigger.expect, wanted.trigger.within, wanted.trigger.posture, wanted.trigger.for_each)
        and [action.type for action in rule.actions] == [action.type for action in wanted.actions]
    )
