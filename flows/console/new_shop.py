"""What a new shop begins with: its language, zone, currency and calendar, and its files written for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import available_timezones

from tasks.errors import UserError
from tasks.report.language.registry import LANGUAGES
from tasks.settings import machine_language, machine_zone
from tasks.shop.calendar_days import plain_calendar
from tasks.shop.currencies import CODES
from tasks.shop.load import DEFAULTS
from tasks.shop.names import HOUSE_LANGUAGE, PLAIN_LANGUAGE
from tasks.shop.regions import region_of

YEARS = 3
"""Years of public holidays that a new calendar holds, from last year on."""

HOUSE_COUNTRY = "CN"

OWN = ("shop.yaml", "channels.yaml", "people.yaml", "audiences.yaml", "targets.yaml")
"""Files that every shop has of its own; the defaults serve for the others until the shop adds its own."""

_ENGLISH = {
    "{zh: 客服工单, en: Tickets}": "{en: Tickets}",
    "{zh: 门店登记表, en: Store forms}": "{en: Store forms}",
    "platform: 平台甲": "platform: Web shop",
    '"1,499元" is read as 1499': '"$1,499" is read as 1499',
    "{退款: refund, 换货: exchange, 补发: reship}": "{Refund: refund, Exchange: exchange, Resend: reship}",
    "text LIKE '%破%'": "text LIKE '%broken%'",
    "heading: [日期, 门店, 问题描述], fill_down: [门店]": "heading: [Date, Store, Problem], fill_down: [Store]",
    "# 2026-11-02 15:05, 2026/11/2 下午3:05, 11.2": "# 2026-11-02 15:05, 11.2",
    "submitted_at: 日期": "submitted_at: Date",
    "text: 问题描述": "text: Problem",
}
"""Examples in the commented channels.yaml, for a shop that does not read Chinese."""


@dataclass(frozen=True)
class Beginning:
    """Choices for a new shop, and in what way each was made."""

    name: str
    languages: tuple[str, ...]
    zone: str
    currency: str
    why: str


HOUSE = Beginning("我的店铺", (HOUSE_LANGUAGE,), "Asia/Shanghai", "CNY", "the defaults")
"""What a shop begins with if nobody chose anything."""


def beginning(*, name: str = "", languages: tuple[str, ...] = (), zone: str = "", currency: str = "") -> Beginning:
    """Return what a new shop begins with: what was asked for, else what this machine's locale and zone say.

    Raises:
        UserError: If a language, zone or currency does not exist.
    """
    known = sorted(LANGUAGES)
    for code in languages:
        if code not in known:
            raise UserError(f"There is no report in the language {code!r}.", hint=f"Write one of {', '.join(known)}.")
    machine = machine_language().partition(".")[0].replace("_", "-")
    kin = [code for code in known if machine and code.partition("-")[0] == machine.partition("-")[0]]
    chosen = languages or (tuple(kin[:1]) or ((HOUSE_LANGUAGE,) if not machine else (PLAIN_LANGUAGE,)))
    if zone and zone not in available_timezones():
        raise UserError(f"There is no zone {zone!r}.", hint="Write it as Europe/London, America/New_York or Asia/Shanghai.")
    found = zone or machine_zone()
    place = found if found in available_timezones() else ("Asia/Shanghai" if chosen[0] == HOUSE_LANGUAGE else "UTC")
    if currency and currency not in CODES:
        raise UserError(f"{currency!r} is not a currency.", hint="Write its three letters: GBP, USD, EUR, CNY.")
    asked = [word for word, given in (("language", languages), ("zone", zone), ("currency", currency)) if given]
    others = [word for word in ("language", "zone", "currency") if word not in asked]
    why = f"{' and '.join(others)} not given, so from the locale and zone of this machine" if others else "as given"
    return Beginning(
        name or ("我的店铺" if chosen[0] == HOUSE_LANGUAGE else "My shop"),
        chosen,
        place,
        currency or region_of(place).currency,
        why,
    )


def files(shop: Beginning, year: int) -> dict[str, bytes]:
    """Return the files of a new shop by name, written for its language and place.

    Args:
        shop: What it begins with.
        year: The present year.
    """
    first = shop.languages[0]
    made = {
        name: (DEFAULTS / name).read_text("utf-8")
        for name in ("shop.yaml", "channels.yaml", "people.yaml", "audiences.yaml", "targets.yaml")
    }
    named = f"name: {shop.name}\n" + ("name_en: My shop\n" if shop.name == HOUSE.name else "")
    made["shop.yaml"] = re.sub(r"(?m)^name: .*\nname_en: .*\n", lambda _: named, made["shop.yaml"])
    for key, value in (("zone", shop.zone), ("currency", shop.currency), ("languages", f"[{', '.join(shop.languages)}]")):
        made["shop.yaml"] = re.sub(rf"(?m)^{key}: \S+", f"{key}: {value}", made["shop.yaml"])
    people = made["people.yaml"]
    if first != HOUSE_LANGUAGE:
        swapped = dict(re.findall(r"name: (\S+), name_en: ([^,]+),", people))
        people = re.sub(r"name: (\S+), name_en: ([^,]+),", r"name: \2, name_zh: \1,", people)
        people = re.sub(r"default_owner: (\S+)", lambda found: f"default_owner: {swapped[found[1]]}", people)
        made["audiences.yaml"] = re.sub(
            r"name: (\S+)\}", lambda found: f"name: {swapped.get(found[1], found[1])}}}", made["audiences.yaml"]
        )
        for chinese, english in _ENGLISH.items():
            made["channels.yaml"] = made["channels.yaml"].replace(chinese, english)
    made["people.yaml"] = re.sub(r"(- \{name: .*?), mail:", rf"\1, language: {first}, mail:", people)
    made["audiences.yaml"] = re.sub(r"(- \{mail: [^}]*)\}", rf"\1, language: {first}}}", made["audiences.yaml"])
    if region_of(shop.zone).country != HOUSE_COUNTRY:
        made["calendar.yaml"] = _calendar(shop.zone, range(year - 1, year - 1 + YEARS))
    return {name: text.encode() for name, text in made.items()}


def _calendar(zone: str, years: range) -> str:
    """Return a calendar in YAML: weekends, and the public holidays of the zone's country where a rule is known."""
    plain, region = plain_calendar(zone, years), region_of(zone)
    note = (
        f"computed for {region.country}; add regional and one-off days"
        if region.country
        else "not known here: add them, and remove `assumed`"
    )
    lines = [
        "# Days that count differently. A list may hold days and [first, last] spans.",
        f"valid_from: {years[0]}-01-01",
        f"weekend: {plain['weekend']}          # ISO weekdays without work: Monday is 1",
        f"# Public holidays: {note}.",
        "years:",
    ]
    for year, known in plain["years"].items():
        lines += [f"  {year}:", f"    days_off: [{', '.join(map(str, known['days_off']))}]"]
        lines += ["    assumed: true"] if known.get("assumed") else []
    lines += [
        "# Sales whose stages are compared from year to year; day0 is what stages count from. For instance",
        "#   - {id: black_friday, en: Black Friday, first: 2026-11-23, last: 2026-11-30, day0: 2026-11-27}",
        "promotions: []",
        "# What makes before and after incomparable. For instance",
        "#   - {day: 2026-07-01, kind: formula, en: The marketplace changed its score, affects: [platform_metric]}",
        "events: []",
        "",
    ]
    return "\n".join(lines)
