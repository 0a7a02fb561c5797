"""What a rule is: one definition that yields the quarantine mask and the Great Expectations expectation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import polars as pl

from expectations.checks import Between, Check, Known, Lacks, Length, NotBefore, OneOf
from tasks.model.tables import TABLES

Level = Literal["row", "flag", "batch"]
"""`row` sends the row to quarantine, `flag` keeps it with a flag, `batch` judges a whole pull."""

Derivation = Callable[[pl.DataFrame], pl.Expr | pl.Series]

CENTURY = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)
"""How far ahead a time may lie: sources' clocks run fast, and a date without a zone may be tomorrow's."""
SKEW = timedelta(days=1)
"""How far two systems' clocks, or a date and a time, may disagree before a row is unusable."""
MONEY_CAP = 10_000_000.0
MANY_ZEROS = frozenset(
    {
        "VND",
        "IDR",
        "KRW",
        "JPY",
        "IRR",
        "LAK",
        "KHR",
        "MMK",
        "UZS",
        "GNF",
        "PYG",
        "COP",
        "CLP",
        "CRC",
        "UGX",
        "TZS",
        "RWF",
        "BIF",
        "MGA",
    }
    | {"XOF", "XAF", "IQD", "LBP", "SYP", "YER", "SLE", "NGN", "ARS", "HUF", "MNT", "AMD", "KZT", "RSD", "PKR", "LKR", "ISK"}
)
"""Currencies whose everyday prices run into thousands: of them ten million is no absurd amount."""
ID_CAP = 200
TEXT_CAP = 100_000


