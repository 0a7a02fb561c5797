"""Ready-made declarations of vendors' interfaces: `declarations/<vendor>.yaml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from tasks.errors import UserError

FOLDER = Path(__file__).with_name("declarations")
_COMMENT = re.compile(r"^( *# )([a-z]{2}): (.*)$")
_REMARK = re.compile(r"^(.*?\S +# )(.+? \| .+)$")
_LABEL = "    label: "
_PLATFORM = re.compile(r"^(    platform: )(\S+) +# ([a-z]{2}): (.+)$")


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


def spoken(block: Sequence[str], languages: Sequence[str]) -> list[str]:
    """Return a channel's lines with its comments in the first of some languages that they are written in, and its label in all of these.

    A comment is written once for each language, `# en: …`, and a remark behind a value in the same order, `# English | 中文`. The platform,
    which reports print, has its name in another language behind it.

    Args:
        languages: Codes such as `zh-CN`. Where the comments are in none of them, the first one is taken.
    """
    written = list(dict.fromkeys(found[2] for line in block if (found := _COMMENT.match(line))))
    codes = [language.partition("-")[0] for language in languages]
    chosen = next((code for code in codes if code in written), written[0])
    lines: list[str] = []
    for line in block:
        if comment := _COMMENT.match(line):
            if comment[2] == chosen:
                lines.append(comment[1] + comment[3])
        elif line.startswith(_LABEL):
            names = yaml.safe_load(line)["label"]
            kept = {code: name for code, name in names.items() if code in (chosen, *codes)}
            lines.append(f"{_LABEL}{{{', '.join(f'{code}: {name}' for code, name in kept.items())}}}")
        elif platform := _PLATFORM.match(line):
            lines.append(platform[1] + platform[4 if platform[3] == chosen else 2])
        elif remark := _REMARK.match(line):
            lines.append(remark[1] + remark[2].split(" | ")[written.index(chosen)])
        else:
            lines.append(line)
    return lines
