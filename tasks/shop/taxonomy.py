"""What a complaint can be about: nodes, leaves, lag families, and the lenses that group them."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from functools import cached_property
from typing import Literal, Self

from pydantic import Field, model_validator

from tasks.shop.names import KEY_LANGUAGE, PLAIN_LANGUAGE, Name, text_in
from tasks.shop.section import ConfigSection

UNCODED = "UNK"
"""Code of a record whose problem no rule recognised; always shown in reports."""

COARSE = "来源未细分"
"""Label of a node-only code under a lens whose labels that node straddles; the report names it."""


class Family(Name):
    """A lag family: on which clock its complaints arrive and what they are measured on (docs/method.md, 5)."""

    axis: Literal["paid_at", "shipped_at", "signed_at", "applied_at", "day", "none"]
    exposure: Literal[
        "orders_paid", "parcels_shipped", "units_signed", "aftersales", "human_conversations", "active_devices", "none"
    ]
    from_day: int = 0
    to_day: int = 0
    statistics: bool = Field(
        default=True, description="False: never judged statistically (safety needs one case; other has no exposure)."
    )


class Symptom(Name):
    """A facet of a leaf; `family` overrides the leaf's family."""

    family: str = ""


class Leaf(Name):
    """One problem; `lens` gives its label under every lens."""

    family: str
    late_family: str = Field(default="", description="Family of cases that arrive `late_after_days` or more after signing.")
    late_after_days: int = 0
    app_family: str = Field(default="", description="Family where the record names an app version.")
    owner: str = Field(description="Role that owns the remedy (a key of people.yaml).")
    department: str
    symptoms: list[str] = []
    problem: str = Field(
        default="", description="Node of the case it belongs to, if different: torn packaging is a transit problem."
    )
    lens: dict[str, str]
    complaint: Literal["yes", "unless_asked", "no"] = Field(
        "yes", description="Whether a record with this leaf is a complaint: always, unless it only asks, or never."
    )


class Lens(Name):
    """A pure function leaf → label; the label is its own Chinese name, `labels` gives the English one, or one a language."""

    labels: dict[str, str | Name]

    def label_of(self, label: str, language: str) -> str:
        """Return the name of a label in a language; the label itself if unknown."""
        given = self.labels.get(label, "")
        texts = {PLAIN_LANGUAGE: given} if isinstance(given, str) else given.texts
        return text_in({KEY_LANGUAGE: label, **texts}, language, self._first)


class Change(Name):
    """A change of the taxonomy that makes before and after incomparable (口径变更)."""

    day: date
    bridge: list[tuple[str, str]] = Field(description="Pairs old code → new code whose cases moved.")


