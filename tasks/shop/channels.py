"""The sources of a shop and how each maps to one canonical table, without code.

No key is named `on`, `null`, `true` or `no`: YAML would read it as something else than a word.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from tasks.model.tables import STAMPS, TABLES
from tasks.shop.section import Section

NULLS = ("", "/", "-", "无", "nan", "NaN", "null", "NULL", "None", "N/A")
"""Cells that mean nothing, unless a channel says otherwise."""


class Auth(Section):
    """How a server knows us.

    kind: `none`, `bearer`, `basic` or `header`.
    secret: Name of the secret: the environment variable `AFTERSALES_SECRET_<NAME>` or the file `HOME/secrets/<name>`; never the
        secret itself.
    user: User name for `basic`.
    header: Header name for `header`.
    """

    kind: Literal["none", "bearer", "basic", "header"] = "none"
    secret: str = ""
    user: str = ""
    header: str = "X-Api-Key"

    @model_validator(mode="after")
    def _complete(self) -> Auth:
        if self.kind != "none" and not self.secret:
            raise ValueError(f"auth of kind {self.kind} needs `secret`, the name of a secret")
        if self.kind == "basic" and not self.user:
            raise ValueError("auth of kind basic needs `user`")
        return self


class Paging(Section):
    """How the next page is found.

    kind: `none`; `cursor`: send `param` with the value found at `next`; `page`: count `param` up from `first` until a page is
        empty; `link`: follow the address found at `next` (or in the HTTP header Link).
    param: Query parameter of the cursor or page number.
    next: Path of the next cursor or address in the answer.
    first: Number of the first page.
    size_param, size: Query parameter of the page size, and its value.
    """

    kind: Literal["none", "cursor", "page", "link"] = "none"
    param: str = ""
    next: str = ""
    first: int = 1
    size_param: str = ""
    size: int = Field(default=200, ge=1, le=5000)


class HttpApi(Section):
    """A JSON API over HTTP.

    url: Address; `{NAME}` is not replaced, parameters go to `params`.
    url_secret: Instead of `url`: name of the secret that holds the address.
    params: Fixed query parameters.
    auth, paging: See there.
    records: Path of the list of records in the answer (`data.items`); empty means the answer is the list.
    since, until: Query parameters that take the window's ends; empty means that the server is asked for all.
    times: How the window's ends are written: `iso`, `epoch_s`, `epoch_ms` or a strftime format in the channel's zone.
    retries: How often a 429 or 5xx answer or a broken connection is tried again.
    timeout_s: Seconds a single answer may take.
    max_pages, max_mb: Limits beyond which the pull is given up.
    """

    kind: Literal["http_api"]
    url: str = ""
    url_secret: str = ""
    params: dict[str, str | int | float | bool] = Field(default_factory=dict)
    auth: Auth = Auth()
    paging: Paging = Paging()
    records: str = ""
    since: str = ""
    until: str = ""
    times: str = "iso"
    retries: int = Field(3, ge=0, le=10)
    timeout_s: float = Field(30, gt=0, le=600)
    max_pages: int = 10_000
    max_mb: int = 1_000

    @model_validator(mode="after")
    def _address(self) -> HttpApi:
        if bool(self.url) == bool(self.url_secret):
            raise ValueError("give either `url` or `url_secret`")
        if self.paging.kind in ("cursor", "page") and not self.paging.param:
            raise ValueError(f"paging by {self.paging.kind} needs `param`")
        if self.paging.kind == "cursor" and not self.paging.next:
            raise ValueError("paging by cursor needs `next`")
        return self


class Mailbox(Section):
    """A mailbox: a Maildir folder, or IMAP. Its native columns: id, message_id, thread, from, to, subject, date, text,
    attachments (number), attachment_names, size (bytes).

    maildir: Path of a Maildir folder.
    host, port, user, secret, folder, security: The IMAP account; `secret` names the password; `none` is for loopback only.
    max_mb: A larger mail is refused before it is read; it goes to quarantine by its size.
    max_parts, max_depth: Limits of a mail's structure.
    max_text: Characters of text that are kept.
    """

    kind: Literal["mailbox"]
    maildir: str = ""
    host: str = ""
    port: int = 993
    user: str = ""
    secret: str = ""
    folder: str = "INBOX"
    security: Literal["tls", "starttls", "none"] = "tls"
    max_mb: float = 10
    max_parts: int = 100
    max_depth: int = 10
    max_text: int = 20_000

    @model_validator(mode="after")
    def _place(self) -> Mailbox:
        if bool(self.maildir) == bool(self.host):
            raise ValueError("give either `maildir` or `host`")
        if self.host and not (self.user and self.secret):
            raise ValueError("IMAP needs `user` and `secret`, the name of the password's secret")
        if self.security == "none" and self.host not in (
            "",
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise ValueError("`security: none` is for loopback only")
        return self


class JsonRecords(Section):
    """Files of JSON lines, or of JSON documents.

    files: Globs; relative ones start at the shop's home; `{shared}` is the folder of the shared data sets.
    member: Glob of the members of a zip; gz is unpacked by its name.
    form: `lines` or `document`; `auto` takes the file's name and first character.
    records: Path of the list of records in a document.
    max_mb: Limit of one unpacked file.
    """

    kind: Literal["json_records"]
    files: list[str]
    member: str = ""
    form: Literal["auto", "lines", "document"] = "auto"
    records: str = ""
    max_mb: int = 2_000


class SqlTable(Section):
    """A table or query of a database.

    url: SQLAlchemy URL without password; `{home}` and `{shared}` are replaced (`sqlite:///{home}/source/form.sqlite`).
    url_secret: Instead of `url`: name of the secret that holds the whole URL.
    table: Table name; or
    query: a SELECT; it may use `:since` and `:until`.
    since_column: Column by which `table` is windowed; empty means that all rows are read.
    times: How the window's ends are compared: `iso` text, `epoch_s`, `epoch_ms`, or `datetime` (native).
    """

    kind: Literal["sql_table"]
    url: str = ""
    url_secret: str = ""
    table: str = ""
    query: str = ""
    since_column: str = ""
    times: Literal["iso", "epoch_s", "epoch_ms", "datetime"] = "iso"

    @model_validator(mode="after")
    def _one(self) -> SqlTable:
        if bool(self.url) == bool(self.url_secret):
            raise ValueError("give either `url` or `url_secret`")
        if bool(self.table) == bool(self.query):
            raise ValueError("give either `table` or `query`")
        return self


class Workbook(Section):
    """XLSX files typed by hand.

    files: Globs, as elsewhere.
    sheet: Name of the sheet; empty means the first; `*` means all, with the column `_sheet`.
    skip_rows: Rows above the heading; `auto` takes the first row that holds every column of `heading`.
    heading: Column names that must be in the heading row.
    fill_down: Columns in which an empty cell (merged with the one above) takes the value above.
    ditto: Cells that mean the value above, in every column.
    stop_at: A row whose first cell begins so ends the table (合计).
    max_rows, max_columns, max_cells: Limits checked before the file is parsed.
    """

    kind: Literal["workbook"]
    files: list[str]
    sheet: str = ""
    skip_rows: int | Literal["auto"] = "auto"
    heading: list[str] = Field(default_factory=list)
    fill_down: list[str] = Field(default_factory=list)
    ditto: list[str] = Field(default_factory=lambda: ["同上", "〃", '"'])
    stop_at: list[str] = Field(default_factory=lambda: ["合计", "总计"])
    max_rows: int = 200_000
    max_columns: int = 200
    max_cells: int = 2_000_000


class Parquet(Section):
    """Parquet files. files: Globs, as elsewhere."""

    kind: Literal["parquet"]
    files: list[str]


class Delimited(Section):
    """CSV or TSV files, gz and members of a zip included.

    files: Globs, as elsewhere.
    member: Glob of the members of a zip.
    encoding: `utf-8` (with or without BOM), `gb18030`, or `auto`: UTF-8 where it decodes, otherwise GB18030.
    separator, quote: Single characters.
    skip_rows: Rows above the heading; `auto` takes the first row that holds every column of `heading`.
    heading: Column names that must be in the heading row.
    columns: Names, where the file has no heading.
    stop_at: A row that begins so ends the table.
    export_limit: A file of exactly this many rows was cut off by the export: a warning of completeness, by name.
    max_mb: Limit of one unpacked file.
    """

    kind: Literal["delimited"]
    files: list[str]
    member: str = ""
    encoding: Literal["utf-8", "gb18030", "auto"] = "auto"
    separator: str = Field(",", min_length=1, max_length=1)
    quote: str = Field('"', max_length=1)
    skip_rows: int | Literal["auto"] = 0
    heading: list[str] = Field(default_factory=list)
    columns: list[str] = Field(default_factory=list)
    stop_at: list[str] = Field(default_factory=list)
    export_limit: int = 5_000
    max_mb: int = 2_000


OneRead = Annotated[
    HttpApi | Mailbox | JsonRecords | SqlTable | Workbook | Parquet | Delimited,
    Field(discriminator="kind"),
]


class Join(Section):
    """A promise about a join of `select.sql`, checked before it runs.

    left, right: Names of tables.
    by: Column of both, or `left_column = right_column`; several in a list.
    cardinality: `one_to_one`: unique on both sides; `many_to_one`: unique on the right; `one_to_many`: unique on the left.
    """

    left: str
    right: str
    by: Annotated[
        list[str],
        BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    ]
    cardinality: Literal["one_to_one", "many_to_one", "one_to_many"]


class Selection(Section):
    """Several files joined by Polars SQL.

    tables: Name in the SQL → how it is read.
    sql: File name in the shop's config folder.
    empty: Cells that mean nothing, in every table, before the SQL runs.
    where: Table → boolean SQL; the other rows of the table are left out before joins are checked.
    joins: Every join of the SQL, with its cardinality.
    """

    kind: Literal["selection"]
    tables: dict[str, OneRead]
    sql: str
    empty: list[str] = Field(default_factory=list)
    where: dict[str, str] = Field(default_factory=dict)
    joins: list[Join] = Field(default_factory=list)


Read = Annotated[
    HttpApi | Mailbox | JsonRecords | SqlTable | Workbook | Parquet | Delimited | Selection,
    Field(discriminator="kind"),
]


class ValueCase(Section):
    """One ordered predicate: the first whose `when` holds gives `then`.

    when: Boolean SQL expression. It sees the native columns, and the canonical columns mapped without cases, which win over
        native ones of the same name: `rating <= 2 AND text LIKE '%破%'`, `"If product is faulty" = 'True'`.
    then: The value; for a list column, a list.
    """

    when: str
    then: Any


class Lookup(Section):
    """A look-up table.

    file: CSV (UTF-8) in the shop's config folder, or a path with `{shared}` (gz allowed).
    key, value: Its columns.
    """

    file: str
    key: str = "key"
    value: str = "value"


class Column(Section):
    """How one canonical column is made. Short: `text: content` is `{from: content}`; `origin: "=online"` is `{const: online}`.

    from: SourceRows column, or path `a.b.c`; of several, the first that is not empty.
    const: The same value for every row.
    concat, separator: SourceRows columns or paths put together; empty ones are left out.
    sql: A Polars SQL expression over the native columns.
    cases, otherwise: Ordered predicates, and the value where none holds.
    extract: Regular expression; its first group (or whole match) is kept.
    empty: Cells that mean nothing, beside the channel's.
    map: SourceRows value → canonical value.
    lookup: The same from a file.
    unmapped: What a value absent from `map` becomes: `null` (and a flag), `keep`, or `=value`.
    dates: Forms of a time, tried in order: `iso`, `epoch_s`, `epoch_ms`, `half_day` (2026/11/2 下午3:05), `month_day` (11.2; the
        year is that in which the moment lies nearest before the window's end), or a strptime format.
    zone: Zone of a time without one; the channel's by default.
    factor: A number is multiplied by this.
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
    sql: str = ""
    cases: list[ValueCase] = Field(default_factory=list)
    otherwise: Any = None
    extract: str = ""
    empty: list[str] = Field(default_factory=list)
    map: dict[str, Any] = Field(default_factory=dict)
    lookup: Lookup | None = None
    unmapped: str = "null"
    dates: list[str] = Field(default_factory=list)
    zone: str = ""
    factor: float = 1.0
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
        """YAML reads 1, 2.0 and true as no text; native cells are text."""
        if not isinstance(value, dict):
            return value
        return {str(key).lower() if isinstance(key, bool) else str(key): item for key, item in value.items()}

    @model_validator(mode="after")
    def _one_origin(self) -> Column:
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
        return self


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return {"const": value[1:]} if value.startswith("=") else {"from": value}
    if isinstance(value, bool):
        raise ValueError(
            "YAML reads no, yes, on and off as true or false: put a column of that name in quotes, or write {const: false}"
        )
    if isinstance(value, (int, float)):
        return {"const": value}
    return value


OneColumn = Annotated[Column, BeforeValidator(_short)]


class Channel(Section):
    """One source that feeds one canonical table.

    name: Lower-case id; it stays for ever, records are keyed by it.
    label: Its name for readers, `{zh: 工单, en: Tickets}`.
    table: Canonical table (tasks/model.py TABLES).
    read: Where and how it is read; `kind` is the module of tasks/collect.
    source: For feedback: ticket, chat, mail, review, social, form, store, call, regulator, aftersale, survey.
    platform, shop: Constant of every row, unless `columns` maps them.
    origin: For feedback: online or offline.
    zone: Zone of times without one.
    empty: Cells that mean nothing, in every column.
    dates: Forms of a time where a column names none.
    where: Boolean SQL over native columns; other rows are not of this channel and are not counted as read.
    columns: Canonical column → how it is made.
    extras: Further column (dimension or optional field, declared in dimensions.yaml where a figure cuts by it) → how it is made.
    source_id: The source's own id: column, path or `{digest: [...]}`; empty means the table's key, or for feedback
        a hash of all cells.
        Rows with one given id are versions of one record.
    repeats: What rows with equal digest are: `number`: each a record of its own, numbered in a fixed order; `drop`: one record
        given again.
    version: The source's update stamp or version; empty means a hash of the row's content.
    stamp: The time at which the source got to know the row.
    ingested_from: `pull`: known since our pull; `stamp`: on the first load, known since the source's stamp.
    window_by: `stamp` reads rows with stamp in the window (and overlap); `all` reads all each time (the lake knows what is new);
        empty means `stamp` where there is one.
    overlap_hours: How far a window reaches back beyond its start.
    expected_daily: Fewest rows of a whole day; fewer is told as incomplete. 0 means no expectation.
    complete_by: Local time on the day after a period by which the source is complete, `09:00`.
    base: Rows of this channel are the base of rates where shop.yaml's base is reviews or records.
    flags: Flags that every row carries.
    scrub: Further text columns (extras too) that are scrubbed beside text, title and expected_solution.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    label: dict[Literal["zh", "en"], str] = Field(default_factory=dict)
    table: str
    read: Read
    source: str = ""
    platform: str = ""
    shop: str = ""
    origin: Literal["", "online", "offline"] = ""
    zone: str = "Asia/Shanghai"
    empty: list[str] = Field(default_factory=lambda: list(NULLS))
    dates: list[str] = Field(default_factory=lambda: ["iso"])
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
    expected_daily: float = Field(0, ge=0)
    complete_by: str = Field("", pattern=r"^(\d\d:\d\d)?$")
    base: bool = False
    flags: list[str] = Field(default_factory=list)
    scrub: list[str] = Field(default_factory=list)

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
            raise ValueError(f"{', '.join(twice)}: this name belongs to the table itself; choose another for `extras`")
        given = {"record_id", *self.columns} | {name for name in ("source", "platform", "shop", "origin") if getattr(self, name)}
        missing = [name for name in table.required if name not in given]
        if missing:
            raise ValueError(f"{self.table} needs {', '.join(missing)} under `columns`")
        if self.ingested_from == "stamp" and self.stamp is None:
            raise ValueError("`ingested_from: stamp` needs `stamp`")
        if self.window_by == "stamp" and self.stamp is None:
            raise ValueError("`window_by: stamp` needs `stamp`")
        return self

    def title(self, language: str) -> str:
        """Return the channel's name for a reader of `zh-CN` or `en`."""
        return self.label.get("zh" if language.startswith("zh") else "en") or self.name


class Channels(Section):
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

    def named(self, name: str) -> Channel | None:
        """Return a channel by name, or nothing."""
        return next((channel for channel in self.channels if channel.name == name), None)
