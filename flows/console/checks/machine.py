"""Check-up of what the machine must have to render a report."""

from __future__ import annotations

import shutil
import subprocess

from flows.console.checks.finding import PATIENCE_S, Finding


def fonts() -> Finding:
    """Look for the fonts of Chinese reports."""
    if shutil.which("fc-list") is None:
        return Finding("bad", "fonts", "fontconfig is not installed.", "Type: sudo apt-get install -y fontconfig fonts-noto-cjk")
    shown = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    ).stdout
    if "Noto Sans CJK" not in shown:
        return Finding(
            "bad",
            "fonts",
            "Noto CJK is not installed: Chinese would be printed as boxes.",
            "Type: sudo apt-get install -y fonts-noto-cjk",
        )
    return Finding("ok", "fonts", "Noto Sans CJK is there.")


def renderer() -> Finding:
    """Look for the library that paints PDFs."""
    try:
        import weasyprint  # type: ignore[import-untyped]
    except OSError as error:
        return Finding(
            "bad",
            "renderer",
            f"Pango cannot be loaded ({str(error).splitlines()[0][:80]}).",
            "Type: sudo apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        )
    return Finding("ok", "renderer", f"WeasyPrint {weasyprint.__version__} finds Pango.")
