"""Reports of a server that answers anything: rows or a sentence, never anything else."""

import contextlib
import gzip
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.collect.http_reports import Reports
from tasks.collect.http_requests import HttpAnswer, Wish
from tasks.collect.source_rows import ReadContext, SourceRows, Window
from tasks.errors import ChannelError
from tasks.settings import Settings
from tasks.shop.sources.http_api import HttpApi, Report

NOW = datetime(2026, 11, 9, tzinfo=UTC)
REPORT = Report.model_validate(
    {
        "id": "id", "status_url": "/r/{id}", "status": "state", "done": ["DONE"], "nothing": ["CANCELLED"], "failed": ["FATAL"],
        "file_id": "file", "file_url": "/f/{id}", "file_at": "url", "separator": "\t", "every_s": 600,
    }
)  # fmt: skip
SPEC = HttpApi(kind="http_api", url="https://api.example/reports", method="POST", report=REPORT)
_VALUE = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["DONE", "CANCELLED", "FATAL", "https://x.example/f", "http://[", "//x", "../..", "a/b?c#d"])
)
_BODY = (
    st.dictionaries(st.sampled_from(["id", "state", "file", "url"]), _VALUE | st.lists(_VALUE, max_size=2))
    | st.lists(_VALUE, max_size=2)
    | _VALUE
)


class Told(Reports):
    """Reports whose answers and file are given."""

    def __init__(self, answers: list[Any], file: bytes) -> None:
        place = ReadContext(Settings(home=Path("x")), Window(None, NOW, NOW), lambda _: None, mapped=frozenset({"a"}))
        left = [*answers]
        server = SimpleNamespace(
            spec=SPEC, place=place, patience=SimpleNamespace(is_over=False),
            ask=lambda wish: self._ask(wish, left),
        )  # fmt: skip
        self.wishes: list[Wish] = []
        self.file = file
        super().__init__(server, REPORT, SPEC.url, lambda _: None)  # type: ignore[arg-type]

    def _ask(self, wish: Wish, left: list[Any]) -> HttpAnswer:
        self.wishes.append(wish)
        return HttpAnswer(left.pop(0) if left else {"state": "IN_PROGRESS"})

    def _downloaded(self, address: str) -> bytes:
        return self.file


@settings(max_examples=400)
@given(st.lists(_BODY, max_size=5), st.binary(max_size=60) | st.text(max_size=30).map(lambda text: f"a\tb\n{text}\t1\n".encode()))
def test_whatever_is_answered_there_are_rows_or_a_sentence(answers: list[Any], file: bytes) -> None:
    told = Told(answers, file)
    with contextlib.suppress(ChannelError):
        assert isinstance(told.rows(Wish(SPEC.url, {}, "POST"), "the report"), SourceRows)
    assert all(wish.address.startswith("https://api.example/") for wish in told.wishes)


@pytest.mark.parametrize(
    "address",
    [
        "http://[",
        "//x",
        "ftp://files.example/x",
        "http://files.example/x",
        "file:///etc/passwd",
        "",
        None,
        7,
        ["https://x.example"],
        "https://",
    ],
)
def test_an_address_that_is_none_is_told(address: Any) -> None:
    """Nothing is fetched over a plain line either, where the interface itself is asked over a safe one."""
    told = Told([{"id": 1}, {"state": "DONE", "file": 1}, {"url": address}], b"a\n1\n")
    with pytest.raises(ChannelError, match="names no address of the file"):
        told.rows(Wish(SPEC.url, {}, "POST"), "the report")


@pytest.mark.parametrize("packed", [True, False])
def test_rows_come_of_a_report(packed: bool) -> None:
    text = "a\tb\nGröße\t1\n".encode("cp1252")
    told = Told(
        [{"id": "a/../b"}, {"state": "DONE", "file": 7}, {"url": "https://files.example/x"}],
        gzip.compress(text) if packed else text,
    )
    assert told.rows(Wish(SPEC.url, {}, "POST"), "the report").frame.rows() == [("Größe", "1")]
    assert [wish.address for wish in told.wishes[1:]] == ["https://api.example/r/a%2F..%2Fb", "https://api.example/f/7"]
