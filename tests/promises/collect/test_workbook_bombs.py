"""Hostile workbooks are refused while packed: in under 2 seconds, under 300 MB, with a sentence."""

import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tasks.collect.readers.workbook import check
from tasks.errors import ChannelError
from tasks.shop.sources.workbook import Workbook

SPEC = Workbook(kind="workbook", files=["x"])
TYPES = '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
SHEET = '<?xml version="1.0"?>{dtd}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{rows}</sheetData></worksheet>'


def packed(path: Path, rows: str = "", dtd: str = "", **more: bytes) -> Path:
    """Write a workbook by hand; `more` holds further entries, `__` standing for `/`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        archive.writestr("xl/worksheets/sheet1.xml", SHEET.format(rows=rows, dtd=dtd))
        for name, data in more.items():
            archive.writestr(name.replace("__", "/"), data)
    return path


def far(path: Path) -> Path:
    """Two cells, one of them in row 200,000, column 520: about a kilobyte, gigabytes when made dense."""
    return packed(path, '<row r="1"><c r="A1"><v>1</v></c></row><row r="200000"><c r="SZ200000"><v>1</v></c></row>')


def whitespace(path: Path) -> Path:
    """300 MB of spaces between two cells."""
    packed(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", TYPES)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(300):
                part.write(b" " * 1024 * 1024)
    return path


def many_entries(path: Path) -> Path:
    """20,000 entries."""
    with zipfile.ZipFile(path, "w") as archive:
        for index in range(20_000):
            archive.writestr(f"xl/{index}.xml", b"")
    return path


def outside(path: Path) -> Path:
    """An entry above its own folder."""
    return packed(path, **{"..__..__evil.xml": b"<a/>"})


def macros(path: Path) -> Path:
    """A macro project under an innocent name."""
    return packed(path, **{"xl/vbaProject.bin": b"x"})


def links(path: Path) -> Path:
    """A link to another file."""
    return packed(path, **{"xl/externalLinks/externalLink1.xml": b"<a/>"})


def entities(path: Path) -> Path:
    """Entities that multiply."""
    return packed(path, dtd='<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>', rows="&b;")


def crowded(path: Path) -> Path:
    """More cells than any person types."""
    return packed(path, "<row>" + "<c/>" * 201 + "</row>")


def lying(path: Path) -> Path:
    """A directory that declares a smaller size than the data have."""
    packed(path, "<row><c/></row>" * 200_000)
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 100)
    path.write_bytes(bytes(data))
    return path


BOMBS = {
    "far": (far, "row 200,000"),
    "whitespace": (whitespace, "-fold"),
    "many_entries": (many_entries, "entries"),
    "outside": (outside, "outside itself"),
    "macros": (macros, "macros"),
    "links": (links, "links"),
    "entities": (entities, "document type"),
    "crowded": (crowded, "column 201"),
    "lying": (lying, "sheet1.xml"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_at_once(tmp_path: Path, name: str) -> None:
    """Each is refused in under 2 seconds with its reason and what to do."""
    make, words = BOMBS[name]
    path = make(tmp_path / "x.xlsx")
    started = time.process_time()
    with pytest.raises(ChannelError) as caught:
        check(path, SPEC)
    assert words in caught.value.what
    assert caught.value.hint
    assert time.process_time() - started < 2


def test_the_far_cell_is_small(tmp_path: Path) -> None:
    """The file that would take gigabytes is about a kilobyte."""
    assert far(tmp_path / "x.xlsx").stat().st_size < 1_500


@pytest.mark.parametrize("name", ["x.xlsm", "x.xls"])
def test_macro_and_old_formats_are_not_opened(tmp_path: Path, name: str) -> None:
    """The ending alone refuses them."""
    path = packed(tmp_path / "x.xlsx").rename(tmp_path / name)
    with pytest.raises(ChannelError, match=r"not an \.xlsx"):
        check(path, SPEC)


@pytest.mark.parametrize("name", ["far", "whitespace"])
def test_a_refusal_stays_small(tmp_path: Path, name: str) -> None:
    """A process that pulls the bomb as a channel gets a sentence and peaks under 300 MB beside what it had loaded."""
    BOMBS[name][0](tmp_path / "x.xlsx")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "channels.yaml").write_text(
        "channels:\n  - {name: store, table: feedback, source: store, read: {kind: workbook, files: ['x.xlsx']}, columns: {submitted_at: a}}\n"
    )
    code = f"""
from datetime import UTC, datetime
from pathlib import Path
from tasks.collect.pull import pull_channel
from tasks.settings import Settings
from tasks.shop.load import Shop
shop = Shop.load({str(tmp_path)!r})
now = datetime(2026, 11, 9, tzinfo=UTC)
batch = pull_channel(shop.channels.channels[0], window_start=None, window_end=now, shop=shop, settings=Settings(home=Path({str(tmp_path)!r})), now=now)
assert batch.error and batch.hint and batch.frame.is_empty(), batch
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) < 300 * 1024
