"""Check-up of the Prefect server that PREFECT_API_URL names; it starts none."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import httpx

from flows.console.checks.finding import PATIENCE_S, Finding
from flows.console.deploy import POOL, declared, drift
from flows.console.server_login import server_login
from tasks.errors import UserError
from tasks.settings import environment, put_environment

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient


def prefect(zone: str) -> list[Finding]:
    """Check the server that PREFECT_API_URL names; without one, reviews run in the console's own process.

    Args:
        zone: Zone in which the schedules should be.
    """
    address = environment().get("PREFECT_API_URL", "")
    if not address:
        return [
            Finding(
                "warn",
                "Prefect",
                "PREFECT_API_URL names no server: nothing runs on a schedule.",
                "`aftersales serve` starts one and prints its address.",
            )
        ]
    put_environment(**server_login())
    try:
        return [_server(address), *_registered(zone)]
    except UserError as error:
        return [Finding("bad", "Prefect server", error.what, error.hint)]
    except httpx.HTTPError as error:
        text = f"{address} does not answer: {error}."
        return [Finding("bad", "Prefect server", text, "Start it with `aftersales serve`, or correct PREFECT_API_URL.")]


def _server(address: str) -> Finding:
    user, separator, password = environment().get("PREFECT_API_AUTH_STRING", "").partition(":")
    answer = httpx.get(f"{address.rstrip('/')}/admin/version", timeout=PATIENCE_S, auth=(user, password) if separator else None)
    if answer.status_code == 401:
        raise UserError(
            f"{address} asks for a login.",
            hint="Set PREFECT_API_AUTH_STRING=user:password; `aftersales serve` keeps its own in secrets/prefect_login.",
        )
    server, client = answer.json(), version("prefect")
    if server != client:
        text = f"The server has version {server}, this installation {client}; runs may fail on the difference."
        return Finding("bad", "Prefect server", text, f"Run the server at version {client}.")
    return Finding("ok", "Prefect server", f"{address} answers; server and client have version {client}.")


def _registered(zone: str) -> list[Finding]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        return [_worker(client), _deployments(client, zone), _zombie_rule(client)]


def _worker(client: SyncPrefectClient) -> Finding:
    from prefect.client.schemas.objects import WorkerStatus
    from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError

    try:
        answer = client.request(
            "POST",
            "/work_pools/{work_pool_name}/workers/filter",
            path_params={"work_pool_name": POOL},
            json={"limit": 50, "offset": 0},
        )
    except (ObjectNotFound, PrefectHTTPStatusError):
        return Finding("bad", "worker", f"There is no work pool {POOL}.", "Run: aftersales deploy")
    online = [worker["name"] for worker in answer.json() if worker["status"] == WorkerStatus.ONLINE.value]
    if online:
        return Finding("ok", "worker", f"{', '.join(online)} serves the pool {POOL}.")
    return Finding(
        "bad", "worker", f"No worker serves the pool {POOL}: runs stay Late.", f"Run: prefect worker start --pool {POOL}"
    )


def _deployments(client: SyncPrefectClient, zone: str) -> Finding:
    if different := drift(client, zone):
        return Finding("bad", "deployments", "; ".join(different), "Run: aftersales deploy")
    return Finding("ok", "deployments", f"All {len(declared(zone))} deployments match prefect.yaml.")


def _zombie_rule(client: SyncPrefectClient) -> Finding:
    from flows.console import zombie_rule

    rules = zombie_rule.existing(client)
    if len(rules) == 1 and zombie_rule.same(rules[0]):
        return Finding("ok", "zombie rule", f"«{zombie_rule.NAME}» is on.")
    return Finding("bad", "zombie rule", "A run whose worker dies would stay Running forever.", "Run: aftersales deploy")
