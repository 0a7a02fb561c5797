"""The ten planted stories: what is added to the quiet shop, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from examples.sample_shop import nouns
from examples.sample_shop.cases import NEW_PACK_FROM, DrawnCases, arrivals, axis_times, cases_of
from examples.sample_shop.goods import Batches, Products
from examples.sample_shop.moments import NEVER, Bools, local, local_moment
from examples.sample_shop.orders import Orders
from examples.sample_shop.problems import INDEX, PROBLEMS

CODES = ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10")
"""Codes of the stories and traps; a case carries the position of its own."""

STORIES = Path(__file__).parent / "stories.yaml"
S5_RATE = 7.0e-4
S6_RATIO = 31 / 6


@dataclass
class Story:
    """A story, and the order lines that it hangs on.

    `added` are further cases per order line: problem → rate. `weeks` are the first and last ISO week in which it counts; a
    null `mask` means that it hangs on conversations or devices.
    """

    code: str
    name: str
    slice: dict[str, str]
    counted: tuple[int, ...]
    added: dict[int, float]
    since: str
    until: str
    axis: str
    weeks: tuple[str, str]
    answer: str
    more: Mapping[str, Any] = field(default_factory=dict)
    mask: Bools | None = field(default=None, repr=False)


def stories(goods: Products, lots: Batches, bought: Orders) -> list[Story]:
    """Return S1–S4, S7–S10 with the order lines they hang on, and S5, S6 without.

    Args:
        goods: The products.
        lots: The batches.
        bought: The order lines.

    Returns:
        Stories in order of their numbers.
    """
    masks = _masks(goods, lots, bought)
    found = []
    for code, given in yaml.safe_load(STORIES.read_text(encoding="utf-8")).items():
        given["counted"] = tuple(_problem(name) for name in given["counted"])
        given["added"] = {_problem(name): rate for name, rate in given["added"].items()}
        given["weeks"] = tuple(given["weeks"])
        found.append(Story(code, **given, mask=masks.get(code)))
    return found


def _problem(name: str) -> int:
    leaf, _, symptom = name.partition("/")
    return INDEX[(leaf, symptom)]


def _masks(goods: Products, lots: Batches, bought: Orders) -> dict[str, Bools]:
    """Return by story code which order lines it hangs on."""
    sku = bought.sku
    fragile = np.isin(bought.line, [nouns.LINE_CODES.index(code) for code in ("CP", "KT")])
    sessions = [one["session_id"] for one in bought.sessions]
    gift_session = sessions.index("T20260905-1") if "T20260905-1" in sessions else -2
    batch = lots.index.get("FW03-2608B", -2)

    def shipped(since: date, until: date) -> Bools:
        return (bought.shipped >= local(since)) & (bought.shipped < local(until))

    return {
        "S1": (bought.batch == batch) & (sku == goods.index["FW-03"]),
        "S2": (sku == goods.index["SM-04"]) & shipped(date(2026, 10, 12), date(2026, 11, 7)),
        "S3": fragile
        & (bought.region == nouns.SOUTHWEST)
        & (bought.carrier == nouns.CARRIER_C)
        & shipped(date(2026, 9, 28), date(2026, 10, 26)),
        "S4": (sku == goods.index["HW-12"]) & (bought.version == 7),
        "S7": (bought.warehouse == 0)
        & (bought.channel != nouns.STORE)
        & (bought.paid >= local_moment("2025-11-10T20:00"))
        & (bought.paid < local(date(2025, 11, 13))),
        "S8": (sku == goods.index["KT-05"]) & (bought.shipped >= local(NEW_PACK_FROM)),
        "S9": sku == goods.index["AF-09"],
        "S10": bought.session == gift_session,
    }


def story_cases(rngs: dict[str, np.random.Generator], told: list[Story], bought: Orders) -> list[DrawnCases]:
    """Draw the further cases of the stories that hang on order lines; each has its own source of chance."""
    parts: list[DrawnCases] = []
    for story in told:
        if story.mask is None:
            continue
        rng = rngs[story.code]
        rows = np.flatnonzero(story.mask)
        for number, rate in story.added.items():
            axis = axis_times(bought, PROBLEMS[number].family)
            hit = rows[(rng.random(len(rows)) < rate) & (axis[rows] < NEVER)]
            at = arrivals(rng, axis[hit], PROBLEMS[number].family)
            parts.append(cases_of(hit, np.full(len(hit), number), at, CODES.index(story.code)))
    return parts
