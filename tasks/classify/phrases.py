"""Reading texts by phrases: one Aho-Corasick pass for problems, negations and cues together."""

from __future__ import annotations

import re
from dataclasses import dataclass

import polars as pl

from tasks.shop.taxonomy import Taxonomy
from tasks.shop.words import Words
from tasks.traditional import simplified, simplified_texts

GAP = " … "
"""Separates the two parts of a phrase that may stand apart."""

EXTRA_PHRASE = 0.5
"""What each further phrase of a leaf adds to the score of the heaviest; at most four count."""

SIMPLE_CUES = (
    "question",
    "question_end",
    "polite",
    "suggestion",
    "praise",
    "dissatisfied",
    "strong",
    "mild",
    "sarcasm",
    "hedge",
    "vague",
    "legal",
    "repeat",
    "time_critical",
    "no_reason_return",
)
NEGATABLE_CUES = frozenset({"praise", "dissatisfied", "vague"})


@dataclass(frozen=True)
class Reading:
    """What the texts say.

    `problems` has text_id, leaf, symptom, score; `cues` has text_id and one count for each cue, request counts as `request_…`.
    """

    problems: pl.DataFrame
    cues: pl.DataFrame


def normalised(text: pl.Expr) -> pl.Expr:
    """Normalise case, quotes, widths and traditional characters, drop spaces after Chinese ones, and begin every Latin word with a space."""
    flat = simplified_texts(text.str.normalize("NFKC")).str.to_lowercase().str.replace_all("[’‘`]", "'")
    flat = flat.str.replace_all(r"(\p{Han})\s+", "${1}").str.replace_all(r"\s+", " ")
    return (pl.lit(" ") + flat).str.replace_all(r"([^a-z0-9' ])([a-z])", "${1} ${2}")


def bounded(phrase: str) -> str:
    """Return a phrase as it stands in a normalised text: `rash` must not be found in «crash»."""
    spaced = re.sub(r"([^a-z0-9' ])([a-z])", r"\1 \2", simplified(phrase))
    return f" {spaced}" if re.match("[a-z]", spaced) else spaced


