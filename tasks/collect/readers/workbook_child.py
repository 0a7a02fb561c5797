"""The child process that parses workbooks: it limits its own memory first, so that a hostile file can harm nothing else."""

from __future__ import annotations

import resource
import signal
import sys
from pathlib import Path


def main(folder: str, first: str, sheet: str, memory_mb: str, seconds: str, *files: str) -> int:
    """Write the cells of each file's chosen sheets as text to `folder/<number of the file>/<n>.arrow`, and answer file by file.

    An answer is `read` with the names of the sheets, or `wrong` with the reason; NUL ends each part, two NULs end the last one.
    A file that takes too long or too much memory ends this process.
    """
    limit = int(memory_mb) * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import fastexcel  # after the limit, so that it binds the parser from its first allocation
    import pyarrow as pa  # type: ignore[import-untyped]  # writes the cells; Polars would take longer to load

    for number, file in enumerate(files, int(first)):
        signal.alarm(int(seconds))
        place = Path(folder) / str(number)
        place.mkdir()
        try:
            workbook = fastexcel.read_excel(file)
            names = workbook.sheet_names if sheet == "*" else [sheet or workbook.sheet_names[0]]
            unknown = [name for name in names if name not in workbook.sheet_names]
            if unknown:
                _answer("wrong", f"there is no sheet {unknown[0]}; it has {', '.join(workbook.sheet_names)}"[:200])
                continue
            for index, name in enumerate(names):
                cells = workbook.load_sheet(name, header_row=None, dtypes="string", skip_whitespace_tail_rows=True).to_arrow()
                with pa.ipc.new_file(place / f"{index}.arrow", cells.schema) as target:
                    target.write(cells)
            _answer("read", *names)
        except (fastexcel.FastExcelError, pa.ArrowException, ValueError, IndexError) as error:
            _answer("wrong", (str(error).strip().splitlines() or [type(error).__name__])[-1][:200])
    return 0


def _answer(*parts: str) -> None:
    sys.stdout.write("\0".join(part.replace("\0", " ") for part in parts) + "\0\0")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
