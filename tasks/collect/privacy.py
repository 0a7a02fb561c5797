"""Scrubbing of the rows that are pulled, and keyed references in place of customers and of numbers that lead to them."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import re
import secrets
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from tasks.errors import UserError
from tasks.privacy.column_search import masked_texts
from tasks.settings import Settings

KEY_FILE = "customer.key"
REFERENCE_DIGITS = 16

IDENTIFIERS = frozenset(
    {
        "order_ref", "oid", "tid", "waybill", "sku", "batch_no", "serial_no", "thread_ref", "source_id", "source_version", "aftersale_id",
        "session_id", "room_id", "image_hash", "agent_ref", "talent_ref", "destination", "case_no_hash", "cut_in_of",
    }
)  # fmt: skip
"""Columns whose values are compared with those of other rows: one that leads to a person becomes a keyed reference as a whole."""

SCOPE = "identifier"
"""One scope for the identifiers of all channels and columns: the number of a complaint still meets that of its order."""

_TELLING_FIELD = re.compile(
    r"(?i)姓名|收件人|收货人|联系人|电话|手机|地址|身份证|微信|邮箱|买家|客户(?:名|昵称)|昵称|"
    r"(?:^|[^a-z])(?:(?:full|first|last|sur|customer|recipient|receiver|buyer|contact|consignee)[ _.-]?name|phone|mobile|address|street|e-?mail|passport|nick(?:name)?|recipient|consignee)"
)
"""Names of columns under which a source keeps what leads to a person, in any spelling."""

_TELLING_CODE = (
    r"@|＠|[０-９]{5}|(?:^|[^0-9])(?:(?:\+|00)?86)?1[3-9][0-9]{9}(?:$|[^0-9])|1[3-9][0-9][ ._-][0-9]{4}[ ._-][0-9]{4}|\+[1-9][0-9 ().-]{7}"
    r"|(?:^|[^0-9])\(?0[1-9][0-9]{0,3}[ /().-][0-9 /.-]{5}|^0[1-9][0-9]{8,10}$|(?:^|[^0-9])\(?[1-9][0-9]{1,2}\)?[ .-][0-9]{3,5}[ .-][0-9]{4}(?:$|[^0-9])"
    r"|^[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])[0-9]{3}[0-9Xx]$"
    r"|^(?:4[0-9]{15}|5[1-5][0-9]{14}|2[2-7][0-9]{14}|62[0-9]{14,17}|3[47][0-9]{13}|35[0-9]{14}|6011[0-9]{12})$|^[0-9]{4}(?:[ -][0-9]{3,7}){2,4}$"
    r"|[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}|[0-9]{2}\.[0-9]{3}\.[0-9]{3}/|^(?:A[DELTZ]|B[AEGHIRY]|C[HRYZ]|D[EJKO]|E[EGS]|F[IKOR]|G[BEILRT]|H[RU]|I[ELQST]|JO|K[WZ]|L[BCITUVY]|M[CDEKNRTU]|N[IL]|OM|P[KLST]"
    r"|QA|R[OSU]|S[ACDEIKMOTV]|T[LNR]|UA|V[AG]|XK|YE)[0-9]{2}[A-Z0-9]{11,30}$"
    r"|QQ[0-9]{6}[A-D]|\([0-9A]\)$|wxid_|(?i:qq|vx|wx|wechat|weixin|telegram|line)[:=_ ]?[a-z0-9_-]{4}|^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$|::|[0-9]\.[0-9]{4,}[,;]"
)
"""A code of letters, digits and marks without any of these leads to nobody."""
_TELLING = rf"[^!-~]|{_TELLING_CODE}"
"""What is no such code is searched as a text."""


_MOMENT = (
    r"(^|[^0-9.-])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]"
    r"(?:[T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?(?:Z|\+00:00)?)?($|[^0-9.-])"
)
"""A day or moment as this program writes them into ids and versions: its digits are no number."""
_SAMPLE = 1_000
"""So many rows tell whether a column repeats few values."""


def scrub(frame: pl.DataFrame, columns: list[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Scrub text columns of a frame.

    Returns:
        The frame, and whether each row changed.
    """
    changed = pl.repeat(False, frame.height, eager=True)
    for column in columns:
        values = frame[column]
        replaced = masked_texts(values)
        if replaced:
            changed = changed | values.is_in(list(replaced)).fill_null(False)
            frame = frame.with_columns(values.replace(list(replaced), list(replaced.values())).alias(column))
    return frame, changed


def without_personal_data(frame: pl.DataFrame, key: CustomerKey, keyed: frozenset[str] = frozenset()) -> pl.DataFrame:
    """Clear all columns of a frame that no rule calls texts: identifiers become keyed references, all else is scrubbed.

    Args:
        frame: Mapped rows.
        key: The key of the references.
        keyed: Columns that hold references already.
    """
    for name, kind in frame.schema.items():
        if name in keyed:
            continue
        values = frame[name]
        if kind == pl.List(pl.String):
            fresh = _scrubbed_lists(values)
        elif kind == pl.String or kind == pl.Categorical:
            fresh = cleared(values, key, whole=name in IDENTIFIERS)
        else:
            continue
        if fresh is not values:
            frame = frame.with_columns(fresh.alias(name))
    return frame


