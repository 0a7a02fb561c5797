"""Exports of vendors, recognised by their headings: `declarations/<vendor>-csv.yaml`, fitted to the columns that a file really has."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import polars as pl
import yaml

from tasks.connect.declaration import flow
from tasks.connect.proposal import Proposal, ProposedColumn
from tasks.connect.vendors import vendor_blocks, vendor_names
from tasks.errors import UserError
from tasks.shop.channels import Channel, MappedColumn

ENDING = "-csv"
_COLUMN = re.compile(r"^      (\w+): ")
_KEY = re.compile(r"^    (read|where|source_id|stamp): ")
_REMARK = re.compile(r"    +#.*$")


@dataclass(frozen=True)
class VendorExport:
    """One vendor's export. heading: Columns by which it is recognised. blocks: The lines of its channels."""

    name: str
    heading: frozenset[str]
    blocks: tuple[tuple[str, ...], ...]


@lru_cache
def vendor_exports() -> tuple[VendorExport, ...]:
    """Return the exports that are recognised; those with the longest headings first."""
    found = []
    for name in vendor_names():
        if name.endswith(ENDING):
            blocks = tuple(tuple(block) for block in vendor_blocks(name))
            found.append(VendorExport(name, frozenset(_read_of(blocks[0])["heading"]), blocks))
    return tuple(sorted(found, key=lambda export: (-len(export.heading), export.name)))


def recognised(columns: Collection[str], vendor: str = "") -> VendorExport | None:
    """Return the export that has these columns, or None.

    Args:
        vendor: Only this one.

    Raises:
        UserError: If the columns are not those of the named vendor's export.
    """
    for export in vendor_exports():
        if vendor in ("", export.name) and export.heading <= set(columns):
            return export
    if not vendor:
        return None
    [export] = [export for export in vendor_exports() if export.name == vendor]
    raise UserError(
        f"The file is not the export that {vendor} describes: it has no column {', '.join(sorted(export.heading - set(columns)))}.",
        hint="Leave out --vendor to have a declaration proposed for it.",
    )


def fitted(block: Sequence[str], columns: Collection[str], *, name: str, read: dict[str, Any], zone: str) -> list[str]:
    """Return the lines of a vendor's channel for a file: what it does not have is left out, how it is read is its own.

    Args:
        block: Lines of the ready-made channel.
        columns: Columns of the file.
        name: Name of the channel.
        read: The block `read`, with `files`.
        zone: Zone of its times.
    """
    own = _read_of(block)
    fill = own.get("fill_down")
    if fill is not None:
        read = {**read, "fill_down": {"by": fill["by"], "columns": [column for column in fill["columns"] if column in columns]}}
    lines: list[str] = []
    inside_read = False
    for line in block:
        if inside_read and line.startswith("      "):
            continue
        inside_read = line.startswith("    read:")
        if line.startswith("  - name: "):
            lines.append(f"  - name: {name}")
        elif inside_read:
            lines += [f"    read: {flow(read)}", f"    zone: {zone}"]
        elif _COLUMN.match(line) or _KEY.match(line):
            lines += _fitted_line(line, columns)
        else:
            lines.append(line)
    return lines


def proposal_of(channel: Channel, columns: Sequence[str]) -> Proposal:
    """Return a vendor's channel as what is proposed, for what it lacks and what that costs."""
    given = {"source_id": channel.source_id, "stamp": channel.stamp, **channel.columns}
    specs = {name: spec for name, spec in given.items() if spec is not None}
    made = tuple(
        ProposedColumn(name, {"from": sorted(natives(spec))} if spec.const is None else f"={spec.const}", 1.0, ())
        for name, spec in specs.items()
    )
    used = {native for spec in specs.values() for native in natives(spec)}
    return Proposal(channel.table, 1.0, (), {}, made, tuple(column for column in columns if column not in used))


def natives(spec: MappedColumn) -> frozenset[str]:
    """Return the columns of a source that a mapping reads."""
    texts = [text for text in (spec.sql, *(case.when for case in spec.cases)) if text]
    computed = {root for text in texts for root in pl.sql_expr(text).meta.root_names()}
    return frozenset({*spec.from_, *spec.concat, *spec.digest, *spec.operands, *computed})


def _read_of(block: Sequence[str]) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load("\n".join(block))[0]["read"]
    return read


def _fitted_line(line: str, columns: Collection[str]) -> list[str]:
    """Return a line without what the file does not have; nothing if it has none of it."""
    remark = _REMARK.search(line)
    indent = line[: len(line) - len(line.lstrip())]
    ((key, given),) = yaml.safe_load(line).items()
    if key == "where":
        roots = pl.sql_expr(given).meta.root_names()
        return [f"{indent}where: {flow(_without(given, roots, columns))}"] if set(roots) & set(columns) else []
    raw = {"from": given} if isinstance(given, str) and not given.startswith("=") else given
    if not isinstance(raw, dict):
        return [line]
    needed = natives(MappedColumn.model_validate(raw))
    if needed <= set(columns):
        return [line]
    if needed and not needed & set(columns):
        return []
    for part in ("from", "concat", "digest"):
        if isinstance(raw.get(part), list):
            raw[part] = [name for name in raw[part] if name in columns]
    if raw.get("sql"):
        raw["sql"] = _without(raw["sql"], needed, columns)
    return [f"{indent}{key}: {flow(raw)}{remark[0] if remark else ''}"]


def _without(text: str, names: Collection[str], columns: Collection[str]) -> str:
    """Return an SQL expression in which columns that a file does not have are NULL."""
    for name in names:
        if name not in columns:
            text = text.replace(f'"{name}"', "NULL")
    return text
