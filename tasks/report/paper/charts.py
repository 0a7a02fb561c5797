"""Charts as Vega-Lite specifications, and sparklines as SVG.

A specification stands in the page until `chart_renderer` draws it: drawing needs a JavaScript engine, which a review's own
process never loads.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from tasks.report.language.phrase import Phrase

FONT = "Noto Sans CJK SC"
INK, GREY, LIGHT, BAND, ACCENT, WORSE = "#222222", "#6F7580", "#C9CDD3", "#E9EBEE", "#1F5FA8", "#B4361E"
_SIZE = 10.5  # px in the chart = 8 pt on paper

Spec = dict[str, Any]
"""A part of a Vega-Lite specification."""


@dataclass(frozen=True)
class Point:
    """A point of a line: its axis label, its value, and the segment it belongs to.

    A new `segment` breaks the line: the points left and right of the break are not comparable.
    """

    label: str
    value: float | None
    expected: float | None = None
    segment: int = 0
    immature: bool = False


def _theme() -> dict[str, Any]:
    axis = {
        "labelFont": FONT, "titleFont": FONT, "labelFontSize": _SIZE, "labelColor": GREY, "domainColor": LIGHT,
        "tickColor": LIGHT, "gridColor": "#EEF0F2", "labelPadding": 3, "title": None,
    }  # fmt: skip
    return {
        "font": FONT,
        "background": "transparent",
        "view": {"stroke": None},
        "axis": axis,
        "axisY": {"tickCount": 3, "domain": False, "ticks": False},
        "axisX": {"grid": False, "labelAngle": 0, "labelOverlap": "greedy", "labelFlush": True},
        "text": {"font": FONT, "fontSize": _SIZE, "color": INK},
    }


def _undrawn(spec: Spec, aria: Phrase, name: str) -> Markup:
    """Return the place of a chart in the page, holding what is to be drawn there; `name` is unique in the edition."""
    return Markup('<span class="chart" role="img" aria-label="{}"><template class="chart" id="{}">{}</template></span>').format(
        aria.plain, name, json.dumps({**spec, "config": _theme()}, ensure_ascii=False)
    )


def line(
    points: Sequence[Point],
    *,
    name: str,
    aria: Phrase,
    last: Phrase,
    expected: Phrase | None = None,
    band: tuple[float, float] | None = None,
    band_name: Phrase | None = None,
    share: bool = False,
    width: int = 300,
    height: int = 86,
) -> Markup:
    """Return a line over time with its last value written at its end.

    A grey band is the normal range, a dashed grey line the expectation; an immature last point is open; segments are not joined.

    Args:
        points: In order of time.
        name: Unique name of the chart within the edition.
        aria: What the chart shows, for readers of the text.
        last: The printed number at the end of the line.
        expected: The printed expected number at the end, if points carry expectations.
        band: Low and high end of the normal range, in the unit of the values.
        band_name: The words written into the band.
        share: Whether values are fractions, shown as percentages on the axis.
        width, height: Size of the plot, px.
    """
    factor = 100.0 if share else 1.0
    rows = _plotted(points, factor)
    order = [row["x"] for row in rows]
    labels_by_key = {row["x"]: point.label for row, point in zip(rows, points, strict=True)}
    drawn_band = band and (band[0] * factor, band[1] * factor)
    x = _nominal(
        "x",
        sort=order,
        axis={"title": None, "values": _ticks(order), "labelExpr": f"{_json(labels_by_key)}[datum.value]"},
        scale={"padding": 0.35},
    )
    y = _amount("y", scale=_scale([row["y"] for row in rows], drawn_band, share))
    layers = _band_layers(drawn_band, band_name) if drawn_band else []
    if any(row["e"] is not None for row in rows):
        layers.append(
            {
                "mark": {"type": "line", "color": GREY, "strokeWidth": 1.4, "strokeDash": [4, 3]},
                "encoding": {"x": x, "y": _amount("e"), "detail": _nominal("s")},
            }
        )
    layers += _curve_layers(x, y)
    layers += [
        {
            "data": {"values": [label]},
            "mark": {"type": "text", "align": "left", "dx": 7, "color": label["c"], "font": FONT, "fontSize": _SIZE},
            "encoding": {"x": x, "y": _amount("v"), "text": _nominal("t")},
        }
        for label in _end_labels(rows, last, expected, (drawn_band or (0, 0))[1], height)
    ]
    padding = {"left": 2, "right": 2, "top": 4, "bottom": 2}
    spec = {"data": {"values": rows}, "layer": layers, "width": width, "height": height, "padding": padding}
    return _undrawn(spec, aria, name)


def _nominal(field: str, **channel: Any) -> Spec:
    """Return the encoding of a field by its names."""
    return {"field": field, "type": "nominal", **channel}


def _amount(field: str, **channel: Any) -> Spec:
    """Return the encoding of a field by its amount, on an axis without a title."""
    return {"field": field, "type": "quantitative", "axis": {"title": None}, **channel}


def _plotted(points: Sequence[Point], factor: float) -> list[dict[str, Any]]:
    """Return the points as Vega-Lite's rows: place, value, expectation, segment, and whether the point is drawn open."""
    return [
        {
            "i": index,
            "x": str(index),
            "y": None if point.value is None else round(point.value * factor, 6),
            "e": None if point.expected is None else round(point.expected * factor, 6),
            "s": point.segment,
            "open": point.immature,
        }
        for index, point in enumerate(points)
    ]


