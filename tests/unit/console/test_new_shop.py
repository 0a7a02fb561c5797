"""A new shop's files follow its language, zone and currency, and say so."""

from pathlib import Path

import pytest

from flows.console.checks.shop import people, readers
from flows.console.init import make_home
from flows.console.new_shop import HOUSE, beginning, files
from tasks.errors import UserError
from tasks.model.periods import Period
from tasks.report.language.registry import LANGUAGES
from tasks.shop.load import Shop

ZONES = ["Europe/London", "America/New_York", "Europe/Berlin", "Europe/Paris", "Asia/Tokyo", "Asia/Riyadh", "UTC"]


@pytest.fixture(autouse=True)
def _a_machine_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TZ", "UTC")


def han(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


@pytest.mark.parametrize("zone", ZONES)
def test_an_english_shop_has_english_people_and_the_calendar_of_its_country(zone: str, tmp_path: Path) -> None:
    said = make_home(tmp_path / "s", beginning(languages=("en",), zone=zone), 2026)
    shop = Shop.load(tmp_path / "s")
    shop.check()
    assert (shop.identity.zone, shop.identity.languages, {p.language for p in shop.people.people}) == (zone, ["en"], {"en"})
    assert not han(shop.identity.name + shop.people.default_owner + "".join(person.name for person in shop.people.people))
    assert shop.calendar.promotions == [] and shop.calendar.supplier_closed == []
    assert any(f"zone {zone}, currency {shop.identity.currency}" in line for line in said)
    assert not han("".join(path.read_text() for path in (tmp_path / "s/config").glob("c*.yaml")))
    assert not any(han(line) for line in said)


def test_currency_and_weekend_follow_the_zone_unless_given() -> None:
    assert [beginning(languages=("en",), zone=zone).currency for zone in ZONES] == [
        "GBP",
        "USD",
        "EUR",
        "EUR",
        "JPY",
        "SAR",
        "USD",
    ]
    assert beginning(zone="Europe/London", currency="USD").currency == "USD"
    assert b"weekend: [5, 6]" in files(beginning(languages=("en",), zone="Asia/Riyadh"), 2026)["calendar.yaml"]


@pytest.mark.parametrize(
    ("language", "zone", "chosen"),
    [
        ("en_GB.UTF-8", "Europe/London", (("en",), "Europe/London", "GBP")),
        ("zh_CN.UTF-8", "Asia/Shanghai", (("zh-CN",), "Asia/Shanghai", "CNY")),
        ("de_DE.UTF-8", "Europe/Berlin", (("en",), "Europe/Berlin", "EUR")),
        ("C.UTF-8", "UTC", (("zh-CN",), "Asia/Shanghai", "CNY")),
    ],
)
def test_what_is_not_given_is_what_the_machine_suggests(
    language: str, zone: str, chosen: tuple[tuple[str, ...], str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", language)
    monkeypatch.setenv("TZ", zone)
    made = beginning()
    assert (made.languages, made.zone, made.currency) == chosen


@pytest.mark.parametrize("wrong", [{"languages": ("fr",)}, {"zone": "London"}, {"currency": "pounds"}])
def test_what_does_not_exist_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError):
        beginning(**wrong)  # type: ignore[arg-type]


def test_a_chinese_shop_keeps_the_calendar_of_china() -> None:
    made = files(HOUSE, 2026)
    assert "calendar.yaml" not in made and "name: 我的店铺\nname_en: My shop\n".encode() in made["shop.yaml"]


@pytest.mark.parametrize(
    ("zone", "off"), [("Europe/London", ["2026-04-03", "2026-12-28"]), ("America/New_York", ["2026-11-26"]), ("Europe/Paris", [])]
)
def test_a_shop_abroad_without_a_calendar_of_its_own_has_no_chinese_holidays(zone: str, off: list[str]) -> None:
    shop = Shop({**Shop.load(None).files, "shop.yaml": f"name: S\nzone: {zone}\nlanguages: [en]\n".encode()})
    days = {str(day) for year in shop.calendar.years.values() for day in year.days_off}
    assert set(off) <= days and "2026-10-05" not in days and shop.calendar.promotions == []


def test_the_doctor_says_whom_the_defaults_invent(tmp_path: Path) -> None:
    make_home(tmp_path / "s", beginning(languages=("en",), zone="Europe/London"))
    shop = Shop.load(tmp_path / "s")
    assert (people(shop).level, readers(shop).level) == ("warn", "warn")
    assert "5 of 5 owners are invented" in people(shop).text and "manager@shop.example" in readers(shop).text

    own = {
        "people.yaml": shop.files["people.yaml"].replace(b"@shop.example", b"@dusk.example"),
        "audiences.yaml": shop.files["audiences.yaml"].replace(b"@shop.example", b"@dusk.example"),
    }
    mended = Shop({**shop.files, **own})
    assert people(mended).level == "ok" and "Nobody reads a restricted edition" in readers(mended).text
    counsel = b"  counsel: {name: {en: Counsel}, restricted: true, recipients: [{mail: c@dusk.example}]}\n"
    assert readers(Shop({**mended.files, "audiences.yaml": own["audiences.yaml"] + counsel})).level == "ok"
    nobody = Shop({**mended.files, "audiences.yaml": b"audiences: {}"})
    assert "nobody is mailed" in readers(nobody).text


SHOPS = [
    ("en", "America/New_York", "", "USD", "2026-11-26", "USD 12,000"),
    ("en", "Europe/Berlin", "", "EUR", "2026-10-03", "EUR 12,000"),
    ("zh-CN", "Asia/Shanghai", "", "CNY", "2026-10-01", "1.2万元"),
    ("zh-CN", "Asia/Hong_Kong", "", "HKD", "", "1.2万港元"),
    ("zh-CN", "Europe/Berlin", "USD", "USD", "2026-10-03", "1.2万美元"),
]
"""Language, zone, currency asked for, currency that comes, a holiday of the country, and twelve thousand as printed."""


@pytest.mark.parametrize(("language", "zone", "asked", "currency", "holiday", "printed"), SHOPS)
def test_language_zone_and_currency_of_a_shop_are_three_choices(
    language: str, zone: str, asked: str, currency: str, holiday: str, printed: str, tmp_path: Path
) -> None:
    make_home(tmp_path / "s", beginning(languages=(language,), zone=zone, currency=asked), 2026)
    shop = Shop.load(tmp_path / "s")
    shop.check()
    identity = shop.identity
    assert (identity.languages, identity.zone, identity.currency) == ([language], zone, currency)
    assert Period.parse("2026-W46", identity.zone).start.utcoffset() is not None
    assert {person.language for person in shop.people.people} == {language}
    assert han(shop.people.default_owner) == (language == "zh-CN")
    days = {str(day) for year in shop.calendar.years.values() for day in year.days_off}
    assert not holiday or holiday in days
    assert ("2026-10-05" in days) == (zone == "Asia/Shanghai")
    assert LANGUAGES[language].value(12_000.0, "money", currency) == printed
    assert {channel.zone for channel in shop.channels.channels} <= {zone}
