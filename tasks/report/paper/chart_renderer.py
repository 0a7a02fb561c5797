"""Charts drawn as inline SVG by a child process: no browser, the same bytes for the same data."""

from __future__ import annotations

import re
from html import unescape
from types import TracebackType
from typing import Self

from tasks.errors import RenderError
from tasks.report.paper.child_process import ChildProcess

_UNDRAWN = re.compile(r'<template class="chart" id="([^"]*)">([^<]*)</template>')
"""What `charts` leaves in a page: a chart's name, and its specification."""


class ChartRenderer:
    """Draw the charts of any number of pages.

    The JavaScript engine takes 100 MB, so it lives in a process of its own, which loads while the first page is being written and
    ends with the last.
    """

    def __init__(self, timeout_s: int) -> None:
        """Start the child process.

        Args:
            timeout_s: Wall clock of one chart, seconds; the start of the process counts into the first.
        """
        self._timeout_s = timeout_s
        self._child = ChildProcess("tasks.report.paper.chart_child")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._child.__exit__(kind, error, trace)

    def drawn(self, html: str) -> str:
        """Draw every chart of a page.

        Raises:
            RenderError: If a chart could not be drawn, or not in time.
        """
        return _UNDRAWN.sub(lambda chart: self._svg(unescape(chart[1]), unescape(chart[2])), html)

    def _svg(self, name: str, spec: str) -> str:
        """Draw a chart; ids get the chart's own name, so that two charts on one page never share one."""
        svg = self._answer(name, spec)
        prefix = re.sub(r"[^A-Za-z0-9]", "", name) or "c"
        svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
        svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
        svg = re.sub(r' aria-[a-z]+="[^"]*"| role="[^"]*"| aria-roledescription="[^"]*"', "", svg)
        return svg[svg.index("<svg") :]

    def _answer(self, name: str, spec: str) -> str:
        """Hand a specification, which is JSON on one line, to the child and return its SVG."""
        try:
            answer = self._child.answer(spec, self._timeout_s) or {}
        except TimeoutError:
            answer = {}
        if "svg" not in answer:
            reason = answer.get("error") or f"the process that draws ended, or took more than {self._timeout_s} seconds"
            raise RenderError(
                f"The chart {name} could not be drawn: {reason}",
                hint="The edition was not mailed. Run again; raise AFTERSALES_RENDER_TIMEOUT_S if it was the time.",
            )
        return str(answer["svg"])
