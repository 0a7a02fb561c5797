"""The installed program works without the tests' packages and without the project's source beside it."""

import importlib.metadata
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
OF_TESTS = (
    "pytest",
    "hypothesis",
    "mypy",
    "openpyxl",
    "pypdf",
    "chinese_calendar",
    "aiosmtpd",
    "playwright",
    "sklearn",
    "defusedxml",
)

pytestmark = pytest.mark.slow


def _needed(requirements: list[str]) -> Iterator[importlib.metadata.Distribution]:
    """Walk through what the requirements need, and what that needs; each distribution once."""
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, wanted = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": wanted}):
            continue
        name = canonicalize_name(requirement.name)
        for extra in ("", *sorted(requirement.extras)):
            if (name, extra) in seen:
                continue
            distribution = importlib.metadata.distribution(name)
            if name not in {known for known, _ in seen}:
                yield distribution
            seen.add((name, extra))
            waiting += [(Requirement(text), extra) for text in distribution.requires or []]


def _link(distribution: importlib.metadata.Distribution, into: Path) -> None:
    """Put a distribution's modules into a folder of packages, without copying them; packages that share a folder share it again."""
    for file in distribution.files or []:
        if file.parts[0] == ".." or file.parts[0] == "__pycache__":
            continue
        link = into / Path(*file.parts)
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            os.symlink(Path(str(distribution.locate_file(file))).resolve(), link)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the built wheel and what it requires at run time, nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", with_pip=False)
    [packages] = (folder / "venv").glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    [metadata] = packages.glob("after_sales_review-*.dist-info")
    requires = importlib.metadata.PathDistribution(metadata).requires or []
    for distribution in _needed(requires):
        _link(distribution, packages)
    return folder / "venv" / "bin" / "python"


def _run(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return subprocess.run(
        [str(python), *arguments], cwd=python.parent, env=kept, capture_output=True, text=True, timeout=300, check=False
    )


def _aftersales(python: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _run(python, "-c", "from flows.console.cli import main; main()", *arguments)


def test_nothing_of_the_tests_and_of_the_source_is_there(installed: Path) -> None:
    ask = "import importlib.util as u, sys; print(*[name for name in sys.argv[1:] if u.find_spec(name)])"
    done = _run(installed, "-c", ask, *OF_TESTS, "examples", "benchmarks", "tests")
    assert (done.returncode, done.stdout.strip()) == (0, "")


def test_help_is_shown(installed: Path) -> None:
    done = _aftersales(installed, "--help")
    assert done.returncode == 0, done.stderr
    assert "review" in done.stdout and "doctor" in done.stdout


def test_a_new_home_is_made_and_examined(installed: Path, tmp_path: Path) -> None:
    made = _aftersales(installed, "--home", str(tmp_path / "shop"), "init")
    assert made.returncode == 0, made.stderr
    examined = _aftersales(installed, "--home", str(tmp_path / "shop"), "doctor")
    assert "Traceback" not in examined.stdout + examined.stderr
    assert "configuration" in examined.stdout.lower()


@pytest.mark.parametrize("command", ["demo", "sample"])
def test_the_sample_shop_is_refused_with_a_sentence(installed: Path, tmp_path: Path, command: str) -> None:
    done = _aftersales(installed, "--home", str(tmp_path / "shop"), command)
    assert done.returncode == 1
    assert "The sample shop comes with the project's source" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_module_of_the_program_can_be_imported(installed: Path) -> None:
    [packages] = installed.parents[1].glob("lib/python*/site-packages")
    modules = sorted(
        ".".join(path.relative_to(packages).with_suffix("").parts).removesuffix(".__init__")
        for package in ("flows", "tasks", "expectations", "report_templates")
        for path in (packages / package).rglob("*.py")
        if "migrations" not in path.parts
    )
    done = _run(installed, "-c", "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]", *modules)
    assert done.returncode == 0, done.stderr
