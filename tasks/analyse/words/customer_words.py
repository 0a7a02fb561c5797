"""What customers say, counted: words of causes, words that grew by problem, themes of the unclassified, and quotes."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tasks.analyse.words.keywords import WordComparison, dispersion, standing_out
from tasks.analyse.words.lexicon import Lexicon
from tasks.analyse.words.quotes import rarities, representative
from tasks.analyse.words.themes import themes
from tasks.model.causes import Cause
from tasks.model.facts import CodedFacts
from tasks.model.periods import Period
from tasks.model.words import CustomerWords, Quote
from tasks.shop.load import Shop
from tasks.shop.taxonomy import UNCODED

PAST_WEEKS = 26
PAST_AT_MOST = 15_000
"""The most earlier cases to read; more would make the comparison sharper than a period's case numbers justify."""

PAST_OF_LEAF = 600
CAUSE_WORDS = 5
CAUSE_SHARE = 0.15
"""Share of a cause's cases that must use a word: what a few say does not describe the group."""

CAUSE_CASES = 3
GROWN_OF_LEAF = 3
GROWN = 12
RESTRICTED = ("safety", "dispute")

_READ = ("record_id", "text", "customer_ref", "leaf", "track", "claim_cluster", "nature", "vague", "counted")


def customer_words(facts: CodedFacts, period: Period, shop: Shop, causes: list[Cause]) -> CustomerWords:
    """Return what customers say in a period; parts in which nothing passes the tests are empty.

    Words of a cause are compared with other cases of the same problems, in any edition; growing words and themes are looked
    for in months and longer periods, against the half year before.

    Args:
        facts: Coded tables; texts were scrubbed when they were collected.
        period: The period.
        shop: Its words, people and least number of cases.
        causes: The named causes.
    """
    feedback = facts["feedback"]
    since = period.start - timedelta(weeks=PAST_WEEKS)
    near = (pl.col("submitted_at") >= since) & (pl.col("submitted_at") < period.end)
    records = feedback.filter(near).select(
        *_READ, is_now=pl.col("submitted_at") >= period.start, week=(pl.col("submitted_at") - since).dt.total_days() // 7
    )  # fmt: skip
    lexicon = Lexicon(shop.words, (person.name for person in shop.people.people))
    monthly = period.grain != "week"
    made = _words(records, lexicon, causes, shop.identity.minimum_n, monthly=monthly)
    if not monthly:
        return made
    unclassified = records.filter(
        (pl.col("leaf") == UNCODED)
        & ~pl.col("vague").fill_null(value=False)
        & (pl.col("nature") != "praise")
        & ((pl.col("nature") != "complaint") | pl.col("counted"))
        & ~_limited()
    ).sort("record_id")
    now, past = unclassified.filter("is_now"), unclassified.filter(~pl.col("is_now"))
    read = past.head(PAST_AT_MOST // 5)
    exposures = records["is_now"].sum(), (~records["is_now"]).sum() * read.height / max(past.height, 1)
    return CustomerWords(
        cause_words=made.cause_words,
        cause_quotes=made.cause_quotes,
        grown=made.grown,
        themes=themes(now, read, lexicon, exposure=float(exposures[0]), past_exposure=float(exposures[1])),
        tested=made.tested,
        unclassified=now.height,
    )


def _limited() -> pl.Expr:
    return (pl.col("track").is_in(RESTRICTED) | pl.col("claim_cluster").is_not_null()).fill_null(value=False)


def _words(records: pl.DataFrame, lexicon: Lexicon, causes: list[Cause], minimum: int, *, monthly: bool) -> CustomerWords:
    """Return the words that stand out and the quotes of causes."""
    cases = records.filter(pl.col("counted") & pl.col("text").is_not_null())
    open_cases = cases.filter(~_limited())
    of_leaf = {leaf: n for leaf, n in open_cases.filter("is_now").group_by("leaf").len().sort("leaf").iter_rows() if leaf}
    large = [leaf for leaf, n in of_leaf.items() if n >= minimum and leaf != UNCODED] if monthly else []
    leaves = sorted({*large, *(leaf for cause in causes for leaf, _ in cause.leaves)})
    caused = sorted({record for cause in causes for record in cause.rows})
    wanted = open_cases.filter(pl.col("leaf").is_in(leaves) & ~pl.col("record_id").is_in(caused))
    now = wanted.filter("is_now")
    share = min(2.0, PAST_AT_MOST / max(now.height, 1))
    limit = pl.col("leaf").replace_strict(
        {leaf: max(int(share * n), PAST_OF_LEAF) for leaf, n in of_leaf.items()}, default=PAST_OF_LEAF
    )
    past = wanted.filter(~pl.col("is_now")).sort("record_id").filter(pl.int_range(pl.len()).over("leaf") < limit)
    read = pl.concat([cases.filter(pl.col("record_id").is_in(caused)), now, past]).sort("record_id")
    read = read.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int32))
    uses = lexicon.words_of(read["text"])
    weekly = {leaf: _dispersion(read.filter((pl.col("leaf") == leaf) & ~pl.col("is_now")), uses) for leaf in leaves}
    openly = read.filter(~_limited())
    comparisons = []
    for cause in causes:
        mine = pl.col("record_id").is_in(list(cause.rows))
        others = pl.col("leaf").is_in([leaf for leaf, _ in cause.leaves]) & ~pl.col("record_id").is_in(caused)
        if cause.track not in RESTRICTED:
            comparisons.append(
                WordComparison(
                    cause.cause_id, openly.filter(mine)["row"], openly.filter(others)["row"], weekly.get(cause.leaf, 1.0)
                )
            )
    of_causes = standing_out(comparisons, uses, read, lexicon, at_most=CAUSE_WORDS, min_cases=CAUSE_CASES, min_share=CAUSE_SHARE)
    grown = standing_out(
        [
            WordComparison(leaf, cases.filter("is_now")["row"], cases.filter(~pl.col("is_now"))["row"], weekly[leaf])
            for leaf, cases in ((leaf, openly.filter(pl.col("leaf") == leaf)) for leaf in large)
        ],
        uses,
        read,
        lexicon,
        at_most=GROWN_OF_LEAF,
    )
    ranked = sorted((word for words in grown.words.values() for word in words), key=lambda word: (-word.z, word.leaf, word.word))
    return CustomerWords(
        cause_words=of_causes.words,
        cause_quotes=_quotes(causes, read, uses, lexicon),
        grown=tuple(ranked[:GROWN]),
        tested=of_causes.tested + grown.tested,
    )


def _dispersion(past: pl.DataFrame, uses: pl.DataFrame) -> float:
    weekly = uses.join(past.select("row", "week"), on="row").group_by("week", "term").len("n")
    return dispersion(weekly, past.group_by("week").len("cases"))


def _quotes(causes: list[Cause], read: pl.DataFrame, uses: pl.DataFrame, lexicon: Lexicon) -> dict[str, Quote]:
    found: dict[str, Quote] = {}
    rarity = rarities(uses, read.height)
    for cause in causes:
        mine = read.filter(pl.col("record_id").is_in(list(cause.rows)) & (pl.col("leaf") == cause.leaf))
        places = mine.select("row", place=pl.int_range(pl.len(), dtype=pl.Int32))
        quote = representative(mine, lexicon, uses.join(places, on="row").select("term", row="place"), rarity)
        if quote is not None:
            found[cause.cause_id] = quote
    return found
