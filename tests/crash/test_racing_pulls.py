"""Two processes that pull the same home at the same moment end with the rows of one; `python -m tests.makers.racing_pulls 200` takes longer."""

from pathlib import Path

import pytest

from tests.makers.racing_pulls import race

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_two_pulls_at_once_end_with_the_rows_of_one(tmp_path: Path) -> None:
    assert race(tmp_path, rounds=10) == []
