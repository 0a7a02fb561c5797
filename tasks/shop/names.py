"""What things are called: a text for each language, and the fallback for a missing one."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, SerializerFunctionWrapHandler, ValidationInfo, model_serializer, model_validator

from tasks.shop.section import ConfigSection

_TAG = r"[a-z]{2}(-[A-Z][A-Za-z]+)*"
"""A language as configuration writes it: `en`, `zh-CN`; `zh` stands for every kind of Chinese."""

LanguageTag = Annotated[str, Field(pattern=f"^{_TAG}$")]

HOUSE_LANGUAGE = "zh-CN"
"""Language of a shop, reader or colleague unless configured otherwise."""

KEY_LANGUAGE, PLAIN_LANGUAGE = "zh", "en"
"""A lens writes its labels as pairs without languages: the key is Chinese, the text beside it English."""


def text_in(texts: Mapping[str, str], *wanted: str) -> str:
    """Return the text in the first of the wanted languages that has one, else any text, else an empty one.

    A text in `zh` or `zh-HK` serves a reader of `zh-CN` if there is none in exactly that language.

    Args:
        texts: Texts by language.
        wanted: Languages in order of preference.
    """
    for asked in wanted:
        if texts.get(asked):
            return texts[asked]
        kin = asked.partition("-")[0]
        for language, text in texts.items():
            if text and language.partition("-")[0] == kin:
                return text
    return next(filter(None, texts.values()), "")


def gathered(value: Any, into: str, prefix: str = "", taken: Collection[str] = ()) -> Any:
    """Return a section as read, with the keys that end in a language gathered into one mapping by language.

    Args:
        value: The section as read; anything but a mapping stays as it is.
        into: Field for the mapping.
        prefix: The part before the language: `name_` in `name_en`.
        taken: Keys with a meaning of their own.
    """
    if not isinstance(value, dict):
        return value
    by_language: dict[str, Any] = {}
    others: dict[Any, Any] = {}
    for key, each in value.items():
        match = re.fullmatch(f"{prefix}({_TAG})", key) if isinstance(key, str) and key not in taken else None
        if match:
            by_language[match[1]] = each
        else:
            others[key] = each
    return {**others, into: by_language} if by_language else value


def first_language(info: ValidationInfo) -> str:
    """Return the first language of the shop whose configuration is being read; empty if unknown."""
    return str((info.context or {}).get("first_language", ""))


def as_the_shop(value: Any, info: ValidationInfo, key: str, otherwise: str) -> Any:
    """Return a section as read; where it leaves out a key that the shop decides (`language`, `zone`), with the shop's own.

    Args:
        value: The section as read; anything but a mapping stays as it is.
        info: Its context holds `first_language` and `zone` of the shop.
        key: The key.
        otherwise: Its value outside a shop.
    """
    if not isinstance(value, dict) or value.get(key):
        return value
    known = {"language": "first_language"}.get(key, key)
    return {**value, key: (info.context or {}).get(known) or otherwise}


class Named(ConfigSection):
    """Something that may have a name: its keys that are languages hold the name in each of them.

    If the requested language has no text, the shop's first language is used, then any.
    """

    texts: dict[LanguageTag, str] = Field(default_factory=dict, description="The name by language; written without this key.")
    _first: str = PrivateAttr("")

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        return gathered(value, "texts", taken=cls.model_fields)

    @model_validator(mode="after")
    def _remember_the_first_language(self, info: ValidationInfo) -> Self:
        self._first = first_language(info)
        return self

    @model_serializer(mode="wrap")
    def _as_written(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        return {**written.pop("texts"), **written}

    def of(self, language: str) -> str:
        """Return the name in a language, else in the shop's first, else in any."""
        return text_in(self.texts, language, self._first)


class Name(Named):
    """A name in at least one language."""

    @model_validator(mode="after")
    def _is_said(self) -> Self:
        if not any(self.texts.values()):
            raise ValueError("this needs a name: write it beside a language, such as `en: Delivery`")
        return self


class Proper(ConfigSection):
    """A proper name: `name`, and `name_<language>` for a language that spells it differently."""

    name: str = Field(description="The name as actions and reports write it.")
    written: dict[LanguageTag, str] = Field(default_factory=dict, description="The name in other languages: `name_en`.")

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, value: Any) -> Any:
        return gathered(value, "written", prefix="name_")

    @property
    def spellings(self) -> tuple[str, ...]:
        """The name in every spelling."""
        return (self.name, *filter(None, self.written.values()))

    def title(self, language: str) -> str:
        """Return the name as a language writes it."""
        kin = language.partition("-")[0]
        return self.written.get(language) or self.written.get(kin) or self.name
