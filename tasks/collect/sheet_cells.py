"""The child process that parses a workbook: it limits its own memory first, so that a hostile file can hurt nobody else."""

from __future__ import annotations

import resource
import sys
from pathlib import Path


def main(file: str, folder: str, sheet: str, memory_mb: str) -> int:
    """Write the cells of the chosen sheets as text to `folder/<n>.arrow` and print the sheets' names, each ended by NUL."""
    limit = int(memory_mb) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import fastexcel  # after the limit, so that it binds the parser from its first allocation
    import polars as pl

    workbook = fastexcel.read_excel(file)
    names = workbook.sheet_names if sheet == "*" else [sheet or workbook.sheet_names[0]]
    for index, name in enumerate(names):
        if name not in workbook.sheet_names:
            sys.stderr.write(f"there is no sheet {name}; it has {', '.join(workbook.sheet_names)}")
            return 2
        cells = workbook.load_sheet(name, header_row=None, dtypes="string", skip_whitespace_tail_rows=True).to_polars()
        cells = cells.with_columns(pl.all().cast(pl.String))
        cells.write_ipc(Path(folder) / f"{index}.arrow")
    sys.stdout.write("".join(f"{name}\0" for name in names))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:5]))
