"""Personal data in a text: where it stands, and the text without it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tasks.privacy import accounts, contacts, papers, places
from tasks.privacy.personal_kind import PersonalKind, PersonalRule

RULES: tuple[PersonalRule, ...] = (
    *(one for one in contacts.RULES if one.kind is PersonalKind.MAIL),
    *papers.RULES,
    *places.RULES,
    *(one for one in contacts.RULES if one.kind is PersonalKind.PHONE),
    *accounts.RULES,
)
"""In order: numbers with a check digit before phone numbers, which may look like a part of them."""

_HAN_DIGIT = "[0-9零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
SUSPECT = (
    r"[0-9](?:[^0-9A-Za-z\p{Han}]{0,3}[0-9]){5}|[0-9]{3}[^0-9]{1,8}[0-9]{4}|@|＠|[０-９]{5}|[#＃] ?[A-Za-z0-9]+\.|艾特|爱特|(?i:[(\[{<]at[)\]}>]| dot | at [a-z0-9]+\.)"
    rf"|[零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖](?:[ .·_,，、-]{{0,2}}{_HAN_DIGIT}){{4}}|{_HAN_DIGIT}{{4}}[零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖]"
    r"|微\s?信|加微|威信|薇[信:：]|徽信|卫星号|[➕加+＋]\s?[vV薇❤]|[vV]信|扣扣|企鹅|抖音|小红书|快手|微博|旺旺|支付宝|电报|飞机"
    r"|(?i:we\s?chat|weixin|wxid|vx|wx|q[\s.]?q|telegram|tg[:： @是号]|whatsapp|skype|kakao|insta|ins[:： @号]|facebook|twitter|tiktok|ig[:： ]|line\s?(?:id|账|帳|号)|t\.me|wa\.me)|LINE|\.com/"
    r"|收件|收货人|联系人|姓名|户名|机主|签收人|寄件人|客户名|顾客名|本人叫|我叫|我是|名字|聯絡人"
    r"|(?i:name|nome|nom[: ]|i am called|i'm called|attn|attention:|recipient|ich hei|appelle|chamo|contact:|kunde|empfänger|destinat)"
    r"|护照|護照|身份|身分|证件|證件|驾驶证|社保|通行证|台胞|账号|帐号|账户|帐户|银行|卡号|(?i:passport|passaporte|reisepass|passeport|passnummer|pasaporte|id card|licen[cs]e|ausweis|steuer|cpf|cnpj|ssn|social sec|nino|ni number|insurance|iban|account n)"
    r"|[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}|[A-Z]{2} ?[0-9]{2} ?[0-9]{2}|[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][A-Z]{2}"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z]|车牌|(?i:plate|registration|kennzeichen|placa|plaque)"
    r"|[0-9A-Za-z一二三四五六七八九十](?:号|號|栋|棟|幢|座|单元|單元|室|楼|樓|组)|[0-9][A-Za-z]? [A-Z][a-z]|(?i:box|postfach|caixa postal) [0-9]"
    r"|(?:stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|ring|damm|ufer) ?[0-9]|[0-9](?: bis| ter)?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai|route)"
    r"|(?:Rua|Avenida|Av\.|Travessa|Alameda|Calle|Praça|Rodovia|Via) |丁目|番地|[0-9]-[0-9]{1,2}-[0-9]|〒|[邮郵][编編政码]|(?i:cep|zip|plz|postal|postcode|postleitzahl)"
    r"|纬|°|::|(?:[0-9a-fA-F]{1,4}:){5}|[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.|[0-9]\.[0-9]{4}"
)
"""A text without any of these holds nothing that a rule could find; written for the regular expressions of Polars, which search a column at once."""

_WIDE = str.maketrans(
    {chr(0xFF10 + digit): str(digit) for digit in range(10)}
    | {"＠": "@", "．": ".", "－": "-", "＋": "+", "（": "(", "）": ")", "＃": "#"}
)
"""Full-width forms; each is one character for one, so that places in the text stay the same."""

_DIGEST = re.compile(
    r"(?<![0-9a-z])(?=[0-9-]*[a-f])(?=[a-f-]*[0-9])(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})(?![0-9a-z])"
)
"""Ids of records and hashes of files, as this program writes them: digits among their letters are no numbers."""

_FILLER = "\x00"


@dataclass(frozen=True, order=True)
class PersonalSpan:
    """Where personal data of a kind stands in a text: characters `start` up to `end`."""

    start: int
    end: int
    kind: PersonalKind


def findings(text: str) -> list[PersonalSpan]:
    """Return the personal data in a text, in order, none overlapping another."""
    searched = text.translate(_WIDE)
    digests = [match.span() for match in _DIGEST.finditer(searched)]
    needed: dict[re.Pattern[str], bool] = {}
    found: list[PersonalSpan] = []
    for rule in RULES:
        if rule.needs not in needed:
            needed[rule.needs] = rule.needs.search(searched) is not None
        if not needed[rule.needs]:
            continue
        here = [_span(match) for match in rule.pattern.finditer(searched) if rule.holds is None or rule.holds(match)]
        for start, end in here:
            if any(start < last and first < end for first, last in digests):
                continue
            found.append(PersonalSpan(start, end, rule.kind))
            searched = searched[:start] + _FILLER * (end - start) + searched[end:]
    return sorted(found)


def _span(match: re.Match[str]) -> tuple[int, int]:
    for name in ("it", "it2"):
        if match.re.groupindex.get(name) and match[name] is not None:
            return match.span(name)
    return match.span()


def masked(
    text: str, mask: Callable[[PersonalKind], str], spared: frozenset[str] = frozenset()
) -> tuple[str, Counter[PersonalKind]]:
    """Replace the personal data in a text.

    Args:
        text: Any text.
        mask: Says what stands in place of a kind.
        spared: Texts that are nobody's secret, as they stand in the shop's own configuration.

    Returns:
        The text, and how often each kind was found.
    """
    counted: Counter[PersonalKind] = Counter()
    pieces: list[str] = []
    at = 0
    for finding in findings(text):
        if text[finding.start : finding.end] in spared:
            continue
        pieces += [text[at : finding.start], mask(finding.kind)]
        at = finding.end
        counted[finding.kind] += 1
    return ("".join([*pieces, text[at:]]) if counted else text), counted


def placeholder(kind: PersonalKind) -> str:
    """Return what stands in a text of the lake in place of a kind."""
    return kind.value


def hidden(text: str) -> str:
    """Return a text of any language with three stars where personal data stood."""
    return masked(text, _stars)[0]


def _stars(_: PersonalKind) -> str:
    return "***"
