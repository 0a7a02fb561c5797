"""What is made already, or only looked at, needs no Prefect server."""

import socket
from pathlib import Path

import pytest

from tests.makers.homes import AS_OF, WEEK, copied
from tests.makers.servers import watched

ANSWERED = [
    ["review", "--period", WEEK],
    ["review", "--period", WEEK, "--as-of", AS_OF, "--send"],
    ["redeliver", "--period", WEEK],
    ["backfill", f"{WEEK}..{WEEK}", "--which", "stale", "--dry-run"],
    ["review", "--period", WEEK, "--verify"],
    ["early-warning", "--as-of", AS_OF],
]


def test_a_home_with_an_edition_is_looked_at_without_a_server(reviewed_home: Path) -> None:
    told = watched(reviewed_home, ANSWERED)
    assert [(seen["code"], seen["servers"]) for seen in told] == [(0, [])] * len(ANSWERED)
    assert [seen["prefect"] for seen in told[:3]] == [False] * 3


def test_a_flow_starts_one_server_and_ends_it(reviewed_home: Path, tmp_path: Path) -> None:
    told = watched(copied(reviewed_home, tmp_path / "home"), [["early-warning", "--as-of", AS_OF, "--send"]])
    assert (told[0]["code"], len(told[0]["servers"])) == (0, 1)
    port = told[0]["servers"][0][told[0]["servers"][0].index("--port") + 1]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(port)), timeout=1)
