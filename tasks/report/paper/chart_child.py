"""The child process that draws charts: a Vega-Lite specification a line in, an SVG or an error a line out, both as JSON.

It loads the drawing engine and nothing else of the project.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import vl_convert

FIRST: dict[str, Any] = {"data": {"values": []}, "mark": "point"}
"""A chart of nothing: drawing it loads the engine while the pages are still being written."""


def main() -> None:
    """Draw one chart for each line of standard input until it ends."""
    vl_convert.vegalite_to_svg(FIRST)
    for order in sys.stdin.buffer:
        try:
            answer = {"svg": vl_convert.vegalite_to_svg(json.loads(order))}
        except ValueError as error:  # what vl-convert raises for a specification that it cannot draw
            answer = {"error": str(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
