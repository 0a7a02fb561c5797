"""Phone numbers and mail addresses, in the ways people write them."""

from __future__ import annotations

import re
from collections.abc import Callable

from tasks.privacy.personal_kind import NINE_DIGITS, SIX_DIGITS, PersonalKind, PersonalRule, rule

HAN_DIGITS = "零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"
_FREE, _DONE = r"(?<![\d.])", r"(?!\d|\.\d)"
"""Not inside a longer number."""
_LABEL = (
    r"(?:(?<![a-z])(?:handy|telefon|rückruf)?(?=nummer)|(?<![a-z])(?!nummer))(?:电话|手机|号码|座机|联系方式|致电|回电|拨打|電話|電話番号|call|phone|tel|mobile|cell|whatsapp|number is|"
    r"rufen sie mich unter|nummer|numéro est le|appelez-moi au|téléphone|telefone é|telefone|me liga no|celular)"
)
_ORDER = re.compile(
    r"(?:单号|订单|編號|编号|运单|快递|序列号|批次|批号|货号|条码|型号|版本|工单|箱号|发票|流水|货运|"
    r"(?i:order|tracking|waybill|serial|s/?n|lot|batch|ref|invoice|ticket|sku|model|version|ean|isbn|asin|bestellung|commande|pedido|sendungsnummer))"
    r"(?i:[ :：#是为é]|no\.?|number|nr\.?|n°|num|号|is)*$"
)
_PROVIDERS = r"(?:qq|163|126|139|189|foxmail|gmail|googlemail|outlook|hotmail|live|yahoo|icloud|sina|sohu|aliyun|gmx|web|uol|bol|mail|proton(?:mail)?|example)"
_TOP = r"(?:com|cn|net|org|edu|gov|de|fr|br|uk|jp|tw|hk|io|me|info|example|invalid|test|eu|it|es|pt|nl|at|ch|us)"
_DIGITS = re.compile(r"\d")


def names_an_order(match: re.Match[str]) -> bool:
    """Whether the words before a match say that it is the number of an order, a parcel or a thing."""
    return bool(_ORDER.search(match.string[max(0, match.start() - 24) : match.start()]))


def _no_order(match: re.Match[str]) -> bool:
    return not names_an_order(match)


def _many_digits(low: int, high: int) -> Callable[[re.Match[str]], bool]:
    """Return a check of how many digits a match has, and that it is no order number."""

    def holds(match: re.Match[str]) -> bool:
        return low <= len(_DIGITS.findall(match[0])) <= high and not names_an_order(match)

    return holds


def _spoken(match: re.Match[str]) -> bool:
    """Whether eleven digits, some of them Chinese numerals or letters of a digit's shape, are a mobile number; digits alone have their own rule."""
    shaped = sum(character in "OoIl" for character in match[0])
    return any(character in HAN_DIGITS for character in match[0]) or 0 < shaped <= 6


_H = f"[0-9OoIl{HAN_DIGITS}]"
"""A digit, as a numeral or by a letter of its shape."""
_G = r"[ .·_,，、-]{0,2}"
_S = "[ .·_-]"

