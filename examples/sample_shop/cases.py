"""The problems that happen: cases drawn from hazards on order lines, conversations, devices and after-sales orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from examples.sample_shop import nouns, service
from examples.sample_shop.goods import Products
from examples.sample_shop.moments import DAY, NEVER, Floats, Ints, local
from examples.sample_shop.nouns import LINE_CODES, LINES
from examples.sample_shop.orders import Orders
from examples.sample_shop.problems import INDEX, PROBLEMS, draw_lags, line_rates

KT05_OLD, KT05_NEW = 0.034, 0.013
"""Damage per signed parcel of KT-05 in the old and the new pack (S8)."""
NEW_PACK_FROM = date(2026, 7, 20)
AF09_SMELL = 0.019
SOUTHWEST_CARRIER_C = 1.2
"""Damage and stalls with 承运商丙 in the south-west in a quiet week, relative to elsewhere."""
GIFT_BY_CHANNEL = (0.1, 0.1, 1.0, 7.5, 0.1, 0.1, 0.1)
FLOW_FAMILIES = ("ship", "delivery", "transit", "fit", "function", "wear", "use", "safety", "other")
DAMAGE = (INDEX[("LOG.DAMAGE", "")], INDEX[("PRD.PACK", "")])
SMELL = INDEX[("PRD.SMELL", "")]
GIFT = INDEX[("PKG.GIFT", "")]
SIGNED_PER_PAID = 0.945


@dataclass
class DrawnCases:
    """Cases as arrays: row of the order line (−1: none), problem, arrival in local seconds and the story's code."""

    row: Ints
    problem: Ints
    at: Ints
    story: Ints
    queue: Ints
    shift: Ints
    version: Ints
    system: Ints

    def __len__(self) -> int:
        return len(self.row)


def cases_of(row: Ints, problem: Ints, at: Ints, story: int, **more: Ints) -> DrawnCases:
    """Bundle arrays as drawn cases; what is not given is −1."""
    none = np.full(len(row), -1, dtype=np.int64)
    return DrawnCases(
        row,
        problem,
        at,
        np.full(len(row), story, dtype=np.int64),
        more.get("queue", none),
        more.get("shift", none),
        more.get("version", none),
        more.get("system", none),
    )


