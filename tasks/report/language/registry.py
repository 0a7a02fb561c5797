"""The languages in which a report can be written."""

from __future__ import annotations

from tasks.errors import ConfigurationError
from tasks.report.language.en import English
from tasks.report.language.language import Language
from tasks.report.language.zh_cn import Chinese
from tasks.shop.load import Shop

LANGUAGES: dict[str, Language] = {language.code: language for language in (Chinese(), English())}
"""Every language by its code; its message catalogue is in `report_templates/messages`, under the same code."""


def language(code: str) -> Language:
    """Return a language by its code.

    Raises:
        ConfigurationError: If reports cannot be written in it.
    """
    if code not in LANGUAGES:
        raise ConfigurationError(f"Reports cannot be written in {code!r}.", hint=f"Use one of {', '.join(LANGUAGES)}.")
    return LANGUAGES[code]


def check_languages(shop: Shop) -> None:
    """Refuse a configuration that asks for a language in which no report can be written.

    Raises:
        ConfigurationError: With the file that asks for it.
    """
    asked = [("shop.yaml", shop.identity.languages), ("people.yaml", [person.language for person in shop.people.people])]
    asked += [("audiences.yaml", audience.languages) for audience in shop.audiences.audiences.values()]
    for file, codes in asked:
        unknown = [code for code in codes if code not in LANGUAGES]
        if unknown:
            raise ConfigurationError(
                f"{shop.origins.get(file, file)} asks for {unknown[0]!r}, a language in which no report can be written.",
                hint=f"Use one of {', '.join(LANGUAGES)}.",
            )
