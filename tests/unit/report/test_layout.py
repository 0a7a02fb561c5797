"""Which sections an edition prints: those of its grain, or those that its audience lists."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tasks.errors import ConfigurationError
from tasks.model.report_sections import ReportSection
from tasks.report import layout
from tasks.report.edition import draft, main_points
from tasks.report.language.messages import FOLDER
from tasks.shop.load import Shop
from tests.makers.reviews import AUDIENCES, make_review, make_shop


@cache
def shop_with(sections: str) -> Shop:
    """Return a shop whose finance people read these sections."""
    listed = f"  finance:\n    name: {{zh: 财务, en: Finance}}\n    sections: {sections}\n"
    return Shop({**make_shop().files, "audiences.yaml": (AUDIENCES + listed).encode()})


def test_every_section_has_a_module_a_template_and_a_place_in_a_layout() -> None:
    modules = Path(layout.__file__).parent / "sections"
    assert set(layout.SECTIONS) == set(ReportSection)
    for stem in ReportSection:
        assert (modules / f"{stem.value}.py").is_file()
        assert (FOLDER / "sections" / f"{stem.value}.html.j2").is_file()


@pytest.mark.parametrize("kind", ["week", "month"])
def test_an_audience_may_name_its_own_sections(kind: str) -> None:
    written = draft(make_review(kind), shop_with("[new_actions, figures]"), "finance", "en")
    assert [section.stem for section in written.sheet.opening] == ["figures"]
    assert [section.stem for section in written.sheet.later] == ["new_actions"]
    headings = re.findall(r"<h2>(.*?)</h2>", written.html)
    assert [re.sub("<[^>]*>", "", heading) for heading in headings] == ["New actions: who, by when, to which target"]
    assert 'class="figures"' in written.html and 'class="conclusion"' in written.html and "<h1>" in written.html
    assert 'id="opening-ends"' not in written.html
    assert not any("Next:" in point for point in main_points(written.sheet))


@pytest.mark.parametrize("stem", ReportSection)
@pytest.mark.parametrize("kind", ["week", "month", "partial", "small"])
def test_every_section_can_be_the_only_one(stem: ReportSection, kind: str) -> None:
    written = draft(make_review(kind), shop_with(f"[{stem.value}]"), "finance", "zh-CN")
    assert {section.stem for section in (*written.sheet.opening, *written.sheet.later)} <= {stem.value}


def test_an_audience_that_lists_nothing_reads_the_whole_report() -> None:
    written = draft(make_review(), make_shop(), "executive", "en")
    assert [section.stem for section in written.sheet.opening] == ["figures", "action_progress", "matters", "decisions"]
    assert written.sheet.later[-1].stem == "data"


def test_an_unknown_section_is_refused_with_file_line_and_what_would_be_right() -> None:
    with pytest.raises(ConfigurationError) as refused:
        _ = shop_with("[figures, finances]").audiences
    assert re.search(r"audiences\.yaml, line \d+", str(refused.value))
    assert "new_actions" in f"{refused.value} {refused.value.hint}"


def test_a_section_named_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="figures appears twice"):
        _ = shop_with("[figures, figures]").audiences
