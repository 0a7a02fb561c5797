"""Who gets which edition, and in which language."""

from __future__ import annotations

import re
from typing import Any, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from tasks.model.report_sections import ReportSection
from tasks.shop.names import HOUSE_LANGUAGE, LanguageTag, Name, as_the_shop
from tasks.shop.section import ConfigSection

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


class Recipient(ConfigSection):
    """One address in one language, so that nobody gets the same edition twice."""

    mail: str = Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
    name: str = ""
    language: LanguageTag = Field(HOUSE_LANGUAGE, description="Language of the edition; by default the shop's first one.")

    @model_validator(mode="before")
    @classmethod
    def _reads_the_shops_language(cls, value: Any, info: ValidationInfo) -> Any:
        return as_the_shop(value, info, "language", HOUSE_LANGUAGE)


class Audience(ConfigSection):
    """A group of readers with the same right to know and the same questions."""

    name: Name
    reports: tuple[Literal["weekly", "monthly"], ...] = ("weekly", "monthly")
    restricted: bool = Field(
        default=False, description="True: sees words with legal effect and restricted actions; the edition is marked for counsel."
    )
    sections: tuple[ReportSection, ...] = Field(
        default=(),
        description="Sections that this audience's editions print, in order, by name; those of page 1 (figures, action_progress, "
        "matters, decisions) stand below its head, the others after it. Empty: the whole weekly or monthly report.",
    )
    recipients: tuple[Recipient, ...] = ()

    @model_validator(mode="after")
    def _each_section_once(self) -> Self:
        twice = sorted({section.value for section in self.sections if self.sections.count(section) > 1})
        if twice:
            raise ValueError(f"the section {twice[0]} appears twice; name each section once")
        return self

    @model_validator(mode="after")
    def _each_address_once(self) -> Self:
        mails = [recipient.mail.lower() for recipient in self.recipients]
        twice = sorted({mail for mail in mails if mails.count(mail) > 1})
        if twice:
            raise ValueError(f"the address {twice[0]} appears twice; give each recipient one language")
        return self

    @property
    def languages(self) -> list[str]:
        """The recipients' languages, in order of first appearance."""
        return list(dict.fromkeys(recipient.language for recipient in self.recipients))


class Audiences(ConfigSection):
    """All audiences by code."""

    audiences: dict[str, Audience] = Field(
        description="By code: Latin letters, digits, - and _, for it names folders; the name may be in any script."
    )

    @model_validator(mode="after")
    def _codes_name_folders(self) -> Self:
        for code in self.audiences:
            if not CODE.fullmatch(code):
                raise ValueError(
                    f"the code {code!r} cannot name a folder; write a code of Latin letters, digits, - and _, such as "
                    "`management`, and what readers see under `name`"
                )
        folded = [code.lower().replace("_", "-") for code in self.audiences]
        twice = sorted({code for code in folded if folded.count(code) > 1})
        if twice:
            raise ValueError(f"two audiences are called {twice[0]}; capitals, - and _ make no difference")
        return self

    def of(self, report: str) -> dict[str, Audience]:
        """Return the audiences of the `weekly` or `monthly` report."""
        return {code: audience for code, audience in self.audiences.items() if report in audience.reports}
