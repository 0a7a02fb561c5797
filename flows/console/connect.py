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
from tasks.connect.costs import costs_of, costs_together, currencies_of
from tasks.connect.declaration import (
    Say,
    channel_name,
    channel_of,
    declared,
    free_name,
    label_of,
    later_exports,
    pattern_of,
    with_channels,
)
from tasks.connect.exports import ENDING, VendorExport, fitted, proposal_of, recognised
from tasks.connect.headings import known_headings
from tasks.connect.mailboxes import is_mailbox, mail_proposal, mail_sample
from tasks.connect.proposal import Proposal, propose
from tasks.connect.renamed_exports import alike, merged, read_of
from tasks.connect.samples import Sample, sample_of
from tasks.connect.vendors import spoken, vendor_blocks, vendor_names
from tasks.connect.wording import end_said, export_said, fit_said, flag_said, speaker, trial_said
from tasks.errors import UserError
from tasks.files import write_whole
from tasks.settings import Settings
from tasks.shop.load import DEFAULTS, Shop


@dataclass(frozen=True)
class _Found:
    """Files of one form, and the channel proposed for them. export: The vendor's export that they are, if they are one."""

    samples: list[Sample]
    proposal: Proposal
    name: str
    lines: list[str]
    export: str = ""


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
    of_files = vendor.endswith(ENDING) and vendor in vendor_names()
    _check(settings, files, table, vendor, of_files)
    shop = Shop.load(settings.home)
    heard = list(dict.fromkeys([*([language] if language else []), *shop.identity.languages]))
    say = speaker(heard[0])
    if vendor and not of_files:
        blocks = [spoken(block, heard) for block in vendor_blocks(vendor)]
        for line in (line for block in blocks for line in block):
            console.print(line)
        _end(settings, blocks, write, say, console)
        return
    now = datetime.now(UTC)
    zone = shop.identity.zone
    place = ReadContext(settings, Window(None, now, now, zone))
    refused: dict[str, UserError] = {}
    groups = _grouped(_samples([file.resolve() for file in files], place, refused), settings.home)
    if name and len(groups) > 1:
        raise UserError("The files have different columns and become several channels.", hint="Leave out --name.")
    found: list[_Found] = []
    for samples in groups:
        taken = [*(channel.name for channel in shop.channels.channels), *(one.name for one in found)]
        try:
            found += _proposed(
                samples,
                settings.home,
                taken,
                table=table,
                name=name,
                vendor=vendor,
                zone=zone,
                now=now,
                say=say,
                heard=heard,
            )
        except UserError as error:
            refused[_named(samples)] = error
    if not found:
        raise next(iter(refused.values()))
    readable = [one for one in found if _show(one, shop, settings, now, say, heard[0], console)]
    for note in costs_together([one.proposal for one in found], {channel.table for channel in shop.channels.channels}):
        console.print(f"· {say(note)}")
    _finish(settings, found, readable, refused, write, say, console)


def _finish(
    settings: Settings,
    found: list[_Found],
    readable: list[_Found],
    refused: dict[str, UserError],
    write: bool,
    say: Say,
    console: Console,
) -> None:
    """Name what was refused and why, and add the channels that read their files.

    Raises:
        UserError: If anything was left out.
    """
    for files_of, why in refused.items():
        console.rule(files_of, align="left")
        console.print(f"✗ {why} {why.hint}")
    _end(settings, [one.lines for one in readable], write, say, console)
    left = [*refused, *(_named(one.samples) for one in found if one not in readable)]
    if left:
        raise UserError(f"Nothing was proposed for {'; '.join(left)}.", hint="The reason stands above, at its name.")


def _check(settings: Settings, files: Sequence[Path], table: str, vendor: str, of_files: bool) -> None:
    """Refuse what cannot be meant.

    Raises:
        UserError: If there is no shop, the table is not known, or neither or both of files and vendor are given.
    """
    if not (settings.home / "config").is_dir():
        raise UserError(
            f"There is no shop at {settings.home}.", hint="Name its folder by --home, or make one: `aftersales --home DIR init`."
        )
    tables = known_headings().headings
    if table and table not in tables:
        raise UserError(f"No declaration can be proposed for {table!r}.", hint=f"Use one of {', '.join(tables)}.")
    if of_files and not files:
        raise UserError(f"{vendor} describes an export, and there is none.", hint="Name the exported files.")
    if bool(files) == bool(vendor) and not of_files:
        raise UserError("Nothing says what is to be connected.", hint="Give sample files, or a vendor by --vendor; not both.")


def _named(samples: Sequence[Sample]) -> str:
    return ", ".join(sample.file.name for sample in samples)


