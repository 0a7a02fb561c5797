"""Columns that one file of a channel has and another lacks: probably renamed, and never silently empty."""

from __future__ import annotations

from tasks.collect.mapping.cells import Work
from tasks.collect.mapping.headings import likely_name
from tasks.shop.channels import MappedColumn


def tell_missing_columns(work: Work) -> None:
    """Flag the rows of files that lack a mapped column which others have or earlier ones had, and warn with the file and the likely new name.

    JSON leaves empty fields out: there only a likely new name is a sign.
    """
    files = [(index, file) for index, file in enumerate(work.origin.files) if file.columns and file.height]
    if len(files) < 2 and not work.place.settled:
        return
    mapped = {source for spec in _specs(work).values() for source in [*spec.from_, *spec.concat, *spec.digest]}
    for name, spec in _specs(work).items():
        sources = [*spec.from_, *spec.concat]
        if not sources:
            continue
        lacking = [(index, file) for index, file in files if not set(sources) & set(file.columns)]
        everywhere = len(lacking) == len(files)
        if not lacking or (everywhere and not work.place.settled):
            continue
        elsewhere = {column for _, file in files for column in file.columns if (_, file) not in lacking}
        for index, file in lacking:
            new = [column for column in file.columns if column not in mapped and column not in elsewhere]
            likely = likely_name(sources[0], new)
            if work.native.loose and not likely:
                continue
            advice = f"; «{likely}» may be its new name: write `from: [{sources[0]}, {likely}]`" if likely else ""
            work.flags.append((f"column_missing:{name}", work.origin.rows_of(index)))
            which = "earlier" if everywhere else "other"
            work.warnings.append(
                f"{file.name} has no column {', '.join(sources)} (for {name}), which {which} files of the channel have{advice}."
            )


def _specs(work: Work) -> dict[str, MappedColumn]:
    channel = work.channel
    others = {"source_id": channel.source_id, "stamp": channel.stamp, "source_version": channel.version}
    return {**channel.columns, **channel.extras, **{name: spec for name, spec in others.items() if spec is not None}}
