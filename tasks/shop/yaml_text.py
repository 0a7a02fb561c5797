"""A YAML file of the configuration, measured before it is built: a few hundred bytes can stand for gigabytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from tasks.errors import ConfigurationError

MAX_BYTES = 5_000_000
MAX_DEPTH = 50
MAX_NODES = 500_000
"""The most values in one file, those counted that an alias repeats."""
_START = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_END = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def loaded(data: bytes, origin: str) -> Any:
    """Return what a YAML file says; an empty file says `{}`.

    Args:
        data: The file's bytes, UTF-8.
        origin: The file's name, for messages.

    Raises:
        ConfigurationError: If it is not YAML, or too large, too deep or repeats itself without end; file and line are named.
    """
    if len(data) > MAX_BYTES:
        raise ConfigurationError(
            f"{origin} has {len(data):,} bytes; a configuration file may have {MAX_BYTES:,}.",
            hint="Put long lists into a look-up table (CSV).",
        )
    try:
        text = data.decode("utf-8-sig")
        _measure(text, origin)
        return yaml.load(text, Loader=yaml.CSafeLoader) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{origin}, line {mark.line + 1}" if mark else origin
        raise ConfigurationError(
            f"{where}: this is not valid YAML ({getattr(error, 'problem', None) or error}).",
            hint="Check the indentation and quotes of that line.",
        ) from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigurationError(
            f"{origin}, line {line}: this is not UTF-8 ({error.reason}).", hint="Save the file as UTF-8."
        ) from error
    except (ValueError, OverflowError) as error:
        raise ConfigurationError(
            f"{origin}, line {_line_of_a_value(text)}: a value cannot be read ({error}).",
            hint="Correct the date or number; put a text that looks like one in quotes.",
        ) from error


def _measure(text: str, origin: str) -> None:
    """Refuse what would be too much once it is built, from its events alone.

    Every open collection counts the values below it; an alias counts as all that it repeats.
    """
    open_nodes: list[tuple[str | None, int]] = [(None, 0)]
    sizes: dict[str, int] = {}
    for event in _events(text):
        line = event.start_mark.line + 1
        if isinstance(event, _START):
            open_nodes.append((event.anchor, 1))
        elif isinstance(event, (yaml.ScalarEvent, yaml.AliasEvent, *_END)):
            anchor, size = open_nodes.pop() if isinstance(event, _END) else (event.anchor, 1)
            if isinstance(event, yaml.AliasEvent):
                if any(anchor == one for one, _ in open_nodes):
                    raise _refused(f"{origin}, line {line}: *{anchor} stands inside what it repeats.")
                size = sizes.get(anchor or "", 1)
            elif anchor is not None:
                sizes[anchor] = size
            above, count = open_nodes.pop()
            open_nodes.append((above, count + size))
            if count + size > MAX_NODES:
                raise _refused(f"{origin}, line {line}: with what its aliases repeat, it holds more than {MAX_NODES:,} values.")
        if len(open_nodes) > MAX_DEPTH:
            raise _refused(f"{origin}, line {line}: it is nested more than {MAX_DEPTH} levels deep.")


def _refused(what: str) -> ConfigurationError:
    return ConfigurationError(what, hint="Write it out plainly; no configuration needs this.")


def _events(text: str) -> Iterator[Any]:
    return iter(yaml.parse(text, Loader=yaml.CSafeLoader))


def _line_of_a_value(text: str) -> int:
    """Return the line of the first value that looks like a date or number and is none, as 2026-02-30."""
    for event in _events(text):
        if isinstance(event, yaml.ScalarEvent) and event.implicit[0]:
            try:
                yaml.load(event.value, Loader=yaml.CSafeLoader)
            except yaml.YAMLError:
                continue
            except (ValueError, OverflowError):
                return event.start_mark.line + 1 if event.start_mark else 1
    return 1
