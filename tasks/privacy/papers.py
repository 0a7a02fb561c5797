"""Numbers of identity papers, bank accounts and cards, and licence plates."""

from __future__ import annotations

import re

from tasks.privacy.checksums import chinese_identity, cnpj, cpf, digits_of, hong_kong_identity, iban_length, luhn, taiwan_identity
from tasks.privacy.contacts import names_an_order
from tasks.privacy.personal_kind import END, LETTERS, SIX_DIGITS, PersonalKind, PersonalRule, rule

_OF_PAPER = (
    r"(?:护照号?码?|護照|身份证号?码?|身份證|身分證(?:字號|號碼)?|证件号?码?|證件|驾驶证号?|社保号|港澳通行证|台胞证|(?i:passport|passaporte|reisepass|passnummer|passeport|"
    r"pasaporte|travel document|id card|identity card|driver'?s? licen[cs]e|ausweis|personalausweis|steuer-?id|rg))"
)
_NAMES_A_PAPER = re.compile(
    r"护照|護照|身份|身分|证件|證件|驾驶证|社保|通行证|台胞|(?i:pass|travel doc|id card|ident|licen|ausweis|steuer|\brg\b)"
)
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_CARD = re.compile(r"(?:4|5[1-5]|2[2-7]|35|6011|65|81)\d*(?<!\d{17})(?<=\d{16})|3[47]\d{13}|3[068]\d{12}|62\d{14,17}|4\d{12}")


def _is_card(match: re.Match[str]) -> bool:
    number = digits_of(match[0])
    if not _CARD.fullmatch(number) or names_an_order(match):
        return False
    return luhn(number) and len(set(number)) > 1


def _is_iban(match: re.Match[str]) -> bool:
    return iban_length(match["it"]) == len(digits_of(match["it"]))


_IBAN = "|".join(
    rf"{start}\d{{2}}(?:[ -]?[A-Z0-9]){{{length - 4}}}"
    for start, length in (
        ("(?:NO)", 15), ("(?:BE)", 16), ("(?:DK|FI|NL)", 18), ("(?:SI)", 19), ("(?:AT|LU|EE|LT)", 20), ("(?:CH|HR|LV|LI)", 21), ("(?:DE|GB|IE|BG)", 22),
        ("(?:AE|IL)", 23), ("(?:CZ|ES|RO|SA|SE|SK)", 24), ("(?:PT)", 25), ("(?:TR|IS)", 26), ("(?:FR|GR|IT|MC)", 27), ("(?:HU|PL|CY)", 28),
        ("(?:BR|UA)", 29), ("(?:MT)", 31),
    )
)  # fmt: skip

