"""A configuration file is read in its size's time, or refused with its line; codes that name folders stay inside theirs."""

import time
import tracemalloc
from pathlib import Path

import pytest

from tasks.errors import ConfigurationError
from tasks.shop.audiences import Audiences
from tasks.shop.load import Shop, parse_section
from tasks.shop.targets import Targets

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} [{', '.join(['{<<: [' + ', '.join([f'*a{n - 1}'] * 3) + ']}'] * 3)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (LAUGHS, "more than 500,000 values"),
        ("a: &a\n  b: *a\n", "stands inside what it repeats"),
        ("a: " + "[" * 100_000, "levels deep"),
        ("a: " + "[" * 60 + "]" * 60, "levels deep"),
        ("".join("  " * n + "a:\n" for n in range(2_000)), "levels deep"),
        ("a: " + "x" * 6_000_000, "bytes"),
        ("x: *nowhere\n", "undefined alias"),
        ("ok: 1\nday: 2026-02-30\n", "line 2"),
        ("ok: 1\nn: " + "9" * 5_000, "line 2"),
        ("a: !!python/object:os.system x\n", "constructor"),
        ("a: [1\nb: 2\n", "not valid YAML"),
        ("a: '\x00'\n", "not valid YAML"),
    ],
)
def test_it_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    tracemalloc.start()
    started = time.process_time()
    with pytest.raises(ConfigurationError) as caught:
        parse_section(Targets, text.encode(), "targets.yaml")
    took, peak = time.process_time() - started, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sentence in caught.value.what, caught.value.what
    assert "targets.yaml" in caught.value.what and caught.value.hint
    assert len(caught.value.what) < 400
    assert took < 2 and peak < 200_000_000


def test_merges_of_merges_are_bounded() -> None:
    started = time.process_time()
    with pytest.raises(ConfigurationError):
        parse_section(Targets, MERGES.encode(), "targets.yaml")
    assert time.process_time() - started < 2


def test_bytes_that_are_no_utf_8_are_told_with_their_line() -> None:
    with pytest.raises(ConfigurationError, match=r"targets\.yaml, line 2"):
        parse_section(Targets, "a: 1\nb: 管理".encode("gb18030"), "targets.yaml")


def test_an_alias_is_no_crime(tmp_path: Path) -> None:
    text = "audiences:\n  a: &a\n    name: {en: A}\n    recipients: &r [{mail: a@x.example}]\n  b:\n    name: {en: B}\n    recipients: *r\n"
    read = parse_section(Audiences, text.encode(), "audiences.yaml")
    assert [audience.recipients[0].mail for audience in read.audiences.values()] == ["a@x.example"] * 2


@pytest.mark.parametrize(
    "code", ["../../..", "..", ".", "a/b", "a\\b", "管理层", "a b", "a.b", "", "-a", "a" * 41, "con:", "a\tb", "ａ", "a%2e"]
)
def test_a_code_that_cannot_name_a_folder_is_refused_where_it_is_read(tmp_path: Path, code: str) -> None:
    (tmp_path / "config").mkdir()
    text = f"audiences:\n  {code!r}:\n    name: {{zh: 管理层}}\n    recipients: []\n".replace("'", '"')
    (tmp_path / "config" / "audiences.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        Shop.load(tmp_path).check()
    assert "audiences.yaml, line" in caught.value.what
    assert "Latin letters" in caught.value.what


def test_codes_that_differ_by_capitals_alone_are_refused() -> None:
    text = "audiences: {Team_a: {name: {en: A}}, team-A: {name: {en: B}}}"
    with pytest.raises(ConfigurationError, match="two audiences"):
        parse_section(Audiences, text.encode(), "audiences.yaml")


@pytest.mark.parametrize("name", ["../x", "a/b", "工单", "A", "a-b", "a b", "RV[/red]9", ""])
def test_a_channel_of_such_a_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "config").mkdir()
    text = (
        f'channels:\n  - {{name: "{name}", table: product, read: {{kind: parquet, files: [x]}}, columns: {{sku: a, line: b}}}}\n'
    )
    (tmp_path / "config" / "channels.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=r"channels\.yaml, line 2"):
        Shop.load(tmp_path).check()
