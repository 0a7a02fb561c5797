"""What stands in texts in place of personal data, in the language of who reads them; the lake has it in one."""

from __future__ import annotations

from tasks.privacy.personal_kind import PersonalKind
from tasks.report.language.registry import language as language_of


def with_own_masks(text: str, language: str) -> str:
    """Return a text of the lake with its placeholders of personal data in a language.

    Raises:
        ConfigurationError: If there are no messages in it.
    """
    if "[" not in text:
        return text
    messages = language_of(language).messages
    for kind in PersonalKind:
        text = text.replace(kind.value, messages[f"mask.{kind.name.lower()}"])
    return text
