"""`aftersales connect FILE…`: a proposed declaration with its reasons, what is missing, and rows mapped by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
from rich.console import Console

from flows.console.channels import rows_table, trial
from tasks.collect.source_rows import ReadContext, Window
from tasks.connect.costs import costs_of, costs_together
from tasks.connect.declaration import Say, channel_name, channel_of, declared, pattern_of, with_channels
from tasks.connect.headings import known_headings
from tasks.connect.proposal import Proposal, propose
from tasks.connect.samples import Sample, sample_of
from tasks.connect.vendors import vendor_blocks
from tasks.connect.wording import end_said, fit_said, flag_said, speaker, trial_said
from tasks.errors import UserError
from tasks.files import write_whole
from tasks.settings import Settings
from tasks.shop.load import DEFAULTS, Shop


@dataclass(frozen=True)
class _Found:
    """Files of one form, and the channel proposed for them."""

    samples: list[Sample]
    proposal: Proposal
    name: str
    lines: list[str]


def connect_files(
    settings: Settings,
    files: Sequence[Path],
    *,
    table: str,
    name: str,
    vendor: str,
    language: str,
    write: bool,
    console: Console,
) -> None:
    """Look at sample files, propose a channel for each form among them, and show what it would bring.

    Raises:
        UserError: If a file cannot be read, fits no table, or the channels cannot be added.
    """
    if not (settings.home / "config").is_dir():
        raise UserError(
            f"There is no shop at {settings.home}.", hint="Name its folder by --home, or make one: `aftersales --home DIR init`."
        )
    shop = Shop.load(settings.home)
    words = known_headings()
    if table and table not in words.headings:
        raise UserError(f"No declaration can be proposed for {table!r}.", hint=f"Use one of {', '.join(words.headings)}.")
    if bool(files) == bool(vendor):
        raise UserError("Nothing says what is to be connected.", hint="Give sample files, or a vendor by --vendor; not both.")
    say = speaker(language or shop.identity.languages[0])
    if vendor:
        blocks = vendor_blocks(vendor)
        for line in (line for block in blocks for line in block):
            console.print(line)
        _end(settings, blocks, write, say, console)
        return
    now = datetime.now(UTC)
    zone = shop.identity.zone
    place = ReadContext(settings, Window(None, now, now, zone))
    alike = _grouped([sample_of(file, place, words) for file in dict.fromkeys(file.resolve() for file in files)])
    if name and len(alike) > 1:
        raise UserError("The files have different columns and become several channels.", hint="Leave out --name.")
    taken = [channel.name for channel in shop.channels.channels]
    found: list[_Found] = []
    for samples in alike:
        together = replace(samples[0], rows=pl.concat([one.rows for one in samples], how="diagonal_relaxed"))
        proposal = propose(together, words, zone=zone, now=now, table=table)
        chosen = name or channel_name(together.file, proposal.table, [*taken, *(one.name for one in found)])
        globs = list(dict.fromkeys(pattern_of(sample.file, settings.home) for sample in samples))
        lines = declared(chosen, proposal, together, globs, zone, say)
        found.append(_Found(samples, proposal, chosen, lines))
    for one in found:
        _show(one, shop, settings, now, say, console)
    for note in costs_together([one.proposal for one in found], {channel.table for channel in shop.channels.channels}):
        console.print(f"· {say(note)}")
    _end(settings, [one.lines for one in found], write, say, console)


def _grouped(samples: list[Sample]) -> list[list[Sample]]:
    """Put files together that are read in one way and whose columns hold each other's: earlier and later exports of one thing."""
    groups: list[list[Sample]] = []
    for sample in samples:
        columns = set(sample.rows.columns)
        for group in groups:
            others = set(group[0].rows.columns)
            if sample.read == group[0].read and (columns <= others or others <= columns):
                group.append(sample)
                break
        else:
            groups.append([sample])
    return groups


def _show(found: _Found, shop: Shop, settings: Settings, now: datetime, say: Say, console: Console) -> None:
    """Print one proposal: what was seen, the declaration, what is missing, and its mapped rows."""
    proposal = found.proposal
    console.rule(", ".join(one.file.name for one in found.samples), align="left")
    for note in (note for each in found.samples for note in each.notes):
        console.print(f"· {say(note)}")
    console.print(f"· {fit_said(proposal, say)}")
    console.print()
    for line in found.lines:
        console.print(line)
    console.print()
    for note in proposal.doubts:
        console.print(f"? {say(note)}")
    for note in costs_of(proposal):
        console.print(f"− {say(note)}")
    seen = trial(channel_of(found.lines), shop, settings, now)
    if seen.batch.error:
        console.print(f"✗ {seen.batch.error} {seen.batch.hint}")
        return
    console.print(trial_said(seen.batch.read, seen.rejected.height, seen.rows.height, say))
    console.print(rows_table(seen.rows, ZoneInfo(shop.identity.zone)))
    for rule, count in seen.counts.items():
        reason = seen.rejected.filter(pl.col("rule") == rule)["reason"][0]
        console.print(f"  {count:>6}  {rule}: {reason}")
    for flag, count in seen.flags.items():
        console.print(flag_said(flag, count, say))


def _end(settings: Settings, blocks: list[list[str]], write: bool, say: Say, console: Console) -> None:
    """Add the channels to the shop's file, or say how."""
    file = settings.home / "config" / "channels.yaml"
    names = ", ".join(channel_of(block).name for block in blocks) if write else ""
    if write:
        old = (file if file.is_file() else DEFAULTS / "channels.yaml").read_text("utf-8-sig")
        write_whole(file, with_channels(old, blocks, str(file)).encode())
    console.print(end_said(str(file), names, say))
