"""Addresses, postcodes, coordinates and network addresses."""

from __future__ import annotations

import re

from tasks.privacy.personal_kind import DIGIT, PersonalKind, PersonalRule, rule

_HAN = "[\u4e00-\u9fff]"
_NUMBER = r"[0-9A-Za-z一二三四五六七八九十百]{1,5}"
_HOUSE = r"(?:号楼|号院|號樓|号|號|栋|棟|幢|座|单元|單元|室|楼|樓|层|層|组)"
_AFTER = (
    r"(?:(?!,|，)[\u4e00-\u9fff0-9A-Za-z# -]{0,14}?"
    r"[0-9A-Za-z一二三四五六七八九十]{1,5}(?:"
    + _HOUSE
    + r"|门|户|號舖))*(?:-?\d{3,4}(?!\d|元|块)|\d{1,2}(?:-\d{1,4}){1,2}(?!\d)|[\u4e00-\u9fff]{0,4}(?:公寓|宿舍|大厦|广场|中心)[A-Z]?\d{3,4}(?!\d))?(?:之[0-9一二三四五六七八九十]{1,2})?"
)
_THING = r"(?!色|线|机|电池|款|仓|球|字|包|码|链|店|馆|口红|才|左|到|发|前|后|以|晚|早|上午|下午|订|收|下单|已|还|仍|退|送到|签)"
_WAY = r"(?:路|街|大道|胡同|巷|弄|段|里)"
_STREET = r"(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Terrace|Close|Crescent|Way|Place|Square|Parkway|Pkwy|Highway|Hwy)"
_STATE = r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])"
_UK_POSTCODE = r"(?:GIR 0AA|[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2})"
_NAMES = r"(?:[A-ZÀ-Ý][\wÀ-ÿ'’.-]*|d[eao]s?|du|l[ae]s?|[ld]['’][\wÀ-ÿ]+)(?![\wÀ-ÿ])"
_CITY = r"(?:,? ?(?:\d{5}(?:-\d{3,4})?) [A-ZÄÖÜÀ-Ý][\wÀ-ÿ-]+)?"
_STATE_AND_CODE = rf"(?:,? ?[A-Z][A-Za-z .]{{1,25}}?,? (?:{_STATE} \d{{5}}(?:-\d{{4}})?|(?:NSW|VIC|QLD|WA|SA|TAS|ACT|NT) \d{{4}}|[A-Z]{{2}} [A-Z]\d[A-Z] ?\d[A-Z]\d))"
"""A town with its state and postcode, as in the United States, Australia and Canada."""


def _is_place(match: re.Match[str]) -> bool:
    """Whether two decimal numbers are a latitude and a longitude."""
    return abs(float(match["lat"])) <= 90 and abs(float(match["lon"])) <= 180


def _is_network(match: re.Match[str]) -> bool:
    """Whether four numbers are an address and no version: none above 255, the first three-digit or a private network's."""
    parts = [int(part) for part in match["it"].split(".")]
    before = match.string[max(0, match.start() - 12) : match.start()]
    if (
        max(parts) > 255
        or parts[0] in (0, 127, 255)
        or re.search(r"(?i)(?:版本|版|固件|version|firmware|v|ver\.?|升级到|release|build)[ :：是]*$", before)
    ):
        return False
    said = re.search(r"(?i)(?:\bip\b|地址|ip地址|from)[ :：是为]*(?:is )?$", before) is not None
    return said or (parts[0] >= 100 and len(match["it"]) >= 9) or (parts[0] == 10 and len(match["it"]) >= 9)