def joined(parts: list[DrawnCases]) -> DrawnCases:
    """Concatenate cases."""
    names = ("row", "problem", "at", "story", "queue", "shift", "version", "system")
    return DrawnCases(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def arrivals(rng: np.random.Generator, axis: Ints, family: str) -> Ints:
    """Draw when complaints arrive: axis plus lag, tilted to the weekdays and hours at which people write.

    Args:
        rng: Source of chance.
        axis: Local seconds of the family's axis.
        family: Lag family.

    Returns:
        Local seconds, never before the axis. Of four drawn lags one is chosen by its weekday's weight, so the mean
        lag stays and weekdays differ.
    """
    size = len(axis)
    if not size:
        return axis.copy()
    drawn = axis[:, None] + (draw_lags(rng, family, (size, 4)) * DAY).astype(np.int64)
    weights = np.array(nouns.WEEKDAY_OF_ARRIVAL)[(drawn // DAY + 3) % 7] ** 1.3
    edges = np.cumsum(weights, axis=1)
    chosen = np.minimum((edges < (rng.random(size) * edges[:, -1])[:, None]).sum(axis=1), 3)
    at = drawn[np.arange(size), chosen]
    hours = np.cumsum(nouns.HOUR_OF_ARRIVAL) / np.sum(nouns.HOUR_OF_ARRIVAL)
    moment = at // DAY * DAY + ((np.searchsorted(hours, rng.random(size)) + rng.random(size)) * 3600).astype(np.int64)
    soon = axis + 600 + (rng.random(size) * 3 * 3600).astype(np.int64)
    return np.where(moment > axis, moment, soon)


def axis_times(bought: Orders, family: str) -> Ints:
    """Return each order line's axis time of a family (NEVER where it has none)."""
    if family == "ship":
        return bought.paid
    if family == "delivery":
        return np.where(bought.channel == nouns.STORE, NEVER, bought.shipped)
    return bought.signed


class Hazards:
    """True rates per order line: line × problem, times the product's own level, times known special levels."""

    def __init__(self, rng: np.random.Generator, goods: Products, bought: Orders, new_pack: bool) -> None:
        self.goods = goods
        self.bought = bought
        self.base = line_rates().copy()
        size = len(goods.sku)
        own = rng.gamma(20.0, 1.0 / 20.0, (size, len(PROBLEMS)))
        for number, problem in enumerate(PROBLEMS):
            if problem.family in ("ship", "delivery", "service", "refund", "app", "other") or problem.leaf.startswith("PKG"):
                own[:, number] = 1.0
        for number in range(len(LINES)):
            rows = goods.line == number
            own[rows] /= np.average(own[rows], axis=0, weights=goods.share[rows])
        self.own = own
        self.new_pack = new_pack
        for code in nouns.PINNED_SHARES:
            own[goods.index[code]] = 1.0
        for code, group, level in (("KT-05", DAMAGE, KT05_OLD), ("AF-09", (SMELL,), AF09_SMELL)):
            position = goods.index[code]
            line = goods.line[position]
            total = self.base[line, list(group)].sum()
            share = goods.share[position]
            rest = max((total - share * level) / (1.0 - share), 0.3 * total)
            others = (goods.line == line) & (np.arange(size) != position)
            for number in group:
                own[others, number] *= rest / total
                own[position, number] = level / total
        # Ship and delivery rates are given per signed order but happen to paid and to shipped ones.
        self.scale = np.array(
            [
                SIGNED_PER_PAID if problem.family == "ship" else 0.999 if problem.family == "delivery" else 1.0
                for problem in PROBLEMS
            ]
        )

    def rate(self, number: int, rows: Ints | slice = slice(None), *, old_pack: bool = False) -> Floats:
        """Return the true rate of a problem for order lines.

        Args:
            number: Index in PROBLEMS.
            rows: Which order lines.
            old_pack: Whether KT-05's new pack is left out of account.

        Returns:
            Probability per order line, without any story.
        """
        bought = self.bought
        sku = bought.sku[rows]
        table = self.base[self.goods.line][:, number] * self.own[:, number] * self.scale[number]
        rate = table[sku]
        if number == GIFT:
            rate = rate * np.array(GIFT_BY_CHANNEL)[bought.channel[rows]]
        if number in DAMAGE or PROBLEMS[number].leaf == "LOG.STALL":
            hard = (bought.region[rows] == nouns.SOUTHWEST) & (bought.carrier[rows] == nouns.CARRIER_C)
            rate = np.where(hard, rate * SOUTHWEST_CARRIER_C, rate)
        if number in DAMAGE and self.new_pack and not old_pack:
            fresh = (sku == self.goods.index["KT-05"]) & (bought.shipped[rows] >= local(NEW_PACK_FROM))
            rate = np.where(fresh, rate * (KT05_NEW / KT05_OLD), rate)
        return np.asarray(rate, dtype=np.float64)


def flow_cases(rng: np.random.Generator, hazards: Hazards, quiet_safety_from: int) -> DrawnCases:
    """Draw the cases of a shop without stories that hang on order lines.

    Args:
        rng: Source of chance.
        hazards: True rates.
        quiet_safety_from: Local seconds from which KT-11 has no chance safety case (T2 plants its own three).

    Returns:
        DrawnCases of the families ship, delivery, transit, fit, function, wear, use, safety and other.
    """
    bought = hazards.bought
    parts: list[DrawnCases] = []
    kt11 = hazards.goods.index["KT-11"]
    for family in FLOW_FAMILIES:
        axis = axis_times(bought, family)
        numbers = [number for number, problem in enumerate(PROBLEMS) if problem.family == family]
        for number in numbers:
            hit = rng.random(len(bought)) < hazards.rate(number)
            rows = np.flatnonzero(hit & (axis < NEVER))
            if PROBLEMS[number].leaf == "PRD.SAFETY":
                rows = rows[~((bought.sku[rows] == kt11) & (axis[rows] >= quiet_safety_from))]
            at = arrivals(rng, axis[rows], family)
            parts.append(cases_of(rows, np.full(len(rows), number), at, -1))
    return joined(parts)


def recent_rows(rng: np.random.Generator, bought: Orders, at: Ints, *, line: int = -1, platform: Ints | None = None) -> Ints:
    """Choose for each moment an order line signed within about two weeks before it, −1 where there is none.

    Args:
        rng: Source of chance.
        bought: The order lines.
        at: Local seconds.
        line: Only this product line; −1: any.
        platform: For each moment the index in PLATFORMS to match, tried three times; default: any.

    Returns:
        Row numbers.
    """
    known = bought.signed < NEVER
    if line >= 0:
        known &= bought.line == line
    rows = np.flatnonzero(known)
    rows = rows[np.argsort(bought.signed[rows], kind="stable")]
    times = bought.signed[rows]
    high = np.searchsorted(times, at)
    low = np.searchsorted(times, at - 14 * DAY)
    chosen = np.full(len(at), -1, dtype=np.int64)
    if not len(rows):
        return chosen
    places = np.array([nouns.PLATFORMS.index(one.platform) for one in nouns.SALES_CHANNELS])
    for _ in range(12 if platform is not None else 1):
        drawn = rows[np.minimum(low + (rng.random(len(at)) * (high - low)).astype(np.int64), len(rows) - 1)]
        fits = (high > low) & (chosen < 0)
        if platform is not None:
            fits &= places[bought.channel[drawn]] == platform
        chosen = np.where(fits, drawn, chosen)
    return chosen


SERVICE_LEVEL = 6.05
"""Signed orders per human conversation; turns rates per signed order into rates per conversation."""


def service_rates() -> tuple[list[int], Floats]:
    """Return the service problems and their true rates per human conversation, shape problems × shifts."""
    numbers = [number for number, problem in enumerate(PROBLEMS) if problem.family == "service"]
    mean = np.average(line_rates(), axis=0, weights=[line.share for line in LINES])
    rates = np.repeat((mean[numbers] * SERVICE_LEVEL)[:, None], len(nouns.SHIFTS), axis=1)
    rates[0] *= service.slowness() / 1.09
    return numbers, rates


def service_cases(
    rng: np.random.Generator, bought: Orders, desk: service.ServiceDesk, first: int, s6_ratio: float, s6_story: int
) -> DrawnCases:
    """Draw complaints about service: each human conversation of a day, queue and shift may be one.

    Args:
        rng: Source of chance.
        bought: The order lines.
        desk: Conversations.
        first: Local seconds of the world's first day.
        s6_ratio: How many times SVC.SLOW happens in the outsourced night shift from S6 on.
        s6_story: Index of S6.

    Returns:
        DrawnCases with queue and shift.
    """
    numbers, rates = service_rates()
    begin = (local(service.S6_FROM) - first) // DAY
    parts: list[DrawnCases] = []
    platforms = np.array([nouns.PLATFORMS.index(platform) for _, platform in nouns.QUEUES])
    for position, number in enumerate(numbers):
        for story in (-1, s6_story):
            mean = desk.human * rates[position]
            if story >= 0:
                if position or begin >= desk.human.shape[0]:
                    continue
                extra = np.zeros_like(mean)
                night = (slice(max(begin, 0), None), service.OUTSOURCED, service.NIGHT)
                extra[night] = mean[night] * (s6_ratio - 1.0)
                mean = extra
            count = rng.poisson(mean)
            day, queue, shift = (np.repeat(index.ravel(), count.ravel()) for index in np.indices(count.shape))
            spans = np.array([(8, 4), (12, 6), (18, 4), (22, 2)])
            at = first + day * DAY + ((spans[shift, 0] + spans[shift, 1] * rng.random(len(day)) * 0.999) * 3600).astype(np.int64)
            rows = recent_rows(rng, bought, at, platform=platforms[queue])
            parts.append(cases_of(rows, np.full(len(day), number), at, story, queue=queue, shift=shift))
    return joined(parts)


APP_RATE = 40.0 / (nouns.DEVICES * 7)
APP = INDEX[("PRD.FAULT", "app")]


def app_cases(rng: np.random.Generator, bought: Orders, active: Floats, first: int, s5_rate: float, s5_story: int) -> DrawnCases:
    """Draw complaints about the app: each active device of a day, version and system may be one.

    Args:
        rng: Source of chance.
        bought: The order lines.
        active: Devices by day × version × system.
        first: Local seconds of the world's first day.
        s5_rate: Further cases per device and day on Android 4.6.0.
        s5_story: Index of S5.

    Returns:
        DrawnCases with version and system; one in three is tied to an order line of SM.
    """
    parts: list[DrawnCases] = []
    hours = np.cumsum(nouns.HOUR_OF_ARRIVAL) / np.sum(nouns.HOUR_OF_ARRIVAL)
    for story in (-1, s5_story):
        mean = active * APP_RATE
        if story >= 0:
            mean = np.zeros_like(active)
            mean[:, service.BROKEN, 0] = active[:, service.BROKEN, 0] * s5_rate
        count = rng.poisson(mean)
        day, version, system = (np.repeat(index.ravel(), count.ravel()) for index in np.indices(count.shape))
        at = first + day * DAY + ((np.searchsorted(hours, rng.random(len(day))) + rng.random(len(day))) * 3600).astype(np.int64)
        rows = recent_rows(rng, bought, at, line=LINE_CODES.index("SM"))
        parts.append(cases_of(rows, np.full(len(day), APP), at, story, version=version, system=system))
    return joined(parts)
