"""Page 1 as a picture for the mail's body and the group chat."""

from __future__ import annotations

import io

import pypdfium2  # type: ignore[import-untyped]

WIDTH = 1080


def first_page(pdf: bytes, width: int = WIDTH) -> bytes:
    """Return page 1 of a PDF as PNG, `width` pixels wide; the same bytes for the same PDF."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        image = page.render(scale=width / page.get_width()).to_pil().convert("RGB")
    finally:
        document.close()
    if image.width != width:
        image = image.resize((width, round(image.height * width / image.width)))
    target = io.BytesIO()
    image.quantize(64).save(target, "PNG", optimize=True)
    return target.getvalue()
