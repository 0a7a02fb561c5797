"""Words of texts: which record uses which word, each word once a record."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

from tasks.shop.words import Words

READ = 400
"""Characters of a text that are read: people name the problem at the beginning."""

LONGEST = 6
"""Han characters of the longest pair of words."""

_PERSONAL = r"\[\p{Han}{1,4}\]|https?://[!-~]+|[A-Za-z0-9._%+-]*@[A-Za-z0-9.-]*|[A-Za-z0-9#-]*\d{5,}[A-Za-z0-9#-]*|\d{3,4}[ -]\d{4,}(?:[ -]\d+)*"
"""What scrubbing left behind, addresses of mail and web, long numbers: never read as words."""

_SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭郎鲁韦马苗凤方俞任袁柳唐罗薛雷贺倪汤"
    "滕殷毕郝邬安常乐于傅齐康伍余顾孟黄穆萧尹姚邵汪毛狄臧戴宋庞熊纪舒屈项祝董梁杜阮蓝闵季贾江颜郭梅林钟徐邱骆高夏蔡田樊胡凌霍虞"
    "万柯管卢莫房丁邓洪包左石崔龚程邢裴陆翁侯段巫焦牧谷车全班秋仲宫宁仇甘厉祖符刘景龙叶黎薄白怀蒲赖卓池乔闻翟谭"
)
ADDRESSED = re.compile(rf"(?:^|.)(?:[小老阿][{_SURNAMES}]|[{_SURNAMES}](?:师傅|先生|女士|小姐|经理|主管|老师|大姐|大哥))")
"""A person by surname: 小王, 李师傅."""

_WORD = r"\p{Latin}[\p{Latin}'’]*|[.!?;:…。！？；：]"
_SIGNS = [".", "!", "?", ";", ":", "…", "。", "！", "？", "；", "："]
_HAN = r"[\u4e00-\u9fff]"


class Lexicon:
    """How a shop's texts are cut into words, and which words may be printed.

    Chinese is cut by rjieba's dictionary and the shop's own short words, without guessing unknown words: what it does not
    know, a person's name among them, falls apart into characters. Words of other scripts end where their letters end; one
    that is written with a capital within sentences is a name and left out. Numbers are no words.

    Args:
        words: The shop's phrases, stop words, and words with legal effect.
        names: Names of the shop's own people.
    """

    def __init__(self, words: Words, names: Iterable[str] = ()) -> None:
        phrases = (phrase for groups in words.leaves.values() for group in groups for phrase in group.phrases)
        self._own = {phrase for phrase in phrases if re.fullmatch(_HAN + "{2,3}", phrase)} | set(words.vocabulary.keep)
        import rjieba  # reads its dictionary of 24 MB when it is loaded

        self._segmenter = rjieba.Jieba()
        for word in sorted(self._own):
            self._segmenter.add_word(word, 20_000, "n")
        self._words = words
        self._names = sorted(names)
        self._stop = sorted({*words.vocabulary.stop, *(word.replace("'", "") for word in words.vocabulary.stop)})

    def words_of(self, texts: pl.Series) -> pl.DataFrame:
        """Return which text uses which word or pair of neighbouring words.

        Args:
            texts: Scrubbed texts, null where there is none.

        Returns:
            Columns `row` (position in `texts`) and `term`, each pair once, sorted.
        """
        clean = texts.fill_null("").str.slice(0, READ).str.replace_all(_PERSONAL, " ")
        frame = pl.DataFrame({"text": clean}).with_columns(row=pl.int_range(pl.len(), dtype=pl.Int32))
        return pl.concat([self._chinese(frame), self._alphabetic(frame)]).unique().sort("row", "term")

    def printable(self, term: str) -> bool:
        """Whether a word may stand in a report: no person's name, no word with legal effect."""
        return not self.holds_legal_word(term) and (term in self._own or not self.is_named(term))

    def is_named(self, text: str) -> bool:
        """Return whether a word or text seems to name a person.

        A name is what the segmenter guesses to be one, a known one that begins with a surname, a surname with a title, or one
        of the shop's own people; words that only look like names are listed in the shop's vocabulary.
        """
        if ADDRESSED.search(text) or any(name in text for name in self._names):
            return True
        return any(
            flag.startswith("nr")
            and len(part) > 1
            and part not in self._own
            and (part[0] in _SURNAMES or not self._segmenter.has_word(part))
            for part, flag in self._segmenter.tag(text, True)
        )

    def holds_legal_word(self, text: str) -> bool:
        """Whether a text holds a word with legal effect."""
        return bool(self._words.gate_hits(text))

    def _chinese(self, frame: pl.DataFrame) -> pl.DataFrame:
        lines = frame.with_columns(pl.col("text").str.replace_all(r"[^\p{Han}]+", " ").str.strip_chars()).filter(
            pl.col("text") != ""
        )
        pieces = pl.DataFrame({"term": self._segmenter.cut("\n".join(lines["text"].to_list()), False)}, {"term": pl.String})
        pieces = pieces.with_columns(line=(pl.col("term") == "\n").cum_sum(), size=pl.col("term").str.len_chars())
        pieces = pieces.with_columns(
            row=lines["row"].gather(pieces["line"]),
            usable=~pl.col("term").is_in([" ", "\n", *self._stop]),
            denies=pl.col("term").is_in(self._words.cues.negation),
        )
        after = pieces.select("term", "usable", "denies", "size").shift(-1)
        pieces = pieces.with_columns(after.rename(lambda name: f"next_{name}"))
        single = pieces.filter(pl.col("usable") & (pl.col("size") > 1) & ~pl.col("denies"))
        # 没有 and 不 mean something only with what follows; a lone character joins another lone one: 掉漆
        fits = pl.col("denies") | ((pl.col("size") == 1) == (pl.col("next_size") == 1))
        paired = pieces.filter(
            pl.col("usable")
            & pl.col("next_usable")
            & ~pl.col("next_denies")
            & fits
            & (pl.col("size") + pl.col("next_size") <= LONGEST)
        ).select("row", term=pl.col("term") + pl.col("next_term"))
        return pl.concat([single.select("row", "term"), paired.filter(~pl.col("term").is_in(self._stop))])

    def _alphabetic(self, frame: pl.DataFrame) -> pl.DataFrame:
        lines = frame.filter(pl.col("text").str.contains(r"\p{Latin}{3}"))
        pieces = lines.select("row", said=pl.col("text").str.extract_all(_WORD)).explode("said").drop_nulls()
        pieces = pieces.with_columns(
            term=pl.col("said").str.to_lowercase().str.replace_all("['’]", ""),
            capital=pl.col("said").str.contains(r"^\p{Lu}\p{Ll}+$"),
            begins=(pl.col("row") != pl.col("row").shift(1)).fill_null(value=True) | pl.col("said").shift(1).is_in(_SIGNS),
        )
        inside = pieces.filter(~pl.col("begins")).group_by("term").agg(named=pl.col("capital").mean())
        names = inside.filter(pl.col("named") > 0.5)["term"]
        usable = (
            pl.col("term").str.contains(r"^\p{Latin}{3,20}$")
            & ~pl.col("term").is_in(self._stop)
            & ~pl.col("term").is_in(names.implode())
            & ~(pl.col("capital") & ~pl.col("begins"))
            & ~pl.col("term").str.contains(r"^x+$")
        )
        pieces = pieces.with_columns(usable=usable)
        beside = pl.col("usable") & pl.col("usable").shift(-1, fill_value=False) & (pl.col("row") == pl.col("row").shift(-1))
        paired = pieces.with_columns(beside=beside, after=pl.col("term").shift(-1)).filter("beside")
        return pl.concat(
            [
                pieces.filter("usable").select("row", "term"),
                paired.select("row", term=pl.concat_str("term", "after", separator=" ")),
            ]
        )