@dataclass(frozen=True)
class Given:
    """What rules need to know beside the rows.

    Args:
        now: The moment of the pull, aware UTC.
        currency: The shop's currency.
        rated: Other currencies for which the shop has exchange rates.
        known: Codes that exist elsewhere, by name: `sku`, `batch_no`, `issue` …; a rule without its codes is left out.
    """

    now: datetime
    currency: str = "CNY"
    rated: frozenset[str] = frozenset()
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One thing that must be true of the data, who is responsible, why, and what to do if it is not.

    Args:
        name: `table.what_is_true`; its code in `flags` and in the quarantine.
        level: What a failure does.
        owner: Role responsible for the source.
        check: The definition.
        reason: Why a failing row cannot be used, by language (`zh-CN`, `en`).
        hint: What to do, by language.
        fields: Columns of the table that the rule reads.
        derived: Columns computed before the check, by name.
    """

    name: str
    level: Level
    owner: str
    check: Check | None
    reason: Mapping[str, str]
    hint: Mapping[str, str]
    fields: tuple[str, ...]
    derived: Mapping[str, Derivation] = field(default_factory=dict)

    @property
    def definition(self) -> Check:
        """The check of a rule on rows."""
        if self.check is None:
            raise TypeError(f"{self.name} checks a whole pull, not its rows.")
        return self.check


def rule(
    name: str,
    level: Level,
    owner: str,
    check: Check,
    zh: tuple[str, str],
    en: tuple[str, str],
    *,
    fields: tuple[str, ...] = (),
    derived: Mapping[str, Derivation] | None = None,
) -> Rule:
    """Return a rule; `zh` and `en` are (reason, what to do)."""
    read = fields or ((check.field, check.earlier) if isinstance(check, NotBefore) else (check.field,))
    reason, hint = {"zh-CN": zh[0], "en": en[0]}, {"zh-CN": zh[1], "en": en[1]}
    return Rule(name, level, owner, check, reason, hint, read, derived or {})


def sane_time(name: str, level: Level, owner: str, column: str, given: Given, zh: tuple[str, str], en: tuple[str, str]) -> Rule:
    """Require that a time or day lies between the year 2000 and a day from now.

    The check uses whole seconds since 2000, because the expectation's own bounds keep only the day of a time.
    """
    name_of_seconds = f"{column} (seconds since 2000)"
    high = (given.now + AHEAD - CENTURY) // timedelta(seconds=1)
    check = Between(name_of_seconds, 0, high)
    return rule(name, level, owner, check, zh, en, fields=(column,), derived={name_of_seconds: _seconds(column)})


def sane_times(
    name: str, owner: str, columns: tuple[str, ...], given: Given, zh: tuple[str, str], en: tuple[str, str]
) -> list[Rule]:
    """Flag rows in which any of these times lies before the year 2000 or more than a day ahead."""
    first, last = "earliest time (seconds since 2000)", "latest time (seconds since 2000)"
    high = (given.now + AHEAD - CENTURY) // timedelta(seconds=1)
    return [
        rule(
            f"{name}_not_ancient",
            "flag",
            owner,
            Between(first, 0),
            zh,
            en,
            fields=columns,
            derived={first: _extreme(columns, pl.min_horizontal)},
        ),
        rule(
            f"{name}_not_ahead",
            "flag",
            owner,
            Between(last, None, high),
            zh,
            en,
            fields=columns,
            derived={last: _extreme(columns, pl.max_horizontal)},
        ),
    ]


def not_long_before(name: str, owner: str, later: str, earlier: str, zh: tuple[str, str], en: tuple[str, str]) -> list[Rule]:
    """Reject a time that precedes the one it must follow by more than the clock skew, and flag one within the skew."""
    gap = f"{later} after {earlier} (seconds)"

    def derive(_: pl.DataFrame) -> pl.Expr:
        return (pl.col(later) - pl.col(earlier)).dt.total_seconds()

    skew = SKEW // timedelta(seconds=1)
    return [
        rule(name, "row", owner, Between(gap, -skew), zh, en, fields=(later, earlier), derived={gap: derive}),
        rule(
            f"{name}_exactly",
            "flag",
            owner,
            NotBefore(later, earlier),
            ("两个系统的时钟相差不到一天", "保留；只用其先后时，按较晚者计"),
            ("two systems' clocks differ by less than a day", "Kept; have the clocks set right."),
        ),
    ]


def one_version(table: str, key: tuple[str, ...], owner: str) -> Rule:
    """Flag rows of one pull that share key and version but differ in content."""
    versions = "rows of this key with other content"

    def derive(frame: pl.DataFrame) -> pl.Expr | pl.Series:
        keys = [name for name in (*key, "source_version", "stamp") if name in frame.columns]
        if not keys or not frame.height:
            return pl.lit(0, dtype=pl.Int64)
        # few rows share a key, so only these are hashed: hashing every row would cost more than all other checks together
        rows = pl.int_range(frame.height, eager=True, dtype=pl.UInt32)
        for names in (keys[:1], keys):
            part = frame.select(names)[rows] if rows.len() < frame.height else frame.select(names)
            repeated = (part.to_series() if len(names) == 1 else part.select(pl.struct(names)).to_series()).is_duplicated()
            rows = rows.filter(repeated)
            if rows.is_empty():
                return pl.lit(0, dtype=pl.Int64)
        part = frame[rows]
        other = part.select(pl.struct(keys).alias("key"), part.hash_rows(seed=0).alias("content"))
        others = other.select((pl.col("content").n_unique().over("key") - 1).cast(pl.Int64)).to_series()
        return pl.zeros(frame.height, dtype=pl.Int64, eager=True).scatter(rows, others)

    return rule(
        f"{table}.one_version",
        "flag",
        owner,
        Between(versions, None, 0),
        ("同一次拉取里同一主键出现不同内容", "以后到者为准；请来源按主键去重"),
        ("one pull holds this key with different contents", "The later one counts; let the source deliver each key once."),
        fields=key,
        derived={versions: derive},
    )


def money(table: str, column: str, level: Level, owner: str, label: tuple[str, str], given: Given) -> Rule:
    """Require an amount of at least 0 and less than ten million, or a thousand times that where money has many zeros (VND, KRW)."""
    many_zeros = not MANY_ZEROS.isdisjoint({given.currency, *given.rated})
    cap, cap_zh, cap_en = (
        (MONEY_CAP * 1_000, "一百亿", "ten thousand million") if many_zeros else (MONEY_CAP, "一千万", "ten million")
    )
    return rule(
        f"{table}.{column}_sane",
        level,
        owner,
        Between(column, 0, cap, below=True),
        (f"{label[0]}为负或不小于{cap_zh}", "核对单位（元/分）和正负号后重新导出"),
        (f"{label[1]} is negative or {cap_en} and more", "Check unit (yuan or fen) and sign, then export again."),
    )


def coded(table: str, column: str, level: Level, owner: str) -> Rule:
    """Require that a coded column holds one of the codes declared in the model."""
    values = TABLES[table].described[column].values
    return rule(
        f"{table}.{column}_coded",
        level,
        owner,
        OneOf(column, values),
        (f"{column} 不是约定的代码", f"在 channels.yaml 的值映射里补上该值；可用：{'、'.join(values)}"),
        (f"{column} is none of the agreed codes", f"Add the value to the channel's value map; codes: {', '.join(values)}."),
    )


def required(table: str, column: str, owner: str, label: tuple[str, str]) -> Rule:
    """Require that a column is filled in."""
    return rule(
        f"{table}.{column}_known",
        "row",
        owner,
        Known(column),
        (f"缺{label[0]}", "在来源里补上，或检查 channels.yaml 里这一列的映射"),
        (f"no {label[1]}", "Fill it in at the source, or check this column's mapping in channels.yaml."),
    )


def convertible(table: str, given: Given) -> Rule:
    """Flag a row whose amounts are in a currency that is neither the shop's nor one with a rate."""
    return rule(
        f"{table}.currency_of_shop",
        "flag",
        "财务",
        OneOf("currency", tuple(sorted({given.currency, *given.rated}))),
        ("币种既非店铺币种，也没有汇率，金额不计", "在 exchange_rates.csv 里补上这一币种的汇率"),
        ("a currency without a rate to the shop's: the amounts are not counted", "Add its rates to exchange_rates.csv."),
    )


