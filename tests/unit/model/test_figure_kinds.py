"""The catalogue of figures: every entry is computed, named and explained, and nothing is computed beside it."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tasks.analyse.figures.inflow import NATURES
from tasks.model.figure_kinds import FIGURES, HEADLINE, PAGE_ONE, FigureFamily, FigureUnit, Good, published_kind
from tasks.model.figures import Figure
from tasks.model.tables import TABLES
from tasks.report.language.messages import catalogue
from tasks.report.language.registry import LANGUAGES
from tests.makers.program_text import nodes, tree

ROOT = Path(__file__).resolve().parents[3]
COMPUTED_IN = sorted((ROOT / "tasks" / "analyse" / "figures").glob("*.py"))
OTHER_MEASURES = {"refund_rate_after_sign", "negative_count"}
"""What a table measures that is no figure of its own: they have a name only."""


def literals(path: Path) -> set[str]:
    """Return every text that stands in a module."""
    return {node.value for node in nodes(path) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize("language", list(LANGUAGES))
@pytest.mark.parametrize("code", FIGURES)
def test_a_figure_has_a_name_and_a_definition(code: str, language: str) -> None:
    messages = catalogue(language)
    assert f"figure.{code}.name" in messages and f"figure.{code}.definition" in messages


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_no_message_names_a_figure_that_is_not_there(language: str) -> None:
    named = {key.split(".")[1] for key in catalogue(language).entries if key.startswith("figure.")}
    assert named - OTHER_MEASURES == set(FIGURES)


def test_every_figure_is_computed() -> None:
    written = set().union(*(literals(path) for path in COMPUTED_IN)) | {f"{nature}_records" for nature in NATURES}
    published = {kind.code for kind in FIGURES.values() if kind.family is FigureFamily.PUBLISHED}
    assert set(FIGURES) - written - published == set()


def test_every_function_of_the_figures_is_called() -> None:
    """A figure whose function nobody calls is in the catalogue and in no review."""
    declared, named = set(), set()
    for path in (ROOT / "tasks").rglob("*.py"):
        if path in COMPUTED_IN:
            declared |= {(path.stem, node.name) for node in tree(path).body if isinstance(node, ast.FunctionDef)}
        named |= {node.id for node in nodes(path) if isinstance(node, ast.Name)}
    assert {(module, function) for module, function in declared if function not in named} == set()


def test_no_stage_makes_up_a_kind() -> None:
    """A figure is made of a kind, and kinds are made in the catalogue alone: what is computed is in it."""
    makers = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / "tasks").rglob("*.py"))
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "FigureKind"
    ]
    assert set(makers) == {"tasks/model/figure_kinds.py"}


def test_alternatives_of_page_one_say_the_same_of_different_shops() -> None:
    for codes in PAGE_ONE:
        kinds = [FIGURES[code] for code in codes]
        assert len({(kind.family, kind.good) for kind in kinds}) == 1
    assert all(kind.printed for kind in FIGURES.values() if kind.page_one is not None or kind.headline is not None)


def test_a_place_in_the_headline_is_taken_once() -> None:
    assert HEADLINE
    assert [FIGURES[code].headline for code in HEADLINE] == list(range(1, len(HEADLINE) + 1))


def test_figures_are_moved_by_tables_or_what_stands_for_them() -> None:
    assert {table for kind in FIGURES.values() for table in kind.moved_by} - {"reviews"} <= set(TABLES)


def test_a_change_of_every_unit_can_be_printed() -> None:
    assert len({unit.change for unit in FigureUnit}) == len(FigureUnit)


def test_targets_of_every_configuration_name_figures() -> None:
    files = [
        *ROOT.glob("config/targets.yaml"),
        *ROOT.glob("examples/*/config/targets.yaml"),
        *ROOT.glob("examples/*/shop/targets.yaml"),
    ]
    targets = [target for path in files for target in yaml.safe_load(path.read_text("utf-8")).get("figures", ())]
    assert len(targets) > 5
    assert {target["figure"] for target in targets} <= set(FIGURES)


def test_a_metric_that_nobody_named_is_published_all_the_same() -> None:
    kind = published_kind("star_rating", Good.UP)
    assert (kind.code, kind.family, kind.unit, kind.explained) == (
        "platform_star_rating",
        FigureFamily.PUBLISHED,
        FigureUnit.SCORE,
        False,
    )
    assert published_kind("score", Good.UP) == FIGURES["platform_score"]
    assert published_kind("score", Good.DOWN) == replace(FIGURES["platform_score"], good=Good.DOWN)


def test_a_figure_is_what_its_kind_is() -> None:
    figure = Figure(FIGURES["reply_3min_rate"], 0.9)
    assert (figure.code, figure.family, figure.unit, figure.good) == ("reply_3min_rate", "service", "share", "up")