RULES: tuple[PersonalRule, ...] = (
    rule(
        PersonalKind.ADDRESS,
        rf"(?:{_HAN}{{2,8}}?(?:省|自治区))?(?:{_HAN}{{2,8}}?市)?(?:{_HAN}{{1,6}}?(?:区|區|县|縣|镇|鎮|乡|鄉))"
        rf"(?:{_HAN}{{1,8}}?(?:镇|乡|街道))?{_HAN}{{1,16}}?(?:路|街|大道|道|巷|弄|村|小区|花园|苑|胡同|园|段|里)(?:[\u4e00-\u9fff0-9A-Za-z# -]{{0,12}}?){_NUMBER}{_HOUSE}{_AFTER}",
        r"[区區县縣镇鎮乡鄉]",
        lambda match: DIGIT.search(match[0]) is not None or any(numeral in match[0] for numeral in "一二三四五六七八九十"),
    ),
    rule(
        PersonalKind.ADDRESS,
        rf"{_HAN}{{1,8}}?{_WAY}(?:[一二三四五六七八九十]段)?\d{{1,5}}(?:弄\d{{1,4}})?[号號]{_THING}{_AFTER}",
        "[号號]",
    ),
    rule(
        PersonalKind.ADDRESS,
        rf"(?:香港|九龍|九龙|新界|澳門|澳门)?{_HAN}{{1,10}}?(?:道|街|路|里|徑|圍)\d{{1,5}}[號号](?=[^,，。]{{0,12}}[樓楼座室舖]){_AFTER}",
        "[樓楼座室舖]",
    ),
    rule(
        PersonalKind.ADDRESS,
        rf"{_HAN}{{2,10}}?(?:小区|花园|新村|公寓|大厦|家园|名苑|苑|府|城|里|村|广场|中心)(?:[0-9一二三四五六七八九]期)?[0-9A-Za-z]{{1,4}}(?:号楼|栋|幢|座|组|号院)(?!仓){_AFTER}",
        r"号楼|[栋幢座组]|号院",
    ),
    rule(PersonalKind.ADDRESS, r"\d{1,4}(?:号楼|栋|幢|座)[ ]?\d{0,2}(?:单元)?[ ]?\d{2,4}室?", r"号楼|[栋幢座]"),
    rule(
        PersonalKind.ADDRESS,
        rf"{_HAN}{{2,10}}?(?:小区|花园|新村|公寓|家园|名苑|苑)\d{{1,3}}-\d{{1,3}}(?:-\d{{2,4}})?(?![\d-]|天|点|个|元|块|月|日|岁|小时|分)|{_HAN}{{1,6}}[村屯][0-9一二三四五六七八九十]{{1,3}}[组队]\d{{1,4}}号",
        r"\d-\d|[组队]\d",
    ),
    rule(PersonalKind.ADDRESS, rf"{_HAN}{{2,8}}(?:大厦|公寓|小区|花园|广场)[A-Z]?[座栋]?\d{{3,4}}[室号]", "[室号]"),
    rule(
        PersonalKind.ADDRESS,
        rf"(?<![\w.-])(?:(?:Flat|Apt|Apartment|Unit|Suite|Room)\.? [0-9A-Za-z]{{1,5}},? )?\d{{1,5}}[A-Za-z]? (?:[A-Z][a-z'’]+ ){{1,4}}{_STREET}\b(?! (?:bag|shirt|T-shirt|lamp|tea|toy|stickers?|soap|settings?|adapter|radio|conveyor|blend|Fighter))\.?"
        rf"(?:,? (?:Apt|Apartment|Suite|Unit|Flat|#)\.? ?[0-9A-Za-z-]{{1,5}})?(?:{_STATE_AND_CODE}|,? ?(?:[A-Z][a-z]+,? )?{_UK_POSTCODE})?",
        r"\d[A-Za-z]? [A-Z]",
    ),
    rule(
        PersonalKind.ADDRESS,
        rf"(?<![A-Za-z])(?i:P\.? ?O\.? ?Box) \d{{1,6}}{_STATE_AND_CODE}?|(?i:Postfach \d{{2,6}}|Caixa Postal \d{{1,6}})",
        r"(?i)box|postfach|caixa",
    ),
    rule(
        PersonalKind.ADDRESS,
        rf"(?<![\w-])(?=[A-ZÄÖÜ])(?!During|Spring|String|Bring|Boring|Wiring|Hearing|Earring|Offering|Requiring|Incurring)(?:[A-ZÄÖÜ][a-zäöüß]+(?:[ -][A-ZÄÖÜ][a-zäöüß]+)?[ -]?)?[A-ZÄÖÜ]?[a-zäöüß]+(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|damm|ufer) ?\d{{1,4}} ?[a-z]?(?![\w-]){_CITY}",
        r"(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer) ?\d",
    ),
    rule(
        PersonalKind.ADDRESS,
        rf"(?<![\w.-])\d{{1,4}}(?: bis| ter)?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai|route) {_NAMES}(?: {_NAMES}){{0,5}}{_CITY}",
        r"(?i)rue|avenue|boulevard|place|chemin|impasse|allée|quai|route",
    ),
    rule(
        PersonalKind.ADDRESS,
        rf"(?:Rua|Avenida|Av\.|Travessa|Alameda|Calle|Praça|Rodovia|Via) {_NAMES}(?: {_NAMES}){{0,5}},? (?:nº|n°|n\.|núm\.)? ?\d{{1,5}}(?:,? (?:apto?\.?|ap\.?|bloco) ?\w{{1,5}})*{_CITY}",
        r"Rua|Av|Travessa|Alameda|Calle|Praça|Rodovia|Via",
    ),
    rule(
        PersonalKind.ADDRESS,
        r"[\u4e00-\u9fff]{2,3}[都道府県][\u4e00-\u9fffぁ-んァ-ヶ]{1,12}[区市町村][\u4e00-\u9fffぁ-んァ-ヶ]{0,10}\d{1,3}(?:[-−丁目番地号]{1,2}\d{1,4}){1,3}号?",
        "[都道府県]",
    ),
    rule(PersonalKind.POSTCODE, r"(?:邮编|邮政编码|郵遞區號|郵編|邮码)[ :：是为]{0,3}(?P<it>\d{5,6})(?!\d)", "[邮郵]"),
    rule(
        PersonalKind.POSTCODE,
        r"〒 ?(?P<it>\d{3}-?\d{4})|(?i:cep|zip(?: code)?|plz|code postal|postleitzahl|postcode|postal code)[ :]{1,3}(?P<it2>\d{5}(?:-\d{3,4})?|\d{4,6})(?!\d)",
        r"〒|(?i:cep|zip|plz|post)",
    ),
    rule(PersonalKind.POSTCODE, rf"(?<![A-Za-z0-9-]){_UK_POSTCODE}(?![A-Za-z0-9-])", r"\d[A-Z]{2}"),
    rule(PersonalKind.POSTCODE, rf"(?<![A-Za-z]){_STATE} \d{{5}}-\d{{4}}(?!\d)|(?<=, ){_STATE} \d{{5}}(?!\d)", rf"{_STATE} \d"),
    rule(
        PersonalKind.PLACE,
        r"(?<![\w.-])(?P<lat>[+-]?\d{1,2}\.\d{4,10})°?[NS]?(?: ?[,，/;] ?| )(?P<lon>[+-]?\d{1,3}\.\d{4,10})°?[EW]?(?![\w.])",
        r"\d\.\d{4}",
        _is_place,
    ),
    rule(
        PersonalKind.PLACE,
        r"[北南]纬\s?\d{1,2}(?:\.\d+|[°度][\d′″'\"分秒. ]*)\s?[°度]?[,，、 ]?\s?[东西]经\s?\d{1,3}(?:\.\d+|[°度][\d′″'\"分秒. ]*)[°度]?",
        "纬",
    ),
    rule(
        PersonalKind.PLACE,
        r"\d{1,2}°\d{1,2}['′](?:\d{1,2}(?:\.\d+)?[\"″])?[NS][, ]*\d{1,3}°\d{1,2}['′](?:\d{1,2}(?:\.\d+)?[\"″])?[EW]",
        "°",
    ),
    rule(
        PersonalKind.NETWORK, r"(?<![\w.])(?P<it>\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?![\w]|\.\d)", r"\d\.\d{1,3}\.", _is_network
    ),
    rule(
        PersonalKind.NETWORK,
        r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}(?![\w:])|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,6}(?::[0-9a-fA-F]{1,4}){1,5}(?![\w:])|(?<![\w:])[0-9a-fA-F]{1,4}::(?:[0-9a-fA-F]{1,4}:){0,5}[0-9a-fA-F]{1,4}(?![\w:])",
        ":[0-9a-fA-F]{0,4}:",
    ),
)
