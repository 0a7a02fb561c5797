"""The child process that renders PDFs, with limits, a closed fetcher, and no warning tolerated: an order a line in, an answer a line out.

It loads the renderer and nothing else of the project: every run starts one.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import re
import resource
import sys
from pathlib import Path
from typing import Any

from tasks.errors import RenderError

ROOT = Path(__file__).resolve().parents[3]
ASSETS = ("review.css",)
LAYOUTS = 5
"""The most layouts to try until no page is half empty."""
FILLED = 0.5
"""Part of the last page that must be used."""
PAGE_ONE_FILLED = 0.62
"""If page 1 is filled less than this, the next section starts on it."""
COMPACT_BELOW = 0.35
"""A last page with less on it is absorbed by denser tables; one with more is filled by looser ones."""
TIGHT = "tight"
"""Density of a page 1 that would run over."""
_MARKS = re.compile(r'<span data-[ncd]="[^"]*">([^<]*)</span>')


def _remedy(document: Any, tried: list[str]) -> str | None:
    """Return the body class to try next against a half-empty page, or None if all were tried."""
    pages = document.pages
    if _runs_over(document) and TIGHT not in tried:
        return TIGHT
    start = next((index for index, page in enumerate(pages) if "later" in page.anchors), 0)
    flow = "flow" if any("flow" in each for each in tried) or start > 1 or _fill(pages[0]) < PAGE_ONE_FILLED else ""
    dense, loose = f"{flow} compact".strip(), f"{flow} airy".strip()
    order = [flow, dense, loose] if _fill(pages[-1]) < COMPACT_BELOW else [flow, loose, dense]
    if TIGHT in tried:
        order = [f"{TIGHT} {each}".strip() for each in order]
    return next((each for each in order if each not in tried), None)


def _runs_over(document: Any) -> bool:
    """Whether the opening of the meeting runs over page 1."""
    return any("opening-ends" in page.anchors for page in document.pages[1:])


def _balance(document: Any) -> tuple[int, float]:
    """Count the layout faults (page 1 runs over, last page under half full) and measure how full the last page is.

    A single page may end anywhere.
    """
    pages = document.pages
    if len(pages) == 1:
        return 0, 1.0
    faults = 0
    faults += 2 * _runs_over(document)
    faults += sum(_fill(page) < FILLED for page in pages[:-1])
    fill = _fill(pages[-1])
    return faults + (fill < FILLED), fill


def _fill(page: Any) -> float:
    """Return the part of a page's height that its text reaches."""
    box = page._page_box
    content = next(child for child in box.children if child.element_tag == "html")
    lowest = max(
        (
            each.position_y + each.height
            for each in content.descendants()
            if type(each).__name__ in ("LineBox", "TableCellBox", "InlineReplacedBox")
        ),
        default=box.content_box_y(),
    )
    return float((lowest - box.content_box_y()) / box.height)


class _Log(logging.Handler):
    """Keeps every warning of the renderer: one is enough to refuse the file."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _paint(html: str, identifier: str) -> bytes:
    from weasyprint import HTML  # type: ignore[import-untyped]
    from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

    class ClosedFetcher(URLFetcher):  # type: ignore[misc]
        """Serves the style sheet and refuses everything else, which aborts the rendering."""

        def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
            name = url.removeprefix("asset:")
            if url.startswith("asset:") and name in ASSETS:
                return URLFetcherResponse(
                    url, (ROOT / "report_templates" / name).read_bytes(), {"Content-Type": "text/css; charset=utf-8"}
                )
            raise FatalURLFetchingError(f"the document asks for {url[:120]!r}, which is not part of the report")

    log = _Log()
    logger = logging.getLogger("weasyprint")
    logger.addHandler(log)
    logger.propagate = False
    try:
        fonts = FontConfiguration()  # one for all layouts: the style sheet loads no font
        source = HTML(string=_MARKS.sub(r"\1", html), base_url="asset:", url_fetcher=ClosedFetcher(), media_type="print")
        body = source.etree_element.find("body")
        plain = body.get("class", "") if body is not None else ""
        best: tuple[tuple[int, float], Any] | None = None
        tried: list[str] = []
        density: str | None = ""
        while density is not None and len(tried) < LAYOUTS:
            if body is not None:
                body.set("class", f"{plain} {density}".strip())
            document = source.render(font_config=fonts)
            tried.append(density)
            faults, fill = _balance(document)
            if best is None or (faults, -fill) < (best[0][0], -best[0][1]):
                best = (faults, fill), document
            density = _remedy(document, tried) if faults else None
        assert best is not None
        pdf = bytes(best[1].write_pdf(pdf_identifier=identifier.encode()) or b"")
    except FatalURLFetchingError as error:  # a BaseException: it would pass through every caller
        raise RenderError(str(error)) from None
    finally:
        logger.removeHandler(log)
    if log.messages:
        raise RenderError(f"the renderer warned: {log.messages[0][:300]}")
    return pdf


def main() -> None:
    """Render each order of standard input until it ends; answer each with the PDF, or the reason why there is none."""
    memory_mb = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory_mb * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(MemoryError):  # said in answer to the first order
        import weasyprint  # noqa: F401  while the first page is still being written
    for line in sys.stdin.buffer:
        order = json.loads(line)
        try:
            answer = {"pdf": base64.b64encode(_paint(order["html"], order["identifier"])).decode()}
        except RenderError as error:
            answer = {"error": error.what}
        except MemoryError:
            answer = {"error": f"it needs more than {memory_mb} MB of address space"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
