"""Input and output of every reader: rows as the source wrote them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from tasks.collect.limits import PARSER_FAILURES, failure_words
from tasks.collect.origin import FileRows
from tasks.errors import ChannelError, ChannelProblem
from tasks.model.rows import Handover
from tasks.model.waiting_rows import WaitingRows
from tasks.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]


MOST_NAMED = 10
"""The most files that one message names."""
_LEFTOVER = re.compile(r"~\$|\.|thumbs\.db$|desktop\.ini$|.*\.(?:part|partial|crdownload|download|tmp)$|.*~$", re.IGNORECASE)


def is_leftover(name: str) -> bool:
    """Tell whether a file is no export but what programs leave beside one: a lock, a hidden file, half a download."""
    return _LEFTOVER.match(name) is not None


@dataclass(frozen=True)
class Window:
    """The span of a pull, half-open, aware UTC; without `start` it is a first load.

    start: With the overlap already subtracted.
    now: The moment of the pull.
    zone: The channel's zone.
    """

    start: datetime | None
    end: datetime
    now: datetime
    zone: str = "Asia/Shanghai"


@dataclass(frozen=True)
class ReadContext:
    """Where a channel's files and secrets are, and how it waits.

    columns: Native columns that the mapping uses; None means all.
    stamp: Native column of the stamp, if a reader may use it to leave out rows outside the window.
    repeated: Native columns of few texts, which a reader may give as categories.
    mapped: Native columns that the mapping names, by which a reader finds the heading.
    unread: The files that are to be read; None means all.
    settled: Whether earlier files of the channel were read with this mapping: a column that is missing now was renamed or dropped.
    secrets: Name → value of the secrets read so far, which no message may repeat.
    """

    settings: Settings
    window: Window
    wait: Callable[[float], None] = time.sleep
    columns: frozenset[str] | None = None
    stamp: str = ""
    repeated: frozenset[str] = frozenset()
    mapped: frozenset[str] = frozenset()
    secrets: dict[str, str] = field(default_factory=dict)
    unread: frozenset[Path] | None = None
    settled: bool = False

    @property
    def shared(self) -> Path:
        """The folder of the shared data sets: the setting, or `../shared` beside the repository."""
        return self.settings.shared or REPOSITORY.parent / "shared"

    def path(self, text: str) -> str:
        """Replace `{home}` and `{shared}`; a relative path starts at the home."""
        filled = text.replace("{home}", str(self.settings.home)).replace("{shared}", str(self.shared))
        return filled if Path(filled).is_absolute() else str(self.settings.home / filled)

    def files(self, patterns: list[str]) -> list[Path]:
        """Return the files of some globs that are to be read, the last changed last, those of one second by name.

        Of two files that hold the same row with the same stamp, the later file counts.

        Raises:
            ChannelError: If nothing matches a pattern.
        """
        found: list[Path] = []
        for pattern in patterns:
            path = Path(self.path(pattern))
            anchor = Path(path.anchor)
            found_there = anchor.glob(str(path.relative_to(anchor)))
            matches = sorted(match for match in found_there if match.is_file() and not is_leftover(match.name))
            if not matches:
                raise ChannelError(
                    f"No file matches {pattern}.",
                    hint=f"Put the export into {path.parent}, or correct `files` in channels.yaml.",
                    problem=ChannelProblem.MISSING,
                )
            found += [match for match in matches if match not in found]
        wanted = [file for file in found if self.unread is None or file in self.unread]
        return sorted(wanted, key=lambda file: (int(file.stat().st_mtime), file))

    def secret(self, name: str) -> str:
        """Return a secret by its name.

        Raises:
            ChannelError: If it is not set anywhere.
        """
        value = self.settings.channel_secret(name)
        if not value:
            raise ChannelError(
                f"The secret {name} is not set.",
                hint=f"Write it into {self.settings.home}/secrets/{name} (mode 600), or set AFTERSALES_SECRET_{name.upper()}.",
                problem=ChannelProblem.REFUSED_LOGIN,
            )
        self.secrets[name] = value
        return value


@dataclass(frozen=True)
class SourceRows:
    """Rows as the source wrote them, flat: a nested value is a column `a.b.c`.

    loose: A column may be absent (JSON leaves empty fields out); otherwise an absent column is an error.
    refused: Records that could not be read, as (source id, reason).
    warnings: Doubts about completeness, one sentence each.
    notes: How the source was understood where it could be read in several ways, one sentence each.
    files: What each file gave, in the order of the rows.
    errors: Why files failed while others were read.
    failed: Those files.
    refused_by: File → the ids of its refused records.
    left_out: Mails that nobody wrote: they are no records, and are searched for words of safety all the same.
    cut_off: Whether the source is known to have stopped early.
    live: Whether the source reflects the present moment (a server) and not the time of an export.
    """

    rows: Handover[pl.DataFrame] | WaitingRows
    loose: bool = False
    refused: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    errors: list[ChannelError] = field(default_factory=list)
    cut_off: bool = False
    live: bool = False
    notes: list[str] = field(default_factory=list)
    files: list[FileRows] = field(default_factory=list)
    failed: list[Path] = field(default_factory=list)
    refused_by: dict[Path, list[str]] = field(default_factory=dict)
    left_out: list[dict[str, Any]] = field(default_factory=list)

    @property
    def frame(self) -> pl.DataFrame:
        """The rows, as long as nobody has taken them."""
        return self.rows.look()


def gather(parts: Iterable[SourceRows]) -> SourceRows:
    """Concatenate the rows of several files by column name."""
    parts = list(parts)
    frames = [frame for part in parts if (frame := part.rows.take()).width]
    if any(frame.schema != frames[0].schema for frame in frames):  # categories go together with nothing but categories
        frames = [frame.cast({pl.Categorical: pl.String}) for frame in frames]
    return SourceRows(
        Handover(pl.concat(frames, how="diagonal_relaxed") if frames else pl.DataFrame()),
        loose=all(part.loose for part in parts) if parts else True,
        refused=[item for part in parts for item in part.refused],
        warnings=[item for part in parts for item in part.warnings],
        errors=[item for part in parts for item in part.errors],
        cut_off=any(part.cut_off for part in parts),
        live=any(part.live for part in parts),
        notes=[item for part in parts for item in part.notes],
        files=[item for part in parts for item in part.files],
        failed=[item for part in parts for item in part.failed],
        left_out=[item for part in parts for item in part.left_out],
        refused_by={path: names for part in parts for path, names in part.refused_by.items()},
    )


def read_files(files: list[Path], reader: Callable[[Path], SourceRows]) -> SourceRows:
    """Read file by file; if some fail, the others' rows are kept and the failures listed.

    Raises:
        ChannelError: If every file failed.
    """
    parts: list[SourceRows] = []
    failures: list[ChannelError] = []
    failed: list[Path] = []
    for file in files:
        try:
            part = reader(file)
            own = [replace(rows, path=file) for rows in part.files]
            parts.append(replace(part, files=own, refused_by={file: [name for name, _ in part.refused]}))
        except ChannelError as error:
            failures.append(error)
            failed.append(file)
        except PARSER_FAILURES as error:
            failed.append(file)
            failures.append(
                ChannelError(
                    f"{file.name} cannot be read ({failure_words(error)}).",
                    hint="Export the file again.",
                    problem=ChannelProblem.UNREADABLE,
                )
            )
    if failures and not parts:
        more = "".join(f" {failure.what}" for failure in failures[1:MOST_NAMED])
        left = f" ({len(failures) - MOST_NAMED} more files failed.)" if len(failures) > MOST_NAMED else ""
        raise ChannelError(f"{failures[0].what}{more}{left}", hint=failures[0].hint, problem=failures[0].problem)
    whole = gather(parts)
    whole.errors.extend(failures)
    whole.failed.extend(failed)
    return whole


def flatten_structs(frame: pl.DataFrame) -> pl.DataFrame:
    """Unnest struct columns of a typed frame into columns `a.b.c`."""
    while structs := [name for name, kind in frame.schema.items() if isinstance(kind, pl.Struct)]:
        for name in structs:
            kind = frame.schema[name]
            parts = [pl.col(name).struct.field(item.name).alias(f"{name}.{item.name}") for item in kind.fields]  # type: ignore[attr-defined]
            frame = frame.with_columns(parts).drop(name)
    return frame


def at_path(value: Any, path: str) -> Any:
    """Follow a dotted path into parsed JSON; return None if it leads nowhere."""
    for part in path.split(".") if path else []:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def moment_text(moment: datetime, form: str, zone: str) -> str:
    """Format a moment as `iso`, `epoch_s`, `epoch_ms` or in a strftime format of a zone."""
    if form == "iso":
        return moment.isoformat().replace("+00:00", "Z")
    if form == "epoch_s":
        return str(int(moment.timestamp()))
    if form == "epoch_ms":
        return str(int(moment.timestamp() * 1000))
    return moment.astimezone(ZoneInfo(zone)).strftime(form)
