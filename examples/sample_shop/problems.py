"""The problems of the sample shop: rates by line and leaf, lag curves, and the source's own codes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from examples.sample_shop.nouns import LINE_CODES, LINES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """A leaf with its symptom, lag family, share of complaints in a quiet week (%) and affinity by line."""

    leaf: str
    symptom: str
    family: str
    share: float
    lines: dict[str, float]
    code: str
    reason: str


def _everywhere(**more: float) -> dict[str, float]:
    return {code: more.get(code, 1.0) for code in LINE_CODES}


APPLICATIONS = {line.code: line.applied + 5.2 for line in LINES}
"""After-sales orders per 100 orders, those before shipping included: where complaints about refunds come from."""

PROBLEMS = (
    Problem("PRD.FAULT", "", "function", 4.6, {"FW": 5, "AF": 2.2, "KT": 2, "FN": 0.5, "SM": 1.2}, "产品故障", "quality"),
    Problem("PRD.FAULT", "noise", "function", 2.6, {"FN": 6, "FW": 1.5, "AF": 0.5, "KT": 0.4}, "异响", "quality"),
    Problem("PRD.FAULT", "no_power", "function", 1.3, {"FW": 2, "AF": 1.5, "KT": 2, "FN": 1, "SM": 1}, "不通电", "quality"),
    Problem("PRD.FAULT", "battery", "wear", 1.365, {"FW": 1}, "电池续航", "quality"),
    Problem("PRD.FAULT", "app", "app", 4.135, {"SM": 1}, "APP问题", "quality"),
    Problem("PRD.SMELL", "", "function", 5.0, {"AF": 6, "CP": 1.5, "BB": 3, "KT": 0.7, "HW": 0.3, "FN": 0.2}, "异味", "quality"),
    Problem("PRD.COSMETIC", "", "function", 6.0, _everywhere(HW=2.6, CP=1.6, FW=1.2, SM=0.6), "外观瑕疵", "quality"),
    Problem("PRD.PARTS", "", "function", 3.4, _everywhere(FW=2.5, BB=2.5, HW=0.1, CP=0.7, SM=1.0), "缺配件", "quality"),
    Problem("PRD.PARTS", "adapter", "function", 0.6, {"SM": 1, "FW": 0.2}, "适配器问题", "quality"),
    Problem("PRD.DEFECT", "", "function", 5.0, _everywhere(HW=1.2, FW=1.5, SM=0.8), "质量问题", "quality"),
    Problem("PRD.USED", "", "function", 2.0, _everywhere(FW=2.0, HW=1.3), "疑似二手", "quality"),
    Problem("PRD.EXPIRY", "", "function", 1.4, {"BB": 2, "CP": 0.8, "AF": 0.8, "KT": 0.8, "FN": 0.8}, "其他质量", "quality"),
    Problem("PRD.SAFETY", "leak_current", "safety", 0.15, {"KT": 1, "AF": 0.6, "FN": 0.4}, "安全问题", "quality"),
    Problem("PRD.SAFETY", "heat", "safety", 0.15, {"SM": 1, "FW": 1, "AF": 0.6, "FN": 0.6}, "安全问题", "quality"),
    Problem("PRD.HEALTH", "", "safety", 0.3, {"BB": 2, "HW": 1, "AF": 0.5, "CP": 0.5}, "身体不适", "quality"),
    Problem(
        "LOG.DAMAGE",
        "",
        "transit",
        8.6,
        {"KT": 12, "CP": 7, "AF": 1, "FN": 0.8, "FW": 0.8, "BB": 0.4, "SM": 0.5},
        "破损",
        "damage",
    ),
    Problem("PRD.PACK", "", "transit", 1.4, {"KT": 12, "CP": 7, "AF": 1, "FN": 0.6, "FW": 0.6}, "包装问题", "damage"),
    Problem("LOG.LATE", "", "delivery", 5.0, _everywhere(FN=1.4), "物流慢", "late"),
    Problem("LOG.STALL", "", "delivery", 3.0, _everywhere(), "物流停滞", "late"),
    Problem("LOG.LASTMILE", "", "delivery", 2.6, _everywhere(FW=2.0), "未送货上门", "other"),
    Problem("LOG.INFO", "", "delivery", 0.4, _everywhere(), "物流信息", "other"),
    Problem("LOG.LOST", "", "delivery", 1.0, _everywhere(), "丢件", "late"),
    Problem("LOG.SHIP", "", "ship", 1.0, _everywhere(), "未按时发货", "late"),
    Problem("ORD.STOCK", "", "ship", 0.3, _everywhere(), "缺货", "late"),
    Problem("ORD.PRICE", "", "ship", 1.4, _everywhere(), "价保", "other"),
    Problem("ORD.INVOICE", "", "ship", 0.6, _everywhere(), "发票", "other"),
    Problem("PKG.WRONG", "", "transit", 3.0, _everywhere(HW=2.2, FW=0.3), "错发", "wrong_item"),
    Problem("PKG.MISSING", "", "transit", 4.0, _everywhere(CP=2.0, FW=0.3), "漏发", "missing"),
    Problem("PKG.GIFT", "", "transit", 2.0, _everywhere(), "赠品未发", "missing"),
    Problem("DSC.SIZE", "", "fit", 6.0, {"HW": 1}, "尺码不符", "size"),
    Problem("DSC.COLOR", "", "fit", 3.0, {"HW": 4, "CP": 1, "BB": 0.6, "SM": 0.4}, "颜色不符", "not_as_described"),
    Problem("DSC.SPEC", "", "fit", 2.0, {"SM": 12, "FN": 2, "CP": 0.4, "AF": 0.4, "KT": 0.4}, "参数不符", "not_as_described"),
    Problem("DSC.PROMISE", "", "fit", 0.8, _everywhere(), "承诺未兑现", "not_as_described"),
    Problem("DSC.AUTH", "", "fit", 0.3, _everywhere(BB=3.0), "真伪资质", "not_as_described"),
    Problem("USE.SETUP", "", "use", 4.0, {"SM": 8, "FW": 6, "AF": 0.6, "FN": 0.4}, "安装设置", "other"),
    Problem("USE.GUIDE", "", "use", 2.8, {"AF": 4, "FW": 3, "KT": 1.5, "FN": 1, "SM": 1}, "使用方法", "other"),
    Problem("USE.SUIT", "", "use", 1.0, _everywhere(), "不适用", "other"),
    Problem("SVC.SLOW", "", "service", 3.0, _everywhere(), "客服回复慢", "other"),
    Problem("SVC.TONE", "", "service", 1.0, _everywhere(), "服务态度", "other"),
    Problem("SVC.BUCK", "", "service", 0.7, _everywhere(), "推诿", "other"),
    Problem("SVC.INSTALL", "", "service", 0.3, _everywhere(), "安装服务", "other"),
    Problem("REF.SLOW", "", "refund", 1.7, APPLICATIONS, "退款慢", "other"),
    Problem("REF.FREIGHT", "", "refund", 1.3, APPLICATIONS, "退货运费", "other"),
    Problem("SPC.ABNORMAL", "", "other", 0.3, _everywhere(), "其他", "other"),
    Problem("ENV.EXT", "", "other", 0.2, _everywhere(), "其他", "other"),
    Problem("UNK", "", "other", 0.5, _everywhere(), "其他", "other"),
)
INDEX = {(problem.leaf, problem.symptom): number for number, problem in enumerate(PROBLEMS)}
FAMILIES = ("ship", "delivery", "transit", "fit", "function", "wear", "use", "refund", "safety", "service", "app", "other")

AXES: dict[str, str] = {
    "ship": "paid_at",
    "delivery": "shipped_at",
    "transit": "signed_at",
    "fit": "signed_at",
    "function": "signed_at",
    "wear": "signed_at",
    "use": "signed_at",
    "refund": "applied_at",
    "safety": "signed_at",
    "other": "signed_at",
    "service": "day",
    "app": "day",
}

LAGS: dict[str, dict[str, float]] = {
    "ship": {"low": 0.0, "high": 9.0, "a": 2.0, "b": 4.0},
    "delivery": {"low": 0.5, "high": 10.5, "a": 2.0, "b": 3.6},
    "transit": {"low": 0.0, "high": 3.0, "a": 1.1, "b": 2.2},
    "fit": {"low": 1.0, "high": 7.0, "a": 1.2, "b": 2.2},
    "function": {"low": 1.0, "high": 14.0, "a": 1.1, "b": 2.6},
    "wear": {"low": 8.0, "high": 90.0, "a": 2.8, "b": 3.3},
    "use": {"low": 0.0, "high": 20.0, "a": 1.0, "b": 3.0},
    "refund": {"low": 0.5, "high": 12.0, "a": 1.5, "b": 3.5},
    "safety": {"low": 0.5, "high": 30.0, "a": 1.0, "b": 2.4},
    "other": {"low": 0.0, "high": 14.0, "a": 1.0, "b": 2.0},
}
"""Lag in days since the family's axis: low + (high − low) × Beta(a, b)."""


