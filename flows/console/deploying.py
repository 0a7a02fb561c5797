"""Registering with a Prefect server what prefect.yaml says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from tasks.errors import UserError
from tasks.settings import environment

PREFECT_FILE = Path(__file__).resolve().parents[2] / "prefect.yaml"
POOL = "aftersales"


def declared() -> dict[str, dict[str, Any]]:
    """Return the deployments of prefect.yaml by `flow/name`."""
    document = yaml.safe_load(PREFECT_FILE.read_text("utf-8"))
    return {f"{item['entrypoint'].rsplit('.', 1)[-1]}/{item['name']}": item for item in document["deployments"]}


def deploy(console: Console, **variables: str) -> None:
    """Make the work pool, register every deployment, and create the rule that ends zombie runs; again changes nothing.

    Args:
        console: Where to print.
        variables: Changes to the environment of the processes that are started, such as PREFECT_API_URL.

    Raises:
        UserError: If no server answers, or it refuses something.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import PrefectHTTPStatusError

    from flows.console import zombies

    with get_client(sync_client=True) as client:
        if (problem := client.api_healthcheck()) is not None:
            raise UserError(
                f"No Prefect server answers at {client.api_url}: {problem}.",
                hint="Start one with `make serve`, or set PREFECT_API_URL.",
            )
        try:
            pools = {pool.name for pool in client.read_work_pools()}
            if POOL not in pools:
                client.create_work_pool(
                    WorkPoolCreate(name=POOL, type="process", description="Reviews of after-sales complaints.")
                )
        except PrefectHTTPStatusError as error:
            raise UserError(f"The Prefect server refuses: {error}.", hint="Check PREFECT_API_AUTH_STRING.") from error
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", PREFECT_FILE.name],
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
        changed = zombies.ensure(client)
    names = ", ".join(sorted(declared()))
    console.print(f"Registered: {names}; rule «{zombies.NAME}» {'created' if changed else 'is there'}.")
