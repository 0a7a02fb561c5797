"""The encoding of a file by evidence: what its bytes would say in each, and how likely anybody wrote that."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

AUTO = "auto"
FAMILIES = {
    "utf-8": "utf-8",
    "utf-8-sig": "utf-8",
    "utf8": "utf-8",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
    "utf-32": "utf-32",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb_2312-80": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "cp932": "cp932",
    "euc-jp": "euc-jp",
    "euc-kr": "cp949",
    "cp949": "cp949",
    "cp1250": "cp1250",
    "cp1251": "cp1251",
    "cp1252": "cp1252",
    "windows-1250": "cp1250",
    "windows-1251": "cp1251",
    "windows-1252": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-1": "cp1252",
    "iso-8859-2": "iso-8859-2",
    "iso-8859-15": "iso-8859-15",
    "mac-roman": "mac-roman",
}
"""Name in channels.yaml or in a mail → how it is read. Who says latin-1 or gb2312 writes the larger sets that contain them."""
CANDIDATES = ("cp1252", "gb18030", "big5hkscs", "cp932")
"""What is tried where bytes are not UTF-8; other sets are read only where they are declared."""
SAMPLE = 20_000
"""Characters beyond ASCII that are judged."""
SURE, READABLE, MARGIN = 0.45, 0.15, 0.3
FEW_BAD = 0.005
"""The largest share of damaged characters at which a file is still read, and flagged."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BEYOND = re.compile(rb"[^\n]{0,200}[\x80-\xff][^\n]{0,400}")
_RUN = re.compile(r"[^\x00-\x7f]+")
_COMMON = frozenset(
    "的一是不了在有我他她这这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同"
    "现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重"
    "并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入"
    "几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基"
    "眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔换货坏包"
    "漏水热烧烫充电线屏幕屏灯声响噪破碎裂断退款修售服客单号商收到寄快递装盒箱杯锅壶垫枕机器按键开关味道质量问题差评好用坏了怎么不能没有时间日期内容"
    "這個們來為國說時會對過發後裡種經麼學現當動還進樣開從實軍長機無與業將兩間問應頭體見產話門東聲員論義幾條氣題爾變總電數報結務場計資統區隊決馬書則"
    "聽強難權設記類據邊張該規萬觀領確傳師導爭運換貨壞漏熱燒燙充線燈響噪斷裝盒鍋壺墊機器鍵關質點號單退款寄遞買賣價錢員請謝您嗎吧呢啊哦呀"
)
"""Characters of every day, in both scripts: a wrong reading of other bytes hardly ever hits them."""
_SIGNS_BEFORE_DIGIT = frozenset("£€¥$±×")
_SIGNS_AFTER_DIGIT = frozenset("€£¥°²³½¼¾ªº%µ×±–")
_WORDS_END = frozenset("’“”‘„…–—»«®™©·•")


@dataclass(frozen=True)
class Decoded:
    """A text, how it was read, and what else it might have been.

    Args:
        text: Without a byte order mark.
        encoding: How it was read.
        doubtful: Other readings that are nearly as likely, or `damaged`; empty if the text is sure.
    """

    text: str
    encoding: str
    doubtful: tuple[str, ...] = ()


