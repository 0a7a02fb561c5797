"""The house's own rules, where no linter looks."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import tasks
from tests.makers.program_text import nodes, tree

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("flows", "tasks", "expectations", "report_templates", "benchmarks", "examples")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "tools"}
TEXT_FILES = {".py", ".md", ".toml", ".yaml", ".yml", ".j2", ".css", ".sh", ".txt", ".lock", ".sql", ".json", ".cfg", ".ini", ""}

# Written so that this file does not match itself.
REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|npmjs\.(?:com|org)|index[-]url|artifactor[y]|debian\.org/debian")
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:wor[k]|roo[t]|far[m])/")
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}


def _modules(*packages: str) -> list[Path]:
    return sorted(path for package in packages for path in (ROOT / package).rglob("*.py"))


def _committed() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this copy of the project is no git checkout, so there is no list of committed files")
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def _imports(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_our_packages_are_the_ones_that_are_imported():
    assert tasks.__file__ is not None
    assert Path(tasks.__file__).is_relative_to(ROOT)


def test_no_module_can_shadow_the_standard_library():
    """A folder that is run from gets onto `sys.path`; `flows/calendar.py` would then stand before the library's own."""
    exposed = [path for package in PACKAGES for path in (ROOT / package).iterdir() if path.suffix == ".py" or path.is_dir()]
    assert [_name(path) for path in exposed if path.stem in sys.stdlib_module_names] == []


def test_modules_are_named_by_nouns():
    assert [_name(path) for path in _modules(*PACKAGES) if path.stem in VAGUE] == []


def test_only_steps_and_flows_import_prefect():
    users = [path for path in _modules(*PACKAGES) if any(name.split(".")[0] == "prefect" for name in _imports(path))]
    assert [_name(path) for path in users if path.name != "steps.py" and _name(path).split("/")[0] != "flows"] == []


def test_great_expectations_waits_until_it_is_needed():
    """It imports in seconds: only the engine imports it at its top, and only the confirmation imports the engine."""
    early = []
    for path in _modules(*PACKAGES):
        tops = tree(path).body
        names = [alias.name for node in tops if isinstance(node, ast.Import) for alias in node.names]
        names += [node.module or "" for node in tops if isinstance(node, ast.ImportFrom)]
        if any(
            name.startswith(("great_expectations", "tasks.validate.gx_engine", "tasks.validate.gx_metrics")) for name in names
        ):
            early.append(_name(path))
    assert early == ["tasks/validate/gx_engine.py", "tasks/validate/gx_metrics.py"]


def test_only_the_settings_read_the_environment():
    readers = [
        _name(path)
        for path in _modules(*PACKAGES)
        if re.search(r"\bos\.(?:environb?|getenv|putenv)\b|from os import .*\b(?:environ|getenv)\b", path.read_text("utf-8"))
    ]
    assert readers == ["tasks/settings.py"]


def test_only_flows_and_steps_look_at_the_clock():
    lookers = []
    for path in _modules("tasks", "expectations", "report_templates"):
        if path.name == "steps.py":
            continue
        for node in nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                holder = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
                if (holder, node.func.attr) in CLOCKS:
                    lookers.append(f"{_name(path)}:{node.lineno}")
    assert lookers == []


def test_inits_stay_empty():
    full = [_name(path) for path in _modules(*PACKAGES) if path.name == "__init__.py" and tree(path).body[1:]]
    assert full == []


def test_no_template_marks_text_as_safe():
    templates = sorted((ROOT / "report_templates").rglob("*.j2"))
    assert templates
    unsafe = [_name(path) for path in templates if re.search(r"\|\s*safe\b|autoescape\s+false", path.read_text("utf-8"))]
    assert unsafe == []


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS], ids=["registry hosts", "paths of one machine"])
def test_no_committed_file_names(pattern: re.Pattern[str]):
    found = []
    for path in _committed():
        if path.suffix in TEXT_FILES and path.is_file():
            for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1):
                if pattern.search(line):
                    found.append(f"{_name(path)}:{number}")
    assert found == []


def test_imports_follow_the_layers():
    pytest.importorskip("importlinter", reason="import-linter is not installed; `make test` installs it")
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())",
            "--no-cache",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_ignored_warning_of_a_third_party_has_its_reason():
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    settings = tomllib.loads(project)["tool"]["pytest"]["ini_options"]
    assert settings["filterwarnings"][0] == "error"
    for ignored in settings["filterwarnings"][1:]:
        line = next(line for line in project.splitlines() if ignored.replace("\\", "\\\\") in line or ignored in line)
        assert "#" in line.split(ignored)[-1], f"say why {ignored!r} is ignored"


LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def test_modules_and_functions_fit_a_screen_or_two():
    long = []
    for path in _modules(*PACKAGES, "docs"):
        text = path.read_text("utf-8")
        if (lines := text.count("\n")) > LONGEST_MODULE:
            long.append(f"{_name(path)}: {lines} lines")
        for node in nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{_name(path)}:{node.lineno} {node.name}: {length} lines")
    assert long == []


def test_a_class_name_is_used_once():
    homes: dict[str, list[str]] = {}
    for path in _modules(*PACKAGES, "docs"):
        for node in tree(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(_name(path))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}
