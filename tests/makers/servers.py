"""Running commands in a process of its own, and what that process loaded and started."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tasks.settings import environment

ROOT = Path(__file__).resolve().parents[2]
WATCHED = """
import json, sys
children = []
sys.addaudithook(lambda event, given: children.append([str(part) for part in given[1]]) if event == "subprocess.Popen" else None)
from flows.console.cli import main
told = []
for arguments in json.loads(sys.argv[2]):
    try:
        main(["--home", sys.argv[1], *arguments])
    except SystemExit as end:
        servers = [child for child in children if "uvicorn" in child or "prefect" in child]
        told.append({"code": end.code or 0, "prefect": "prefect" in sys.modules, "servers": servers})
print(json.dumps(told))
"""


def watched(home: Path, commands: list[list[str]]) -> list[dict[str, Any]]:
    """Run commands one after the other; for each return its exit code, whether Prefect is loaded, and the servers that were started."""
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(home), json.dumps(commands)],
        capture_output=True,
        text=True,
        env={name: value for name, value in environment().items() if name != "PREFECT_API_URL"},
        cwd=ROOT,
        check=True,
        timeout=180,
    )
    told: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return told
