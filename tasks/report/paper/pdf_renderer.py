"""HTML to PDF in a child process: its time limit, and its answer."""

from __future__ import annotations

import base64
import json
from types import TracebackType
from typing import Self

from tasks.errors import RenderError
from tasks.model.periods import Period
from tasks.report.paper.child_process import ChildProcess


class PdfRenderer:
    """Render the editions of one period to PDF, one after the other.

    One process serves them all, which takes about 160 MB while it renders. It loads while the first page is being written. It
    reads nothing but the style sheet, whatever the HTML names; its address space and the time of each edition are limited.
    """

    def __init__(self, period: Period, *, memory_mb: int, timeout_s: int) -> None:
        """Start the child process.

        Args:
            period: Its close is the time stamp of everything in the files.
            memory_mb: Address space of the child, MB.
            timeout_s: Wall clock of one edition, seconds; the start of the process counts into the first.
        """
        self._memory_mb, self._timeout_s = memory_mb, timeout_s
        closed = str(int(period.end.timestamp()))
        self._child = ChildProcess("tasks.report.paper.pdf_child", (str(memory_mb),), {"SOURCE_DATE_EPOCH": closed})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._child.__exit__(kind, error, trace)

    def rendered(self, html: str, identifier: str) -> bytes:
        """Render one HTML page.

        Args:
            html: The whole document; its style sheet is `asset:review.css`.
            identifier: Stable name of the edition, the first half of the PDF's `/ID`.

        Raises:
            RenderError: If the renderer warned, a glyph is missing, a resource was requested, or a limit was exceeded.
        """
        try:
            answer = self._child.answer(json.dumps({"html": html, "identifier": identifier}), self._timeout_s)
        except TimeoutError:
            raise RenderError(
                f"The PDF was not ready after {self._timeout_s} seconds.",
                hint="Raise AFTERSALES_RENDER_TIMEOUT_S, or look for a table that is too long.",
            ) from None
        if answer is not None and "pdf" in answer:
            return base64.b64decode(answer["pdf"])
        raise RenderError(
            f"The PDF was rejected: {self._ending() if answer is None else answer['error']}",
            hint="The edition was not mailed. Fix the template or the text named here, then run again.",
        )

    def _ending(self) -> str:
        code, last_line = self._child.ending()
        if code < 0:  # a library that gets no memory may crash instead of saying so
            return f"the renderer ended with signal {-code}; {self._memory_mb} MB of address space may be too little"
        return last_line or f"exit code {code}"