def draw_lags(rng: np.random.Generator, family: str, size: int | tuple[int, ...]) -> Floats:
    """Draw lags of a family.

    Args:
        rng: Source of chance.
        family: A key of LAGS.
        size: Shape of the result.

    Returns:
        Days since the axis, float64.
    """
    lag = LAGS[family]
    return lag["low"] + (lag["high"] - lag["low"]) * rng.beta(lag["a"], lag["b"], size)


@lru_cache(maxsize=32)
def _curve(family: str) -> tuple[Floats, Floats]:
    lag = LAGS[family]
    grid = np.linspace(0.0, 1.0, 2001)
    middle = (grid[1:] + grid[:-1]) / 2
    density = middle ** (lag["a"] - 1) * (1 - middle) ** (lag["b"] - 1)
    mass = np.concatenate([[0.0], np.cumsum(density)])
    return lag["low"] + (lag["high"] - lag["low"]) * grid, mass / mass[-1]


def arrived_by(family: str, age_days: Floats) -> Floats:
    """Return the share of a family's complaints that have arrived by an age.

    Args:
        family: A key of LAGS.
        age_days: Days since the axis, any shape.

    Returns:
        Shares 0–1 of the same shape (the Beta distribution function, tabulated at 2,000 steps).
    """
    days, mass = _curve(family)
    return np.asarray(np.interp(age_days, days, mass, left=0.0, right=1.0), dtype=np.float64)


@lru_cache(maxsize=1)
def line_rates() -> Floats:
    """Fit rates by line and problem to the line totals and the problem mix.

    Returns:
        Array lines × problems: complaints per signed order (fraction) at mature age, by iterative proportional
        fitting (Deming & Stephan) of the affinities; line totals hold exactly, the mix within a percent.
    """
    seed = np.array([[problem.lines.get(line.code, 0.0) for problem in PROBLEMS] for line in LINES])
    orders = np.array([line.share for line in LINES])
    rows = orders * np.array([line.complaints for line in LINES]) / 100.0
    shares = np.array([problem.share for problem in PROBLEMS])
    columns = shares / shares.sum() * rows.sum()
    table = seed * orders[:, None]
    for _ in range(400):
        table *= (columns / np.maximum(table.sum(axis=0), 1e-15))[None, :]
        table *= (rows / table.sum(axis=1))[:, None]
    return np.asarray(table / orders[:, None], dtype=np.float64)
