"""The ten planted stories and ten traps: what is added to the quiet shop, and their truth."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np

from examples.sample_shop import nouns, service
from examples.sample_shop.aftersales import FREIGHT_INSURANCE
from examples.sample_shop.cases import (
    APP,
    APP_RATE,
    DAMAGE,
    GIFT,
    NEW_PACK_FROM,
    Cases,
    Hazards,
    arrivals,
    axis_times,
    cases_of,
    service_rates,
)
from examples.sample_shop.goods import Batches, Products
from examples.sample_shop.moments import DAY, EPOCH, NEVER, Bools, Ints, local, local_moment
from examples.sample_shop.orders import Orders
from examples.sample_shop.places import CLAIM_CITY
from examples.sample_shop.problems import INDEX, PROBLEMS, arrived_by

CODES = ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10")
S5_RATE = 7.0e-4
S6_RATIO = 31 / 6
BATTERY = INDEX[("PRD.FAULT", "battery")]
ADAPTER = INDEX[("PRD.PARTS", "adapter")]
SPEC = INDEX[("DSC.SPEC", "")]
PARTS = INDEX[("PRD.PARTS", "")]
STALL = INDEX[("LOG.STALL", "")]
SIZE = INDEX[("DSC.SIZE", "")]
SHIP = INDEX[("LOG.SHIP", "")]
SMELL = INDEX[("PRD.SMELL", "")]
SLOW = INDEX[("SVC.SLOW", "")]
LEAK = INDEX[("PRD.SAFETY", "leak_current")]
COSMETIC = INDEX[("PRD.COSMETIC", "")]
NOISE = INDEX[("PRD.FAULT", "noise")]


@dataclass
class Story:
    """A story that hangs on order lines.

    `added` are further cases per order line: problem → rate. `weeks` are the ISO weeks in which
    the story is told; a null `mask` means that it hangs on conversations or devices.
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
    sku = bought.sku
    southwest = bought.region == nouns.SOUTHWEST
    fragile = np.isin(bought.line, [nouns.LINE_CODES.index(code) for code in ("CP", "KT")])
    sessions = [one["session_id"] for one in bought.sessions]
    gift_session = sessions.index("T20260905-1") if "T20260905-1" in sessions else -2
    batch = lots.index.get("FW03-2608B", -2)

    def shipped(since: date, until: date) -> Bools:
        return (bought.shipped >= local(since)) & (bought.shipped < local(until))

    return [
        Story(
            "S1",
            "电芯批次",
            {"sku": "FW-03", "batch_no": "FW03-2608B", "component_supplier": "S02"},
            (BATTERY,),
            {BATTERY: 0.054},
            "2026-08-17",
            "2026-09-20",
            "signed_at",
            ("2026-W38", "2026-W46"),
            "电池投诉集中在批次 FW03-2608B，电芯供应商 S02；同龄比较；在库约 312 台",
            (bought.batch == batch) & (sku == goods.index["FW-03"]),
        ),
        Story(
            "S2",
            "适配器不兼容",
            {"sku": "SM-04", "shipped_from": "2026-10-12"},
            (SPEC, PARTS, ADAPTER),
            {SPEC: 0.020, ADAPTER: 0.017},
            "2026-10-12",
            "2026-11-06",
            "shipped_at",
            ("2026-W43", "2026-W45"),
            "SM-04 自 10 月 12 日发货起换用替代适配器（S08）；不是整个 SM 品类",
            (sku == goods.index["SM-04"]) & shipped(date(2026, 10, 12), date(2026, 11, 7)),
        ),
        Story(
            "S3",
            "承运商丙×西南破损停滞",
            {"carrier": "承运商丙", "region": "西南"},
            (*DAMAGE, STALL),
            {DAMAGE[0]: 0.020, STALL: 0.009},
            "2026-09-28",
            "2026-10-25",
            "shipped_at",
            ("2026-W40", "2026-W43"),
            "承运商丙在川渝云贵的破损与停滞（CP、KT）；10 月 26 日换承运商后回落，动作有效",
            fragile & southwest & (bought.carrier == nouns.CARRIER_C) & shipped(date(2026, 9, 28), date(2026, 10, 26)),
        ),
        Story(
            "S4",
            "尺码表改错",
            {"sku": "HW-12", "listing_version": "HW-12@v7"},
            (SIZE,),
            {SIZE: 0.056},
            "2026-09-21",
            "2026-10-18",
            "paid_at",
            ("2026-W39", "2026-W43"),
            "HW-12 页面 v7 的尺码表（按付款日），不是批次",
            (sku == goods.index["HW-12"]) & (bought.version == 7),
        ),
        Story(
            "S5",
            "App 4.6.0 安卓闪退",
            {"line": "SM", "app_version": "4.6.0", "os": "Android"},
            (APP,),
            {},
            "2026-10-14",
            "2026-10-23",
            "day",
            ("2026-W42", "2026-W43"),
            "App 4.6.0 安卓版本；分母是活跃设备，不是销量",
        ),
        Story(
            "S6",
            "外包夜班",
            {"queue": "平台丙外包", "shift": "22-02"},
            (SLOW,),
            {},
            "2026-10-26",
            "",
            "day",
            ("2026-W44", "2026-W47"),
            "平台丙外包队列 22:00–02:00 班次的排班，不点名个人",
        ),
        Story(
            "S7",
            "大促爆仓",
            {"warehouse": "华东仓"},
            (SHIP,),
            {SHIP: 0.0182},
            "2025-11-10",
            "2025-11-12",
            "paid_at",
            ("2025-W46", "2025-W47"),
            "华东仓双11未按时发货；与同大促阶段比较，2026 年 618 没有",
            (bought.warehouse == 0)
            & (bought.channel != nouns.STORE)
            & (bought.paid >= local_moment("2025-11-10T20:00"))
            & (bought.paid < local(date(2025, 11, 13))),
        ),
        Story(
            "S8",
            "KT-05 新包装",
            {"sku": "KT-05", "batch_no": "KT05-2607C+"},
            DAMAGE,
            {},
            "2026-07-20",
            "",
            "shipped_at",
            ("2026-W30", "2026-W47"),
            "自切换批次 KT05-2607C（07-20）起有效；按完成日 07-06 看只像部分有效",
            (sku == goods.index["KT-05"]) & (bought.shipped >= local(NEW_PACK_FROM)),
        ),
        Story(
            "S9",
            "AF-09 异味",
            {"sku": "AF-09"},
            (SMELL,),
            {},
            "2026-06-22",
            "",
            "signed_at",
            ("2026-W26", "2026-W47"),
            "无变化：页面提示未触及涂层（S03），重新打开",
            sku == goods.index["AF-09"],
        ),
        Story(
            "S10",
            "单场次赠品漏发",
            {"session_id": "T20260905-1"},
            (GIFT,),
            {GIFT: 0.046},
            "2026-09-05",
            "2026-09-05",
            "paid_at",
            ("2026-W37", "2026-W38"),
            "只是 9 月 5 日这一场达人直播，不是全店赠品问题",
            bought.session == gift_session,
        ),
    ]


