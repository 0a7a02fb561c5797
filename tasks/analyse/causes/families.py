"""Which lag families are searched for causes, and which of them together."""

from __future__ import annotations

PANELS = (
    ("ship",), ("delivery", "transit"), ("fit",), ("function",), ("wear", "late"), ("use",), ("refund",), ("fit", "function"),
)  # fmt: skip
"""Families that are searched together: what a parcel suffers under way shows before and after it is signed for; one wrong part is
told as «does not match» by one buyer and as «does not work» by the next."""

SEARCHED = tuple(dict.fromkeys(family for families in PANELS for family in families))
"""Every family that is searched on order lines."""
