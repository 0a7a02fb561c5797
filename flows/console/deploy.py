"""`aftersales deploy`: register the deployments of prefect.yaml with a Prefect server."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from rich.console import Console

from flows.console.server_login import server_login
from tasks.errors import UserError
from tasks.settings import Settings, environment, put_environment
from tasks.shop.load import Shop

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

PREFECT_FILE = Path(__file__).resolve().parents[2] / "prefect.yaml"
POOL = "aftersales"
POOL_TEMPLATE: dict[str, Any] = {
    "job_configuration": {
        "command": None,
        "env": {},
        "labels": {},
        "name": "{{ name }}",
        "stream_output": True,
        "working_dir": None,
    },
    "variables": {"type": "object", "properties": {"name": {"title": "Name", "type": "string", "default": "aftersales"}}},
}
"""How the pool's worker starts a run: always the flow itself, in a folder and an environment that no run can choose."""
QUIET_SERVER = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_UI_V2_ENABLED": "false",
}


def deploy_all(settings: Settings, console: Console) -> None:
    """Register everything with the server that PREFECT_API_URL names, on schedules in the shop's zone.

    Raises:
        UserError: If no server is named, or it does not answer, or it refuses something.
    """
    if not environment().get("PREFECT_API_URL"):
        raise UserError(
            "PREFECT_API_URL names no Prefect server.", hint="Set it, as in http://127.0.0.1:4200/api, or run `aftersales serve`."
        )
    put_environment(**QUIET_SERVER, **server_login())
    deploy(zone_of(settings), console)


def zone_of(settings: Settings) -> str:
    """Return the zone in which a shop's schedules run: a week ends on its Sunday night, not on ours."""
    return Shop.load(settings.home).identity.zone


def declared(zone: str) -> dict[str, dict[str, Any]]:
    """Return the deployments of prefect.yaml by `flow/name`, their schedules in a zone."""
    document = _document(zone)
    return {f"{item['entrypoint'].rsplit('.', 1)[-1]}/{item['name']}": item for item in document["deployments"]}


def _document(zone: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(PREFECT_FILE.read_text("utf-8"))
    for item in document["deployments"]:
        for schedule in item["schedules"]:
            schedule["timezone"] = zone
    return document


def deploy(zone: str, console: Console, **variables: str) -> None:
    """Create the work pool, the deployments and the rule that ends zombie runs; running it again changes nothing.

    Args:
        zone: Zone of the schedules, the shop's.
        console: Where to print.
        variables: Changes to the environment of the processes it starts, such as PREFECT_API_URL.

    Raises:
        UserError: If the server does not answer or refuses something.
    """
    from prefect.client.orchestration import get_client
    from prefect.exceptions import PrefectHTTPStatusError

    from flows.console import zombie_rule

    with get_client(sync_client=True) as client:
        if (problem := client.api_healthcheck()) is not None:
            raise UserError(
                f"No Prefect server answers at {client.api_url}: {problem}.",
                hint="Start one with `aftersales serve`, or set PREFECT_API_URL.",
            )
        try:
            _ensure_pool(client)
        except PrefectHTTPStatusError as error:
            raise UserError(f"The Prefect server refused: {error}.", hint="Check PREFECT_API_AUTH_STRING.") from error
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / PREFECT_FILE.name
            file.write_text(yaml.safe_dump(_document(zone), allow_unicode=True, sort_keys=False), "utf-8")
            done = subprocess.run(
                [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)],
                cwd=PREFECT_FILE.parent,
                env=environment(NO_COLOR="1", **variables),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode:
            raise UserError(
                f"The deployments could not be registered: {(done.stderr or done.stdout).strip()[-800:]}",
                hint="Correct prefect.yaml.",
            )
        changed = zombie_rule.ensure(client)
    names = ", ".join(sorted(declared(zone)))
    console.print(f"Registered in {zone}: {names}; rule «{zombie_rule.NAME}» {'created' if changed else 'unchanged'}.")


def _ensure_pool(client: SyncPrefectClient) -> None:
    """Create the work pool, or give an existing one its template."""
    from prefect.client.schemas.actions import WorkPoolCreate, WorkPoolUpdate
    from prefect.exceptions import ObjectAlreadyExists

    description = "Reviews of after-sales complaints."
    try:
        client.create_work_pool(
            WorkPoolCreate(name=POOL, type="process", description=description, base_job_template=POOL_TEMPLATE)
        )
    except ObjectAlreadyExists:
        client.update_work_pool(POOL, WorkPoolUpdate(description=description, base_job_template=POOL_TEMPLATE))


def drift(client: SyncPrefectClient, zone: str) -> list[str]:
    """Return a phrase for each deployment that the server lacks or that differs from prefect.yaml in the shop's zone."""
    from prefect.exceptions import ObjectNotFound

    differences = []
    with suppress(ObjectNotFound):
        if client.read_work_pool(POOL).base_job_template != POOL_TEMPLATE:
            differences.append(f"the pool {POOL} lets runs choose their command, folder or environment")
    for name, wanted in declared(zone).items():
        try:
            found = client.read_deployment_by_name(name)
        except ObjectNotFound:
            differences.append(f"{name} is not registered")
            continue
        schedules = {
            (entry.slug, getattr(entry.schedule, "cron", ""), getattr(entry.schedule, "timezone", ""), entry.active)
            for entry in found.schedules
        }
        asked = {(entry["slug"], entry["cron"], entry["timezone"], entry["active"]) for entry in wanted["schedules"]}
        limit = found.global_concurrency_limit.limit if found.global_concurrency_limit else None
        for what, is_same in (
            ("entrypoint", found.entrypoint == wanted["entrypoint"]),
            ("parameters", found.parameters == wanted.get("parameters", {})),
            ("schedules", schedules == asked),
            ("work pool", found.work_pool_name == wanted["work_pool"]["name"]),
            ("concurrency limit", limit == wanted["concurrency_limit"]),
        ):
            if not is_same:
                differences.append(f"{name} has another {what}")
    return differences
