"""Currencies: how people write them in a cell."""

from __future__ import annotations

import re

import polars as pl

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP "
    "CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY "
    "KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK "
    "NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND "
    "TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG"
)
CODES = frozenset(_CODES.split())
"""Codes of ISO 4217 in use."""

_NAMES = {
    "RMB": "CNY", "CNH": "CNY", "CN¥": "CNY", "人民币": "CNY", "人民幣": "CNY", "US$": "USD", "美元": "USD", "美金": "USD", "HK$": "HKD",
    "港币": "HKD", "港幣": "HKD", "港元": "HKD", "NT$": "TWD", "台币": "TWD", "新台币": "TWD", "新台幣": "TWD", "台幣": "TWD",
    "MOP$": "MOP", "澳门元": "MOP", "A$": "AUD", "AU$": "AUD", "澳元": "AUD", "C$": "CAD", "CA$": "CAD", "加元": "CAD", "S$": "SGD",
    "新元": "SGD", "NZ$": "NZD", "R$": "BRL", "MX$": "MXN", "€": "EUR", "欧元": "EUR", "歐元": "EUR", "£": "GBP", "英镑": "GBP",
    "英鎊": "GBP", "JP¥": "JPY", "日元": "JPY", "日圆": "JPY", "円": "JPY", "₩": "KRW", "韩元": "KRW", "韓元": "KRW", "원": "KRW",
    "₹": "INR", "₽": "RUB", "руб": "RUB", "卢布": "RUB", "₺": "TRY", "₫": "VND", "฿": "THB", "泰铢": "THB", "₱": "PHP", "₴": "UAH",
    "₪": "ILS", "RM": "MYR", "RP": "IDR", "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "FR.": "CHF", "EURO": "EUR", "EUROS": "EUR",
    "US DOLLAR": "USD", "US DOLLARS": "USD", "POUND STERLING": "GBP", "POUNDS STERLING": "GBP", "YUAN": "CNY", "YUAN RENMINBI": "CNY",
    "FR": "CHF",
}  # fmt: skip
"""How a currency is written where its code is not, and there is only one of that name."""

_SHARED = {
    "$": (("USD", "HKD", "TWD", "AUD", "CAD", "SGD", "NZD", "MXN", "ARS", "CLP", "COP", "MOP", "BND", "JMD"), "USD"),
    "¥": (("CNY", "JPY"), "CNY"),
    "元": (("CNY", "HKD", "TWD", "MOP", "SGD"), "CNY"),
    "圓": (("TWD", "HKD", "MOP", "JPY"), "TWD"),
    "圆": (("CNY", "JPY"), "CNY"),
    "块": (("CNY", "HKD", "TWD"), "CNY"),
    "KR": (("SEK", "NOK", "DKK", "ISK"), ""),
    "RS": (("INR", "PKR", "LKR", "NPR", "MUR", "SCR"), "INR"),
}
"""Signs that several currencies share: the shop's own if it is one of them, else the usual one; none where nothing is usual."""

_SIGN = (
    "("
    + "|".join(
        re.escape(sign)
        for sign in sorted(
            (name for name in (*_NAMES, *_SHARED) if not re.fullmatch("[A-ZŁČ .]+", name)),
            key=lambda name: (-len(name), name),
        )
    )
    + ")"
)
_WORD = r"(?:^|[^A-Za-z])([A-Za-zŁłČč]{2,4})\.?(?:[^A-Za-z]|$)"


def currency_code(written: str, home: str) -> str:
    """Return the ISO 4217 code of a currency as somebody wrote it (`usd`, `RMB`, `US$`, `€`, `人民币`); empty if there is none.

    Args:
        written: A code, sign or name.
        home: The shop's currency, which decides what `$`, `¥`, `元` or `kr` means.
    """
    plain = written.strip().replace("￥", "¥").replace("＄", "$").replace("￡", "£").upper()
    for name in (plain, plain.rstrip(".")):
        if name in CODES:
            return name
        if name in _NAMES:
            return _NAMES[name]
        if name in _SHARED:
            kin, usual = _SHARED[name]
            return home if home in kin else usual
    return ""


def written_currencies(cells: pl.Series, home: str) -> pl.DataFrame:
    """Return the currency that each amount names by itself: `US$12`, `12,50 €`, `HKD 90`, `¥88`.

    Args:
        cells: Amounts as they were written.
        home: The currency that a sign means which several share, if it is one of them.

    Returns:
        `code`, null where a cell names none, the sign itself where it may mean several; `shared`, whether other currencies have the sign too.
    """
    cell = pl.col("cell").str.normalize("NFKC")
    frame = cells.to_frame("cell").select(
        sign=cell.str.to_uppercase().str.extract(_SIGN, 1), word=cell.str.extract(_WORD, 1).str.to_uppercase()
    )
    names = pl.concat([frame["sign"], frame["word"]]).drop_nulls().unique().sort()
    codes = pl.Series([currency_code(name, home) or (name if name in _SHARED else None) for name in names], dtype=pl.String)
    both = [pl.col(name).replace_strict(names, codes, default=None, return_dtype=pl.String) for name in ("word", "sign")]
    shared = pl.when(both[0].is_not_null()).then("word").otherwise("sign").is_in(list(_SHARED))
    return frame.select(code=pl.coalesce(both), shared=shared.fill_null(False))
