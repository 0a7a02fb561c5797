"""Feedback records from cases: by which channel, when answered, what the buyer asked for, and the gold beside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from examples.sample_shop import nouns, service
from examples.sample_shop.cases import Cases, arrivals
from examples.sample_shop.goods import Batches, Products
from examples.sample_shop.moments import DAY, NEVER, Bools, Floats, Ints, local, pick, utc
from examples.sample_shop.nouns import LINE_CODES, PLATFORMS, SALES_CHANNELS
from examples.sample_shop.orders import Orders
from examples.sample_shop.problems import INDEX, PROBLEMS
from examples.sample_shop.stories import CODES
from tasks.model.tables import TABLES

SOURCES = ("ticket", "chat", "review", "aftersale", "form", "social", "mail", "store", "call", "regulator")
TICKET, CHAT, REVIEW, AFTERSALE, FORM, SOCIAL, MAIL, STORE, CALL, REGULATOR = range(10)
PREFIXES = ("TK", "CH", "RV", "AR", "FM", "SO", "ML", "ST", "CL", "RG")
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
ORDER_KNOWN = (0.92, 0.88, 1.0, 1.0, 0.82, 0.10, 0.62, 0.50, 0.72, 0.80)
TWO_CHANNELS, SECOND_TICKETS, REPEATS, LATER_REVIEWS, ANSWERS = 0.08, 0.06, 0.17, 0.02, 0.09
VAGUE = 0.075
REQUESTS = ("refund", "exchange", "repair", "reship", "compensate", "improve", "other")
TAXONOMY_SPLIT = date(2026, 3, 2)
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


def _choose(rng: np.random.Generator, weights: Floats) -> Ints:
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
    return _choose(rng, weights)


def records(rng: np.random.Generator, bought: Orders, cases: Cases, end: int) -> Records:
    """Turn cases into records and add questions, praise, suggestions, second channels and repeats.

    Args:
        rng: Source of chance.
        bought: The order lines.
        cases: All cases.
        end: Local seconds of the world's end; later records do not exist yet.

    Returns:
        Records sorted by time.
    """
    size = len(cases)
    none = np.full(size, -1, dtype=np.int64)
    nature = np.zeros(size, dtype=np.int64)
    viral = cases.story == CODES.index("T10")
    nature[viral & (rng.random(size) < 0.4)] = QUESTION
    parts = [
        Records(
            cases.row, cases.problem, cases.at, cases.story, cases.queue, cases.shift, cases.version, cases.system,
            nature, np.arange(size), none, np.zeros(size, dtype=np.int64), none,
        )
    ]  # fmt: skip
    signed = bought.signed < NEVER
    about = {QUESTION: INDEX[("USE.SETUP", "")], SUGGESTION: INDEX[("UNK", "")], PRAISE: INDEX[("UNK", "")]}
    asked = [
        INDEX[("USE.GUIDE", "")],
        INDEX[("USE.SETUP", "")],
        INDEX[("REF.FREIGHT", "")],
        INDEX[("DSC.SPEC", "")],
        INDEX[("LOG.INFO", "")],
    ]
    for kind, rate in OTHER_RATES.items():
        rows = np.flatnonzero(signed & (rng.random(len(bought)) < rate))
        problem = np.full(len(rows), about[kind])
        if kind == QUESTION:
            problem = np.array(asked)[rng.choice(5, len(rows), p=[0.42, 0.20, 0.14, 0.16, 0.08])]
        blank = np.full(len(rows), -1, dtype=np.int64)
        parts.append(
            Records(
                rows, problem, arrivals(rng, bought.signed[rows], "use"), blank, blank, blank, blank, blank,
                np.full(len(rows), kind), blank, blank, np.zeros(len(rows), dtype=np.int64), blank,
            )
        )  # fmt: skip
    every = Records(
        *(np.concatenate([getattr(part, name) for part in parts]).astype(np.int64) for name in Records.__dataclass_fields__)
    )
    every.source = _sources(rng, every, bought)
    base = np.arange(len(every))
    plain = (
        (every.nature == COMPLAINT)
        & (every.row >= 0)
        & ~np.isin(every.story, [CODES.index(code) for code in ("T2", "T3", "T10")])
    )

    more: list[Records] = []
    for mark, share, chosen_from in (
        (1, TWO_CHANNELS, plain),
        (2, SECOND_TICKETS, plain & np.isin(every.source, (TICKET, CHAT))),
        (3, LATER_REVIEWS, plain & (every.source == REVIEW)),
    ):
        index = base[chosen_from & (rng.random(len(every)) < share * (2.0 if mark == 2 else 1.0))]
        extra = every.take(index)
        extra.parent = index.astype(np.int64)
        extra.again = np.full(len(index), mark, dtype=np.int64)
        if mark == 1:
            extra.at = extra.at + (3600 + rng.random(len(index)) * 2.8 * DAY).astype(np.int64)
            shift = rng.integers(1, 4, len(index))
            ring = np.array([TICKET, CHAT, REVIEW, FORM])
            place = np.array([0, 1, 2, 0, 3, 0, 1, 0, 1, 0])[extra.source]
            extra.source = ring[(place + shift) % 4]
            early = np.isin(np.array([problem.family for problem in PROBLEMS])[extra.problem], ("ship", "delivery"))
            extra.source = np.where(early & (extra.source == REVIEW), MAIL, extra.source)
        elif mark == 2:
            extra.at = extra.at + ((0.4 + 6.4 * rng.random(len(index))) * DAY).astype(np.int64)
        else:
            extra.at = extra.at + ((18 + 7 * rng.random(len(index))) * DAY).astype(np.int64)
        more.append(extra)
    joined = Records(
        *(
            np.concatenate([getattr(part, name) for part in [every, *more]]).astype(np.int64)
            for name in Records.__dataclass_fields__
        )
    )
    hour = joined.at % DAY // 3600
    platform = _platform_index(joined, bought)
    chat = (joined.source == CHAT) & (joined.queue < 0) & (platform < 4)
    outsourced = rng.random(len(joined)) < service.QUEUE_SHARES["平台丙外包"]
    queue = np.select([platform == 0, platform == 1, platform == 3], [0, 1, 4], np.where(outsourced, 3, 2))
    joined.queue = np.where(
        chat, queue, np.where(joined.source == CHAT, joined.queue, np.where(joined.again == 0, joined.queue, -1))
    )
    in_shift = np.select([(hour >= 8) & (hour < 12), (hour >= 12) & (hour < 18), (hour >= 18) & (hour < 22)], [0, 1, 2], 3)
    joined.shift = np.where(chat, in_shift, joined.shift)
    keep = np.flatnonzero(joined.at < end)
    order = keep[np.lexsort((keep, joined.at[keep]))]
    position = np.full(len(joined), -1, dtype=np.int64)
    position[order] = np.arange(len(order))
    sorted_ = joined.take(order)
    sorted_.parent = np.where(sorted_.parent >= 0, position[np.maximum(sorted_.parent, 0)], -1)
    return sorted_


def _platform_index(part: Records, bought: Orders) -> Ints:
    places = np.array([PLATFORMS.index(one.platform) for one in SALES_CHANNELS])
    queue_places = np.array([PLATFORMS.index(platform) for _, platform in nouns.QUEUES])
    found = np.where(part.row >= 0, places[bought.channel[np.maximum(part.row, 0)]], 3)
    return np.where((part.queue >= 0) & (part.row < 0), queue_places[np.maximum(part.queue, 0)], found)


def in_missing_days(part: Records, bought: Orders) -> Bools:
    """Return which records fell into the days that 平台丙's reviews did not deliver (T6)."""
    low, high = (local(day) for day in T6_DAYS)
    return np.asarray(
        (part.source == REVIEW) & (_platform_index(part, bought) == 2) & (part.at >= low) & (part.at < high), dtype=bool
    )