def story_cases(rngs: dict[str, np.random.Generator], told: list[Story], bought: Orders) -> list[Cases]:
    """Draw the further cases of the stories that hang on order lines; each has its own source of chance."""
    parts: list[Cases] = []
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


def trap_cases(
    rngs: dict[str, np.random.Generator], goods: Products, bought: Orders, scale: float, end: int
) -> tuple[list[Cases], Ints, str]:
    """Draw the cases of the traps T2, T3, T9 and T10.

    Args:
        rngs: Sources of chance by code.
        goods: The products.
        bought: The order lines.
        scale: The shop's size.
        end: Local seconds of the world's end.

    Returns:
        Cases, the order lines of the suspected claim cluster, and the product of T9.
    """
    parts: list[Cases] = []
    first = int(bought.paid[0]) if len(bought) else 0

    kt11 = goods.index["KT-11"]
    moments = np.array([local_moment("2026-11-03T10:25"), local_moment("2026-11-05T20:40"), local_moment("2026-11-06T15:12")])
    rows = np.flatnonzero(
        (bought.sku == kt11) & (bought.signed < local(date(2026, 11, 3))) & (bought.paid >= local(date(2026, 10, 20)))
    )
    if len(rows) >= 3 and end > moments[-1]:
        chosen = np.sort(rngs["T2"].choice(rows, 3, replace=False))
        parts.append(cases_of(chosen, np.full(3, LEAK), moments, CODES.index("T2")))

    claims = np.flatnonzero(bought.city == len(bought.cities) - 1)
    claims = claims[bought.signed[claims] < min(local(date(2026, 9, 6)), end)]
    if len(claims):
        at = np.maximum(bought.signed[claims], local(date(2026, 8, 31), 9)) + (
            rngs["T3"].random(len(claims)) * 9000 + 300
        ).astype(np.int64)
        number = INDEX[("SPC.ABNORMAL", "")]
        parts.append(cases_of(claims, np.full(len(claims), number), at, CODES.index("T3")))

    rng = rngs["T9"]
    lines = [nouns.LINE_CODES.index(code) for code in ("AF", "CP", "FN", "HW")]
    options = [index for index, code in enumerate(goods.sku) if goods.line[index] in lines and code not in nouns.PINNED_SHARES]
    options = [index for index in options if goods.share[index] > 0.04 and goods.sku[index] not in nouns.HEATER_SKUS]
    sku = int(rng.choice(options))
    monday = local(date(2026, 5, 18))
    rows = np.flatnonzero((bought.sku == sku) & (bought.signed >= monday - 6 * DAY) & (bought.signed < monday + 3 * DAY))
    if len(rows) and first <= monday < end:
        count = min(max(round(10 * scale), 3), len(rows))
        chosen = np.sort(rng.choice(rows, count, replace=False))
        at = np.maximum(bought.signed[chosen] + DAY, monday + (rng.random(count) * 6.6 * DAY).astype(np.int64) + 8 * 3600)
        at = np.minimum(at, monday + 7 * DAY - 7200)
        parts.append(cases_of(chosen, np.full(count, COSMETIC), at, CODES.index("T9")))

    rng = rngs["T10"]
    monday = local(date(2026, 7, 20))
    if first <= monday < end:
        count = int(rng.poisson(68 * scale))
        at = monday + (rng.beta(1.4, 2.4, count) * 8.5 * DAY).astype(np.int64) + (rng.random(count) * 3600).astype(np.int64)
        fn02 = np.flatnonzero((bought.sku == goods.index["FN-02"]) & (bought.signed < monday))
        linked = rng.random(count) < 0.12
        rows = np.where(linked & (len(fn02) > 0), rng.choice(fn02, count) if len(fn02) else -1, -1)
        parts.append(cases_of(rows, np.full(count, NOISE), at, CODES.index("T10")))
    return parts, claims, goods.sku[sku]


