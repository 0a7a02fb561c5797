"""A shop, and warnings made by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tasks.model.warnings import EarlyWarning, KeptWarning, WarningEvent, WarningEventKind
from tasks.shop.load import Shop
from tests.makers.shops import default_shop

MOMENT = datetime(2026, 11, 9, 0, 0, tzinfo=UTC)
"""A Monday, 08:00 in Shanghai."""


@pytest.fixture(scope="session")
def shop() -> Shop:
    """The default configuration."""
    return default_shop()


@pytest.fixture
def warning() -> Callable[..., EarlyWarning]:
    """Return what makes an assigned warning."""

    def make(kind: str = "cluster", **changes: Any) -> EarlyWarning:
        given: dict[str, Any] = {
            "slice": {"sku": "FW-03", "batch_no": "FW03-2608B"},
            "leaf": "PRD.FAULT",
            "observed": 6.0,
            "expected": 1.2,
            "every_days": 400.0,
            "since": date(2026, 11, 2),
            "answer_by": MOMENT + timedelta(hours=24),
            "items": tuple(f"r{n}" for n in range(6)),
            "role": "品控",
            "owner": "品控主管",
        }
        return EarlyWarning(kind=kind, **{**given, **changes})

    return make


def kept_after(warning: EarlyWarning, *events: WarningEvent, opened: datetime = MOMENT) -> KeptWarning:
    """Return a warning as the ledger keeps it: told to its owner, then what else happened."""
    first = WarningEvent(
        "W1", 1, opened, WarningEventKind.OPENED, to=warning.owner, observed=warning.observed, items=warning.items
    )
    return KeptWarning("W1", warning, opened, max([opened, *(event.at for event in events)]), (first, *events))