def _proposed(
    samples: list[Sample],
    home: Path,
    taken: list[str],
    *,
    table: str,
    name: str,
    vendor: str,
    zone: str,
    now: datetime,
    say: Say,
    heard: list[str],
) -> list[_Found]:
    """Return what is proposed for files of one form: a vendor's ready-made channels, or one made of headings and cells."""
    if samples[0].read["kind"] == "mailbox":
        mails = mail_proposal(samples[0])
        chosen = name or channel_name(samples[0].file, "mails", taken)
        return [_Found(samples, mails, chosen, declared(chosen, mails, samples[0], [], zone, say))]
    columns = [column for column in samples[0].rows.columns if all(column in one.rows.columns for one in samples)]
    export = recognised(columns, vendor) if not table else None
    if export is not None:
        return _exported(export, samples, columns, home, name, zone, taken, heard)
    globs = list(dict.fromkeys(pattern_of(sample.file, home) for sample in samples))
    forms = [_together(form) for form in _grouped(samples)]
    proposals = [propose(form, known_headings(), zone=zone, now=now, table=table) for form in forms]
    proposal = merged(proposals)
    if proposal is None:
        found: list[_Found] = []
        for form in forms:
            alone = [sample for sample in samples if set(sample.rows.columns) <= set(form.rows.columns)]
            names = [*taken, *(one.name for one in found)]
            found += _proposed(
                alone, home, names, table=table, name=name, vendor=vendor, zone=zone, now=now, say=say, heard=heard
            )
        return found
    together = replace(forms[0], read=read_of(forms, known_headings())) if len(forms) > 1 else forms[0]
    chosen = name or channel_name(together.file, proposal.table, taken)
    lines = declared(chosen, proposal, together, globs, zone, say, label_of(together.file, heard[0]))
    return [_Found(samples, proposal, chosen, lines)]


def _samples(files: list[Path], place: ReadContext, refused: dict[str, UserError]) -> list[Sample]:
    """Read each sample once; several saved mails of a folder are one mailbox. What cannot be read goes to `refused`."""
    found: list[Sample] = []
    for file in dict.fromkeys(files):
        try:
            sample = mail_sample(file, place) if is_mailbox(file) else sample_of(file, place, known_headings())
        except UserError as error:
            refused[file.name] = error
            continue
        if sample.read["kind"] != "mailbox" or all(sample.read != one.read for one in found):
            found.append(sample)
    return found


def _exported(
    export: VendorExport,
    samples: list[Sample],
    columns: list[str],
    home: Path,
    name: str,
    zone: str,
    taken: list[str],
    heard: list[str],
) -> list[_Found]:
    """Return the ready-made channels of a vendor's export, fitted to its files."""
    found: list[_Found] = []
    files = list(dict.fromkeys(later_exports(sample.file, home) for sample in samples))
    read = {"kind": samples[0].read["kind"], "files": files, **samples[0].read}
    for block in export.blocks:
        own = channel_of(block).name
        wanted = own if not name else name if len(export.blocks) == 1 else f"{name}_{len(found) + 1}"
        chosen = wanted if name else free_name(wanted, taken)
        lines = fitted(spoken(block, heard), columns, name=chosen, read=read, zone=zone)
        found.append(_Found(samples, proposal_of(channel_of(lines), columns), chosen, lines, export.name))
    return found


def _together(samples: list[Sample]) -> Sample:
    return replace(samples[0], rows=pl.concat([one.rows for one in samples], how="diagonal_relaxed"))


def _grouped(samples: list[Sample], home: Path | None = None) -> list[list[Sample]]:
    """Put files together that are read in one way and whose columns hold each other's: earlier and later exports of one thing.

    Args:
        samples: Files.
        home: The shop's folder; with it, exports of one pattern belong together also if headings were renamed between them.
    """
    groups: list[list[Sample]] = []
    for sample in samples:
        columns = set(sample.rows.columns)
        for group in groups:
            others = set(group[0].rows.columns)
            renamed = home is not None and pattern_of(sample.file, home) == pattern_of(group[0].file, home)
            if (sample.read == group[0].read and (columns <= others or others <= columns)) or (
                renamed and alike(group[0], sample)
            ):
                group.append(sample)
                break
        else:
            groups.append([sample])
    return groups


def _show(found: _Found, shop: Shop, settings: Settings, now: datetime, say: Say, language: str, console: Console) -> bool:
    """Print one proposal: what was seen, the declaration, what is missing, and its mapped rows; say whether it reads its files."""
    proposal = found.proposal
    console.rule(_named(found.samples), align="left")
    for note in (note for each in found.samples for note in each.notes):
        console.print(f"· {say(note)}")
    console.print(f"· {export_said(found.export, say) if found.export else fit_said(proposal, say)}")
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
        return False
    console.print(trial_said(seen.batch.read, seen.rejected.height, seen.rows.height, say))
    console.print(rows_table(seen.rows, ZoneInfo(shop.identity.zone), language))
    for rule, count in seen.counts.items():
        reason = seen.rejected.filter(pl.col("rule") == rule)["reason"][0]
        console.print(f"  {count:>6}  {rule}: {reason}")
    for note in currencies_of(seen.currencies, shop):
        console.print(f"· {say(note)}")
    for flag, count in seen.flags.items():
        console.print(flag_said(flag, count, say))
    return True


def _end(settings: Settings, blocks: list[list[str]], write: bool, say: Say, console: Console) -> None:
    """Add the channels to the shop's file, or say how."""
    file = settings.home / "config" / "channels.yaml"
    names = ", ".join(channel_of(block).name for block in blocks) if write else ""
    if names:
        old = (file if file.is_file() else DEFAULTS / "channels.yaml").read_text("utf-8-sig")
        write_whole(file, with_channels(old, blocks, str(file)).encode())
    console.print(end_said(str(file), names, say))
