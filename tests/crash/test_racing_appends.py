"""Two hundred rounds of two processes that write the same rows at the same moment: no row is ever stored twice."""

from datetime import timedelta
from pathlib import Path

import pytest

from tasks.store.doubled_rows import doubled_rows
from tasks.store.lake import Lake
from tests.makers.racing_appends import NOW, ROWS, race

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROUNDS = 200


def test_two_hundred_rounds_double_nothing(tmp_path: Path) -> None:
    race(tmp_path, ROUNDS)
    for number in range(ROUNDS // 2):
        lake = Lake(str(tmp_path / f"lake-{number}"))
        assert doubled_rows(lake) == {}
        assert lake.rows("order_line") == 2 * ROWS
        assert lake.as_of("order_line", NOW + timedelta(days=1), columns=["qty"])["qty"].to_list() == [1] * ROWS
