"""A proposal as the commented YAML of a channel, and a shop's channels.yaml with such channels added."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tasks.connect.proposal import LIKELY, SURE, Proposal
from tasks.connect.samples import Note, Sample
from tasks.errors import UserError
from tasks.report.language.registry import language as language_of
from tasks.shop.channels import Channel, Channels
from tasks.shop.load import parse_section

Say = Callable[[Note], str]
"""Returns a note as a sentence in the reader's language."""
_WIDE = 100_000
_EMPTY_LIST = re.compile(r"^channels:[ ]*\[[ ]*\][ ]*(#.*)?$", re.M)
_LIST = re.compile(r"^channels:[ ]*(#.*)?$", re.M)


def certainty(confidence: float) -> Note:
    """Return how certain a guess is, in a word."""
    return Note("connect.sure" if confidence >= SURE else "connect.likely" if confidence >= LIKELY else "connect.guess")


def declared(
    name: str,
    proposal: Proposal,
    sample: Sample,
    files: Sequence[str],
    zone: str,
    say: Say,
    label: Mapping[str, str] | None = None,
) -> list[str]:
    """Return the lines of a channel, each guess with its certainty and reasons as a comment.

    Args:
        name: Name of the channel.
        proposal: What is proposed.
        sample: The file, for how it is read.
        files: Globs of the channel; none for a mailbox, which names its own place.
        zone: Zone of its times.
        say: Writes notes in the reader's language.
        label: Its name for readers, by language.
    """
    lines = [f"  - name: {name}"]
    if label:
        lines.append(f"    label: {flow(dict(label))}    # {say(Note('connect.label'))}")
    lines.append(f"    table: {proposal.table}    # {say(certainty(proposal.confidence))}")
    for key, value in proposal.constants.items():
        lines.append(f"    {key}: {flow(value)}    # {say(Note('connect.check'))}")
    read = {"kind": sample.read["kind"], **({"files": list(files)} if files else {}), **sample.read}
    lines.append(f"    read: {flow(read)}")
    lines.append(f"    zone: {zone}    # {say(Note('connect.zone'))}")
    body = [column for column in proposal.columns if column.name not in ("source_id", "stamp")]
    for column in proposal.columns:
        if column.name in ("source_id", "stamp"):
            lines.append(f"    {column.name}: {flow(column.spec)}    # {_why(column.confidence, column.reasons, say)}")
    lines.append("    columns:")
    lines += [f"      {column.name}: {flow(column.spec)}    # {_why(column.confidence, column.reasons, say)}" for column in body]
    if proposal.unused:
        lines.append(f"    # {say(Note('connect.unused', {'columns': ', '.join(_one_line(name) for name in proposal.unused)}))}")
    return lines


def channel_of(lines: Sequence[str]) -> Channel:
    """Return the channel that declared lines make, validated as channels.yaml is."""
    channels: Channels = parse_section(Channels, "\n".join(["channels:", *lines]).encode(), "the proposal")
    return channels.channels[0]


def with_channels(text: str, blocks: Sequence[Sequence[str]], origin: str) -> str:
    """Return the text of a channels.yaml with further channels at the end of its list; comments stay as they are.

    Raises:
        UserError: If a channel of that name is there already, or the file is written in a way that cannot be added to.
    """
    here: Channels = parse_section(Channels, text.encode(), origin)
    added = [channel_of(block).name for block in blocks]
    twice = [name for name in added if here.named(name)]
    if twice:
        raise UserError(
            f"{origin} has a channel {twice[0]} already.",
            hint="Give the new one another name by --name, or remove the old one; records are keyed by the name.",
        )
    block = "\n".join(line for lines in blocks for line in lines) + "\n"
    if _EMPTY_LIST.search(text):
        text = _EMPTY_LIST.sub(
            lambda found: "channels:" + (f"  {found[1]}" if found[1] else "") + "\n" + block.rstrip("\n"), text
        )
        text = text if text.endswith("\n") else text + "\n"
    elif _LIST.search(text):
        indented = re.search(r"^( *)- ", text[_LIST.search(text).end() :], re.M)  # type: ignore[union-attr]
        shift = len(indented[1]) if indented else 2
        block = "\n".join(" " * shift + line[2:] for line in block.splitlines()) + "\n"
        text = text.rstrip("\n") + "\n" + block
    else:
        text = text.rstrip("\n") + "\nchannels:\n" + block
    there: Channels = parse_section(Channels, text.encode(), origin)
    if [channel.name for channel in there.channels] != [channel.name for channel in here.channels] + added:
        raise UserError(
            f"The channels cannot be added to {origin}: something follows its list.",
            hint="Copy the printed declaration into the file by hand.",
        )
    return text


def channel_name(file: Path, table: str, taken: Sequence[str]) -> str:
    """Return a free name for a file's channel: its letters in lower case, without dates; the table's if it has too few."""
    stem = re.sub(r"[^a-z]+", "_", file.name.lower().partition(".")[0]).strip("_")[:32]
    return free_name(stem if len(stem) > 2 else table, taken)


def label_of(file: Path, language: str) -> dict[str, str]:
    """Return a file's name as a channel's label, without dates and long numbers; nothing where readers could not read it."""
    dateless = re.sub(r"(?<![0-9])[0-9]{2,}([-_.]?[0-9]+)*", " ", file.name.partition(".")[0])
    words = " ".join(re.sub(r"[\W_]+", " ", dateless).split())
    if len(words.strip("0123456789 ")) < 2 or not language_of(language).reads(words):
        return {}
    return {language.partition("-")[0]: words[0].upper() + words[1:]}


def free_name(stem: str, taken: Sequence[str]) -> str:
    """Return a name, with a number if it is taken."""
    name, number = stem, 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    return name


def pattern_of(file: Path, home: Path) -> str:
    """Return the glob of a file and of its later exports: a date or long number in the name may change."""
    path = file.resolve()
    name = re.sub(r"(?<![0-9])[0-9]{2,}([-_.]?[0-9]+)*", "*", path.stem) if re.search(r"[0-9]{4}", path.stem) else path.stem
    name = re.sub(r"\*([-_.]\*)+", "*", name)
    folder = path.parent
    place = folder.relative_to(home.resolve()).as_posix() if folder.is_relative_to(home.resolve()) else folder.as_posix()
    start = "" if place == "." else f"{place}/"
    return f"{start}{name if len(name.strip('*-_. ')) > 1 else path.stem}{path.suffix}"


def flow(value: Any) -> str:
    """Return a value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=_WIDE, sort_keys=False).strip()
    return text.removesuffix("...").strip()


def later_exports(file: Path, home: Path) -> str:
    """Return the glob of a vendor's export and of its later ones: only the beginning of the name stays (`orders_export_1 (2).csv`)."""
    pattern = pattern_of(file, home)
    if "*" in pattern:
        return pattern
    stem = re.sub(r"[-_. ]*(\(?[0-9]{1,3}\)?[-_. ]*)*$", "", file.stem)
    return f"{pattern[: -len(file.name)]}{stem if len(stem) > 2 else file.stem}*{file.suffix}"


def _why(confidence: float, reasons: Sequence[Note], say: Say) -> str:
    why = say(Note("connect.and")).join(say(reason) for reason in reasons)
    return _one_line(say(Note("connect.because", {"sure": say(certainty(confidence)), "why": why})))


def _one_line(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)
