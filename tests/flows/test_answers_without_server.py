"""What is made already, or only looked at, needs no Prefect server."""

from pathlib import Path

from tests.homes import AS_OF, WEEK
from tests.servers import watched

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
