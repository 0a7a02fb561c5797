"""Kinds of personal data, and what stands in a text in their place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class PersonalKind(Enum):
    """What leads to a person, with the placeholder that texts of the lake have in its place."""

    PHONE = "[电话]"
    MAIL = "[邮箱]"
    ACCOUNT = "[账号]"
    DOCUMENT = "[证件号]"
    BANK = "[卡号]"
    PLATE = "[车牌]"
    ADDRESS = "[地址]"
    POSTCODE = "[邮编]"
    NAME = "[姓名]"
    PLACE = "[位置]"
    NETWORK = "[网络地址]"


@dataclass(frozen=True)
class PersonalRule:
    """How one kind is written in one way.

    kind: What it is.
    pattern: Matches it; where there is a group `it`, only this group is personal.
    needs: A pattern that is quick to search; a text without it is not searched further.
    holds: Says of a match whether it is one, mostly by its check digit.
    """

    kind: PersonalKind
    pattern: re.Pattern[str]
    needs: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] | None = None


SIX_DIGITS = re.compile("[0-9](?:[^0-9A-Za-z\u4e00-\u9fff]{0,3}[0-9]){5}|[0-9]{3}[^0-9]{1,8}[0-9]{4}")
NINE_DIGITS = re.compile("[0-9](?:[^0-9A-Za-z]{0,4}[0-9]){8}")
DIGIT = re.compile("[0-9]")
LETTERS = r"(?<![A-Za-z0-9])"
"""No letter or digit stands before."""
END = r"(?![A-Za-z0-9])"
"""No letter or digit follows."""


def rule(
    kind: PersonalKind, pattern: str, needs: str | re.Pattern[str], holds: Callable[[re.Match[str]], bool] | None = None
) -> PersonalRule:
    """Declare a rule. Words, digits and their borders are those of ASCII: no space stands between a number and Chinese words."""
    return PersonalRule(
        kind, re.compile(pattern, re.ASCII), re.compile(needs, re.ASCII) if isinstance(needs, str) else needs, holds
    )