def _band_layers(band: tuple[float, float], name: Phrase | None) -> list[Spec]:
    """Return the normal range, and its name in it."""
    span = {"a": round(band[0], 6), "b": round(band[1], 6)}
    layers: list[Spec] = [
        {
            "data": {"values": [span]},
            "mark": {"type": "rect", "color": BAND},
            "encoding": {"y": _amount("a"), "y2": {"field": "b"}},
        }
    ]
    if name is not None:
        text = {"type": "text", "align": "left", "baseline": "top", "dx": 4, "dy": 2, "color": GREY}
        layers.append(
            {
                "data": {"values": [{"t": name.plain, **span}]},
                "mark": {**text, "font": FONT, "fontSize": _SIZE - 1},
                "encoding": {"x": {"value": 0}, "y": {"field": "a", "type": "quantitative"}, "text": _nominal("t")},
            }
        )
    return layers


def _curve_layers(x: Spec, y: Spec) -> list[Spec]:
    """Return the line with its points; an immature one is open."""
    known = {"filter": "datum.y !== null"}
    at = {"x": x, "y": y}
    return [
        {
            "transform": [known],
            "mark": {"type": "line", "color": INK, "strokeWidth": 1.8},
            "encoding": {**at, "detail": _nominal("s")},
        },
        {
            "transform": [known, {"filter": "!datum.open"}],
            "mark": {"type": "point", "color": INK, "filled": True, "size": 16, "opacity": 1},
            "encoding": at,
        },
        {
            "transform": [known, {"filter": "datum.open"}],
            "mark": {"type": "point", "color": INK, "fill": "white", "size": 34, "strokeWidth": 1.6},
            "encoding": at,
        },
    ]


def _end_labels(
    rows: list[dict[str, Any]], last: Phrase, expected: Phrase | None, band_top: float, height: int
) -> list[dict[str, Any]]:
    """Return the printed numbers at the end of a line, moved apart."""
    ends = [row for row in rows if row["y"] is not None]
    if not ends:
        return []
    end = ends[-1]
    labels = [{**end, "v": end["y"], "t": last.plain, "c": INK}]
    if expected is not None and end["e"] is not None:
        labels.append({**end, "v": end["e"], "t": expected.plain, "c": GREY})
    top = max([row["y"] for row in ends] + [row["e"] or 0 for row in rows] + [band_top]) or 1.0
    return _apart(labels, top * (_SIZE + 3) / height)


def _scale(values: list[Any], band: tuple[float, float] | None, share: bool) -> Spec:
    """Start counts and money at zero; rates and scores at their own level, but never zoomed in so far that noise looks large."""
    known = [float(value) for value in values if value is not None] + list(band or ())
    if not known or (min(known) >= 0 and not share and band is None and min(known) < 0.7 * max(known)) or min(known) <= 0:
        return {"zero": True, "nice": True}
    low, high = min(known), max(known)
    room = max(high - low, 0.1 * abs(high)) * 0.35
    return {"domain": [max(low - room, 0.0), high + room * 0.5], "zero": False, "nice": False}


