"""Targets of the printed figures, the ages at which they are read, and the rules for money."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tasks.shop.section import ConfigSection


class Target(ConfigSection):
    """What one printed figure should be."""

    figure: str
    scope: str = Field(default="", description="Platform, line or other scope; empty means the whole shop.")
    op: Literal["<=", ">="]
    per: Literal["", "week"] = Field(default="", description="week: the value is for one week and scales with the period's days.")
    value: float = Field(description="Rates as fractions (0.018), money in the shop's currency, times in minutes.")


class Ages(ConfigSection):
    """Days after a cohort's start at which its figures are read."""

    complaint: int = 14
    after_sale: int = 30
    quality_refund: int = 30
    returned: int = 15
    returned_ready: int = Field(default=21, description="Days after signing by which returned parcels have arrived.")
    refund_only: int = 30
    damage: int = 7
    before_ship: int = 7


class Losses(ConfigSection):
    """Rules of the net loss (docs/method.md, 4) other than prices, which come from the source's cost_rate table."""

    resale_share: float = Field(
        default=0.7, ge=0, le=1, description="Share of returned units sold again, if no inspection says so."
    )
    merchant_return_freight_share: float = Field(
        default=0.3, ge=0, le=1, description="Share of return freight that the shop bears, if the after-sales order does not say."
    )
    goods_cost_share: float = Field(
        default=0.55, ge=0, le=1, description="Cost of goods ÷ paid price where the order line has no cost."
    )
    minutes_per_case: float = Field(default=12, ge=0, description="Service minutes per after-sales case.")
    rates: dict[str, float] = Field(
        default_factory=dict,
        description="Amounts per piece for items that cost_rate does not price; an item in neither is reported as missing.",
    )


class Targets(ConfigSection):
    """What the shop wants, and how its figures are read."""

    figures: tuple[Target, ...] = ()
    ages: Ages = Field(default_factory=lambda: Ages())
    line_ages: dict[str, int] = Field(
        default_factory=dict, description="Age in days at which a line's complaint rate is read, if different."
    )
    normal_weeks: int = Field(default=26, ge=8, description="Number of earlier mature weeks for the normal range.")
    quality_reasons: list[str] = Field(description="Reason codes that count as quality (final internal reason).")
    quality_reasons_version: str = "1"
    damage_leaves: tuple[str, ...] = ("LOG.DAMAGE", "PRD.PACK")
    losses: Losses = Losses()
    due_soon_hours: int = Field(default=48, description="An external deadline this close is listed as due soon.")
    evidence_lead_hours: int = Field(default=6, description="Evidence is due this long before the platform's deadline.")

    def target(self, figure: str, scope: str = "") -> Target | None:
        """Return the target of a figure in a scope, or None if there is none."""
        return next((target for target in self.figures if target.figure == figure and target.scope == scope), None)
