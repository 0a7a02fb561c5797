"""Check-up of what this machine needs to render a report."""

from __future__ import annotations

import shutil
import subprocess

from flows.console.checks.finding import PATIENCE_S, Finding


def fonts() -> Finding:
    """Look for the fonts that Chinese reports need."""
    if shutil.which("fc-list") is None:
        return Finding("bad", "fonts", "fontconfig is not installed.", "Run: sudo apt-get install -y fontconfig fonts-noto-cjk")
    shown = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    ).stdout
    if "Noto Sans CJK" not in shown:
        return Finding(
            "bad",
            "fonts",
            "Noto CJK is not installed: Chinese text would print as boxes.",
            "Run: sudo apt-get install -y fonts-noto-cjk",
        )
    return Finding("ok", "fonts", "Noto Sans CJK is installed.")


def renderer() -> Finding:
    """Look for the library that paints PDFs."""
    try:
        import weasyprint  # type: ignore[import-untyped]
    except OSError as error:
        return Finding(
            "bad",
            "renderer",
            f"Pango cannot be loaded ({str(error).splitlines()[0][:80]}).",
            "Run: sudo apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
        )
    return Finding("ok", "renderer", f"WeasyPrint {weasyprint.__version__} finds Pango.")
