"""Charts as inline SVG: Altair to vl-convert, no browser, the same bytes for the same data."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

from tasks.report.language.phrase import Phrase

FONT = "Noto Sans CJK SC"
INK, GREY, LIGHT, BAND, ACCENT, WORSE = "#222222", "#6F7580", "#C9CDD3", "#E9EBEE", "#1F5FA8", "#B4361E"
_data: Any = alt.Data
_SIZE = 10.5  # px in the chart = 8 pt on paper


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


def _svg(chart: Any, aria: Phrase, name: str) -> Markup:
    """Draw a chart; ids get the chart's own name, so that two charts on one page never share one."""
    spec = chart.configure(**_theme()).configure_view(stroke=None).to_dict(validate=False)
    svg = str(vl_convert.vegalite_to_svg(spec))
    prefix = re.sub(r"[^A-Za-z0-9]", "", name) or "c"
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    svg = re.sub(r' aria-[a-z]+="[^"]*"| role="[^"]*"| aria-roledescription="[^"]*"', "", svg)
    start = svg.index("<svg")
    return (
        Markup('<span class="chart" role="img" aria-label="{}">').format(aria.plain)
        + Markup(svg[start:])  # noqa: S704 - drawn by vl-convert, which escapes every text
        + Markup("</span>")
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
    """Draw a line over time with its last value written at its end.

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
    x = alt.X(
        "x:N",
        sort=order,
        axis=alt.Axis(title=None, values=_ticks(order), labelExpr=f"{_json(labels_by_key)}[datum.value]"),
        scale=alt.Scale(padding=0.35),
    )
    y = alt.Y("y:Q", axis=alt.Axis(title=None), scale=_scale([row["y"] for row in rows], drawn_band, share))
    base = alt.Chart(_data(values=rows))
    layers: list[Any] = _band_layers(drawn_band, band_name) if drawn_band else []
    if any(row["e"] is not None for row in rows):
        layers.append(
            base.mark_line(color=GREY, strokeWidth=1.4, strokeDash=[4, 3]).encode(
                x=x, y=alt.Y("e:Q", axis=alt.Axis(title=None)), detail="s:N"
            )
        )
    layers += _curve_layers(base.transform_filter("datum.y !== null"), x, y)
    layers += [
        alt.Chart(_data(values=[label]))
        .mark_text(align="left", dx=7, color=label["c"], font=FONT, fontSize=_SIZE)
        .encode(x=x, y=alt.Y("v:Q", axis=alt.Axis(title=None)), text="t:N")
        for label in _end_labels(rows, last, expected, (drawn_band or (0, 0))[1], height)
    ]
    return _svg(
        alt.layer(*layers).properties(width=width, height=height, padding={"left": 2, "right": 2, "top": 4, "bottom": 2}),
        aria,
        name,
    )


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


def _band_layers(band: tuple[float, float], name: Phrase | None) -> list[Any]:
    """Draw the normal range, and its name in it."""
    span = [{"a": round(band[0], 6), "b": round(band[1], 6)}]
    layers: list[Any] = [
        alt.Chart(_data(values=span)).mark_rect(color=BAND).encode(y=alt.Y("a:Q", axis=alt.Axis(title=None)), y2="b:Q")
    ]
    if name is not None:
        layers.append(
            alt.Chart(_data(values=[{"t": name.plain, **span[0]}]))
            .mark_text(align="left", baseline="top", dx=4, dy=2, color=GREY, font=FONT, fontSize=_SIZE - 1)
            .encode(x=alt.value(0), y="a:Q", text="t:N")
        )
    return layers


def _curve_layers(drawn: alt.Chart, x: alt.X, y: alt.Y) -> list[Any]:
    """Draw the line with its points; an immature one is open."""
    return [
        drawn.mark_line(color=INK, strokeWidth=1.8).encode(x=x, y=y, detail="s:N"),
        drawn.transform_filter("!datum.open").mark_point(color=INK, filled=True, size=16, opacity=1).encode(x=x, y=y),
        drawn.transform_filter("datum.open").mark_point(color=INK, fill="white", size=34, strokeWidth=1.6).encode(x=x, y=y),
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


def _scale(values: list[Any], band: tuple[float, float] | None, share: bool) -> alt.Scale:
    """Start counts and money at zero; rates and scores at their own level, but never zoomed in so far that noise looks large."""
    known = [float(value) for value in values if value is not None] + list(band or ())
    if not known or (min(known) >= 0 and not share and band is None and min(known) < 0.7 * max(known)) or min(known) <= 0:
        return alt.Scale(zero=True, nice=True)
    low, high = min(known), max(known)
    room = max(high - low, 0.1 * abs(high)) * 0.35
    return alt.Scale(domain=[max(low - room, 0.0), high + room * 0.5], zero=False, nice=False)


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
    """Draw ranked bars with their values written beside them; a tick marks the expected value.

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
    y = alt.Y(
        "k:N",
        sort=order,
        axis=alt.Axis(
            title=None,
            ticks=False,
            domain=False,
            labelLimit=label_width,
            labelColor=INK,
            labelExpr=f"{_json(labels)}[datum.value]",
        ),
    )
    top = max([row.value for row in rows] + [row.mark or 0 for row in rows] + [1e-9])
    x = alt.X("v:Q", axis=None, scale=alt.Scale(domain=[0, top * 1.25]))
    base = alt.Chart(_data(values=values))
    layers: list[Any] = [
        base.mark_bar(height=step * 0.62).encode(
            x=x, y=y, color=alt.condition("datum.strong", alt.value(INK), alt.value("#9AA1AB"))
        ),
        base.mark_text(align="left", dx=5, font=FONT, fontSize=_SIZE, color=INK)
        .encode(x=alt.X("p:Q", axis=None), y=y, text="t:N")
        .transform_calculate(p="max(datum.v, datum.m === null ? 0 : datum.m)"),
    ]
    if any(row.mark is not None for row in rows):
        layers.append(
            base.transform_filter("datum.m !== null")
            .mark_tick(color=WORSE, thickness=2, height=step * 0.85)
            .encode(x=alt.X("m:Q", axis=None), y=y)
        )
    return _svg(alt.layer(*layers).properties(width=width, height=step * len(rows), padding=2), aria, name)


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
