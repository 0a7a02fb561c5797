from typing import Any

import polars as pl
import pytest

from tasks.classify.severity import p0_share, severity
from tests.makers.shops import default_shop

SHOP = default_shop()
PLAIN: dict[str, Any] = {
    "leaf": "PRD.SMELL",
    "nature": "complaint",
    "source": "ticket",
    "impact": None,
    "customer_tier": "new",
    "unit_price": 99.0,
    "time_critical": False,
    "legal": False,
    "abnormal": False,
    "repeat": False,
}

CASES = [
    ({}, "P2", "standard", []),
    ({"nature": "question"}, "P3", "standard", []),
    ({"nature": "praise"}, "P3", "standard", []),
    ({"leaf": "PRD.SAFETY"}, "P0", "safety", ["safety_leaf"]),
    ({"leaf": "PRD.HEALTH", "nature": "praise"}, "P0", "safety", ["safety_leaf"]),
    ({"impact": "critical"}, "P0", "safety", ["critical_impact"]),
    ({"source": "regulator"}, "P0", "dispute", ["regulator"]),
    ({"time_critical": True}, "P0", "standard", ["time_critical"]),
    ({"unit_price": 2000.0}, "P2", "standard", []),
    ({"unit_price": 2000.01}, "P0", "standard", ["price"]),
    ({"unit_price": 2499.0, "nature": "question"}, "P3", "standard", []),
    ({"customer_tier": "vip"}, "P1", "standard", ["vip"]),
    ({"customer_tier": "vip", "impact": "severe"}, "P0", "standard", ["vip_severe", "severe", "vip"]),
    ({"impact": "severe"}, "P1", "standard", ["severe"]),
    ({"impact": "minor"}, "P2", "standard", []),
    ({"legal": True}, "P1", "dispute", ["legal"]),
    ({"repeat": True}, "P1", "standard", ["repeat"]),
    ({"leaf": "SPC.OPENED"}, "P2", "dispute", ["dispute"]),  # a dispute is a track and not less urgent
    ({"abnormal": True}, "P2", "dispute", ["abnormal"]),
    ({"leaf": "PRD.SAFETY", "legal": True, "customer_tier": "vip"}, "P0", "safety", ["safety_leaf", "legal", "vip"]),
]


@pytest.mark.parametrize(("given", "level", "track", "why"), CASES)
def test_severity_track_and_every_rule_that_fired(given: dict[str, Any], level: str, track: str, why: list[str]) -> None:
    types = {"impact": pl.String, "customer_tier": pl.String, "unit_price": pl.Float64}
    row = pl.DataFrame([{**PLAIN, **given}], schema_overrides=types)
    coded = row.with_columns(severity(SHOP.service_levels, SHOP.taxonomy)).row(0, named=True)
    assert (coded["severity"], coded["track"], coded["severity_why"]) == (level, track, why)


def test_the_p0_budget_counts_cases_and_not_contacts() -> None:
    rows = pl.DataFrame({"severity": ["P0", "P0", "P2", "P2", "P2"], "counted": [True, False, True, True, True]})
    assert p0_share(rows) == 0.25
    assert p0_share(rows.clear()) == 0.0
