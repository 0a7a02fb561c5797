"""A mail without what it quotes: earlier mails in HTML or in plain text, and the signature."""

from __future__ import annotations

import re

_QUOTED_CLASS = re.compile(
    r"(?:class|id)\s*=\s*[\"']?[^\"'>]{0,200}(?:gmail_quote|gmail_extra|yahoo_quoted|moz-cite-prefix|OutlookMessageHeader"
    r"|protonmail_quote|zmail_extra|mailcontent_quote|ntes-quote|qmbox_quote)",
    re.IGNORECASE,
)
_TO_THE_END = re.compile(
    r"<(?:div|span|hr|a)\b[^<>]{0,500}(?:id\s*=\s*[\"']?(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|stopSpelling|isReplyContent)\b"
    r"|border:\s?none;\s?border-top:\s?solid\s#(?:E1E1E1|B5C4DF))[^<>]{0,500}>",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(/?)(blockquote|div)\b([^<>]{0,2000})>", re.IGNORECASE)
_SPACE = r"[ \t\u00a0\u3000]*"
_WROTE = r"wrote|writes|said|schrieb|geschrieben|a\s+écrit|ha\s+scritto|escribió|escreveu|schreef|skrev|napisał|写道|写到|寫道|написал|пишет"
_HISTORY = re.compile(
    rf"^{_SPACE}(?:"
    r"-{2,}\s*(?:original message|forwarded message|reply message|ursprüngliche nachricht|message d'origine|mensaje original"
    r"|messaggio originale|原始邮件|原邮件|转发邮件|回复的原邮件|原始郵件)\s*-{2,}"
    rf"|(?:on|am|le|el|il|em|op|den)\b.{{4,200}}(?:{_WROTE}).{{0,80}}[:：]"
    rf"|在?.{{0,80}}\d{{4}}\s*[年/-].{{2,160}}(?:{_WROTE})\s*[:：]"
    r"|_{10,}"
    rf"){_SPACE}$",
    re.IGNORECASE,
)
_WROTE_OPENS = re.compile(r"^\s*(?:(?:on|am|le|el|il|em|op|den)\b|在).{4,200}$", re.IGNORECASE)
_WROTE_ENDS = re.compile(rf"(?:{_WROTE}).{{0,80}}[:：]\s*$", re.IGNORECASE)
_WROTE_THERE = re.compile(rf"(?:{_WROTE})\b", re.IGNORECASE)
_SENDER_WROTE = re.compile(rf"^.{{2,120}}<[^<>\s]{{3,100}}>\s+(?:{_WROTE})\b.{{0,120}}$", re.IGNORECASE)
_FROM = re.compile(r"^[\s*>]*(?:from|von|de|da|van|fra|från|发件人|寄件者|от)\s*[:：].{1,200}$", re.IGNORECASE)
_NEXT_HEADER = re.compile(
    r"^[\s*>]*(?:sent|sendt|skickat|til|till|emne|date|to|subject|cc|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado|fecha|para|asunto|inviato|oggetto"
    r"|发送时间|日期|收件人|主题|寄件日期|收件者)\s*\*?[:：]",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"^(?:--|—{2}|__)\s*$|^(?:sent from my |sent from (?:outlook|mail|yahoo)|von meinem .{2,30} gesendet|envoyé de(?:puis)? mon "
    r"|enviado desde mi |inviato da |发自我的|来自我的|發自我的)",
    re.IGNORECASE,
)
HEADERS_WITHIN = 4
"""Lines after `From:` among which a quoted mail has another of its headers."""


def without_quoted_markup(markup: str) -> str:
    """Leave out the parts of a page that quote an earlier mail, passing over it once; if nothing is left, keep the page."""
    end = _TO_THE_END.search(markup)
    shown = _without_quotes(markup[: end.start()] if end else markup)
    return shown if _has_words(shown) else markup


def _without_quotes(markup: str) -> str:
    kept: list[str] = []
    at = depth = 0
    inside = ""
    for tag in _TAG.finditer(markup):
        closes, name = bool(tag[1]), tag[2].lower()
        if not inside:
            if not closes and (name == "blockquote" or _QUOTED_CLASS.search(tag[3])):
                kept.append(markup[at : tag.start()])
                inside, depth = name, 1
        elif name == inside:
            depth += -1 if closes else 1
            if depth == 0:
                inside, at = "", tag.end()
    return "".join([*kept, "" if inside else markup[at:]])


def _has_words(markup: str) -> bool:
    body = markup[match.end() :] if (match := re.search(r"<body\b[^<>]{0,2000}>", markup, re.IGNORECASE)) else markup
    return re.search(r"\w", re.sub(r"<[^<>]{0,2000}>|&nbsp;", " ", body)) is not None


def own_words(text: str) -> str:
    """Cut a mail where the quoted history or the signature begins, and drop quoted lines; if nothing is left, keep the text."""
    kept: list[str] = []
    lines = text.split("\n")
    for index, line in enumerate(lines):
        if begins_history(lines, index) or (_SIGNATURE.match(line) and any(item.strip() for item in kept)):
            if any(item.strip() for item in kept):
                break
            continue
        if not line.lstrip().startswith(">"):
            kept.append(line.rstrip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip() or text.strip()


def begins_history(lines: list[str], index: int) -> bool:
    """Tell whether an earlier mail begins on a line: by a divider, by who wrote it when, or by its headers."""
    line = lines[index]
    if len(line) > 500:
        return False
    if _HISTORY.match(line):
        return True
    after = lines[index + 1 : index + 1 + HEADERS_WITHIN]
    if _FROM.match(line):
        return any(_NEXT_HEADER.match(other[:300]) for other in after)
    following = after[0].strip() if after else ""
    sender = _SENDER_WROTE.match(line)
    if sender and re.search(r"\d.{0,60}[:：]\s*$", line):
        return True
    if not (sender or _WROTE_OPENS.match(line)) or len(following) > 200:
        return False
    if _WROTE_THERE.search(line) and re.search(r"[\d@].{0,100}[:：]$", following):
        return True
    return bool(_WROTE_ENDS.search(following)) and not _WROTE_OPENS.match(following)