def decode(data: bytes, declared: str = AUTO) -> Decoded | None:
    """Read bytes as text; None if they are not in the declared encoding, or nothing that anybody would write in any.

    Args:
        data: All bytes; with a byte order mark that mark decides.
        declared: A name of `FAMILIES`, or `auto`.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, encoding) or (_damaged(data, encoding) if declared == AUTO else None)
    if declared != AUTO:
        return _strict(data, FAMILIES[declared])
    wide = _wide(data)
    if wide:
        return _strict(data, wide)
    found = _strict(data, "utf-8")
    if found is not None:
        return _rather_chinese(data) or found
    return _mostly_utf8(data) or _likeliest(data)


def _strict(data: bytes, encoding: str) -> Decoded | None:
    try:
        return Decoded(data.decode(encoding).removeprefix("\ufeff"), encoding)
    except UnicodeDecodeError:
        if encoding != "cp1252":
            return None
    return Decoded(_windows(data), encoding)


def _windows(data: bytes) -> str:
    """Read Windows-1252; its five unused bytes become the control characters that browsers make of them."""
    return data.decode("cp1252", errors="windows_or_control")


def _control(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(chr(byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("windows_or_control", _control)


def _damaged(data: bytes, encoding: str) -> Decoded | None:
    text = data.decode(encoding, errors="replace").removeprefix("\ufeff")
    beyond = sum(len(run) for run in _RUN.findall(text))
    return Decoded(text, encoding, ("damaged",)) if text.count("\ufffd") <= max(1, FEW_BAD * beyond) else None


def _wide(data: bytes) -> str:
    """Return UTF-16 of the right order if every second byte is often zero and the others never are."""
    head = data[: 64 * 1024]
    even, odd = head[::2].count(0), head[1::2].count(0)
    least = max(2, len(head) // 40)
    if odd >= least and even * 20 <= odd:
        return "utf-16-le"
    if even >= least and odd * 20 <= even:
        return "utf-16-be"
    return ""


def _mostly_utf8(data: bytes) -> Decoded | None:
    """Read a long UTF-8 text with a few damaged characters, such as one that was cut within a character."""
    found = _damaged(data, "utf-8")
    if found is None:
        return None
    good = sum(len(run) for run in _RUN.findall(found.text)) - found.text.count("\ufffd")
    return found if good >= 20 * found.text.count("\ufffd") else None


def _rather_chinese(data: bytes) -> Decoded | None:
    """Return the GB18030 reading of a short text that is UTF-8 by accident: 漏水 are the bytes of ©ˮ."""
    if data.isascii() or len(data) > 1_000_000:
        return None
    sample = b"\n".join(match[0] for match, _ in zip(_BEYOND.finditer(data), range(200), strict=False))
    text = sample.decode("utf-8", errors="replace")
    beyond = "".join(_RUN.findall(text))
    if not beyond or len(beyond) > 100 or any(char > "\u07ff" for char in beyond) or likelihood(text, "cp1252") > 0:
        return None
    if any("\u0370" <= char <= "\u06ff" for char in beyond):  # Greek, Cyrillic, Hebrew and Arabic are two bytes each
        return None
    read = _strict(data, "gb18030")
    return read if read is not None and likelihood(read.text, "gb18030") >= 0.9 else None


def _likeliest(data: bytes) -> Decoded | None:
    """Return the reading that looks most like text that people write."""
    sample = b"\n".join(match[0] for match, _ in zip(_BEYOND.finditer(data), range(2_000), strict=False))
    scores: list[tuple[float, str]] = []
    for encoding in CANDIDATES:
        text = sample.decode(encoding, errors="windows_or_control" if encoding == "cp1252" else "replace")
        beyond = sum(len(run) for run in _RUN.findall(text))
        if text.count("\ufffd") <= FEW_BAD * beyond:
            scores.append((likelihood(text, encoding), encoding))
    scores.sort(reverse=True)
    if not scores or scores[0][0] < READABLE:
        return None
    best, encoding = scores[0]
    rivals = tuple(other for score, other in scores[1:] if best - score < MARGIN)
    read = _strict(data, encoding) or _damaged(data, encoding)
    if read is None:
        return None
    unused = encoding == "cp1252" and any(byte in data for byte in b"\x81\x8d\x8f\x90\x9d")
    doubts = read.doubtful or rivals or (() if best >= SURE else ("unlikely",))
    return Decoded(read.text, encoding, ("cp1250", "cp1251") if unused else doubts)


def likelihood(text: str, encoding: str) -> float:
    """Return from -1 to 1 how much the characters beyond ASCII look like words in an encoding's languages."""
    total = weight = 0.0
    for match in _RUN.finditer(text):
        run, before, after = match[0], text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        total += _latin(run, before, after) if encoding == "cp1252" else _wide_run(run, before, after, encoding)
        weight += len(run)
        if weight > SAMPLE:
            break
    return total / weight if weight else 0.0