RULES: tuple[PersonalRule, ...] = (
    rule(
        PersonalKind.MAIL,
        r"[\w.%+'-]{1,64}@[A-Za-z0-9-]{1,63}(?:[.。][A-Za-z0-9-]{1,63}){0,3}[.。][A-Za-z][A-Za-z0-9-]{1,62}",
        "@",
    ),
    rule(PersonalKind.MAIL, rf"[A-Za-z0-9._%+-]{{1,64}} ?@ ?[A-Za-z0-9-]{{1,63}} ?[.。] ?{_TOP}(?![a-z])", "@"),
    rule(
        PersonalKind.MAIL,
        rf"(?i)(?<![\w.])[a-z0-9][a-z0-9._%+-]{{0,63}} ?(?:艾特|爱特|\(at\)|\[at\]|\{{at\}}|<at>) ?[a-z0-9-]{{1,63}} ?(?:\.|。|点|\(dot\)|\[dot\]|\{{dot\}}| dot ) ?{_TOP}(?![a-z])",
        r"(?i)艾特|爱特|[(\[{<]at[)\]}>]",
    ),
    rule(
        PersonalKind.MAIL,
        rf"(?i)(?<![\w.])(?:[a-z0-9]{{1,30}} dot ){{0,3}}[a-z0-9][a-z0-9._%+-]{{0,63}}(?: at [a-z0-9-]{{1,63}}(?: dot [a-z0-9-]{{1,63}})* dot {_TOP}| at {_PROVIDERS}\.(?<!example\.){_TOP})(?![a-z])",
        r"(?i) at ",
    ),
    rule(
        PersonalKind.MAIL,
        rf"(?<![\w.])(?!(?i:look|buy|bought|shop|order|ordered|available|sold|store|price|is|was|be|it|me|us) )[A-Za-z0-9][A-Za-z0-9._-]{{1,63}} AT [A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}}){{0,2}}\.{_TOP}(?![A-Za-z])",
        " AT ",
    ),
    rule(PersonalKind.MAIL, rf"(?i)(?<![\w.])[a-z0-9][a-z0-9._-]{{1,63}} ?# ?{_PROVIDERS}\.{_TOP}(?![a-z])", "#"),
    # mobile numbers of mainland China
    rule(PersonalKind.PHONE, rf"(?<!\d)(?:[(（](?:\+|00)86[)）]|(?:\+|00)86){_S}?1{_S}?[3-9](?:{_S}?\d){{9}}(?!\d)", SIX_DIGITS),
    rule(
        PersonalKind.PHONE,
        r"(?<![\w.])00[1-9]\d{0,2}[ -]\(?\d{1,5}\)?(?:[ /-]?\d{2,5}){1,4}(?!\d)",
        SIX_DIGITS,
        _many_digits(10, 16),
    ),
    rule(
        PersonalKind.PHONE,
        rf"(?<!\d)(?:86{_S}?)?1(?:[3-9]\d{{9}}|[3-9]\d{_S}{{1,2}}\d{{4}}{_S}{{1,2}}\d{{4}}|{_S}[3-9](?:{_S}\d){{9}}|[3-9]\d{_S}\d{{8}}|[3-9]\d{{5}}{_S}\d{{4}}|[3-9]\d{{3}}{_S}\d{{6}}"
        rf"|[3-9](?:{_S}\d\d){{4}}{_S}\d|[3-9]\d(?:{_S}\d\d){{4}}|[3-9]\d{_S}\d{{3}}{_S}\d{{5}})(?!\d)",
        SIX_DIGITS,
    ),
    rule(
        PersonalKind.PHONE,
        rf"(?<![{HAN_DIGITS}0-9A-Za-z])[1lI一幺壹]{_G}[3-9三四五六七八九叁肆伍陆柒捌玖](?:{_G}{_H}){{9}}(?![{HAN_DIGITS}0-9A-Za-z])",
        f"[{HAN_DIGITS}]|[0-9]{{4}}[OoIl]|[lI][3-9][0-9]{{4}}",
        _spoken,
    ),
    rule(
        PersonalKind.PHONE,
        r"(?<!\d)(?:前三位(?:是)?)?1[3-9]\d(?:[,，、 ]*(?:然后|中间(?:四位)?|再(?:加|来)?|接着|后面(?:是)?|加|是)+[,，、 :：]*)\d{4}(?:[,，、 ]*(?:然后|再(?:加|来)?|接着|后面|最后|后四位|尾号|加|是)+[,，、 :：]*)\d{4}(?!\d)",
        SIX_DIGITS,
    ),
    # land lines of mainland China
    rule(
        PersonalKind.PHONE,
        r"(?<![\d.-])(?:\(0(?:10|2\d|[3-9]\d{2})\)|（0(?:10|2\d|[3-9]\d{2})）|0(?:10|2\d|[3-9]\d{2})[ -]{1,3})[1-9]\d{2,3}[ -]?\d{4}(?:(?:[-转 ]|ext\.?|分机){1,3}\d{1,5})?(?!\d)",
        SIX_DIGITS,
        _no_order,
    ),
    rule(
        PersonalKind.PHONE,
        r"(?<![\w.-])0(?:10|2\d)[2-8]\d{7}(?![\w.-])|(?<![\w.-])0[3-9]\d{2}[2-8]\d{6,7}(?![\w.-])",
        SIX_DIGITS,
        _no_order,
    ),
    # with the code of a country
    rule(PersonalKind.PHONE, r"(?<![\w+])\+[1-9]\d{0,2}(?:[ ./-]{0,2}\(?\d{1,5}\)?){2,6}(?!\d)", SIX_DIGITS, _many_digits(8, 15)),
    # North America
    rule(
        PersonalKind.PHONE,
        r"(?<![\w.-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|(?!400|800)[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}(?![\w-]|\.\d)",
        SIX_DIGITS,
        _no_order,
    ),
    rule(PersonalKind.PHONE, r"(?<![\w.-])(?:\+?1[ .-])?555[ .-]01\d{2}(?![\w-]|\.\d)", SIX_DIGITS, _no_order),
    rule(
        PersonalKind.PHONE,
        r"(?i)(?<![a-z])(?:call|ring|text|phone|dial|reach|contact|(?:my|best|work|home|cell|daytime|evening|new) (?:number|line|no\.?)(?: is|:)?)(?: (?:me|us|him|her|them|my [a-z]+))?(?: back)?(?: (?:on|at|under))? ?(?P<it>[2-9]\d{2}[2-9]\d{6})(?![\w-]|\.\d)"
        r"|(?<![\w.-])(?P<it2>[2-9]\d{2}[2-9]\d{6}) is (?:my|the) (?:[a-z]+ )?(?:number|line|phone|cell|mobile)",
        SIX_DIGITS,
    ),
    # a zero in front and groups of digits: Britain, Germany, France, Japan, Taiwan
    rule(
        PersonalKind.PHONE,
        r"(?<![\w.,/-])(?!\d\d/\d\d/\d{4})\(?0[1-9]\d{0,4}\)?(?:[ /-]{1,3}\d{2,8}){1,4}(?![\w-]|[.,]\d)",
        NINE_DIGITS,
        _many_digits(9, 12),
    ),
    rule(PersonalKind.PHONE, r"(?<![\w.,/-])0[1-9](?:\.\d\d){4}(?![\w.-])", SIX_DIGITS),
    rule(PersonalKind.PHONE, r"(?<![\w.,/-])(?:07\d{9}|0[67]\d{8}|09\d{8}|0[789]0\d{8})(?![\w-]|[.,]\d)", SIX_DIGITS, _no_order),
    # Brazil, Hong Kong
    rule(
        PersonalKind.PHONE,
        r"(?<![\w.,/-])(?:\([1-9]\d\) ?|[1-9]\d )9?[2-9]\d{3}-\d{4}(?![\w-])|(?<![\w.,/-])[1-9]\d 9\d{4}-?\d{4}(?![\w-])",
        SIX_DIGITS,
        _no_order,
    ),
    rule(PersonalKind.PHONE, r"(?<![\w.,/-])\(?[1-9]\d\)? 90000-\d{4}(?![\w-])", SIX_DIGITS, _no_order),
    # anything long behind a word that says so
    rule(
        PersonalKind.PHONE,
        rf"(?i){_LABEL}[ 是为:：（(]{{0,4}}(?P<it>(?!400|800|95\d{{3}}(?!\d))\+?\d(?:[ ./()-]{{0,2}}\d){{6,14}})(?!\d)",
        SIX_DIGITS,
        _no_order,
    ),
)
