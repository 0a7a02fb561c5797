"""Every kind of source is declared once; all that depends on the kinds follows."""

import re
from pathlib import Path

import pytest

from tasks.collect.pull import READERS
from tasks.errors import UserError
from tasks.shop.channels import Channels
from tasks.shop.load import parse_section
from tasks.shop.sources.kinds import PLAIN, kind_of
from tasks.shop.sources.selection import Selection

ROOT = Path(__file__).resolve().parents[3]
NO_SOURCE = {"__init__", "kinds", "source"}


@pytest.mark.parametrize("source", [*PLAIN, Selection], ids=kind_of)
def test_a_kind_names_the_module_of_its_keys(source: type) -> None:
    assert source.__module__ == f"tasks.shop.sources.{kind_of(source)}"
    assert source.__doc__


def test_every_module_of_a_source_is_a_kind() -> None:
    modules = {path.stem for path in (ROOT / "tasks" / "shop" / "sources").glob("*.py")} - NO_SOURCE
    assert modules == {kind_of(source) for source in (*PLAIN, Selection)}


def test_every_plain_kind_has_a_reader_of_its_name() -> None:
    assert set(READERS) == {kind_of(source) for source in PLAIN}
    assert all(read.__module__ == f"tasks.collect.readers.{kind}" for kind, read in READERS.items())


def test_the_readme_names_every_kind() -> None:
    (paragraph,) = re.findall(r"^Kinds of `read`: .*?\n\n", (ROOT / "README.md").read_text("utf-8"), flags=re.M | re.S)
    named = re.findall(r"`([a-z_]+)`", paragraph)
    assert sorted(named) == sorted(["read", *(kind_of(source) for source in (*PLAIN, Selection))])


def test_an_unknown_kind_is_told_with_the_known_ones() -> None:
    text = "channels:\n  - {name: a1, table: product, read: {kind: fax}, columns: {sku: a, line: b}}\n"
    with pytest.raises(UserError) as caught:
        parse_section(Channels, text.encode(), "channels.yaml")
    assert all(kind_of(source) in f"{caught.value.what} {caught.value.hint}" for source in (*PLAIN, Selection))
