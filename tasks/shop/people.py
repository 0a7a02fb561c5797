"""Who owns what: roles, the persons who hold them, and how a name is written in each language."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, ValidationInfo, model_validator

from tasks.errors import ConfigurationError
from tasks.shop.names import HOUSE_LANGUAGE, LanguageTag, Name, Proper, as_the_shop
from tasks.shop.section import ConfigSection


class Person(Proper):
    """One person who can own an action; never a supplier or a group."""

    name: str = Field(description="The name as actions and reports write it; unique.")
    mail: str = ""
    roles: list[str]
    lines: list[str] = Field(default_factory=list, description="Product lines this person answers for; empty means all.")
    suppliers: list[str] = Field(default_factory=list, description="Suppliers this person answers for; empty means all.")
    platforms: list[str] = Field(default_factory=list, description="Platforms this person answers for; empty means all.")
    language: LanguageTag = Field(HOUSE_LANGUAGE, description="Language of this person's mails; by default the shop's first one.")

    @model_validator(mode="before")
    @classmethod
    def _reads_the_shops_language(cls, value: Any, info: ValidationInfo) -> Any:
        return as_the_shop(value, info, "language", HOUSE_LANGUAGE)


class People(ConfigSection):
    """The roles of the shop and the persons in them."""

    roles: dict[str, Name]
    people: list[Person]
    default_owner: str = Field(description="Name of the person who gets an action whose role nobody holds.")

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        names = [person.name for person in self.people]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the name {twice[0]} appears twice; give each person a different name")
        if self.default_owner not in names:
            raise ValueError(f"default_owner {self.default_owner} is not one of the people; write one of {', '.join(names)}")
        for person in self.people:
            unknown = sorted(set(person.roles) - set(self.roles))
            if unknown:
                raise ValueError(
                    f"{person.name} has the role {unknown[0]}, which is not in roles; write one of {', '.join(self.roles)}"
                )
        return self

    def owner(self, role: str, *, line: str = "", supplier: str = "", platform: str = "") -> Person:
        """Return the one person who holds a role for a line, supplier and platform; the most specific wins.

        Raises:
            ConfigurationError: If the role is unknown.
        """
        if role not in self.roles:
            raise ConfigurationError(f"people.yaml has no role {role!r}.", hint=f"Write one of {', '.join(self.roles)}.")
        wanted = {"lines": line, "suppliers": supplier, "platforms": platform}
        best: tuple[int, int] | None = None
        for index, person in enumerate(self.people):
            if role not in person.roles:
                continue
            scopes: list[tuple[list[str], str]] = [(getattr(person, kind), value) for kind, value in wanted.items()]
            if any(scope and value not in scope for scope, value in scopes):
                continue
            rank = (-sum(bool(scope) for scope, _ in scopes), index)
            best = min(best, rank) if best else rank
        return self.people[best[1]] if best else self.person(self.default_owner)

    def decider(self, role: str) -> Person:
        """Return the person who decides in a role; nobody's role (empty) is the default owner's."""
        return self.owner(role) if role else self.person(self.default_owner)

    def find(self, owner: str) -> Person | None:
        """Return the person with this name in any language, or None if there is none."""
        return next((person for person in self.people if owner and owner in person.spellings), None)

    def person(self, owner: str) -> Person:
        """Return the person with this name.

        Raises:
            ConfigurationError: If nobody has it.
        """
        person = self.find(owner)
        if person is None:
            known = ", ".join(each.name for each in self.people)
            raise ConfigurationError(f"people.yaml has nobody named {owner!r}.", hint=f"Write one of {known}.")
        return person

    def label(self, owner: str, language: str) -> str:
        """Return a person's name as a language writes it; an unknown name is returned unchanged."""
        person = self.find(owner)
        return person.title(language) if person else owner

    def role_label(self, role: str, language: str) -> str:
        """Return a role's (department's) name in a language; an unknown role is returned unchanged."""
        return self.roles[role].of(language) if role in self.roles else role
