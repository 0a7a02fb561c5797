"""The languages in which a report can be written."""

from __future__ import annotations

from tasks.errors import ConfigurationError
from tasks.report.language.en import English
from tasks.report.language.language import Language
from tasks.report.language.zh_cn import Chinese

LANGUAGES: dict[str, Language] = {language.code: language for language in (Chinese(), English())}
"""Every language by its code; its message catalogue lies in `report_templates/messages`, under the same code."""


def language(code: str) -> Language:
    """Return a language by its code.

    Raises:
        ConfigurationError: If no report is written in it.
    """
    if code not in LANGUAGES:
        raise ConfigurationError(f"There is no report in {code!r}.", hint=f"Write one of {', '.join(LANGUAGES)}.")
    return LANGUAGES[code]