def _latin(run: str, before: str, after: str) -> float:
    """Judge a run of Windows-1252 characters: accented letters stand in words of plain ones, signs where signs stand."""
    letters = sum(char.isalpha() and char not in "ªºµ" for char in run)
    near = (before.isascii() and before.isalpha()) + (after.isascii() and after.isalpha())
    score = 0.0
    for at, char in enumerate(run):
        left, right = run[at - 1] if at else before, run[at + 1] if at + 1 < len(run) else after
        if char.isalpha() and char not in "ªºµ":
            good = (letters <= 2 and near > 0) or (
                letters == 1 and not (left.isalnum() or right.isalnum()) and char in "àÀéÉèÈóÓ"
            )
            shouted = char.isupper() and left.isalpha() and (left.islower() or (right.isalpha() and right.islower()))
            strange = char in "ýþðÝÞÐ"  # Turkish, more often than Icelandic
            score += -1.0 if not good or shouted else 0.0 if strange else 1.0
        elif (char in _SIGNS_BEFORE_DIGIT and (right.isdigit() or right in " \xa0")) or (
            char in _SIGNS_AFTER_DIGIT and (left.isdigit() or left in " \xa0")
        ):
            score += 1.0
        elif char in _WORDS_END and (
            left in _EDGES or right in _EDGES or (left.isalpha() and right.isalpha() and char in "’–—·")
        ):
            score += 0.9
        elif (
            (char in "¿¡½¼¾" and (right.isalpha() or right in " \xa0"))
            or char == "\xa0"
            or (char in "ªº§" and (left.isalnum() or right in " \xa0"))
        ):
            score += 0.8
        else:
            score -= 1.0
    return score


_EDGES = frozenset(["", " ", "\n", "\r", "\t", ",", ";", ".", "!", "?", '"', "'", "(", ")", "-", "|", ":", "\xa0"])


def _wide_run(run: str, before: str, after: str, encoding: str) -> float:
    """Judge a run of two-byte characters: those of every day count most, those that no keyboard offers count against."""
    score = sum(_wide_character(char, encoding) for char in run)
    within_word = before.isascii() and before.isalpha() and after.isascii() and after.isalpha()
    if len(run) <= 2 and within_word and (before.islower() or after.islower()):
        score -= 1.5 * len(run)  # Gr鲞e: nobody writes one character within a word of Latin letters
    return score


def _wide_character(char: str, encoding: str) -> float:
    if char in _COMMON:
        return 1.0
    if char in "，。！？：；、（）“”《》【】「」『』—…￥％～·　０１２３４５６７８９":
        return 1.0
    if "\u3040" <= char <= "\u30ff":
        return 0.9 if encoding == "cp932" else 0.1
    try:
        code = char.encode(encoding)
    except UnicodeEncodeError:
        return -1.0
    if len(code) != 2:
        return 0.2 if len(code) == 4 and char >= "\U0001f300" else -0.6
    lead, trail = code
    if encoding == "gb18030":
        if trail < 0xA1 or lead < 0xA1:
            return -0.7
        return 0.5 if 0xB0 <= lead <= 0xD7 else 0.3 if lead <= 0xA3 else -0.1
    if encoding == "big5hkscs":
        return 0.4 if 0xA4 <= lead <= 0xC6 else 0.3 if 0xA1 <= lead <= 0xA3 else -0.3
    return 0.3 if 0x88 <= lead <= 0x97 else -0.3


# ---- Text that was misread before it reached us -----------------------------------------------------

_MISREAD = re.compile(r"[ÃÂ][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€[\u0080-\u00bf€™œž˜“”¦¢]|ï¿½")
"""What UTF-8 looks like to one who reads it as Windows-1252: Ã¶ for ö, â€™ for ’."""
MISREAD_PATTERN = _MISREAD.pattern
_MISREAD_RUN = re.compile(r"[^\x00-\x7f]{2,}")


def may_be_misread(text: str) -> bool:
    """Tell whether a text holds what UTF-8 looks like when it was read as Windows-1252."""
    return ("Ã" in text or "Â" in text or "â€" in text or "ï¿½" in text) and _MISREAD.search(text) is not None


def repaired(text: str) -> str:
    """Read again, as UTF-8, the parts of a text that were read as Windows-1252; what does not come out is left."""

    def again(match: re.Match[str]) -> str:
        try:
            data = b"".join(bytes([ord(char)]) if 0x80 <= ord(char) <= 0x9F else char.encode("cp1252") for char in match[0])
            return data.decode("utf-8")
        except (UnicodeError, ValueError):
            return match[0]

    return _MISREAD_RUN.sub(again, text)
