"""Scrubbing of personal data from texts, and keyed references in place of customers."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
from dataclasses import dataclass

import polars as pl

from tasks.errors import UserError
from tasks.settings import Settings

KEY_FILE = "customer.key"
REFERENCE_DIGITS = 16

_EDGE, _END = r"(^|[^\d])", r"($|[^\d])"
_FULL_ADDRESS = (
    r"(?:\p{Han}{2,8}?(?:省|自治区))?(?:\p{Han}{2,8}?市)?\p{Han}{1,6}(?:区|县|镇|乡)"
    r"\p{Han}{1,16}?(?:路|街|大道|道|巷|弄|村|小区|花园|苑)[\p{Han}0-9A-Za-z#-]{0,12}?\d+(?:号楼|号院|号|栋|幢|座|单元|室|楼)"
    r"(?:[\p{Han}0-9A-Za-z#-]{0,16}?\d+(?:号楼|号|栋|幢|座|单元|室|楼|层))*"
)
_RULES: tuple[tuple[str, str], ...] = (
    (
        r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}",
        "[邮箱]",
    ),
    (
        _EDGE + r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]" + _END,
        "${1}[证件号]${2}",
    ),
    (
        _EDGE + r"(?:62|4\d|5[1-5])\d{2}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}(?:[ -]?\d{1,3})?" + _END,
        "${1}[卡号]${2}",
    ),
    (
        _EDGE + r"(?:(?:\+|00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}" + _END,
        "${1}[电话]${2}",
    ),
    (_EDGE + r"1 ?[3-9](?:[ .·_-]?\d){9}" + _END, "${1}[电话]${2}"),
    (_EDGE + r"0\d{2,3}[ -]\d{7,8}(?:[-转 ]{1,2}\d{1,5})?" + _END, "${1}[电话]${2}"),
    (r"\+\d{1,3}[ -]?\(?\d{2,4}\)?(?:[ -]?\d{2,4}){1,4}" + _END, "[电话]${1}"),
    (_EDGE + r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}" + _END, "${1}[电话]${2}"),
    (
        r"(?i)(微信号?|威信|wechat|weixin|vx|wx|qq号?|QQ群)([ 是为:：]{1,4})[a-z0-9_-]{5,20}",
        "${1}${2}[账号]",
    ),
    (
        r"(收件人|收货人|联系人|姓名|本人叫|我叫)([ 是为:：]{0,3})\p{Han}{2,4}",
        "${1}${2}[姓名]",
    ),
    (_FULL_ADDRESS, "[地址]"),
    (
        r"\p{Han}{2,8}?(?:路|街|大道|巷|弄)\d{1,5}号(?:[\p{Han}0-9A-Za-z#-]{0,12}?\d+(?:号楼|号|栋|幢|座|单元|室|楼|层))*",
        "[地址]",
    ),
    (r"\d{1,4}(?:号楼|栋|幢)[ ]?\d{0,2}(?:单元)?[ ]?\d{2,4}室?", "[地址]"),
    (
        r"\b\d{1,5} (?:[A-Z][a-z]+ ){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd)\b\.?",
        "[地址]",
    ),
)
"""Patterns to remove, in order: longer numbers before the shorter ones they may contain."""

_SUSPECT = (
    r"\d[\d ().·_-]{5,}\d|@|＠|[０-９]{7}|微信|威信|(?i:wechat|weixin|vx|wx|qq)|收件人|收货人|联系人|姓名|我叫|本人叫"
    r"|\d(?:号|栋|幢|单元|室)|\d (?:[A-Z][a-z]+ ){1,3}(?:St|Av|R|L|D|B)"
)
"""Only texts with one of these are searched further."""

_WIDE = {
    **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
    "＠": "@",
    "．": ".",
}


def scrubbed(text: pl.Expr) -> pl.Expr:
    """Return the texts without phone numbers, mail addresses, card numbers, accounts, names after a label and addresses."""
    clean = text.str.replace_many(list(_WIDE), list(_WIDE.values()))
    for pattern, replacement in _RULES:
        clean = clean.str.replace_all(pattern, replacement)
        if pattern.startswith(_EDGE):
            clean = clean.str.replace_all(pattern, replacement)  # two numbers may share the character between them
    return clean


def scrub(frame: pl.DataFrame, columns: list[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Scrub text columns of a frame.

    Returns:
        The frame, and whether each row changed.
    """
    changed = pl.repeat(False, frame.height, eager=True)
    for column in columns:
        values = frame[column]
        rows = values.str.contains(_SUSPECT).fill_null(False).arg_true()
        if rows.is_empty():
            continue
        before = values.gather(rows)
        after = before.to_frame("text").select(scrubbed(pl.col("text")))["text"]
        differs = rows.filter(before.ne_missing(after))
        if differs.is_empty():
            continue
        frame = frame.with_columns(values.scatter(rows, after).alias(column))
        changed = changed.scatter(differs, True)
    return frame, changed


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
