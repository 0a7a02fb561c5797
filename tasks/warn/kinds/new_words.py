"""Words that no customer used before and several use now: a fault without a leaf yet, a rumour, a new part of a product."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import polars as pl

from tasks.methods.chance import days_between_new
from tasks.model.facts import CodedFacts
from tasks.model.moments import local_day
from tasks.model.warnings import EarlyWarning, WarningWording
from tasks.shop.load import Shop
from tasks.shop.warnings import WarningRule
from tasks.warn.kinds.catalogue import rule_of
from tasks.warn.kinds.kind import WarningKind, Watch

LONGEST = 6
"""Most characters in a Chinese word; longer pieces are phrases."""

MOST_WORDS = 3
"""Most words named in one warning."""

_HAN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z]{3,24}")


def new_words(facts: CodedFacts, shop: Shop) -> list[EarlyWarning]:
    """Return words that came up in `warnings.word_cases` cases or more of the last days and in no earlier record.

    Words of the same cases make one warning. A word is one that the tokeniser knows, or two neighbours of which one is a
    single sign (麻 + 手: new words are what it does not know). Codes, numbers and product names do not count as words.

    Args:
        facts: Coded facts at their moment; texts were scrubbed when they were stored.
        shop: Configuration.
    """
    settings = shop.warnings
    records = facts["feedback"]
    today = facts.as_of.astimezone(ZoneInfo(shop.identity.zone)).date()
    lowered = pl.concat_str([pl.col("title").fill_null(""), pl.col("text").fill_null("")], separator=" ").str.to_lowercase()
    texts = records.select(
        "record_id",
        "case_id",
        "sku",
        "leaf",
        "nature",
        "claim_cluster",
        text=lowered,
        day=local_day("submitted_at", shop.identity.zone),
    ).filter(pl.col("text").str.strip_chars() != "")
    begin = today - timedelta(days=settings.word_days)
    history = texts.filter(pl.col("day") < begin)
    if history.is_empty() or history["day"].min() > begin - timedelta(weeks=settings.history_weeks):  # type: ignore[operator]
        return []
    now = texts.filter(
        (pl.col("day") >= begin) & (pl.col("day") < today) & (pl.col("nature") != "praise") & pl.col("claim_cluster").is_null()
    ).sort("day", "record_id")
    cases_of: dict[str, dict[str, str]] = {}  # word → case → text
    for case, text in now.select("case_id", "text").iter_rows():
        for word in terms(text):
            cases_of.setdefault(word, {}).setdefault(case, text)
    tested = len(cases_of)
    candidates = {
        word: cases
        for word, cases in cases_of.items()
        if len(cases) >= settings.word_cases and len(set(cases.values())) >= settings.word_cases
    }
    known = _known(history["text"], sorted(candidates)) | set(" ".join(facts["product"]["name"].drop_nulls()).lower().split())
    fresh = sorted(set(candidates) - known)
    return _together(fresh, candidates, now, history.height, tested / settings.word_days, facts, shop)


def terms(text: str) -> set[str]:
    """Return the words of a lower-case text that can be new."""
    import rjieba  # reads its dictionary of 24 MB when it is loaded

    tokens = rjieba.cut(text)
    found = {token for token in tokens if (_HAN.fullmatch(token) and 2 <= len(token) <= LONGEST) or _LATIN.fullmatch(token)}
    for first, second in pairwise(tokens):
        joined = first + second
        if _HAN.fullmatch(joined) and min(len(first), len(second)) == 1 and len(joined) <= 4:
            found.add(joined)
    return found


def _known(history: pl.Series, words: list[str]) -> set[str]:
    """Return the words found in any earlier text."""
    if not words:
        return set()
    seen = history.str.extract_many(words, overlapping=True).explode().drop_nulls().unique()
    return set(seen.to_list())


def _together(
    fresh: list[str],
    cases_of: dict[str, dict[str, str]],
    now: pl.DataFrame,
    history: int,
    tests_a_day: float,
    facts: CodedFacts,
    shop: Shop,
) -> list[EarlyWarning]:
    """Make one warning from words that occur in the same cases."""
    groups: list[tuple[list[str], set[str]]] = []
    for word in sorted(fresh, key=lambda word: (-len(cases_of[word]), -len(word), word)):
        cases = set(cases_of[word])
        near = next((group for group in groups if 2 * len(group[1] & cases) >= len(cases)), None)
        if near:
            near[0].append(word)
            near[1].update(cases)
        else:
            groups.append(([word], cases))
    rule = rule_of("words", shop)
    warnings = []
    for words, cases in groups:
        records = now.filter(pl.col("case_id").is_in(sorted(cases))).unique("case_id", keep="first", maintain_order=True)
        rare = days_between_new(len(cases_of[words[0]]), now.height, history, tests_a_day)
        if rare < shop.warnings.false_alarm_days:
            continue
        skus = Counter(records["sku"].drop_nulls().to_list()).most_common(1)
        days = sorted(set(records["day"].to_list()))
        chosen = [word for word in words if not any(word != other and word in other for other in words)][:MOST_WORDS]
        warnings.append(
            EarlyWarning(
                kind="words",
                slice={"sku": skus[0][0]} if skus and skus[0][1] > 0.6 * records.height else {},
                leaf=str(records["leaf"].mode().sort()[0]),
                symptom=words[0],
                words=tuple(chosen or words[:1]),
                observed=float(records.height),
                expected=0.0,
                every_days=round(rare, 1),
                since=days[0],
                days=tuple(days),
                answer_by=facts.as_of + timedelta(hours=rule.answer_hours),
                items=tuple(records["record_id"].to_list()),
            )
        )
    return warnings


KIND = WarningKind(
    code="words",
    watch=Watch.TEXTS,
    look=new_words,
    wording=WarningWording("words", observed="new"),
    default=WarningRule(owner="客服", ladder=["品控", "总经理"], answer_hours=24, escalate_hours=20),
)
