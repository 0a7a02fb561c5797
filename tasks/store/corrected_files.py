"""Corrected files: which rows of an earlier content a file no longer holds, and which of these no longer count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from tasks.model.rows import FileHolding, PulledRows
from tasks.shop.channels import Channel
from tasks.store.withdrawn_rows import WITHDRAWN

RECOGNISED = 0.5
"""Share of the earlier rows of a span that a file must hold again before the others count as corrected: a later export has others."""
WITHDRAWN_SCHEMA = dict.fromkeys(("channel", "table", "source_id", "pull_id", "rule", "field", "reason", "record"), pl.String)
_COPY = re.compile(r"(?: ?\(\d+\)| ?- ?(?:copy|副本)| ?副本)+(?=\.[^/]*$|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Corrections:
    """What a pull's files take back.

    holdings: What they hold now, and which contents they have corrected.
    withdrawn: Rows that no longer count (WITHDRAWN_SCHEMA), each once.
    notes: What happened, one sentence for each file.
    """

    holdings: tuple[FileHolding, ...]
    withdrawn: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=WITHDRAWN_SCHEMA))
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Loss:
    """Rows that a file or its predecessor held and the file does not.

    whole: The file covers all that the other held.
    corrected: It has another content, and not only another declaration.
    """

    file: FileHolding
    rows: pl.DataFrame
    whole: bool = True
    corrected: bool = True


def corrections(batch: PulledRows, before: Mapping[str, FileHolding], channel: Channel) -> Corrections:
    """Compare the files of a pull with what they held before.

    A row that another file still holds stays. The same content read anew, by another declaration, replaces all its rows. Another
    content is a correction as far as its own times reach, if it holds at least half of the earlier rows of that span again; a later
    export under the old name reaches elsewhere and takes nothing back. The predecessor of a new file is one of the same name but for
    a browser's number («tickets (1).csv»), or one that has been removed and is covered whole.

    Args:
        batch: The pull.
        before: What each file of the channel held when it was last read, by name.
        channel: Its declaration.
    """
    keep = channel.rows_gone == "keep" or (channel.rows_gone == "auto" and channel.has_own_ids)
    made: dict[str, FileHolding] = {}
    losses: list[_Loss] = []
    for file in batch.holdings:
        earlier = before.get(file.content.name)
        replaced = set(earlier.replaced - {file.content.sha256}) if earlier is not None else set()
        for other in [earlier] if earlier is not None else _predecessors(file, before, batch.present):
            loss = _loss(file, other)
            if loss is None or (earlier is None and other.content.name not in batch.present and not loss.whole):
                continue
            losses.append(loss)
            if loss.whole and loss.corrected:
                replaced |= {other.content.sha256, *other.replaced} - {file.content.sha256}
        made[file.content.name] = replace(file, replaced=frozenset(replaced))
    after = {**before, **made}
    parts, notes = [], []
    for loss in losses:
        kept = keep and loss.corrected
        rows = loss.rows.filter(~pl.col("source_id").is_in(_held(after.values()).implode()))
        if rows.is_empty() or (channel.has_own_ids and any(file.rows is None for file in after.values())):
            continue
        notes.append(_note(loss.file.content.name, rows.height, kept=kept))
        if not kept:
            reason = pl.lit(f"{loss.file.content.name or batch.channel} no longer holds it")
            parts.append(rows.select("source_id", reason=reason))
    if not parts:
        return Corrections(tuple(made.values()), notes=tuple(notes))
    fixed = {
        "channel": batch.channel,
        "table": batch.table,
        "pull_id": batch.pull_id,
        "rule": WITHDRAWN,
        "field": "",
        "record": "{}",
    }
    gone = pl.concat(parts).unique("source_id", keep="first", maintain_order=True).sort("source_id")
    gone = gone.with_columns(pl.lit(text).alias(name) for name, text in fixed.items()).select(list(WITHDRAWN_SCHEMA))
    return Corrections(tuple(made.values()), gone, tuple(notes))


def _predecessors(file: FileHolding, before: Mapping[str, FileHolding], present: frozenset[str]) -> list[FileHolding]:
    """Return the files that a file of a new name may have corrected, by name."""
    family = _COPY.sub("", file.content.name)
    return [held for name, held in sorted(before.items()) if _COPY.sub("", name) == family or name not in present]


def _held(files: Iterable[FileHolding]) -> pl.Series:
    """Return the ids of all rows that files hold, those left out whose content another file has corrected."""
    files = list(files)
    replaced = frozenset().union(*(file.replaced for file in files))
    ids = [file.rows["source_id"] for file in files if file.rows is not None and file.content.sha256 not in replaced]
    return pl.concat(ids).unique() if ids else pl.Series(dtype=pl.String)


def _loss(file: FileHolding, earlier: FileHolding) -> _Loss | None:
    """Return the rows that a file took back from what it or its predecessor held, or None if it is no correction."""
    if file.rows is None or earlier.rows is None or earlier.rows.is_empty():
        return None
    missing = ~pl.col("source_id").is_in(file.rows["source_id"].implode())
    if file.content.sha256 == earlier.content.sha256:
        return _Loss(file, earlier.rows.filter(missing), corrected=False)
    first, last = file.rows["time"].min(), file.rows["time"].max()
    if first is None or earlier.rows["time"].null_count() == earlier.rows.height:
        return None
    time = pl.col("time")
    whole = bool(earlier.rows.select((time.min() >= first) & (time.max() <= last)).item())
    spanned = earlier.rows.filter(
        time.is_null() | time.is_between(first, last) if whole else time.is_between(first, last, closed="none")
    )
    dated = spanned.filter(time.is_not_null())
    to_the_minute = (time.dt.minute() % 15 != 0) | (time.dt.second() != 0)
    known = ~missing | pl.col("mark").is_in(file.rows["mark"].drop_nulls().implode())
    known |= to_the_minute & time.is_in(file.rows["time"].drop_nulls().implode())
    if dated.is_empty() or dated.select(known.mean()).item() < RECOGNISED:
        return None
    return _Loss(file, spanned.filter(missing), whole)


def _note(name: str, rows: int, *, kept: bool) -> str:
    count, which = (f"{rows:,} rows", "they") if rows != 1 else ("1 row", "it")
    what = f"{name or 'The selection'} no longer holds {count} that it held before; {which}"
    return (
        f"{what} still count{'s' * (rows == 1)} (`rows_gone` in channels.yaml)."
        if kept
        else f"{what} no longer count{'s' * (rows == 1)}."
    )
