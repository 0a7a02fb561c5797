"""Ready-made declarations of vendors' interfaces: `declarations/<vendor>.yaml`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

from tasks.errors import UserError

FOLDER = Path(__file__).with_name("declarations")
_COMMENT = re.compile(r"^( *# )(en|zh): (.*)$")
_REMARK = re.compile(r"^(.*?\S +# )(.+?) \| (.+)$")
_LABEL = "    label: "
_PLATFORM = re.compile(r"^(    platform: )(\S+) +# zh: (.+)$")


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
    """Return a channel's lines with its comments in the first of some languages, and its label in all of them.

    A comment is written twice, `# en: …` and `# zh: …`, a remark behind a value once, `# English | 中文`. The platform, which reports
    print, has its Chinese name behind it.

    Args:
        languages: Codes such as `zh-CN`; what is not Chinese gets English comments.
    """
    codes = [language.partition("-")[0] for language in languages]
    chinese = codes[:1] == ["zh"]
    lines: list[str] = []
    for line in block:
        if comment := _COMMENT.match(line):
            if (comment[2] == "zh") == chinese:
                lines.append(comment[1] + comment[3])
        elif line.startswith(_LABEL):
            names = yaml.safe_load(line)["label"]
            kept = {code: name for code, name in names.items() if code in codes} or {"en": names["en"]}
            lines.append(f"{_LABEL}{{{', '.join(f'{code}: {name}' for code, name in kept.items())}}}")
        elif platform := _PLATFORM.match(line):
            lines.append(platform[1] + platform[3 if chinese else 2])
        elif remark := _REMARK.match(line):
            lines.append(remark[1] + remark[3 if chinese else 2])
        else:
            lines.append(line)
    return lines