def iso_week(seconds: int) -> str:
    """Return the ISO week of local seconds, such as `2026-W45`."""
    year, week, _ = (EPOCH + timedelta(days=seconds // DAY)).isocalendar()
    return f"{year}-W{week:02d}"


def likelihood(observed: float, expected: float) -> float:
    """Return O ln(O/E) − (O − E) in nats, 0 where nothing was expected or observed is at most expected."""
    if observed <= 0 or expected <= 0:
        return 0.0
    return observed * math.log(observed / expected) - (observed - expected)


def story_truth(
    told: list[Story], hazards: Hazards, cases: Cases, desk: service.Desk, active: np.ndarray[Any, Any], first: int, weeks: int
) -> dict[str, dict[str, Any]]:
    """Count each story's observed cases by week against the expectation from the generator's own rates.

    Args:
        told: The stories.
        hazards: True rates.
        cases: All cases.
        desk: Conversations.
        active: Devices by day × version × system.
        first: Local seconds of the world's first day.
        weeks: Number of weeks.

    Returns:
        By story code: slice, leaves, days, weekly observed and expected, LLR (cumulative since the first counted
        week), the first week in which the cumulative LLR passes 12 nats, and the right answer. S8's expectation is
        at the old pack's rate.
    """
    bought = hazards.bought
    edges = first + np.arange(weeks + 1) * 7 * DAY
    names = [iso_week(int(edge)) for edge in edges[:-1]]
    found: dict[str, dict[str, Any]] = {}
    case_week = (cases.at - first) // (7 * DAY)
    for story in told:
        expected = np.zeros(weeks)
        right = np.isin(cases.problem, story.counted)
        if story.code == "S5":
            right &= (cases.version == service.BROKEN) & (cases.system == 0)
            expected = active[:, service.BROKEN, 0].reshape(weeks, 7).sum(axis=1) * APP_RATE
        elif story.code == "S6":
            right &= (cases.queue == service.OUTSOURCED) & (cases.shift == service.NIGHT)
            expected = (
                desk.human[:, service.OUTSOURCED, service.NIGHT].reshape(weeks, 7).sum(axis=1)
                * service_rates()[1][0, service.NIGHT]
            )
        elif story.mask is not None:
            right &= (cases.row >= 0) & story.mask[np.maximum(cases.row, 0)]
            rows = np.flatnonzero(story.mask)
            for number in story.counted:
                family = PROBLEMS[number].family
                axis = axis_times(bought, family)[rows]
                here = axis < NEVER
                rate = hazards.rate(number, rows[here], old_pack=story.code == "S8")
                for week in range(weeks):
                    low = arrived_by(family, (edges[week] - axis[here]) / DAY)
                    high = arrived_by(family, (edges[week + 1] - axis[here]) / DAY)
                    expected[week] += float((rate * (high - low)).sum())
        observed = np.bincount(case_week[right], minlength=weeks)[:weeks]
        low_week, high_week = story.weeks
        active_weeks = [name for name in names if low_week <= name <= high_week]
        total_observed = total_expected = 0.0
        cumulative: dict[str, float] = {}
        passed = None
        for number, name in enumerate(names):
            if name not in active_weeks:
                continue
            total_observed += float(observed[number])
            total_expected += float(expected[number])
            cumulative[name] = round(likelihood(total_observed, total_expected), 2)
            if passed is None and cumulative[name] > 12 and total_observed > total_expected:
                passed = name
        found[story.code] = {
            "name": story.name,
            "slice": story.slice,
            "leaves": sorted({PROBLEMS[number].leaf for number in story.counted}),
            "symptoms": sorted({PROBLEMS[number].symptom for number in story.counted} - {""}),
            "family": PROBLEMS[story.counted[0]].family,
            "since": story.since,
            "until": story.until,
            "since_axis": story.axis,
            "weeks": active_weeks,
            "observed": {
                name: int(observed[number]) for number, name in enumerate(names) if observed[number] or expected[number] > 0.005
            },
            "expected": {
                name: round(float(expected[number]), 3)
                for number, name in enumerate(names)
                if observed[number] or expected[number] > 0.005
            },
            "llr": cumulative,
            "passed_12_nats": passed,
            "present": bool(active_weeks) and total_expected > 0,
            "answer": story.answer,
        }
        if story.code == "S3":
            found[story.code]["lines"] = ["CP", "KT"]
            found[story.code]["provinces"] = ["四川", "重庆", "云南", "贵州"]
            found[story.code]["switched_on"] = "2026-10-26"
    return found


def trap_truth(t9_sku: str, dropped_reviews: int) -> dict[str, dict[str, Any]]:
    """Return where each trap lies and what the right behaviour is."""
    return {
        "T1": {
            "weeks": ["2026-W42"],
            "slice": {"traffic_source": "talent_live"},
            "right": "mix_effect_no_cause",
            "before": 0.10,
            "after": 0.22,
            "answer": "结构变化，不点名原因",
        },
        "T2": {
            "weeks": ["2026-W45"],
            "slice": {"sku": "KT-11"},
            "leaf": "PRD.SAFETY",
            "days": ["2026-11-03", "2026-11-05", "2026-11-06"],
            "right": "red_line_without_percentages",
            "answer": "立即红线，不算比例，不等样本",
        },
        "T3": {
            "weeks": ["2026-W36"],
            "slice": {"sku": "CP-02", "dest_city": CLAIM_CITY},
            "cases": 18,
            "images": 3,
            "right": "one_suspected_cluster",
            "answer": "一个疑似异常索赔簇，不算 CP-02 破损",
        },
        "T4": {
            "weeks": ["2025-W47", "2026-W08"],
            "slice": {},
            "right": "no_alarm",
            "allowed": {"2025-W47": ["S7"]},
            "answer": "双11后一周与春节周没有问题，不报警（2025-W47 只有 S7 的尾声）",
        },
        "T5": {
            "weeks": ["2026-W10"],
            "slice": {},
            "on": "2026-03-02",
            "leaf": "PKG.MISSING",
            "right": "break_taxonomy",
            "bridge": [["其他", "漏发"]],
            "answer": "口径变更，给出对照，不说上升",
        },
        "T6": {
            "weeks": ["2026-W44"],
            "slice": {"platform": "平台丙", "source": "review"},
            "days": ["2026-10-30", "2026-10-31", "2026-11-01"],
            "dropped": dropped_reviews,
            "right": "marked_incomplete",
            "answer": "该段标灰，合计写不含",
        },
        "T7": {
            "weeks": ["2026-W27"],
            "slice": {},
            "on": "2026-07-01",
            "right": "break_formula",
            "answer": "平台分公式变更，水平断开，无原因",
        },
        "T8": {
            "weeks": ["2026-W16"],
            "slice": {"line": "HW"},
            "on": str(FREIGHT_INSURANCE),
            "right": "break_freight_insurance",
            "before": 0.22,
            "after": 0.26,
            "answer": "运费险上线；质量没有变化",
        },
        "T9": {
            "weeks": ["2026-W21"],
            "slice": {"sku": t9_sku},
            "leaf": "PRD.COSMETIC",
            "right": "no_change_or_undecided",
            "action_id": "A-2026-W21-T9",
            "answer": "自行回落，判无变化或还不能下结论，不判有效",
        },
        "T10": {
            "weeks": ["2026-W30", "2026-W31"],
            "slice": {"sku": "FN-02"},
            "leaf": "PRD.FAULT",
            "right": "reputation_not_product",
            "answer": "口碑事件：进线约 3 倍，确认故障没有变化",
        },
    }


def quiet_weeks(first: int, weeks: int, *, nothing: bool = False) -> list[str]:
    """Return the ISO weeks in which no excess story, no fall and no planted spike is active."""
    busy = (
        set()
        if nothing
        else {
            *_span("2025-W46", "2025-W47"),
            "2026-W21",
            *_span("2026-W30", "2026-W31"),
            "2026-W36",
            *_span("2026-W37", "2026-W47"),
        }
    )
    return [name for name in (iso_week(first + number * 7 * DAY) for number in range(weeks)) if name not in busy]


def _span(low: str, high: str) -> list[str]:
    day = date.fromisocalendar(int(low[:4]), int(low[-2:]), 1)
    names = [low]
    while names[-1] != high:
        day += timedelta(days=7)
        year, week, _ = day.isocalendar()
        names.append(f"{year}-W{week:02d}")
    return names