def _ticks(labels: list[str]) -> list[str]:
    step = max(1, -(-len(labels) // 6))
    return [label for index, label in enumerate(labels) if (len(labels) - 1 - index) % step == 0]


def _apart(labels: list[dict[str, Any]], gap: float) -> list[dict[str, Any]]:
    """Move two end labels apart where they would overlap."""
    if len(labels) == 2 and abs(labels[0]["v"] - labels[1]["v"]) < gap:
        high, low = sorted(labels, key=lambda one: -one["v"])
        middle = (high["v"] + low["v"]) / 2
        low["v"] = max(middle - gap / 2, gap / 2)
        high["v"] = low["v"] + gap
    return labels


@dataclass(frozen=True)
class Bar:
    """One row of a ranked bar chart; `mark` is a second, lighter measure (previous period or expectation)."""

    label: Phrase
    value: float
    text: Phrase
    mark: float | None = None
    strong: bool = False


def bars(rows: Sequence[Bar], *, name: str, aria: Phrase, width: int = 300, step: int = 17, label_width: int = 130) -> Markup:
    """Return ranked bars with their values written beside them; a tick marks the expected value.

    Args:
        rows: In the order in which they are drawn, top first.
        name: Unique name of the chart within the edition.
        aria: What the chart shows.
        width: Width of the plot, px.
        step: Height of one row, px.
        label_width: Widest label, px; longer ones are cut with an ellipsis.
    """
    order = [f"{index}" for index, _ in enumerate(rows)]
    values: list[dict[str, Any]] = [
        {"k": order[index], "l": row.label.plain, "v": row.value, "m": row.mark, "t": row.text.plain, "strong": row.strong}
        for index, row in enumerate(rows)
    ]
    labels = {key: value["l"] for key, value in zip(order, values, strict=True)}
    axis = {"title": None, "ticks": False, "domain": False, "labelLimit": label_width, "labelColor": INK}
    y = _nominal("k", sort=order, axis={**axis, "labelExpr": f"{_json(labels)}[datum.value]"})
    top = max([row.value for row in rows] + [row.mark or 0 for row in rows] + [1e-9])
    strong_or_not = {"condition": {"test": "datum.strong", "value": INK}, "value": "#9AA1AB"}
    layers: list[Spec] = [
        {
            "mark": {"type": "bar", "height": step * 0.62},
            "encoding": {
                "x": _amount("v", axis=None, scale={"domain": [0, top * 1.25]}),
                "y": y,
                "color": strong_or_not,
            },
        },
        {
            "transform": [{"calculate": "max(datum.v, datum.m === null ? 0 : datum.m)", "as": "p"}],
            "mark": {"type": "text", "align": "left", "dx": 5, "font": FONT, "fontSize": _SIZE, "color": INK},
            "encoding": {"x": _amount("p", axis=None), "y": y, "text": _nominal("t")},
        },
    ]
    if any(row.mark is not None for row in rows):
        layers.append(
            {
                "transform": [{"filter": "datum.m !== null"}],
                "mark": {"type": "tick", "color": WORSE, "thickness": 2, "height": step * 0.85},
                "encoding": {"x": _amount("m", axis=None), "y": y},
            }
        )
    spec = {"data": {"values": values}, "layer": layers, "width": width, "height": step * len(rows), "padding": 2}
    return _undrawn(spec, aria, name)


def _json(labels: dict[str, str]) -> str:
    """Return a Vega object literal; labels are already clean, and quotes and backslashes are escaped here."""
    pairs = ",".join("'{}':'{}'".format(key, value.replace("\\", "").replace("'", "’")) for key, value in labels.items())
    return "{" + pairs + "}"


def spark(
    values: Sequence[float | None], *, band: tuple[float, float] | None = None, immature: bool = False, breaks: Sequence[int] = ()
) -> Markup:
    """Draw the sparkline of a table row: the normal range as a band, the last point as a dot (open when immature).

    Args:
        values: In order of time; gaps break the line.
        band: Low and high end of the normal range.
        immature: Whether the last point is not complete yet.
        breaks: Indices at which a new segment starts.
    """
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min([*known, *(band or ())]), max([*known, *(band or ())])
    floor = 0.06 * max(abs(low), abs(high))  # small noise must look small
    if high - low < floor:
        low, high = (low + high - floor) / 2, (low + high + floor) / 2
    span = (high - low) or 1.0
    width, height, pad = 70.0, 16.0, 2.5

    def at(index: int, value: float) -> tuple[float, float]:
        return (
            round(pad + (width - 2 * pad) * index / max(len(values) - 1, 1), 2),
            round(height - pad - (height - 2 * pad) * (value - low) / span, 2),
        )

    parts: list[Markup] = []
    if band:
        top, bottom = at(0, band[1])[1], at(0, band[0])[1]
        parts.append(
            Markup('<rect x="0" y="{}" width="{}" height="{}" fill="{}"/>').format(top, width, max(bottom - top, 0.5), BAND)
        )
    for segment in _segments(values, breaks):
        if len(segment) > 1:
            drawn = " ".join(f"{x},{y}" for x, y in (at(index, value) for index, value in segment))
            parts.append(Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="1.1"/>').format(drawn, INK))
    last = max(index for index, value in enumerate(values) if value is not None)
    x, y = at(last, float(values[last] or 0))
    parts.append(
        Markup('<circle cx="{}" cy="{}" r="1.9" fill="{}" stroke="{}" stroke-width="1"/>').format(
            x, y, "#fff" if immature else INK, INK
        )
    )
    return (
        Markup('<svg class="spark" width="{}" height="{}" viewBox="0 0 {} {}">').format(width, height, width, height)
        + Markup("").join(parts)
        + Markup("</svg>")
    )


def _segments(values: Sequence[float | None], breaks: Sequence[int]) -> list[list[tuple[int, float]]]:
    """Return the runs of known values, cut at gaps and at breaks, as (index, value)."""
    segments: list[list[tuple[int, float]]] = [[]]
    for index, value in enumerate(values):
        if (value is None or index in breaks) and segments[-1]:
            segments.append([])
        if value is not None:
            segments[-1].append((index, value))
    return segments
