"""HTML to PDF in a child process: its environment, its time limit, and its answer."""

from __future__ import annotations

import base64
import json
import subprocess
import sys

from tasks.errors import RenderError
from tasks.model.periods import Period
from tasks.report.paper.child_environment import ROOT, child_environment


def render(html: str, *, identifier: str, period: Period, memory_mb: int, timeout_s: int) -> bytes:
    """Render one HTML page to PDF.

    The child reads nothing but the style sheet, whatever the HTML names; its address space and time are limited.

    Args:
        html: The whole document; its style sheet is `asset:review.css`.
        identifier: Stable name of the edition, the first half of the PDF's `/ID`.
        period: Its close is the time stamp of everything in the file.
        memory_mb: Address space of the child, MB.
        timeout_s: Wall clock of the child, seconds.

    Raises:
        RenderError: If the renderer warned, a glyph is missing, a resource was requested, or a limit was exceeded.
    """
    environment = {**child_environment(), "SOURCE_DATE_EPOCH": str(int(period.end.timestamp()))}
    order = json.dumps({"html": html, "identifier": identifier, "memory_mb": memory_mb})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tasks.report.paper.pdf_child"],
            input=order.encode(),
            capture_output=True,
            timeout=timeout_s,
            env=environment,
            cwd=ROOT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RenderError(
            f"The PDF was not ready after {timeout_s} seconds.",
            hint="Raise AFTERSALES_RENDER_TIMEOUT_S, or look for a table that is too long.",
        ) from error
    try:
        answer = json.loads(done.stdout or b"{}")
    except ValueError:
        answer = {}
    if "pdf" in answer:
        return base64.b64decode(answer["pdf"])
    if done.returncode < 0:  # a library that gets no memory may crash instead of saying so
        reason = f"the renderer ended with signal {-done.returncode}; {memory_mb} MB of address space may be too little"
    else:
        last_line = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        reason = answer.get("error") or "".join(last_line) or f"exit code {done.returncode}"
    raise RenderError(
        f"The PDF was rejected: {reason}",
        hint="The edition was not mailed. Fix the template or the text named here, then run again.",
    )
