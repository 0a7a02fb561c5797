"""Numbers, rates, dates and strengths as the words that a manager reads (docs/method.md, 11)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from tasks.model.figures import Figure
from tasks.model.periods import Period
from tasks.report.language.messages import catalogue

_HAN = "零一二三四五六七八九十"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FULL_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_CURRENCIES = {"CNY": "元", "USD": "美元", "EUR": "欧元", "BRL": "雷亚尔", "GBP": "英镑", "JPY": "日元"}

Strength = Literal["clear", "watch", "normal"]


def rounded(value: float, places: int, *, hundredfold: bool = False) -> str:
    """Round half away from zero and group thousands: 1234.5 with 0 places → `1,235`; minus is a real minus sign.

    `hundredfold` multiplies in decimals: 0.0185 is exactly 1.85 %, which a binary product is not.
    """
    exact = Decimal(repr(float(value))) * (100 if hundredfold else 1)
    number = exact.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if number == 0:
        number = abs(number)
    return f"{number:,.{places}f}".replace("-", "−")


def percent(share: float) -> str:
    """Return a fraction as a percentage: one decimal, two below 1 % (0.019 → `1.9%`, 0.0035 → `0.35%`)."""
    points = abs(share) * 100
    if points == 0:
        return "0%"
    if points < 0.005:
        return "<0.01%"
    return rounded(share, 2 if points < 0.995 else 1, hundredfold=True) + "%"


def tenths(drop: float) -> str:
    """Return a share in Chinese tenths: 0.38 → `四成`, 0.62 → `六成`; below a twentieth `不到一成`."""
    count = int(rounded(min(max(drop, 0.0), 1.0) * 10, 0))
    if count == 0:
        return "不到一成"
    return "十成" if count == 10 else f"{_HAN[count]}成"


def value_text(value: float | int | None, unit: str, language: str, currency: str = "CNY") -> str:
    """Return a registered number as printed.

    Args:
        value: The number in the unit's base (share: fraction; money: currency units; minutes: minutes).
        unit: One of the units of the catalogue (`cases`, `orders`, …) or a measure: `share`, `points` (a difference of
            shares, signed), `per_100`, `per_1000`, `money`, `money_change`, `count`, `count_change`, `change` (signed
            relative change), `minutes`, `score`, `times`, `tenths`, `ordinal`, `points_fine` (two decimals), `change_per_100`, `change_minutes`,
            `change_score`.
        language: `zh-CN` or `en`.
        currency: ISO code of money.
    """
    words = catalogue(language)
    if value is None:
        return words["word.none"]
    if unit == "share":
        return percent(float(value))
    if unit == "points":
        return words["unit.points"].replace("{v}", signed(rounded(float(value), 1, hundredfold=True)))
    if unit == "points_fine":
        return words["unit.points"].replace("{v}", signed(rounded(float(value), 2, hundredfold=True)))
    if unit == "change":
        return signed(percent(float(value)))
    if unit == "per_100":
        return rounded(float(value), 1 if abs(value) >= 0.995 else 2)
    if unit == "per_1000":
        return rounded(float(value), 1)
    if unit == "money":
        return money(float(value), language, currency)
    if unit == "money_change":
        return signed(money(float(value), language, currency))
    if unit == "minutes":
        return duration(float(value), language)
    if unit == "change_minutes":
        return ("−" if value < 0 else "+") + duration(abs(float(value)), language)
    if unit == "score":
        return _stripped(float(value))
    if unit == "change_score":
        return signed(_stripped(float(value)))
    if unit == "change_per_100":
        return signed(rounded(float(value), 1))
    if unit == "times":
        if value > 20:
            return words["unit.over_20_times"]
        return words["unit.times"].replace("{v}", rounded(float(value), 0 if value >= 5 else 1))
    if unit == "tenths":
        return tenths(float(value)) if language == "zh-CN" else rounded(float(value) * 100, 0) + "%"
    text = rounded(float(value), 0 if float(value).is_integer() or abs(value) >= 10 else 1)
    if unit in ("count", "ordinal"):
        return text
    if unit == "count_change":
        return signed(text)
    pattern = words[f"unit.{unit}.one" if text == "1" else f"unit.{unit}.many"]
    return pattern.replace("{v}", text)


def _stripped(value: float) -> str:
    text = rounded(value, 2 if abs(value) < 10 else 1)
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(text: str) -> str:
    """Put a plus sign before a positive printed number; zero stays without sign."""
    if text.startswith("−") or not any(digit in text for digit in "123456789"):
        return text
    return "+" + text


def money(value: float, language: str, currency: str = "CNY") -> str:
    """Return money: 万 with one decimal from ten thousand up in Chinese, whole units in English."""
    if language == "zh-CN":
        name = _CURRENCIES.get(currency, currency)
        return f"{rounded(value / 10_000, 1)}万{name}" if abs(value) >= 10_000 else f"{rounded(value, 0)}{name}"
    return ("−" if value < 0 else "") + f"{currency} {rounded(abs(value), 0)}"


def duration(minutes: float, language: str) -> str:
    """Return a time span: seconds below two minutes, minutes below two hours, then hours, then days."""
    words = catalogue(language)
    for limit, factor, key, places in ((2, 60, "seconds", 0), (120, 1, "minutes", 0), (2880, 1 / 60, "hours", 1)):
        if minutes < limit:
            return words[f"unit.{key}"].replace("{v}", rounded(minutes * factor, places))
    return words["unit.days.many"].replace("{v}", rounded(minutes / 1440, 1))


# ---- Dates -------------------------------------------------------------------------------------


def day(moment: date, language: str, *, year: bool = False) -> str:
    """Return a day: `11月20日`, `20 Nov`."""
    if language == "zh-CN":
        return (f"{moment.year}年" if year else "") + f"{moment.month}月{moment.day}日"
    return f"{moment.day} {_MONTHS[moment.month - 1]}" + (f" {moment.year}" if year else "")


def clock(moment: datetime, zone: str, language: str, *, year: bool = False) -> str:
    """Return an aware moment in the business zone: `11月10日12:00`, `10 Nov 12:00`."""
    local = moment.astimezone(ZoneInfo(zone))
    space = "" if language == "zh-CN" else " "
    return f"{day(local.date(), language, year=year)}{space}{local:%H:%M}"


def due(moment: datetime, zone: str, language: str) -> str:
    """Return a deadline: the day alone where it is the day's end, else day and time."""
    local = moment.astimezone(ZoneInfo(zone))
    at_day_end = (local.hour, local.minute) in ((0, 0), (23, 59))
    return day(local.date(), language) if at_day_end else clock(moment, zone, language)


