"""The project's dataclasses as JSON values and back, without loss."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Return a value as dicts, lists, texts and numbers; moments as ISO text, sets are not accepted."""
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: to_plain(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): to_plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(part) for part in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"{type(value).__name__} cannot be stored")


def from_plain(kind: type[T], plain: dict[str, Any]) -> T:
    """Rebuild a dataclass from `to_plain`; unknown names are ignored, missing ones take their defaults."""
    hints: dict[str, Any] = _hints(cast(Any, kind))
    return kind(**{name: _rebuilt(hints[name], value) for name, value in plain.items() if name in hints})


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _rebuilt(hint: Any, value: Any) -> Any:
    if value is None or hint is Any:
        return _frozen(value)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _rebuilt(next(part for part in arguments if part is not type(None)), value) if _optional(arguments) else value
    if origin is tuple:
        inner = arguments[:1] * len(value) if arguments[-1:] == (...,) else arguments
        return tuple(_rebuilt(part, item) for part, item in zip(inner, value, strict=True))
    if origin is dict:
        return {key: _rebuilt(arguments[1], item) for key, item in value.items()}
    if origin is list:
        return [_rebuilt(arguments[0], item) for item in value]
    if isinstance(hint, type) and isinstance(value, str) and issubclass(hint, (date, datetime)):
        return hint.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint(value)
    if isinstance(hint, type) and is_dataclass(hint):
        return from_plain(hint, value)
    return value


def _optional(arguments: tuple[Any, ...]) -> bool:
    return len([part for part in arguments if part is not type(None)]) == 1


def _frozen(value: Any) -> Any:
    """Lists inside an untyped value were tuples: the dataclasses hold no lists there."""
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value
