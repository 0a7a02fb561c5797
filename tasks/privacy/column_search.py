"""Personal data in a column of texts: the rules' own patterns, loosened so that Polars can search all texts at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

import polars as pl

from tasks.privacy.detector import RULES, WIDE, masked, placeholder
from tasks.privacy.personal_kind import NINE_DIGITS, SIX_DIGITS, PersonalRule

FEW = 128
"""Up to this many texts are looked at by the rules one by one: expressions for a whole column must be compiled first."""

_PIECE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!]|P<\w+>|[a-z]+\)|[a-z]*:)|.", re.DOTALL)
"""What a pattern is made of: escapes, sets of characters, openings of groups, and single characters."""
_ASSERTION = re.compile(r"\(\?<?[=!]")
_ASCII = {r"\d": "0-9", r"\w": "0-9A-Za-z_", r"\s": r"\t-\r "}
"""Digits, letters and spaces as the rules mean them: without those of other scripts."""
_PLAIN = frozenset("nrt")


def masked_texts(texts: pl.Series) -> dict[str, str]:
    """Return the texts in which a rule finds personal data, each with what it becomes.

    Args:
        texts: Strings, some of them null, as often as they like.
    """
    distinct = texts.drop_nulls().unique()
    if distinct.len() > FEW:
        distinct = distinct.filter(may_hold(distinct))
    return {text: clean for text in distinct.to_list() if (clean := masked(text, placeholder)[0]) != text}


def may_hold(texts: pl.Series) -> pl.Series:
    """Return for each text whether a rule may find something in it: where this is false, none does.

    A rule looks for a pattern, and drops some of the places where it stands. Here the pattern is searched with fewer conditions, so
    nothing is passed over that the rule finds; the first finding in a text is made before anything in it is replaced.
    """
    searched = texts.str.replace_many([chr(code) for code in WIDE], list(WIDE.values()))
    found = pl.repeat(False, texts.len(), eager=True)
    for needed, pattern in _searches():
        rows = (searched.str.contains(needed) & ~found).fill_null(False).arg_true()
        if not rows.is_empty():
            found = found.scatter(rows.filter(searched.gather(rows).str.contains(pattern)), True)
    return found


def loosened(pattern: str) -> str:
    r"""Return an expression of Polars that is found in every text in which Python finds a pattern.

    Polars knows no assertions about what stands before or after. One that forbids a character at the border of the whole pattern
    becomes that border or another character; any other is left out. `\d`, `\w` and `\s` are those of ASCII.

    Raises:
        ValueError: If the pattern uses an escape that has no equal.
    """
    pieces = _PIECE.findall(pattern)
    any_case = pieces[0] == "(?i)"
    written: list[str] = []
    depth = at = 0
    while at < len(pieces):
        piece = pieces[at]
        if _ASSERTION.fullmatch(piece):
            end = _closing(pieces, at)
            starts = not written or (depth == 0 and written[-1] == "|")
            ends = end == len(pieces) or (depth == 0 and pieces[end] == "|")
            at_border = piece[-1] == "!" and not any_case and (starts if "<" in piece else ends)
            border = _border(pieces[at + 1 : end - 1], "^" if "<" in piece else "$") if at_border else ""
            written += [border] if border else []
            at = end
            continue
        depth += piece.startswith("(") and not piece.endswith(")")
        depth -= piece == ")"
        written.append("(?:" if piece.startswith("(?P<") else _written(piece))
        at += 1
    return "".join(written)


@cache
def _searches() -> list[tuple[str, str]]:
    """Return pairs of searches: for what some rules need, and for their patterns. Rules for numbers go together, others by kind.

    Larger groups make larger expressions, which search slowly, and smaller ones more of them, which must be compiled.
    """
    groups: dict[object, list[PersonalRule]] = {}
    for rule in RULES:
        groups.setdefault(rule.needs if rule.needs in (SIX_DIGITS, NINE_DIGITS) else rule.kind, []).append(rule)
    return [(_any_of(rule.needs for rule in group), _any_of(rule.pattern for rule in group)) for group in groups.values()]


def _any_of(patterns: Iterable[re.Pattern[str]]) -> str:
    return "|".join(dict.fromkeys(f"(?:{loosened(pattern.pattern)})" for pattern in patterns))


def _closing(pieces: Sequence[str], at: int) -> int:
    """Return the place after the group that opens at a place."""
    depth = 0
    while True:
        piece = pieces[at]
        depth += piece.startswith("(") and not piece.endswith(")")
        depth -= piece == ")"
        at += 1
        if depth == 0:
            return at


def _border(forbidden: Sequence[str], edge: str) -> str:
    """Return what may stand at a border instead of the forbidden character; further alternatives are not looked at."""
    first = _written(forbidden[0]) if forbidden else ""
    if (len(forbidden) > 1 and forbidden[1] != "|") or not first.startswith("[") or first.startswith("[^"):
        return ""
    return f"(?:{edge}|[^{first[1:]})"


def _written(piece: str) -> str:
    """Return a piece of a Python pattern as Polars writes it."""
    if len(piece) > 1 and piece[0] == "[":
        ascii_only = re.sub(r"\\[dws]", lambda escape: _ASCII[escape[0]], piece[1:-1])
        return "[" + re.sub(r"(?<!\\)\[", r"\\[", ascii_only) + "]"
    if piece in _ASCII:
        return f"[{_ASCII[piece]}]"
    if piece == r"\b":
        return r"(?-u:\b)"
    if len(piece) == 2 and piece[0] == "\\" and piece[1].isalnum() and piece[1] not in _PLAIN:
        raise ValueError(f"the escape {piece} cannot be searched in columns")
    return piece
