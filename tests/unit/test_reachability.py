"""Every module of `tasks` is reached from a flow, and every public name in it is used by the program itself."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tasks.collect.pull import PLAIN, kind_of
from tasks.warn.kinds.catalogue import kinds
from tests.makers.program_text import nodes

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("flows", "tasks", "expectations", "report_templates")
BY_OTHERS = {
    # Called by name from a package of others, which asks for exactly this method.
    "emit": "logging.Handler",
    "sync_auth_flow": "httpx.Auth",
    "process_bind_param": "sqlalchemy.TypeDecorator",
    "process_result_value": "sqlalchemy.TypeDecorator",
    "PolarsDatasource": "Great Expectations registers it",
    "add_batch_definition_whole_frame": "Great Expectations' data asset",
    "execution_engine_type": "Great Expectations' data source",
    "get_batch_identifiers_list": "Great Expectations' data asset",
    "get_compute_domain": "Great Expectations' execution engine",
    "resolve_metric_bundle": "Great Expectations' execution engine",
    "test_connection": "Great Expectations' data source",
}
MIGRATIONS = ("tasks", "store", "migrations")
"""Alembic finds them by their folder."""


def _modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): path
        for package in PROGRAM
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.name != "__init__.py" and path.relative_to(ROOT).parts[:3] != MIGRATIONS
    }


def _mentioned(path: Path) -> Iterator[str]:
    """Modules that a module imports, or names in a text that is imported or started later (`tasks.x.y`, or a folder's reader)."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("tasks."):
            yield from re.findall(r"[\w.]+", node.value)


def _reached(modules: dict[str, Path]) -> set[str]:
    found: set[str] = set()
    waiting = [name for name in modules if name.startswith("flows.") or name in _loaded_by_kind()]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        waiting += [other for other in _mentioned(modules[name]) if other in modules]
    return found


def _loaded_by_kind() -> set[str]:
    """Modules that are imported by their names.

    Readers have the name of a channel's kind, a child process that of what starts it; kinds of warnings stand in one folder.
    """
    readers = {kind_of(source) for source in PLAIN}
    warnings = {kind.look.__module__ for kind in kinds().values()}
    return {f"tasks.collect.readers.{name}{ending}" for name in readers for ending in ("", "_child")} | warnings


def test_every_module_is_reached_from_a_flow():
    modules = _modules()
    reached = _reached(modules)
    assert [name for name in modules if name.startswith("tasks.") and name not in reached] == []


def test_every_public_name_is_used_by_the_program_itself():
    """Tests, benchmarks and examples do not count: what only they call is code that no shop runs."""
    modules = _modules()
    templates = [
        path
        for folder in ("report_templates", "config")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".j2", ".yaml")
    ]
    text = "\n".join(
        path.read_text("utf-8") for path in [*modules.values(), *templates, ROOT / "prefect.yaml", ROOT / "pyproject.toml"]
    )
    words = Counter(re.findall(r"\w+", text))
    defined = Counter(re.findall(r"\b(?:def|class) (\w+)", text))
    unused = [
        f"{name}: {node.name}"
        for name, path in modules.items()
        if name.startswith("tasks.")
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and node.name not in BY_OTHERS
        and words[node.name] == defined[node.name]
    ]
    assert unused == []