def span(first: date, last: date, language: str) -> str:
    """Return days from first to last: `11月2日—11月8日`, `2–8 Nov 2026`."""
    if first == last:
        return day(first, language)
    if language == "zh-CN":
        return f"{day(first, language, year=first.year != last.year)}—{day(last, language, year=first.year != last.year)}"
    if first.year != last.year:
        return f"{day(first, language, year=True)} – {day(last, language, year=True)}"
    if first.month != last.month:
        return f"{day(first, language)} – {day(last, language, year=True)}"
    return f"{first.day}–{day(last, language, year=True)}"


def period_text(period: Period, language: str) -> str:
    """Return a period as it stands in a head line: `11月2日—11月8日（第45周）`, `2–8 Nov 2026 (week 45)`."""
    if period.grain == "week":
        week = period.first_day.isocalendar().week
        days = span(period.first_day, period.last_day, language)
        return f"{days}（第{week}周）" if language == "zh-CN" else f"{days} (week {week})"
    if period.grain == "month":
        first = period.first_day
        return f"{first.year}年{first.month}月" if language == "zh-CN" else f"{_FULL_MONTHS[first.month - 1]} {first.year}"
    if period.grain == "quarter":
        quarter = (period.first_day.month + 2) // 3
        year = period.first_day.year
        return f"{year}年第{_HAN[quarter]}季度" if language == "zh-CN" else f"Q{quarter} {year}"
    return span(period.first_day, period.last_day, language)


def short_label(label: str, language: str, grain: str = "week") -> str:
    """Return an axis label: `2026-W45` → `45周` / `W45`; `2026-10` → `10月` / `Oct`; others as they are."""
    if len(label) == 8 and label[4:6] == "-W":
        return f"{int(label[6:])}周" if language == "zh-CN" else f"W{int(label[6:])}"
    if len(label) == 7 and label[4] == "-" and label[5:].isdigit():
        month = int(label[5:])
        return f"{month}月" if language == "zh-CN" else _MONTHS[month - 1]
    if len(label) == 10 and label[4] == "-" and grain == "month":
        return short_label(label[:7], language)
    if len(label) == 10 and label[4] == "-":
        return f"{int(label[5:7])}-{int(label[8:])}"
    return label


# ---- Strength and direction --------------------------------------------------------------------


def strength(observed: float, low: float, minimum: float = 10) -> Strength:
    """Return the rung of the ladder for a tested excess: clear only with enough cases and an interval off one."""
    if low <= 1:
        return "normal" if observed < minimum else "watch"
    return "clear" if observed >= minimum else "watch"


def direction(figure: Figure) -> str:
    """Return how a figure's change is to be read: the direction of good is a property of the figure."""
    if figure.judgement in ("incomplete", "insufficient", "level_break", "normal", "slightly_over", "untested", "watch"):
        return figure.judgement
    if figure.value is None or figure.previous is None or figure.good == "none":
        return figure.judgement
    return figure.judgement if figure.judgement in ("worse", "better") else "normal"


def enough(n: float | None, minimum: int) -> bool:
    """Whether percentages may be printed: thirty cases or units, or the shop's own minimum."""
    return n is None or n >= minimum
