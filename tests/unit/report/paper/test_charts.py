"""Charts: the same bytes, escaped labels, broken and open where the data are."""

from __future__ import annotations

from tasks.report.language.phrase import Phrase, Piece, word
from tasks.report.paper import charts


def _line(points: list[charts.Point]) -> str:
    return str(charts.line(points, name="t", aria=word("走势"), last=word("实际3"), band=(1, 4), band_name=word("正常范围")))


def test_the_same_data_draw_the_same_bytes() -> None:
    points = [charts.Point(f"{week}周", float(week % 5)) for week in range(30, 43)]
    assert _line(points) == _line(points)
    assert "正常范围" in _line(points)
    assert "实际3" in _line(points)


def test_a_break_of_level_breaks_the_line() -> None:
    whole = _line([charts.Point(str(index), float(index)) for index in range(8)])
    broken = _line([charts.Point(str(index), float(index), segment=index // 4) for index in range(8)])
    assert _paths(broken) > _paths(whole)


def _paths(svg: str) -> int:
    return svg.count('stroke="#222222" stroke-width="1.8"')


def test_an_immature_last_point_is_open() -> None:
    points = [charts.Point(str(index), 2.0 + index, immature=index == 3) for index in range(4)]
    assert 'fill="white"' in _line(points)
    assert 'fill="white"' not in _line([charts.Point(str(index), 2.0 + index) for index in range(4)])


def test_labels_from_data_are_escaped_and_run_nothing() -> None:
    label = Phrase((Piece("'};alert(1)//<script>x</script>", "datum"),))
    svg = str(charts.bars([charts.Bar(label, 3.0, word("3起"))], name="b", aria=label))
    assert "<script" not in svg
    assert "&lt;script" in svg


def test_ids_of_two_charts_never_meet() -> None:
    one = str(charts.bars([charts.Bar(word("a"), 1.0, word("1"))], name="one", aria=word("x")))
    two = str(charts.bars([charts.Bar(word("a"), 1.0, word("1"))], name="two", aria=word("x")))
    assert one.replace("one-", "two-") == two


def test_a_spark_line_needs_two_points() -> None:
    assert str(charts.spark([None, 3.0])) == ""
    drawn = str(charts.spark([1.0, 2.0, None, 3.0, 4.0], band=(1.0, 3.0), immature=True))
    assert drawn.count("<polyline") == 2
    assert 'fill="#fff"' in drawn