RULES: tuple[PersonalRule, ...] = (
    rule(PersonalKind.BANK, rf"{LETTERS}(?P<it>{_IBAN}){END}", r"[A-Z]{2}\d{2}", _is_iban),
    rule(
        PersonalKind.DOCUMENT,
        r"(?<![A-Za-z0-9])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![A-Za-z0-9])",
        SIX_DIGITS,
        lambda match: match[0][-1] in "Xx" or chinese_identity(match[0]),
    ),
    rule(
        PersonalKind.DOCUMENT,
        r"(?<![A-Za-z0-9])[1-9]\d{5}[ -](?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[\dXx](?![A-Za-z0-9])",
        SIX_DIGITS,
        lambda match: chinese_identity(match[0]),
    ),
    rule(
        PersonalKind.DOCUMENT,
        rf"{_OF_PAPER}(?:[ 是为:：.(（]|号码?|尾号|(?i:no\.?|nr\.?|number|num|n°|nº|is))*(?P<it>[A-Za-z]{{0,3}}\d[A-Z0-9-]{{4,17}}(?:\([0-9A]\))?)(?![A-Za-z0-9])",
        _NAMES_A_PAPER,
    ),
    rule(
        PersonalKind.DOCUMENT,
        rf"{_OF_PAPER}(?:[ 是为:：.,，(（]|号码?|(?i:no\.?|nr\.?|number|n°|nº|it['’]s|is))*(?P<it>(?=[A-Z0-9]*\d[A-Z0-9]*\d)[A-Z][A-Z0-9]{{6,9}}){END}",
        _NAMES_A_PAPER,
    ),
    rule(PersonalKind.DOCUMENT, r"(?<![\w.-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\w-])", SIX_DIGITS, lambda match: cpf(match[0])),
    rule(PersonalKind.DOCUMENT, r"(?<![\w.-])\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}(?![\w-])", SIX_DIGITS, lambda match: cnpj(match[0])),
    rule(
        PersonalKind.DOCUMENT,
        r"(?i)(?:cpf|cnpj)(?:[ :é/]|cnpj|nº|n°|is|número)*(?P<it>\d{3}[. ]?\d{3}[. ]?\d{3}[- ]?\d{2}|\d{2}[. ]?\d{3}[. ]?\d{3}/?\d{4}-?\d{2})(?!\d)",
        r"(?i)cpf|cnpj",
    ),
    rule(
        PersonalKind.DOCUMENT, r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-]|\.\d)", SIX_DIGITS, lambda match: not names_an_order(match)
    ),
    rule(
        PersonalKind.DOCUMENT,
        r"(?i)(?:ssn|social security(?: number| no\.?)?)(?: is|:|：| |#)*(?P<it>\d{3}[ -]?\d{2}[ -]?\d{4})(?!\d)",
        r"(?i)ssn|social",
    ),
    rule(
        PersonalKind.DOCUMENT,
        rf"{LETTERS}(?:(?:QQ|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]) \d{{2}} \d{{2}} \d{{2}} ?[A-D]|QQ\d{{6}}[A-D]){END}",
        r"[A-Z]{2} ?\d{2} ?\d{2}",
    ),
    rule(
        PersonalKind.DOCUMENT,
        rf"(?i:nino|ni (?:number|no\.?)|national insurance(?: number| no\.?)?)(?: is|:| )*(?P<it>[A-Za-z]{{2}} ?\d{{2}} ?\d{{2}} ?\d{{2}} ?[A-Da-d]){END}",
        r"(?i)nino|ni n|national ins",
    ),
    rule(PersonalKind.DOCUMENT, r"(?<![A-Za-z0-9])[A-Z]{1,2}\d{6}\([0-9A]\)", r"\(", lambda match: hong_kong_identity(match[0])),
    rule(
        PersonalKind.DOCUMENT,
        r"(?<![A-Za-z0-9-])[A-Z][12]\d{8}(?![A-Za-z0-9-])",
        SIX_DIGITS,
        lambda match: taiwan_identity(match[0]) and not names_an_order(match),
    ),
    rule(PersonalKind.BANK, r"(?<![\w.-])\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,7}(?:[ -]\d{1,3})?(?![\w-]|\.\d)", SIX_DIGITS, _is_card),
    rule(PersonalKind.BANK, r"(?<![\w.-])3[47]\d{2}[ -]?\d{6}[ -]?\d{5}(?![\w-]|\.\d)", SIX_DIGITS, _is_card),
    rule(
        PersonalKind.BANK,
        r"(?:银行卡号?|卡号|开户行?账?号?|收款账[户号]|账[户号]|帐[户号]|银行|卡|(?i:card(?: number| no\.?)?|account (?:number|no\.?)|konto(?:nummer)?|compte|conta))"
        r"(?:[ 是为:：]|is)*(?P<it>\d{4}(?:[ -]?\d{2,4}){2,5}|\d{8,19})(?!\d)",
        SIX_DIGITS,
    ),
    rule(
        PersonalKind.PLATE,
        rf"[{_PROVINCES}][A-HJ-NP-Z][ ·.-]?(?=[A-Z ]{{0,5}}\d)[A-HJ-NP-Z0-9] ?(?:[A-HJ-NP-Z0-9]{{4,5}}|[A-HJ-NP-Z0-9]{{3}}[挂学警港澳使领])(?![A-Za-z0-9])",
        rf"[{_PROVINCES}][A-Z]",
    ),
    rule(
        PersonalKind.PLATE,
        r"(?:车牌号?码?|(?i:licen[cs]e plate|number plate|registration|(?:car|van|vehicle) reg|my plate|kennzeichen|placa|plaque))(?:[ 是为:：]|is)*(?P<it>(?=[A-ZÄÖÜ -]*\d)(?=[\d -]*[A-ZÄÖÜ])[A-ZÄÖÜ0-9]{1,4}(?:[ -]?[A-Z0-9]{1,5}){1,2})(?![A-Za-z0-9])",
        r"车牌|(?i:plate|reg|kennzeichen|placa|plaque)",
    ),
)
