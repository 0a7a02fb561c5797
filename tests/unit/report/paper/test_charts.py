"""Charts: the same bytes, escaped labels, broken and open where the data are; drawn by a process that says what it cannot draw."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from markupsafe import Markup

from tasks.errors import RenderError
from tasks.report.language.phrase import Phrase, Piece, word
from tasks.report.paper import charts
from tasks.report.paper.chart_renderer import ChartRenderer

Draw = Callable[[Markup], str]


@pytest.fixture(scope="module")
def draw() -> Iterator[Draw]:
    """Draw charts by one process for the whole module."""
    with ChartRenderer(60) as renderer:
        yield lambda page: renderer.drawn(str(page))


def _line(points: list[charts.Point]) -> Markup:
    return charts.line(points, name="t", aria=word("走势"), last=word("实际3"), band=(1, 4), band_name=word("正常范围"))


def _bars(label: Phrase, name: str = "b") -> Markup:
    return charts.bars([charts.Bar(label, 3.0, word("3起"))], name=name, aria=label)


def test_the_same_data_draw_the_same_bytes(draw: Draw) -> None:
    points = [charts.Point(f"{week}周", float(week % 5)) for week in range(30, 43)]
    drawn = draw(_line(points))
    assert draw(_line(points)) == drawn
    assert "正常范围" in drawn
    assert "实际3" in drawn


def test_a_break_of_level_breaks_the_line(draw: Draw) -> None:
    whole = draw(_line([charts.Point(str(index), float(index)) for index in range(8)]))
    broken = draw(_line([charts.Point(str(index), float(index), segment=index // 4) for index in range(8)]))
    assert _paths(broken) > _paths(whole)


def _paths(svg: str) -> int:
    return svg.count('stroke="#222222" stroke-width="1.8"')


def test_an_immature_last_point_is_open(draw: Draw) -> None:
    points = [charts.Point(str(index), 2.0 + index, immature=index == 3) for index in range(4)]
    assert 'fill="white"' in draw(_line(points))
    assert 'fill="white"' not in draw(_line([charts.Point(str(index), 2.0 + index) for index in range(4)]))


def test_labels_from_data_are_escaped_and_run_nothing(draw: Draw) -> None:
    undrawn = _bars(Phrase((Piece("'};alert(1)//<script>x</script></template>", "datum"),)))
    for page in (str(undrawn), draw(undrawn)):
        assert "<script" not in page
        assert "&lt;script" in page
    assert "<template" not in draw(undrawn)


def test_ids_of_two_charts_never_meet(draw: Draw) -> None:
    one, two = draw(_bars(word("a"), "one")), draw(_bars(word("a"), "two"))
    assert one.replace("one-", "two-") == two


def test_every_chart_of_a_page_is_drawn_in_its_place(draw: Draw) -> None:
    one, two = _bars(word("a"), "one"), _bars(word("b"), "two")
    assert draw(Markup("<p>{}</p>{}").format(one, two)) == f"<p>{draw(one)}</p>{draw(two)}"


def test_a_chart_that_cannot_be_drawn_is_named_and_the_next_one_is_drawn(draw: Draw) -> None:
    with pytest.raises(RenderError, match="The chart odd could not be drawn"):
        draw(Markup('<template class="chart" id="odd">{"mark": 1}</template>'))
    assert "<svg" in draw(_bars(word("a")))


def test_a_renderer_that_takes_too_long_is_ended() -> None:
    with ChartRenderer(0) as renderer, pytest.raises(RenderError, match="took more than 0 seconds"):
        renderer.drawn(str(_bars(word("a"))))


def test_a_spark_line_needs_two_points() -> None:
    assert str(charts.spark([None, 3.0])) == ""
    drawn = str(charts.spark([1.0, 2.0, None, 3.0, 4.0], band=(1.0, 3.0), immature=True))
    assert drawn.count("<polyline") == 2
    assert 'fill="#fff"' in drawn
