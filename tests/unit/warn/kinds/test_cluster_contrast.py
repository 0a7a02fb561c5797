"""Clusters of a shop without a past: the failing lot is told, in whatever words, and a quiet newcomer hears nothing."""

from __future__ import annotations

import pytest

from tasks.shop.load import Shop
from tasks.warn.kinds.clusters import clusters
from tests.makers.newcomer import WONT_CHARGE, WONT_TURN_ON, newcomer


@pytest.mark.parametrize("texts", [WONT_CHARGE, WONT_TURN_ON], ids=["charge", "turn on"])
@pytest.mark.parametrize("history_weeks", [0, 33])
@pytest.mark.parametrize("week", ["2026-W45", "2026-W47"])
def test_the_failing_lot_is_told(shop: Shop, texts: tuple[str, ...], history_weeks: int, week: str) -> None:
    found = clusters(newcomer(texts, shop, until=week, history_weeks=history_weeks), shop)
    assert [warning.slice for warning in found] == [{"sku": "LMP-USB-02", "batch_no": "L2610B"}]
    warning = found[0]
    assert warning.observed == len(warning.items) >= 10 and warning.observed > 3 * (warning.expected or 0)
    assert (warning.every_days or 0) >= shop.warnings.clusters.false_alarm_days


@pytest.mark.parametrize("week", ["2026-W43", "2026-W44", "2026-W45", "2026-W46", "2026-W47"])
def test_a_quiet_newcomer_hears_nothing(shop: Shop, week: str) -> None:
    assert clusters(newcomer(WONT_CHARGE, shop, until=week, ill=False), shop) == []