def identified(table: str, column: str, owner: str, label: tuple[str, str]) -> list[Rule]:
    """Require an id that is present, not blank and at most 200 characters long."""
    return [
        required(table, column, owner, label),
        rule(
            f"{table}.{column}_sound",
            "row",
            owner,
            Length(column, 1, ID_CAP),
            (f"{label[0]}为空或超过 {ID_CAP} 字", "检查是否把整段文字映射成了编号"),
            (f"{label[1]} is empty or longer than {ID_CAP} characters", "Check whether a whole text was mapped to an id."),
        ),
    ]


def known_sku(table: str, owner: str, given: Given) -> list[Rule]:
    """Flag a SKU that is not in the product table; no rule if no SKUs are known."""
    if "sku" not in given.known:
        return []
    return [
        rule(
            f"{table}.sku_listed",
            "flag",
            owner,
            OneOf("sku", tuple(sorted(given.known["sku"]))),
            ("商品表里没有这个 SKU", "补进商品表，或作为旧链接的别名登记"),
            ("the product table does not hold this SKU", "Add it to the products, or as an alias of an old listing."),
        )
    ]


def batch_readable(table: str, owner: str) -> list[Rule]:
    """Flag meaningless batch numbers, and those with a letter O among digits."""
    return [
        rule(
            f"{table}.batch_no_telling",
            "flag",
            owner,
            Lacks("batch_no", r"(?i)^\s*(?:无|没有|不详|不清楚|不知道|未知|[/\\.?？—*x-]+|n/?a|none|null|nil|0+)?\s*$"),
            ("批次号等于没填", "按序列号或发货日期推定批次；提醒填写人看底部铭牌"),
            ("the batch number says nothing", "Infer it from serial number or ship date; ask for the label's number."),
        ),
        rule(
            f"{table}.batch_no_digits",
            "flag",
            owner,
            Lacks("batch_no", r"[0-9][OoIl][0-9]"),
            ("批次号数字里混有字母 O、I 或 l", "按数字 0 或 1 核对后更正"),
            ("a letter O, I or l stands among the batch number's digits", "Check against 0 or 1 and correct it."),
        ),
    ]


def _seconds(column: str) -> Derivation:
    def derive(frame: pl.DataFrame) -> pl.Expr:
        return _since_2000(frame, column)

    return derive


def _extreme(columns: tuple[str, ...], pick: Callable[..., pl.Expr]) -> Derivation:
    def derive(frame: pl.DataFrame) -> pl.Expr:
        there = [name for name in columns if name in frame.columns]
        stamps = [_since_2000(frame, name) for name in there if frame[name].null_count() < frame.height]
        return pick(stamps) if stamps else pl.lit(None, dtype=pl.Int64)

    return derive


def _since_2000(frame: pl.DataFrame, column: str) -> pl.Expr:
    stamp = pl.col(column)
    if frame.schema[column] == pl.Date:
        return (stamp.cast(pl.Int64) - (CENTURY.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days) * 86_400
    return stamp.dt.epoch("s") - int(CENTURY.timestamp())
