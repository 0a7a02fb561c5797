"""The ten traps: cases that look like trouble but are not, and the right answer to each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from examples.sample_shop import nouns
from examples.sample_shop.cases import DrawnCases, cases_of
from examples.sample_shop.goods import Products
from examples.sample_shop.moments import DAY, Ints, local, local_moment
from examples.sample_shop.orders import Orders
from examples.sample_shop.problems import INDEX
from examples.sample_shop.stories import CODES

TRAPS = Path(__file__).parent / "traps.yaml"
LEAK = INDEX[("PRD.SAFETY", "leak_current")]
COSMETIC = INDEX[("PRD.COSMETIC", "")]
NOISE = INDEX[("PRD.FAULT", "noise")]
ABNORMAL = INDEX[("SPC.ABNORMAL", "")]


@dataclass(frozen=True)
class TrapCases:
    """Cases of the traps, the order lines of the suspected claim cluster (T3), and the product of the chance spike (T9)."""

    parts: list[DrawnCases]
    claims: Ints
    t9_sku: str


def trap_cases(rngs: dict[str, np.random.Generator], goods: Products, bought: Orders, scale: float, end: int) -> TrapCases:
    """Draw the cases of the traps T2, T3, T9 and T10.

    Args:
        rngs: Sources of chance by code.
        goods: The products.
        bought: The order lines.
        scale: The shop's size.
        end: Local seconds of the world's end.

    Returns:
        DrawnCases, claims and the product of T9; a trap outside the world's days has no cases.
    """
    claims = _claimed_lines(bought, end)
    t9_sku = _spiking_sku(rngs["T9"], goods)
    parts = [
        *_leaking(rngs["T2"], goods, bought, end),
        *_claims(rngs["T3"], bought, claims),
        *_chance_spike(rngs["T9"], bought, t9_sku, scale, end),
        *_public_talk(rngs["T10"], goods, bought, scale, end),
    ]
    return TrapCases(parts, claims, goods.sku[t9_sku])


def _leaking(rng: np.random.Generator, goods: Products, bought: Orders, end: int) -> list[DrawnCases]:
    """T2: three buyers of KT-11 feel a current."""
    moments = np.array([local_moment("2026-11-03T10:25"), local_moment("2026-11-05T20:40"), local_moment("2026-11-06T15:12")])
    rows = np.flatnonzero(
        (bought.sku == goods.index["KT-11"])
        & (bought.signed < local(date(2026, 11, 3)))
        & (bought.paid >= local(date(2026, 10, 20)))
    )
    if len(rows) < 3 or end <= moments[-1]:
        return []
    chosen = np.sort(rng.choice(rows, 3, replace=False))
    return [cases_of(chosen, np.full(3, LEAK), moments, CODES.index("T2"))]


def _claimed_lines(bought: Orders, end: int) -> Ints:
    claims = np.flatnonzero(bought.city == len(bought.cities) - 1)
    return claims[bought.signed[claims] < min(local(date(2026, 9, 6)), end)]


def _claims(rng: np.random.Generator, bought: Orders, claims: Ints) -> list[DrawnCases]:
    """T3: one district claims eighteen broken pans within hours."""
    if not len(claims):
        return []
    late = (rng.random(len(claims)) * 9000 + 300).astype(np.int64)
    at = np.maximum(bought.signed[claims], local(date(2026, 8, 31), 9)) + late
    return [cases_of(claims, np.full(len(claims), ABNORMAL), at, CODES.index("T3"))]


def _spiking_sku(rng: np.random.Generator, goods: Products) -> int:
    lines = [nouns.LINE_CODES.index(code) for code in ("AF", "CP", "FN", "HW")]
    options = [index for index, code in enumerate(goods.sku) if goods.line[index] in lines and code not in nouns.PINNED_SHARES]
    options = [index for index in options if goods.share[index] > 0.04 and goods.sku[index] not in nouns.HEATER_SKUS]
    return int(rng.choice(options))


def _chance_spike(rng: np.random.Generator, bought: Orders, sku: int, scale: float, end: int) -> list[DrawnCases]:
    """T9: one product has ten scratches in one week, by chance."""
    monday = local(date(2026, 5, 18))
    rows = np.flatnonzero((bought.sku == sku) & (bought.signed >= monday - 6 * DAY) & (bought.signed < monday + 3 * DAY))
    if not len(rows) or not _first(bought) <= monday < end:
        return []
    count = min(max(round(10 * scale), 3), len(rows))
    chosen = np.sort(rng.choice(rows, count, replace=False))
    at = np.maximum(bought.signed[chosen] + DAY, monday + (rng.random(count) * 6.6 * DAY).astype(np.int64) + 8 * 3600)
    at = np.minimum(at, monday + 7 * DAY - 7200)
    return [cases_of(chosen, np.full(count, COSMETIC), at, CODES.index("T9"))]


def _public_talk(rng: np.random.Generator, goods: Products, bought: Orders, scale: float, end: int) -> list[DrawnCases]:
    """T10: a video makes many speak of FN-02, few of whom have bought one."""
    monday = local(date(2026, 7, 20))
    if not _first(bought) <= monday < end:
        return []
    count = int(rng.poisson(68 * scale))
    at = monday + (rng.beta(1.4, 2.4, count) * 8.5 * DAY).astype(np.int64) + (rng.random(count) * 3600).astype(np.int64)
    fn02 = np.flatnonzero((bought.sku == goods.index["FN-02"]) & (bought.signed < monday))
    linked = rng.random(count) < 0.12
    rows = np.where(linked & (len(fn02) > 0), rng.choice(fn02, count) if len(fn02) else -1, -1)
    return [cases_of(rows, np.full(count, NOISE), at, CODES.index("T10"))]


def _first(bought: Orders) -> int:
    return int(bought.paid[0]) if len(bought) else 0


def trap_truth(t9_sku: str, dropped_reviews: int) -> dict[str, dict[str, Any]]:
    """Return where each trap lies and what the right behaviour is."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(TRAPS.read_text(encoding="utf-8").replace("{t9_sku}", t9_sku))
    found["T6"]["dropped"] = dropped_reviews
    return found
