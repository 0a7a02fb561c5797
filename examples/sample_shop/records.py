"""Feedback records from cases: who writes, when, by which channel, and who writes repeatedly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from examples.sample_shop import nouns, service
from examples.sample_shop.cases import DrawnCases, arrivals
from examples.sample_shop.moments import DAY, NEVER, Bools, Floats, Ints, local
from examples.sample_shop.nouns import PLATFORMS, SALES_CHANNELS
from examples.sample_shop.orders import Orders
from examples.sample_shop.problems import INDEX, PROBLEMS
from examples.sample_shop.stories import CODES

SOURCES = ("ticket", "chat", "review", "aftersale", "form", "social", "mail", "store", "call", "regulator")
TICKET, CHAT, REVIEW, AFTERSALE, FORM, SOCIAL, MAIL, STORE, CALL, REGULATOR = range(10)
NATURES = ("complaint", "question", "suggestion", "praise")
COMPLAINT, QUESTION, SUGGESTION, PRAISE = range(4)
SOURCE_SHARES = (
    (0.262, 0.205, 0.300, 0.200, 0.038, 0.028, 0.036, 0.018, 0.012, 0.0052),
    (0.24, 0.47, 0.0, 0.0, 0.10, 0.07, 0.08, 0.04, 0.0, 0.0),
    (0.0, 0.0, 0.22, 0.0, 0.48, 0.18, 0.10, 0.02, 0.0, 0.0),
    (0.0, 0.0, 0.80, 0.0, 0.06, 0.09, 0.0, 0.05, 0.0, 0.0),
)
OTHER_RATES = {QUESTION: 0.01475, SUGGESTION: 0.0027, PRAISE: 0.0067}
"""Records per signed order that are not complaints, so that complaints are 64 % of records."""
TWO_CHANNELS, SECOND_TICKETS, LATER_REVIEWS = 0.08, 0.06, 0.02
T6_DAYS = (date(2026, 10, 30), date(2026, 11, 2))


@dataclass
class Records:
    """Records as arrays; `case` numbers the case, −1 for what is none; `again` marks repeats and second channels."""

    row: Ints
    problem: Ints
    at: Ints
    story: Ints
    queue: Ints
    shift: Ints
    version: Ints
    system: Ints
    nature: Ints
    case: Ints
    source: Ints
    again: Ints
    parent: Ints

    def __len__(self) -> int:
        return len(self.row)

    def take(self, index: Ints | Bools) -> Records:
        """Return a selection of records."""
        return Records(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def choose(rng: np.random.Generator, weights: Floats) -> Ints:
    """Draw a position in each row of weights `(rows, choices)`; one draw a row."""
    edges = np.cumsum(weights, axis=1)
    return np.asarray(
        np.minimum((edges <= (rng.random(len(weights)) * edges[:, -1])[:, None]).sum(axis=1), weights.shape[1] - 1),
        dtype=np.int64,
    )


def _sources(rng: np.random.Generator, part: Records, bought: Orders) -> Ints:
    weights = np.array(SOURCE_SHARES)[part.nature]
    family = np.array([problem.family for problem in PROBLEMS])[part.problem]
    complaint = part.nature == COMPLAINT
    early = complaint & np.isin(family, ("ship", "delivery", "service", "refund"))
    weights[early, REVIEW] *= 0.12
    weights[complaint & ~np.isin(family, ("transit", "fit", "function", "wear", "use")), AFTERSALE] = 0.0
    weights[complaint & (part.row < 0), AFTERSALE] = 0.0
    weights[part.row < 0, REVIEW] *= 0.2
    channel = np.where(part.row >= 0, bought.channel[np.maximum(part.row, 0)], 0)
    in_store = (channel == nouns.STORE) & (part.row >= 0)
    weights[in_store, STORE] *= 14.0
    weights[in_store, REVIEW] = 0.0
    weights[complaint & (part.queue >= 0)] = np.eye(len(SOURCES))[CHAT] * 0.9 + np.eye(len(SOURCES))[REVIEW] * 0.1
    weights[part.story == CODES.index("T10")] = np.eye(len(SOURCES))[SOCIAL] * 0.7 + np.eye(len(SOURCES))[REVIEW] * 0.3
    weights[part.story == CODES.index("T3")] = np.eye(len(SOURCES))[AFTERSALE]
    weights[part.story == CODES.index("T2")] = np.eye(len(SOURCES))[TICKET]
    return choose(rng, weights)


def records(rng: np.random.Generator, bought: Orders, cases: DrawnCases, end: int) -> Records:
    """Turn cases into records and add questions, praise, suggestions, second channels and repeats.

    Args:
        rng: Source of chance.
        bought: The order lines.
        cases: All cases.
        end: Local seconds of the world's end; later records do not exist yet.

    Returns:
        Records sorted by time.
    """
    every = _concatenated([_of_cases(rng, cases), *(_without_case(rng, bought, kind) for kind in OTHER_RATES)])
    every.source = _sources(rng, every, bought)
    plain = (
        (every.nature == COMPLAINT)
        & (every.row >= 0)
        & ~np.isin(every.story, [CODES.index(code) for code in ("T2", "T3", "T10")])
    )
    joined = _concatenated(
        [
            every,
            _second_channel(rng, every, plain),
            _second_ticket(rng, every, plain & np.isin(every.source, (TICKET, CHAT))),
            _later_review(rng, every, plain & (every.source == REVIEW)),
        ]
    )
    _put_into_shifts(rng, joined, bought)
    keep = np.flatnonzero(joined.at < end)
    order = keep[np.lexsort((keep, joined.at[keep]))]
    position = np.full(len(joined), -1, dtype=np.int64)
    position[order] = np.arange(len(order))
    found = joined.take(order)
    found.parent = np.where(found.parent >= 0, position[np.maximum(found.parent, 0)], -1)
    return found


def _concatenated(parts: list[Records]) -> Records:
    return Records(
        *(np.concatenate([getattr(part, name) for part in parts]).astype(np.int64) for name in Records.__dataclass_fields__)
    )


def _of_cases(rng: np.random.Generator, cases: DrawnCases) -> Records:
    """Return a first record of each case; of the public talk (T10) many only ask."""
    size = len(cases)
    none = np.full(size, -1, dtype=np.int64)
    zero = np.zeros(size, dtype=np.int64)
    nature = zero.copy()
    viral = cases.story == CODES.index("T10")
    nature[viral & (rng.random(size) < 0.4)] = QUESTION
    return Records(
        cases.row, cases.problem, cases.at, cases.story, cases.queue, cases.shift, cases.version, cases.system,
        nature, np.arange(size), none, zero, none,
    )  # fmt: skip


def _without_case(rng: np.random.Generator, bought: Orders, kind: int) -> Records:
    """Draw the questions, suggestions or praise of those whose parcel arrived."""
    rows = np.flatnonzero((bought.signed < NEVER) & (rng.random(len(bought)) < OTHER_RATES[kind]))
    problem = np.full(len(rows), INDEX[("UNK", "")])
    if kind == QUESTION:
        asked = [INDEX[(leaf, "")] for leaf in ("USE.GUIDE", "USE.SETUP", "REF.FREIGHT", "DSC.SPEC", "LOG.INFO")]
        problem = np.array(asked)[rng.choice(5, len(rows), p=[0.42, 0.20, 0.14, 0.16, 0.08])]
    blank = np.full(len(rows), -1, dtype=np.int64)
    return Records(
        rows, problem, arrivals(rng, bought.signed[rows], "use"), blank, blank, blank, blank, blank,
        np.full(len(rows), kind), blank, blank, np.zeros(len(rows), dtype=np.int64), blank,
    )  # fmt: skip


def _again(rng: np.random.Generator, every: Records, who: Bools, share: float, mark: int) -> Records:
    """Draw those who write once more about the same case."""
    index = np.flatnonzero(who & (rng.random(len(every)) < share))
    extra = every.take(index)
    extra.parent = index.astype(np.int64)
    extra.again = np.full(len(index), mark, dtype=np.int64)
    return extra


def _second_channel(rng: np.random.Generator, every: Records, who: Bools) -> Records:
    """Draw the second records of cases that come by two channels, within three days."""
    extra = _again(rng, every, who, TWO_CHANNELS, 1)
    extra.at = extra.at + (3600 + rng.random(len(extra)) * 2.8 * DAY).astype(np.int64)
    shift = rng.integers(1, 4, len(extra))
    ring = np.array([TICKET, CHAT, REVIEW, FORM])
    place = np.array([0, 1, 2, 0, 3, 0, 1, 0, 1, 0])[extra.source]
    extra.source = ring[(place + shift) % 4]
    early = np.isin(np.array([problem.family for problem in PROBLEMS])[extra.problem], ("ship", "delivery"))
    extra.source = np.where(early & (extra.source == REVIEW), MAIL, extra.source)
    return extra


def _second_ticket(rng: np.random.Generator, every: Records, who: Bools) -> Records:
    """Draw the tickets and chats of those who must ask again within a week."""
    extra = _again(rng, every, who, SECOND_TICKETS * 2.0, 2)
    extra.at = extra.at + ((0.4 + 6.4 * rng.random(len(extra))) * DAY).astype(np.int64)
    return extra


def _later_review(rng: np.random.Generator, every: Records, who: Bools) -> Records:
    """Draw the reviews that are written again three weeks later."""
    extra = _again(rng, every, who, LATER_REVIEWS, 3)
    extra.at = extra.at + ((18 + 7 * rng.random(len(extra))) * DAY).astype(np.int64)
    return extra


def _put_into_shifts(rng: np.random.Generator, joined: Records, bought: Orders) -> None:
    """Give each chat without a queue the queue of its platform and the shift of its hour."""
    hour = joined.at % DAY // 3600
    platform = platform_index(joined, bought)
    chat = (joined.source == CHAT) & (joined.queue < 0) & (platform < 4)
    outsourced = rng.random(len(joined)) < service.QUEUE_SHARES["平台丙外包"]
    queue = np.select([platform == 0, platform == 1, platform == 3], [0, 1, 4], np.where(outsourced, 3, 2))
    joined.queue = np.where(
        chat, queue, np.where(joined.source == CHAT, joined.queue, np.where(joined.again == 0, joined.queue, -1))
    )
    in_shift = np.select([(hour >= 8) & (hour < 12), (hour >= 12) & (hour < 18), (hour >= 18) & (hour < 22)], [0, 1, 2], 3)
    joined.shift = np.where(chat, in_shift, joined.shift)


def platform_index(part: Records, bought: Orders) -> Ints:
    """Return the position in PLATFORMS of each record's place of purchase, or of its queue's platform."""
    places = np.array([PLATFORMS.index(one.platform) for one in SALES_CHANNELS])
    queue_places = np.array([PLATFORMS.index(platform) for _, platform in nouns.QUEUES])
    found = np.where(part.row >= 0, places[bought.channel[np.maximum(part.row, 0)]], 3)
    return np.where((part.queue >= 0) & (part.row < 0), queue_places[np.maximum(part.queue, 0)], found)


def in_missing_days(part: Records, bought: Orders) -> Bools:
    """Return which records fell into the days that 平台丙's reviews did not deliver (T6)."""
    low, high = (local(day) for day in T6_DAYS)
    return np.asarray(
        (part.source == REVIEW) & (platform_index(part, bought) == 2) & (part.at >= low) & (part.at < high), dtype=bool
    )