def cleared(values: pl.Series, key: CustomerKey, *, whole: bool) -> pl.Series:
    """Return codes without what leads to a person: `whole` codes become a reference, others lose that part.

    The very same series is returned where nothing changes.
    """
    replaced = masked_texts(_telling(values))
    if not replaced:
        return values
    texts = pl.Series(list(replaced))
    after = key.references(texts, SCOPE) if whole else pl.Series(list(replaced.values()))
    fresh = values.cast(pl.String).replace(texts, after)
    return fresh.cast(pl.Categorical) if values.dtype == pl.Categorical else fresh


def _telling(values: pl.Series) -> pl.Series:
    """Return the codes that may lead to a person by their shape."""
    if values.null_count() == values.len():
        return pl.Series(dtype=pl.String)
    repeats = values.dtype == pl.Categorical or values.head(_SAMPLE).n_unique() < min(_SAMPLE, values.len()) // 2
    texts = (values.unique() if repeats else values).cast(pl.String)
    texts = texts.filter(texts.str.contains(_TELLING).fill_null(False))
    if texts.is_empty():
        return texts
    return texts.filter(texts.str.replace_all(_MOMENT, "${1}~${2}").str.contains(_TELLING))


def without_telling_cells(cells: pl.Series, key: CustomerKey) -> pl.Series:
    """Return the cells of a column of numbers, null where one leads to a person: a phone number is no price."""
    clean = cleared(cells, key, whole=True)
    return cells if clean is cells else cells.set(clean.ne_missing(cells), None)


def scrubbed_records(rows: Iterable[Mapping[str, object]], hidden: Collection[str]) -> list[dict[str, object]]:
    """Return a source's own rows without personal data: cells of telling columns are hidden whole, texts and numbers are scrubbed.

    Args:
        rows: Cells by the source's own heading.
        hidden: Headings that hold the customer.
    """
    rows = list(rows)
    headings = {name: None for row in rows for name in row}
    cells = {_written(value) for row in rows for value in row.values() if not isinstance(value, bool)}
    masked = masked_texts(pl.Series([*headings, *cells], dtype=pl.String))
    told = {name: "[customer]" if name in hidden else "[…]" if _TELLING_FIELD.search(name) else None for name in headings}
    return [{masked.get(name, name): told[name] or _scrubbed_cell(value, masked) for name, value in row.items()} for row in rows]


def _scrubbed_cell(value: object, masked: Mapping[str, str]) -> object:
    return value if isinstance(value, bool) else masked.get(_written(value), value)


def _written(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _scrubbed_lists(values: pl.Series) -> pl.Series:
    replaced = masked_texts(values.explode())
    if not replaced:
        return values
    return values.list.eval(pl.element().replace(list(replaced), list(replaced.values())))


@dataclass(frozen=True)
class CustomerKey:
    """The key of the customer references; `version` derives from the key itself and prefixes every reference."""

    secret: bytes

    @property
    def version(self) -> str:
        """Four hex digits of the key's own hash."""
        return hashlib.sha256(b"version" + self.secret).hexdigest()[:4]

    def references(self, values: pl.Series, scope: str) -> pl.Series:
        """Return `version-hmac` for each value, null for null; equal values of another scope give other references.

        Keyed, because a plain hash of a phone number can be reversed by trying all numbers.
        """
        distinct = values.drop_nulls().unique()
        prefix = scope.encode() + b"\x1f"
        digests = [
            hmac.digest(self.secret, prefix + text.strip().lower().encode(), "sha256").hex() for text in distinct.to_list()
        ]
        version = self.version
        mapped = [f"{version}-{digest[:REFERENCE_DIGITS]}" for digest in digests]
        return values.replace_strict(
            distinct,
            pl.Series(mapped, dtype=pl.String),
            default=None,
            return_dtype=pl.String,
        )


def customer_key(settings: Settings) -> CustomerKey:
    """Return the key from the settings, else from `HOME/secrets/customer.key`, which is created on first use.

    Raises:
        UserError: If the key is too short to protect anything, or cannot be stored.
    """
    text = settings.secret.get_secret_value()
    file = settings.home / "secrets" / KEY_FILE
    if not text and not file.exists():
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # readable by us alone, and named for this thread: channels are pulled in parallel
            with tempfile.NamedTemporaryFile("w", prefix=f"{KEY_FILE}.", dir=file.parent) as fresh:
                fresh.write(secrets.token_hex(32) + "\n")
                fresh.flush()
                with contextlib.suppress(FileExistsError):
                    os.link(fresh.name, file)  # fails if another thread was first; its key counts
        except OSError as error:
            what = f"The key of the customer references cannot be kept in {file}."
            raise UserError(what, hint="Make the home writable, or set AFTERSALES_SECRET.") from error
    text = text or file.read_text("utf-8").strip()
    if len(text) < 16:
        raise UserError(
            "The key of the customer references is shorter than 16 characters.",
            hint="Delete it to have a new one created, or set a longer one.",
        )
    return CustomerKey(text.encode())
