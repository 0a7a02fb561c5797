"""The renderer refuses what it must refuse, and gives the same bytes again."""

from __future__ import annotations

import pytest

from tasks.errors import RenderError
from tasks.model.periods import Period
from tasks.report.paper.pdf_renderer import PdfRenderer

PAGE = '<!DOCTYPE html><html lang="en"><head><title>t</title><link rel="stylesheet" href="asset:review.css"></head><body class="week">{}</body></html>'


def _render(body: str, *, memory_mb: int = 3000, timeout_s: int = 60) -> bytes:
    with PdfRenderer(Period.parse("2026-W45"), memory_mb=memory_mb, timeout_s=timeout_s) as renderer:
        return renderer.rendered(PAGE.format(body), "test")


def test_plain_text_renders_twice_the_same() -> None:
    first = _render("<p>正常波动 normal</p>")
    assert first.startswith(b"%PDF")
    assert _render("<p>正常波动 normal</p>") == first


def test_one_process_renders_each_page_as_a_process_of_its_own_would_also_after_one_that_it_refuses() -> None:
    bodies = ["<p>正常波动 normal</p>", "<h1>second</h1><table><tr><td>1</td></tr></table>", "<p>正常波动 normal</p>"]
    with PdfRenderer(Period.parse("2026-W45"), memory_mb=3000, timeout_s=60) as renderer:
        found = [renderer.rendered(PAGE.format(body), "test") for body in bodies[:2]]
        with pytest.raises(RenderError, match="warned"):
            renderer.rendered(PAGE.format('<p style="colour: nonsense(">x</p>'), "test")
        found.append(renderer.rendered(PAGE.format(bodies[2]), "test"))
    assert found == [_render(body) for body in bodies]


@pytest.mark.parametrize(
    "hostile",
    [
        '<img src="file:///etc/passwd">',
        '<img src="http://canary.example/x.png">',
        '<link rel="attachment" href="file:///etc/hostname">',
        "<style>p { background: url(http://canary.example/y) }</style><p>x</p>",
        '<link rel="stylesheet" href="asset:../pyproject.toml">',
    ],
)
def test_every_resource_but_the_style_sheet_is_refused(hostile: str) -> None:
    with pytest.raises(RenderError, match="not part of the report"):
        _render(hostile)


def test_a_missing_glyph_is_an_error() -> None:
    with pytest.raises(RenderError, match="warned"):
        _render("<p>\U0010fffd\ue123</p>")


def test_a_warning_is_an_error() -> None:
    with pytest.raises(RenderError, match="warned"):
        _render('<p style="colour: nonsense(">x</p>')


def test_too_little_memory_is_told() -> None:
    with pytest.raises(RenderError, match="address space"):
        _render("<p>x</p>", memory_mb=60)


def test_a_slow_rendering_ends() -> None:
    with pytest.raises(RenderError, match="not ready after"):
        _render("<p>x</p>", timeout_s=0)
