"""What a zone says about a shop until the shop says otherwise: its country, currency and weekend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """Country code (empty if the zone does not tell), currency code, and the ISO weekdays without work."""

    country: str
    currency: str
    weekend: tuple[int, int] = (6, 7)


_EURO = (
    "Amsterdam Andorra Athens Bratislava Brussels Dublin Helsinki Lisbon Ljubljana Luxembourg Madrid Malta Monaco Paris Riga Rome San_Marino "
    "Tallinn Vatican Vienna Vilnius Zagreb"
)
_AMERICAN = "Adak Anchorage Boise Chicago Denver Detroit Juneau Los_Angeles Menominee New_York Nome Phoenix Sitka Yakutat"
_FRIDAY = (5, 6)

_ZONES: dict[str, Region] = {
    **dict.fromkeys(("Asia/Shanghai", "Asia/Urumqi", "PRC"), Region("CN", "CNY")),
    **dict.fromkeys(("Europe/London", "GB"), Region("GB", "GBP")),
    "Europe/Berlin": Region("DE", "EUR"),
    **{f"Europe/{city}": Region("", "EUR") for city in _EURO.split()},
    **{f"America/{city}": Region("US", "USD") for city in _AMERICAN.split()},
    "Pacific/Honolulu": Region("US", "USD"),
    "America/Sao_Paulo": Region("", "BRL"),
    "America/Toronto": Region("", "CAD"),
    "America/Vancouver": Region("", "CAD"),
    "America/Mexico_City": Region("", "MXN"),
    "Asia/Tokyo": Region("", "JPY"),
    "Asia/Seoul": Region("", "KRW"),
    "Asia/Hong_Kong": Region("", "HKD"),
    "Asia/Taipei": Region("", "TWD"),
    "Asia/Singapore": Region("", "SGD"),
    "Asia/Kolkata": Region("", "INR"),
    "Asia/Dubai": Region("", "AED"),
    "Asia/Riyadh": Region("", "SAR", _FRIDAY),
    "Asia/Jerusalem": Region("", "ILS", _FRIDAY),
    "Africa/Cairo": Region("", "EGP", _FRIDAY),
    "Europe/Zurich": Region("", "CHF"),
    "Europe/Stockholm": Region("", "SEK"),
    "Europe/Warsaw": Region("", "PLN"),
}
_PREFIXES = {
    "US/": Region("US", "USD"),
    "America/Indiana/": Region("US", "USD"),
    "America/Kentucky/": Region("US", "USD"),
    "America/North_Dakota/": Region("US", "USD"),
    "Australia/": Region("", "AUD"),
}
_ELSEWHERE = Region("", "USD")


def region_of(zone: str) -> Region:
    """Return what a zone says; elsewhere it is dollars, Saturday and Sunday, and no public holidays."""
    prefixed = next((region for prefix, region in _PREFIXES.items() if zone.startswith(prefix)), _ELSEWHERE)
    return _ZONES.get(zone, prefixed)
