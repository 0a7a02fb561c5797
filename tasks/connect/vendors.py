"""Ready-made declarations of vendors' interfaces: `declarations/<vendor>.yaml`."""

from __future__ import annotations

from pathlib import Path

from tasks.errors import UserError

FOLDER = Path(__file__).with_name("declarations")


def vendor_names() -> list[str]:
    """Return the vendors with a ready-made declaration."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def vendor_blocks(vendor: str) -> list[list[str]]:
    """Return the commented lines of each of a vendor's channels; the comment above a channel belongs to it.

    Raises:
        UserError: If there is no declaration for this vendor.
    """
    if vendor not in vendor_names():
        raise UserError(f"There is no ready-made declaration for {vendor!r}.", hint=f"Use one of {', '.join(vendor_names())}.")
    blocks: list[list[str]] = []
    body = False
    for line in (FOLDER / f"{vendor}.yaml").read_text("utf-8").splitlines():
        if not blocks or (body and line.startswith(("  #", "  - name:"))):
            blocks.append([])
            body = False
        body |= line.startswith("  - name:")
        blocks[-1].append(line)
    return blocks
