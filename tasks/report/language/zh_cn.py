"""Simplified Chinese as managers of a shop write it."""

from __future__ import annotations

from datetime import date

from tasks.report.language.language import Language

_DIGITS = "零一二三四五六七八九十"
_CURRENCIES = {
    "CNY": "元", "USD": "美元", "EUR": "欧元", "BRL": "雷亚尔", "GBP": "英镑", "JPY": "日元", "HKD": "港元", "MOP": "澳门元",
    "TWD": "新台币", "KRW": "韩元", "SGD": "新加坡元", "MYR": "林吉特", "THB": "泰铢", "VND": "越南盾", "IDR": "印尼盾",
    "PHP": "菲律宾比索", "INR": "印度卢比", "AUD": "澳元", "NZD": "新西兰元", "CAD": "加元", "MXN": "墨西哥比索", "CHF": "瑞士法郎",
    "SEK": "瑞典克朗", "PLN": "兹罗提", "RUB": "卢布", "AED": "迪拉姆", "SAR": "里亚尔",
}  # fmt: skip


class Chinese(Language):
    """Simplified Chinese: money in 万, shares in 成."""

    code = "zh-CN"
    longest_label = 20

    def money(self, value: float, currency: str) -> str:
        """Return an amount; from ten thousand up in 万 with one decimal."""
        name = _CURRENCIES.get(currency, currency)
        return f"{self.number(value / 10_000, 1)}万{name}" if abs(value) >= 10_000 else f"{self.number(value, 0)}{name}"

    def tenths(self, share: float) -> str:
        """Return a share in tenths: 0.38 → `四成`, 0.62 → `六成`; below a twentieth `不到一成`."""
        count = int(self.number(min(max(share, 0.0), 1.0) * 10, 0))
        return f"{_DIGITS[count]}成" if count else "不到一成"

    def day(self, day: date, *, year: bool = False) -> str:
        """Return a day: `11月20日`."""
        return (f"{day.year}年" if year else "") + f"{day.month}月{day.day}日"

    def span(self, first: date, last: date) -> str:
        """Return days from first to last: `11月2日—11月8日`."""
        if first == last:
            return self.day(first)
        year = first.year != last.year
        return f"{self.day(first, year=year)}—{self.day(last, year=year)}"

    def moment(self, day: str, time: str) -> str:
        """Return day and time without a space: `11月10日12:00`."""
        return day + time

    def week(self, days: str, week: int) -> str:
        """Return `11月2日—11月8日（第45周）`."""
        return f"{days}（第{week}周）"

    def month(self, year: int, month: int) -> str:
        """Return `2026年10月`."""
        return f"{year}年{month}月"

    def quarter(self, year: int, quarter: int) -> str:
        """Return `2026年第四季度`."""
        return f"{year}年第{_DIGITS[quarter]}季度"

    def short_week(self, week: int) -> str:
        """Return `45周`."""
        return f"{week}周"

    def short_month(self, month: int) -> str:
        """Return `10月`."""
        return f"{month}月"

    def inside(self, name: str) -> str:
        """Return the name as it is: Chinese has no capitals."""
        return name