def feedback_frames(
    rng: np.random.Generator, goods: Products, lots: Batches, bought: Orders, part: Records, orders: pl.DataFrame, end: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the canonical `feedback` table (texts empty) and the gold beside it.

    Args:
        rng: Source of chance.
        goods: The products.
        lots: The batches.
        bought: The order lines.
        part: The records.
        orders: The canonical order lines.
        end: Local seconds of the world's end.

    Returns:
        Two frames in the same order; feedback with `stamp` and `source_id`, gold with source_id, line, gold_leaf,
        gold_leaves, gold_symptom, gold_nature, gold_emotion, gold_vague, gold_case_id, counted and story.
    """
    size = len(part)
    oid, waybill = orders["oid"], orders["waybill"]
    chance = rng.random((size, 24))
    linked = part.row >= 0
    row = np.maximum(part.row, 0)
    source, problem, at = part.source, part.problem, part.at
    complaint = part.nature == COMPLAINT
    families = np.array([one.family for one in PROBLEMS])
    leaves = np.array([one.leaf for one in PROBLEMS])
    safety = families[problem] == "safety"
    platform = _platform_index(part, bought)
    ids = (
        pl.DataFrame({"prefix": pick(PREFIXES, source), "no": np.arange(size) + 2_000_000})
        .select(pl.format("{}{}", "prefix", "no"))
        .to_series()
    )

    known_order = linked & (chance[:, 0] < np.array(ORDER_KNOWN)[source])
    app = families[problem] == "app"
    known_order &= ~app | (chance[:, 0] < 0.35)
    viral = part.story == CODES.index("T10")
    sm = np.flatnonzero(goods.line == LINE_CODES.index("SM"))
    sm_sku = sm[np.minimum(np.searchsorted(np.cumsum(goods.share[sm]), chance[:, 1]), len(sm) - 1)]
    sku = np.where(linked, bought.sku[row], np.where(app, sm_sku, np.where(viral, goods.index["FN-02"], -1)))
    line = np.where(sku >= 0, goods.line[np.maximum(sku, 0)], -1)
    says_sku = (sku >= 0) & (known_order | app | viral | (chance[:, 2] < 0.55))
    serial_line = np.isin(line, (LINE_CODES.index("FW"), LINE_CODES.index("SM")))
    says_serial = (
        linked & serial_line & (chance[:, 3] < 0.3) & (bought.serial[row] > 0) & np.isin(source, (TICKET, CHAT, FORM, MAIL))
    )
    says_batch = linked & (bought.batch[row] >= 0) & (chance[:, 4] < 0.06) & np.isin(source, (FORM, TICKET, STORE, REGULATOR))

    # Clocks: people answer from 08:00 to 24:00; chats within minutes, tickets within hours.
    begin = at.copy()
    night = (at % DAY) < 8 * 3600
    begin[night] = at[night] // DAY * DAY + 8 * 3600
    rate = np.where(
        (part.queue == service.OUTSOURCED) & (part.shift == service.NIGHT) & (at >= local(service.S6_FROM)),
        service.REPLIED_S6,
        service.REPLIED,
    )
    quick = chance[:, 5] < rate
    chat_delay = np.where(quick, 8 + 165 * chance[:, 6] ** 1.8, 185 + 2400 * chance[:, 6] ** 2)
    slow_delay = np.exp(rng.normal(np.log(35 * 60), 1.0, size))
    slow_delay = np.where(safety, np.minimum(slow_delay, 12 * 60), slow_delay)
    answered = np.isin(source, (TICKET, CHAT, FORM, MAIL, CALL, REGULATOR, AFTERSALE, STORE))
    human = np.where(answered, begin + np.where(source == CHAT, chat_delay, slow_delay).astype(np.int64), NEVER)
    human = np.where((source == REVIEW) & complaint & (chance[:, 7] < 0.5), begin + (slow_delay * 8).astype(np.int64), human)
    bot = np.where(source == CHAT, at + 1 + (chance[:, 8] * 3).astype(np.int64), NEVER)
    solution = np.where(human < NEVER, human + np.exp(rng.normal(np.log(5 * 3600), 1.1, size)).astype(np.int64), NEVER)
    solution = np.where(complaint, solution, NEVER)
    closed = np.where(
        human < NEVER,
        np.where(complaint, solution, human) + np.exp(rng.normal(np.log(12 * 3600), 0.9, size)).astype(np.int64),
        NEVER,
    )
    closed = np.where((closed < NEVER) & (chance[:, 9] < 0.02), NEVER, closed)
    reopened = np.where((closed < NEVER) & complaint & (chance[:, 10] < 0.03), closed + DAY, NEVER)
    promised = np.where(
        complaint & answered & (chance[:, 11] < 0.22), human + (np.floor(1 + 3 * chance[:, 12]) * DAY).astype(np.int64), NEVER
    )
    must = np.where(source == REGULATOR, at + 9 * DAY, np.where((source == AFTERSALE), at + 3 * DAY, NEVER))
    csat = np.where(np.isin(source, (TICKET, CHAT)) & (closed < end) & (chance[:, 13] < ANSWERS * 2.05), 1, 0)
    stars = (np.array([0.16, 0.27, 0.47, 0.74])[:, None] <= chance[:, 14]).sum(axis=0) + 1
    stars = np.where(complaint, stars, np.minimum(stars + 2, 5))

    rating = np.where(
        complaint,
        1 + (np.array([0.45, 0.70, 0.88, 0.95])[:, None] <= chance[:, 15]).sum(axis=0),
        np.where(
            part.nature == PRAISE,
            np.where(chance[:, 15] < 0.03, 1, np.where(chance[:, 15] < 0.10, 4, 5)),
            4 + (chance[:, 15] < 0.5),
        ),
    )
    emotion = np.where(
        complaint,
        2 + (np.array([0.22, 0.68, 0.92])[:, None] <= chance[:, 16]).sum(axis=0),
        np.where(part.nature == PRAISE, 1, 1 + (chance[:, 16] < 0.3)),
    )
    emotion = np.where(safety & complaint, np.maximum(emotion, 3), emotion)
    vague = complaint & (chance[:, 17] < VAGUE) & ~safety & (part.story < 0) & (source != AFTERSALE) & (source != REGULATOR)
    impact = np.where(safety, 1 + (chance[:, 18] < 0.15), np.where(complaint & (chance[:, 18] < 0.12), 1, 0))
    says_impact = complaint & np.isin(source, (TICKET, FORM, REGULATOR, CALL))
    request_weights = _requests(problem)
    request = _choose(rng, request_weights)
    says_request = complaint & (chance[:, 19] < 0.6)
    attached = np.where(
        complaint & np.isin(source, (TICKET, REVIEW, AFTERSALE, FORM)) & (chance[:, 20] < 0.35),
        1 + (chance[:, 21] * 4).astype(np.int64),
        0,
    )
    cluster = part.story == CODES.index("T3")
    attached = np.where(cluster, 3, attached)
    cluster_rank = np.cumsum(cluster) - 1
    hashes = pl.DataFrame({"no": np.where(cluster, 900 + cluster_rank % 3, 10_000 + np.arange(size))}).select(
        pl.format("ph{}", pl.col("no") * 7919 + 100_003)
    )

    codes = [one.code for one in PROBLEMS]
    coded = complaint & np.isin(source, (TICKET, CHAT, AFTERSALE, FORM, CALL)) & (chance[:, 22] < 0.72)
    coded |= (part.nature == QUESTION) & (chance[:, 22] < 0.25)
    said_code = np.where(coded & (chance[:, 23] < 0.07), (problem + 7) % len(PROBLEMS), problem)
    old_missing = (leaves[said_code] == "PKG.MISSING") & (at < local(TAXONOMY_SPLIT))
    said_code = np.where(vague | old_missing, len(codes), said_code)

    again = chance[:, 12] < 0.12
    has_second = np.zeros(size, dtype=bool)
    has_second[part.parent[part.parent >= 0]] = True
    contacts = np.where(has_second | (again & np.isin(source, (TICKET, CHAT)) & complaint), 2 + (chance[:, 11] < 0.2), 1)
    customer = np.where(linked, bought.customer[row], 9_000_000 + np.arange(size))
    first_of_case = np.full(size, -1)
    first_of_case[part.parent >= 0] = part.parent[part.parent >= 0]
    customer = np.where(first_of_case >= 0, customer[np.maximum(first_of_case, 0)], customer)
    tier = np.select([customer % 100 < 6, customer % 100 < 38, customer % 100 < 94], [2, 1, 0], 3)
    late = chance[:, 10] > 0.96
    stamp = at + np.where(late, ((1 + 2 * chance[:, 9]) * DAY), 60 + chance[:, 9] * 1500).astype(np.int64)
    status = np.where(closed < end, 2, np.where(human < end, 1, 0))
    offline = np.isin(source, (STORE, CALL))
    shown_platform = np.where(source == STORE, PLATFORMS.index("门店"), platform)
    has_platform = ~np.isin(source, (SOCIAL, MAIL, REGULATOR, CALL))
    region = np.where(linked, bought.region[row], -1)
    destination = pl.DataFrame(
        {"province": pick(bought.provinces, bought.province[row]), "city": pick(bought.cities, bought.city[row])}
    )
    serial = pl.DataFrame({"lot": pick(lots.number, np.maximum(bought.batch[row], 0)), "no": bought.serial[row]}).select(
        pl.format("{}{}", pl.col("lot").str.replace("-", "", literal=True), "no")
    )

    moving = np.char.startswith(leaves[problem].astype(str), "LOG.") & (bought.shipped[row] < at)
    says_waybill = linked & moving & complaint & (chance[:, 4] < 0.4) & np.isin(source, (TICKET, CHAT, MAIL, SOCIAL, CALL))
    waybills = waybill.gather(pl.Series(row))

    def before_end(times: Ints) -> Ints:
        return np.where(times < end, times, NEVER)

    columns: dict[str, Any] = {
        "origin": pick(("online", "offline"), offline.astype(np.int64)),
        "source": pick(SOURCES, source),
        "platform": pick(PLATFORMS, shown_platform, has_platform),
        "shop": pl.repeat(nouns.SHOP, size, eager=True),
        "submitted_at": utc(at),
        "customer_ref": pl.DataFrame({"no": customer}).select(pl.format("U{}", "no")).to_series(),
        "customer_tier": pick(("new", "returning", "vip", "unknown"), tier),
        "region": pick(nouns.REGIONS, np.maximum(region, 0), region >= 0),
        "order_ref": oid.gather(pl.Series(row)).set(pl.Series(~known_order), None) if size else oid.head(0),
        "waybill": waybills.set(pl.Series(~says_waybill), None),
        "sku": pick(goods.sku, np.maximum(sku, 0), says_sku),
        "batch_no": pick(lots.number, np.maximum(bought.batch[row], 0), says_batch),
        "serial_no": serial.to_series().set(pl.Series(~says_serial), None),
        "purchase_channel": pick([one.traffic for one in SALES_CHANNELS], bought.channel[row], known_order),
        "purchased_at": utc(bought.paid[row], known_order),
        "unit_price": pl.Series(np.where(known_order, goods.price[bought.sku[row]], np.nan)).fill_nan(None),
        "currency": pl.repeat("CNY", size, eager=True),
        "attachments": attached,
        "image_hash": hashes.to_series().set(pl.Series(attached == 0), None),
        "rating": pl.Series(np.where(source == REVIEW, rating.astype(np.float64), np.nan)).fill_nan(None),
        "frequency": pick(("occasional", "often"), (chance[:, 6] < 0.4).astype(np.int64), says_impact & (chance[:, 7] < 0.5)),
        "impact": pick(("minor", "severe", "critical"), impact, says_impact),
        "request": pick(REQUESTS, request, says_request),
        "source_code": pick([*codes, "其他"], said_code, coded),
        "status": pick(("open", "in_progress", "closed"), status),
        "agent_ref": pick([f"坐席{number:02d}" for number in range(1, 41)], (customer * 31 + at // DAY) % 40, answered),
        "traffic_source": pick([one.traffic for one in SALES_CHANNELS], bought.channel[row], known_order),
        "queue": pick([name for name, _ in nouns.QUEUES], np.maximum(part.queue, 0), (part.queue >= 0) & (source == CHAT)),
        "shift": pick(nouns.SHIFTS, np.maximum(part.shift, 0), (part.shift >= 0) & (source == CHAT)),
        "app_version": pick(service.VERSIONS, np.maximum(part.version, 0), part.version >= 0),
        "os": pick(service.SYSTEMS, np.maximum(part.system, 0), part.system >= 0),
        "first_bot_at": utc(before_end(bot)),
        "first_human_at": utc(before_end(human)),
        "solution_at": utc(before_end(solution)),
        "closed_at": utc(before_end(closed)),
        "promised_at": utc(np.where(human < end, promised, NEVER)),
        "must_act_by": utc(must),
        "reopened_at": utc(before_end(reopened)),
        "csat": pl.Series(np.where(csat == 1, stars, -1)).replace(-1, None),
        "contact_count": contacts,
        "thread_ref": ids.gather(pl.Series(np.maximum(part.parent, 0))).set(pl.Series(part.again != 3), None) if size else ids,
        "carrier": pick(
            nouns.CARRIERS, bought.carrier[row], known_order & (bought.shipped[row] < NEVER) & np.isin(source, (TICKET, CHAT))
        ),
        "warehouse": pick(nouns.WAREHOUSES, bought.warehouse[row], known_order & np.isin(source, (TICKET,))),
        "destination": destination.select(pl.format("{}{}", "province", "city")).to_series().set(pl.Series(~known_order), None),
        "last_scan_at": utc(
            np.where(
                says_waybill & (chance[:, 3] < 0.6),
                np.maximum(at - (DAY * (0.5 + 3.5 * chance[:, 5])).astype(np.int64), bought.shipped[row]),
                NEVER,
            )
        ),
        "stamp": utc(stamp),
        "source_id": ids,
    }
    schema = TABLES["feedback"].columns
    frame = pl.DataFrame(columns)
    frame = frame.select(
        *(
            pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind).alias(name)
            for name, kind in schema.items()
            if name != "record_id"
        ),
        "stamp",
        "source_id",
    )
    gold_leaf = np.where(part.nature == SUGGESTION, "SUG.IDEA", np.where(part.nature == PRAISE, "", leaves[problem]))
    gold_leaf = np.where(vague, "UNK", gold_leaf)
    symptoms = np.array([one.symptom for one in PROBLEMS])[problem]
    symptoms = np.where(vague | ~complaint, "", symptoms)
    adapter = (part.story == CODES.index("S2")) & (gold_leaf == "DSC.SPEC")
    symptoms = np.where(adapter, "adapter", symptoms)
    gold = pl.DataFrame(
        {
            "source_id": ids,
            "line": pick(LINE_CODES, np.maximum(line, 0), line >= 0),
            "sku": pick(goods.sku, np.maximum(sku, 0), sku >= 0),
            "oid": oid.gather(pl.Series(row)).set(pl.Series(~linked), None) if size else oid.head(0),
            "gold_leaf": pl.Series(gold_leaf.astype(object), dtype=pl.String),
            "gold_symptom": pl.Series(symptoms.astype(object), dtype=pl.String),
            "gold_nature": pick(NATURES, part.nature),
            "gold_emotion": emotion.astype(np.int64),
            "gold_vague": vague,
            "gold_case_id": pl.DataFrame({"no": part.case})
            .select(pl.format("K{}", "no"))
            .to_series()
            .set(pl.Series(part.case < 0), None),
            "counted": complaint & (part.again == 0),
            "true_leaf": pl.Series(leaves[problem].astype(object), dtype=pl.String),
            "story": pick(CODES, np.maximum(part.story, 0), part.story >= 0),
            "again": pick(("", "second_channel", "repeat", "later_review"), part.again),
        }
    )
    second = {"S2": "PRD.PARTS", "T3": "LOG.DAMAGE"}
    gold = gold.with_columns(
        gold_leaves=pl.when(
            pl.col("story").is_in(list(second)) & (pl.col("gold_leaf") != pl.col("story").replace_strict(second, default=""))
        )
        .then(pl.concat_list("gold_leaf", pl.col("story").replace_strict(second, default="")))
        .when(pl.col("gold_leaf") == "")
        .then(pl.lit([], dtype=pl.List(pl.String)))
        .otherwise(pl.concat_list("gold_leaf"))
    )
    return frame, gold


def _requests(problem: Ints) -> Floats:
    table = []
    for one in PROBLEMS:
        if one.leaf in ("LOG.LATE", "LOG.STALL", "LOG.SHIP", "ORD.STOCK", "SVC.SLOW", "SVC.TONE", "SVC.BUCK", "SVC.INSTALL"):
            table.append((0.15, 0.0, 0.0, 0.05, 0.25, 0.35, 0.20))
        elif one.leaf in ("PKG.MISSING", "PKG.GIFT", "PRD.PARTS", "LOG.LOST"):
            table.append((0.15, 0.05, 0.0, 0.60, 0.15, 0.0, 0.05))
        elif one.family == "app" or one.leaf.startswith("USE."):
            table.append((0.15, 0.05, 0.25, 0.0, 0.05, 0.35, 0.15))
        elif one.family in ("function", "wear"):
            table.append((0.40, 0.28, 0.15, 0.02, 0.10, 0.03, 0.02))
        else:
            table.append((0.45, 0.18, 0.0, 0.10, 0.20, 0.02, 0.05))
    return np.array(table)[problem]
