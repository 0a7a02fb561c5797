"""Which language a reader gets is decided in one folder; elsewhere no code names one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[4]
LANGUAGE = ROOT / "tasks" / "report" / "language"

NAMES_A_LANGUAGE = {
    "tasks/shop/names.py": "the language of who says nothing else, and of labels that are written as pairs",
}
"""Modules that may name a language, with the reason."""

CODE = re.compile(r"zh([-_](CN|cn))?|en([-_](US|GB))?")


def _modules() -> list[Path]:
    paths = (path for package in ("tasks", "flows") for path in (ROOT / package).rglob("*.py"))
    return sorted(path for path in paths if not path.is_relative_to(LANGUAGE))


def _named(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string, attribute and name that is or tells apart a language."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and CODE.fullmatch(node.value):
            yield node.lineno, node.value
        elif isinstance(node, ast.Attribute) and (CODE.fullmatch(node.attr) or node.attr in ("chinese", "english")):
            yield node.lineno, f".{node.attr}"
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and CODE.fullmatch(node.target.id):
            yield node.lineno, node.target.id


@pytest.mark.parametrize("path", _modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_names_no_language(path: Path) -> None:
    found = list(_named(path))
    if path.relative_to(ROOT).as_posix() in NAMES_A_LANGUAGE:
        assert found, "this module names no language any more: take it off the list"
    else:
        assert not found