class Taxonomy(ConfigSection):
    """All leaves with their lag families, owners and lens labels."""

    nodes: dict[str, Name]
    families: dict[str, Family]
    symptoms: dict[str, Symptom] = {}
    lenses: dict[str, Lens]
    main_lens: str = "A"
    leaves: dict[str, Leaf]
    own_leaves: dict[str, Leaf] = Field(default_factory=dict, description="The shop's further leaves; they join `leaves`.")
    changes: list[Change] = []
    unk_budget: float = Field(default=0.15, description="Above this share of uncoded complaints `aftersales doctor` warns.")

    @model_validator(mode="after")
    def _is_sound(self) -> Self:
        both = sorted(set(self.leaves) & set(self.own_leaves))
        if both:
            raise ValueError(f"{both[0]} is in both leaves and own_leaves; give the own leaf another code")
        if UNCODED not in self.leaves:
            raise ValueError("leaves needs UNK, the code of a record that no rule recognised")
        if self.main_lens not in self.lenses:
            raise ValueError(f"main_lens {self.main_lens} is not one of the lenses {', '.join(self.lenses)}")
        for code, leaf in self.every_leaf.items():
            if code.partition(".")[0] not in self.nodes:
                raise ValueError(f"the leaf {code} belongs to no node; add {code.partition('.')[0]} to nodes")
            for family in filter(None, (leaf.family, leaf.late_family, leaf.app_family)):
                if family not in self.families:
                    raise ValueError(f"the leaf {code} has the unknown family {family}; one of {', '.join(self.families)}")
            for symptom in leaf.symptoms:
                if symptom not in self.symptoms:
                    raise ValueError(f"the leaf {code} names the symptom {symptom}, which is not in symptoms")
            if leaf.problem and leaf.problem not in self.nodes:
                raise ValueError(f"the leaf {code} names the problem node {leaf.problem}, which is not in nodes")
            if set(leaf.lens) != set(self.lenses):
                raise ValueError(f"the leaf {code} needs exactly one label for each of the lenses {', '.join(self.lenses)}")
            for lens, label in leaf.lens.items():
                if label not in self.lenses[lens].labels:
                    raise ValueError(
                        f"the leaf {code}: lens {lens} has no label {label}; write one of {', '.join(self.lenses[lens].labels)}"
                    )
        for name, symptom_ in self.symptoms.items():
            if symptom_.family and symptom_.family not in self.families:
                raise ValueError(f"the symptom {name} names the family {symptom_.family}, which is not in families")
        for change in self.changes:
            for code in (code for pair in change.bridge for code in pair):
                if code not in self.every_leaf and code not in self.nodes:
                    raise ValueError(f"the change of {change.day} bridges {code}, which is neither a leaf nor a node")
        return self

    @cached_property
    def every_leaf(self) -> dict[str, Leaf]:
        """The common leaves and the shop's own by code, in the file's order."""
        return {**self.leaves, **self.own_leaves}

    @cached_property
    def version(self) -> str:
        """SHA-256 of the content: any change of a name, label or leaf is a new version."""
        content = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    def leaves_of(self, code: str) -> tuple[str, ...]:
        """Return the leaves below a node, or the leaf itself."""
        if code in self.every_leaf:
            return (code,)
        return tuple(leaf for leaf in self.every_leaf if leaf.partition(".")[0] == code)

    def problem_of(self, code: str) -> str:
        """Return the node under which records of a leaf or node join into one case."""
        leaf = self.every_leaf.get(code)
        return leaf.problem if leaf and leaf.problem else code.partition(".")[0]

    def name(self, code: str, language: str) -> str:
        """Return the name of a leaf or node; the code itself if unknown."""
        named: Name | None = self.every_leaf.get(code) or self.nodes.get(code)
        return named.of(language) if named else code

    def symptom_name(self, symptom: str, language: str) -> str:
        """Return the name of a symptom; the code itself if unknown."""
        return self.symptoms[symptom].of(language) if symptom in self.symptoms else symptom

    def label(self, lens: str, code: str) -> str:
        """Return the label of a leaf or node under a lens (the Chinese word, which is its key).

        A node whose leaves share one label has that label; one that straddles labels is `来源未细分`.
        """
        labels = {self.every_leaf[leaf].lens[lens] for leaf in self.leaves_of(code)} or {self.every_leaf[UNCODED].lens[lens]}
        return labels.pop() if len(labels) == 1 else COARSE

    def family(self, code: str, symptom: str | None = None, *, app_version: bool = False, late: bool = False) -> str:
        """Return the lag family of a leaf or node with a symptom.

        Args:
            code: Leaf or node.
            symptom: Facet whose own family takes precedence.
            app_version: Whether the record names an app version.
            late: Whether the case arrived `late_after_days` or more after signing.
        """
        leaf = self.every_leaf.get(code)
        if leaf is None:
            families = {self.every_leaf[below].family for below in self.leaves_of(code)}
            return families.pop() if len(families) == 1 else "other"
        if symptom in leaf.symptoms and self.symptoms[symptom].family:
            return self.symptoms[symptom].family
        if app_version and leaf.app_family:
            return leaf.app_family
        return leaf.late_family if late and leaf.late_family else leaf.family
