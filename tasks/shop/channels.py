"""The sources of a shop and how each maps to one canonical table, without code.

No key is named `on`, `null`, `true` or `no`: YAML would not read it as a word.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from tasks.model.tables import STAMPS, TABLES
from tasks.shop.names import Named, as_the_shop
from tasks.shop.section import ConfigSection
from tasks.shop.sources.kinds import PLAIN
from tasks.shop.sources.selection import Selection
from tasks.shop.sources.source import Source
from tasks.shop.time_forms import TimeForm
from tasks.shop.zones import Zone

NULLS = ("", "/", "-", "无", "nan", "NaN", "null", "NULL", "None", "N/A")
"""Cells that count as empty, unless a channel says otherwise."""

CONSTANTS = ("source", "platform", "shop", "market", "origin")
"""Columns that a channel may give one value for all its rows."""

if TYPE_CHECKING:
    Read = Source
else:
    Read = Annotated[reduce(or_, (*PLAIN, Selection)), Field(discriminator="kind")]


class ValueCase(ConfigSection):
    """One ordered predicate: the first whose `when` holds gives `then`.

    when: Boolean SQL expression. It sees the native columns, and the canonical columns mapped without cases, which win over
        native ones of the same name: `rating <= 2 AND text LIKE '%破%'`, `"If product is faulty" = 'True'`.
    then: The value; for a list column, a list.
    """

    when: str
    then: Any


class Lookup(ConfigSection):
    """A look-up table.

    file: CSV (UTF-8) in the shop's config folder, or a path with `{shared}` (gz allowed).
    key, value: Its columns.
    """

    file: str
    key: str = "key"
    value: str = "value"


class MappedColumn(ConfigSection):
    """How one canonical column is made. Short: `text: content` is `{from: content}`, `text: [content, body]` the first of them that
    is not empty; `origin: "=online"` is `{const: online}`.

    from: SourceRows column, or path `a.b.c`; of several, the first that is not empty (older and newer names of a column: a file
        needs one of them).
    const: The same value for every row.
    concat, separator: SourceRows columns or paths put together; empty ones are left out.
    sql: A Polars SQL expression over the native columns.
    cases, otherwise: Ordered predicates, and the value where none holds.
    numbered: Texts that come again in one file are told apart by a number: `1001/LMP`, `1001/LMP/2`. For lines without a number of
        their own; an export that holds the order again, in another file, means the same lines.
    extract: Regular expression; its first group (or whole match) is kept.
    empty: Cells that mean nothing, beside the channel's.
    map: SourceRows value → canonical value.
    lookup: The same from a file.
    unmapped: What a value absent from `map` becomes: `null` (and a flag), `keep`, or `=value`.
    dates: Forms of a time, tried in order: `iso`, `epoch_s`, `epoch_ms`, `half_day` (2026/11/2 下午3:05), `minguo` (115/11/2 and
        民國115年11月2日: years of Taiwan's calendar), `month_day` (11.2; the year is that in which the moment lies nearest before the
        window's end), `day_first` (2/11/2026 3:05 PM), `month_first`, `serial` (days as Excel counts them), or a strptime format.
        `auto`: iso, half_day, minguo, names of months, serial, and numbers with slashes or stops, whose order the cells of the
        column decide (a day above 12); where none does, each is flagged `date_doubtful:<column>`. So are cells that fit two listed
        formats that differ in the order of day and month.
    zone: Zone of a time without one; the channel's by default.
    decimal: The decimal sign of a number, `point` or `comma`; the channel's by default.
    factor: A number is multiplied by this.
    times: SourceRows column of numbers by which a number is multiplied: `{from: Unit price, times: Quantity}`.
    plus_minutes: SourceRows column of minutes that are added to a time: `{from: Created at, plus_minutes: First reply time in minutes}`.
    means_yes, means_no: Cells that mean yes and no.
    split: Separator of a list.
    digest: SourceRows columns of whose values a hash is taken (16 hex digits).
    keyed: The value is a person's or case's identifier and is replaced by a keyed HMAC (always so for `customer_ref`).
    required: An unreadable or empty value sends the row to quarantine; by default so for the table's required columns.
    type: For `extras` only.
    """

    from_: Annotated[
        list[str],
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    ] = Field(default_factory=list, alias="from")
    const: Any = None
    concat: list[str] = Field(default_factory=list)
    separator: str = " "
    numbered: bool = False
    sql: str = ""
    cases: list[ValueCase] = Field(default_factory=list)
    otherwise: Any = None
    extract: str = ""
    empty: list[str] = Field(default_factory=list)
    map: dict[str, Any] = Field(default_factory=dict)
    lookup: Lookup | None = None
    unmapped: str = "null"
    dates: list[TimeForm] = Field(default_factory=list)
    zone: Zone = ""
    decimal: Literal["", "auto", "point", "comma"] = ""
    factor: float = 1.0
    times: str = ""
    plus_minutes: str = ""
    means_yes: list[str] = Field(default_factory=list)
    means_no: list[str] = Field(default_factory=list)
    split: str = ""
    digest: list[str] = Field(default_factory=list)
    keyed: bool = False
    required: bool | None = None
    type: Literal["str", "int", "float", "bool", "time", "day", "list"] = "str"

    @field_validator("map", mode="before")
    @classmethod
    def _text_keys(cls, value: Any) -> Any:
        """Turn YAML's numbers and booleans (1, 2.0, true) into text, as native cells are."""
        if not isinstance(value, dict):
            return value
        return {str(key).lower() if isinstance(key, bool) else str(key): item for key, item in value.items()}

    @model_validator(mode="after")
    def _one_origin(self) -> MappedColumn:
        origins = [
            bool(self.from_),
            self.const is not None,
            bool(self.concat),
            bool(self.sql),
            bool(self.cases),
            bool(self.digest),
        ]
        if sum(origins) != 1:
            raise ValueError("give exactly one of `from`, `const`, `concat`, `sql`, `cases`, `digest`")
        if self.times and self.plus_minutes:
            raise ValueError("give one of `times` and `plus_minutes`")
        return self

    @property
    def operands(self) -> tuple[str, ...]:
        """The column by which a value is changed, if there is one."""
        return tuple(filter(None, (self.times, self.plus_minutes)))


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return {"const": value[1:]} if value.startswith("=") else {"from": value}
    if isinstance(value, bool):
        raise ValueError(
            "YAML reads no, yes, on and off as true or false: put a column of that name in quotes, or write {const: false}"
        )
    if isinstance(value, (int, float)):
        return {"const": value}
    return {"from": value} if isinstance(value, list) else value


OneColumn = Annotated[MappedColumn, BeforeValidator(_short)]


class Channel(ConfigSection):
    """One source that feeds one canonical table.

    name: Lower-case id; it stays for ever, records are keyed by it.
    label: Its name for readers, `{zh: 工单, en: Tickets}`.
    table: Canonical table (tasks/model/tables.py TABLES).
    read: Where and how it is read; `kind` is a module of tasks/shop/sources.
    source: For feedback: ticket, chat, mail, review, social, form, store, call, regulator, aftersale, survey.
    platform, shop, market: Constant of every row, unless `columns` maps them.
    origin: For feedback: online or offline.
    zone: Zone of times without one; by default the shop's.
    empty: Cells that mean nothing, in every column.
    dates: Forms of a time where a column names none.
    decimal: The decimal sign of numbers, `point` or `comma`; `auto` finds it for each column from its own cells, and flags a cell
        that can be read in two ways (`1.000`) with `number_doubtful:<column>`.
    where: Boolean SQL over native columns; other rows are not of this channel and are not counted as read.
    columns: Canonical column → how it is made.
    extras: Further column (dimension or optional field, declared in dimensions.yaml where a figure cuts by it) → how it is made.
    source_id: The source's own id: column, path or `{digest: [...]}`; empty means the table's key, or for feedback
        a hash of all cells but those of its state.
        Rows with one given id are versions of one record.
    repeats: What rows with equal digest are: `number`: each a record of its own, numbered in a fixed order; `drop`: one record
        given again.
    version: The source's update stamp or version; empty means a hash of the row's content.
    stamp: The time at which the source got to know the row.
    ingested_from: `pull`: known since our pull; `stamp`: on the first load, known since the source's stamp.
    window_by: For servers: `stamp` reads rows with stamp in the window (and overlap); `all` reads all each time (the lake knows what
        is new); empty means `stamp` where there is one. Files are read whole, once for each content.
    overlap_hours: For servers: how far a window reaches back beyond its start, at least; more where the source's rows have come later.
    keeps_hours: For servers: how far back the source still answers, 0 for ever; a pull that comes later says what is lost.
    expected_daily: Fewest rows of a whole day; fewer is told as incomplete. 0 means no expectation.
    complete_by: Local time on the day after a period by which the source is complete, `09:00`.
    rows_gone: For files: what becomes of rows that a corrected file of the same name no longer holds. `withdraw`: they no longer
        count; `keep`: they do. `auto` withdraws rows without an id of their own, and keeps those with one, because an export of open
        cases drops the closed ones.
    base: Rows of this channel are the base of rates where shop.yaml's base is reviews or records.
    flags: Flags that every row carries.
    scrub: Further text columns (extras too) that are scrubbed beside text, title and expected_solution.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    label: Named = Named()
    table: str
    read: Read
    source: str = ""
    platform: str = ""
    shop: str = ""
    market: str = ""
    origin: Literal["", "online", "offline"] = ""
    zone: Zone = "Asia/Shanghai"
    empty: list[str] = Field(default_factory=lambda: list(NULLS))
    dates: list[TimeForm] = Field(default_factory=lambda: ["auto"])
    decimal: Literal["auto", "point", "comma"] = "auto"
    where: str = ""
    columns: dict[str, OneColumn]
    extras: dict[str, OneColumn] = Field(default_factory=dict)
    source_id: OneColumn | None = None
    repeats: Literal["number", "drop"] = "number"
    version: OneColumn | None = None
    stamp: OneColumn | None = None
    ingested_from: Literal["pull", "stamp"] = "pull"
    window_by: Literal["", "stamp", "all"] = ""
    overlap_hours: float = Field(72, ge=0)
    keeps_hours: float = Field(0, ge=0)
    expected_daily: float = Field(0, ge=0)
    rows_gone: Literal["auto", "keep", "withdraw"] = "auto"
    complete_by: str = Field("", pattern=r"^(\d\d:\d\d)?$")
    base: bool = False
    flags: list[str] = Field(default_factory=list)
    scrub: list[str] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _has_the_shops_zone(cls, value: Any, info: ValidationInfo) -> Any:
        return as_the_shop(value, info, "zone", "Asia/Shanghai")

    @model_validator(mode="after")
    def _fits(self) -> Channel:
        if self.table not in TABLES:
            raise ValueError(f"table {self.table!r} is not one of {', '.join(TABLES)}")
        table = TABLES[self.table]
        unknown = [name for name in self.columns if name not in table.columns]
        if unknown:
            raise ValueError(f"{', '.join(unknown)}: not a column of {self.table}; declare further columns under `extras`")
        twice = [name for name in self.extras if name in table.columns or name in STAMPS or name in ("stamp", "flags")]
        if twice:
            raise ValueError(
                f"{', '.join(twice)}: this name belongs to the table itself: move it to `columns`, or choose another for `extras`"
            )
        given = {"record_id", *self.columns} | {name for name in CONSTANTS if getattr(self, name)}
        missing = [name for name in table.required if name not in given]
        if missing:
            raise ValueError(f"{self.table} needs {', '.join(missing)} under `columns`")
        if self.ingested_from == "stamp" and self.stamp is None:
            raise ValueError("`ingested_from: stamp` needs `stamp`")
        if self.window_by == "stamp" and self.stamp is None:
            raise ValueError("`window_by: stamp` needs `stamp`")
        return self

    @property
    def has_own_ids(self) -> bool:
        """Whether the source names each row itself, so that a changed row is still known for the same one."""
        key = TABLES[self.table].key
        if self.read.kind == "mailbox":
            return True
        if self.source_id is not None:
            return not self.source_id.digest
        return len(key) == 1 and key != ("record_id",) and not self.columns[key[0]].digest

    @property
    def order_column(self) -> str:
        """The source's column of the order number, for lines of orders; empty if it is none or made of several."""
        spec = self.columns.get("tid") if self.table == "order_line" else None
        return spec.from_[0] if spec is not None and len(spec.from_) == 1 else ""

    def title(self, language: str) -> str:
        """Return the channel's name in a language."""
        return self.label.of(language) or self.name


class Channels(ConfigSection):
    """All sources of a shop. channels: In the order in which they are pulled; names are unique."""

    channels: list[Channel] = Field(default_factory=list)

    @model_validator(mode="after")
    def _unique(self) -> Channels:
        names = [channel.name for channel in self.channels]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two channels are named {', '.join(twice)}")
        return self

    def __iter__(self) -> Any:
        return iter(self.channels)

    @property
    def platforms(self) -> tuple[str, ...]:
        """Platforms in the order in which channels first name them, as a constant or among a mapping's values."""
        named: list[str] = []
        for channel in self.channels:
            column = channel.columns.get("platform")
            mapped = [column.const, *column.map.values()] if column else []
            named += [str(platform) for platform in (channel.platform, *mapped) if platform]
        return tuple(dict.fromkeys(named))

    def named(self, name: str) -> Channel | None:
        """Return a channel by name, or None if there is none."""
        return next((channel for channel in self.channels if channel.name == name), None)