class PhraseBook:
    """All phrases of a shop, compiled to patterns.

    Args:
        words: Phrases and cues.
        taxonomy: Leaves; phrases of leaves that it lacks are left out.
    """

    def __init__(self, words: Words, taxonomy: Taxonomy) -> None:
        self._rules: list[tuple[str, str | None, str, str, float, str]] = []  # part, other part, leaf, symptom, weight, name
        self._order = {leaf: place for place, leaf in enumerate(words.leaves)}
        negatable: dict[str, bool] = {}
        for leaf, groups in words.leaves.items():
            if leaf not in taxonomy.every_leaf:
                continue
            for group in groups:
                for phrase in group.phrases:
                    self._add(phrase, leaf, group.symptom, group.weight)
                    for part in phrase.split(GAP):
                        negatable[part] = negatable.get(part, True) and group.negatable and GAP not in phrase
        self._cue_columns: list[str] = []
        cue_lists = {name: getattr(words.cues, name) for name in SIMPLE_CUES}
        cue_lists |= {f"request_{name}": phrases for name, phrases in words.cues.request.items()}
        for cue, phrases in cue_lists.items():
            self._cue_columns.append(f"cue_{cue}")
            for phrase in phrases:
                self._add(phrase.lower(), f"cue_{cue}", "", 1.0)
                for part in phrase.lower().split(GAP):
                    negatable[part] = negatable.get(part, True) and cue in NEGATABLE_CUES
        self._patterns = self._compile(negatable, words)

    def _add(self, phrase: str, leaf: str, symptom: str, weight: float) -> None:
        part, _, other = phrase.partition(GAP)
        self._rules.append((part, other or None, leaf, symptom, weight, phrase))

    @staticmethod
    def _compile(negatable: dict[str, bool], words: Words) -> pl.DataFrame:
        """Return pattern → phrase with +1 for a hit, -1 for a negated hit, +1 for one that only looks negated."""
        cues = [(cue.lower(), -1) for cue in words.cues.negation] + [(cue.lower(), 1) for cue in words.cues.not_negation]
        # «n't » ends a word, every other Latin cue begins one.
        before = [(cue if cue.startswith("n't") else bounded(cue), cue[:1].isascii(), sign) for cue, sign in cues]
        patterns, phrases, signs = list[str](), list[str](), list[int]()
        for phrase, can in negatable.items():
            whole = bounded(phrase)
            latin = phrase[:1].isascii()
            denied = [(cue, sign) for cue, is_latin, sign in before if is_latin == latin] if can else []
            patterns += [whole, *(cue + whole.lstrip() for cue, _ in denied)]
            phrases += [phrase] * (len(denied) + 1)
            signs += [1, *(sign for _, sign in denied)]
        return pl.DataFrame(
            {"pattern": patterns, "phrase": phrases, "sign": signs},
            schema={"pattern": pl.String, "phrase": pl.String, "sign": pl.Int64},
        )

    def read(self, texts: pl.DataFrame) -> Reading:
        """Read texts.

        Args:
            texts: Columns `text_id` and `text`; a text is read once.

        Returns:
            Problems sorted by text, score (highest first) and leaf; cue counts, one row per text with any cue.
        """
        patterns = self._patterns["pattern"].unique(maintain_order=True)
        hits = (
            texts.lazy()
            .select("text_id", pattern=normalised(pl.col("text")).str.extract_many(patterns.to_list(), overlapping=True))
            .filter(pl.col("pattern").list.len() > 0)
            .explode("pattern")
            .group_by("text_id", "pattern")
            .len()
            .join(self._patterns.lazy(), on="pattern")
            .group_by("text_id", "phrase")
            .agg(count=(pl.col("sign") * pl.col("len").cast(pl.Int64)).sum())
            .filter(pl.col("count") > 0)
            .select("text_id", "phrase")
            .collect()
        )
        rules = pl.DataFrame(
            self._rules,
            schema={
                "phrase": pl.String,
                "other": pl.String,
                "leaf": pl.String,
                "symptom": pl.String,
                "weight": pl.Float64,
                "name": pl.String,
            },
            orient="row",
        )
        simple = hits.join(rules.filter(pl.col("other").is_null()), on="phrase")
        paired = hits.join(rules.filter(pl.col("other").is_not_null()), on="phrase").join(
            hits.rename({"phrase": "other"}), on=["text_id", "other"]
        )
        fired = pl.concat([frame.select("text_id", "leaf", "symptom", "weight", "name") for frame in (simple, paired)])
        return Reading(self._problems(fired), self._cues(fired))

    def _problems(self, fired: pl.DataFrame) -> pl.DataFrame:
        problems = fired.filter(~pl.col("leaf").str.starts_with("cue_"))
        by_leaf = problems.group_by("text_id", "leaf").agg(
            score=pl.col("weight").max() + EXTRA_PHRASE * (pl.col("name").n_unique() - 1).clip(upper_bound=4),
        )
        by_symptom = (
            problems.filter(pl.col("symptom") != "")
            .group_by("text_id", "leaf", "symptom")
            .agg(strength=pl.col("weight").sum())
            .sort("text_id", "leaf", "strength", "symptom", descending=[False, False, True, False])
            .unique(["text_id", "leaf"], keep="first", maintain_order=True)
            .select("text_id", "leaf", "symptom")
        )
        place = pl.col("leaf").replace_strict(self._order, return_dtype=pl.Int64) if self._order else pl.lit(0, pl.Int64)
        return (
            by_leaf.join(by_symptom, on=["text_id", "leaf"], how="left")
            .with_columns(place=place)
            .sort("text_id", "score", "place", descending=[False, True, False])
            .select("text_id", "leaf", "symptom", "score")
        )

    def _cues(self, fired: pl.DataFrame) -> pl.DataFrame:
        cues = fired.filter(pl.col("leaf").str.starts_with("cue_")).select("text_id", "leaf", "name")
        return (
            cues.group_by("text_id")
            .agg([(pl.col("leaf") == column).sum().cast(pl.Int64).alias(column) for column in self._cue_columns])
            .sort("text_id")
        )

    @property
    def cue_columns(self) -> tuple[str, ...]:
        """Names of the cue counts that a reading holds."""
        return tuple(self._cue_columns)
