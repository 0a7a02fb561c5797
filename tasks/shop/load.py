"""Configuration files: found, overlaid file by file, and validated; errors name the file and line."""

from __future__ import annotations

import hashlib
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from tasks.errors import ConfigurationError
from tasks.privacy.second_net import own_words
from tasks.shop.exchange_rates import FILE as EXCHANGE_RATES
from tasks.shop.exchange_rates import ExchangeRates, exchange_rates
from tasks.shop.yaml_text import loaded

if TYPE_CHECKING:
    from tasks.shop.audiences import Audiences
    from tasks.shop.calendar_days import Calendar
    from tasks.shop.channels import Channels
    from tasks.shop.dimensions import Dimensions
    from tasks.shop.identity import Identity
    from tasks.shop.people import People
    from tasks.shop.playbook import Playbook
    from tasks.shop.service_levels import ServiceLevels
    from tasks.shop.targets import Targets
    from tasks.shop.taxonomy import Taxonomy
    from tasks.shop.warnings import Warnings
    from tasks.shop.words import Words

DEFAULTS = Path(__file__).resolve().parents[2] / "config"

SECTIONS = {
    "identity": ("shop.yaml", "tasks.shop.identity", "Identity"),
    "channels": ("channels.yaml", "tasks.shop.channels", "Channels"),
    "dimensions": ("dimensions.yaml", "tasks.shop.dimensions", "Dimensions"),
    "taxonomy": ("taxonomy.yaml", "tasks.shop.taxonomy", "Taxonomy"),
    "words": ("words.yaml", "tasks.shop.words", "Words"),
    "service_levels": ("service_levels.yaml", "tasks.shop.service_levels", "ServiceLevels"),
    "targets": ("targets.yaml", "tasks.shop.targets", "Targets"),
    "playbook": ("playbook.yaml", "tasks.shop.playbook", "Playbook"),
    "calendar": ("calendar.yaml", "tasks.shop.calendar_days", "Calendar"),
    "people": ("people.yaml", "tasks.shop.people", "People"),
    "audiences": ("audiences.yaml", "tasks.shop.audiences", "Audiences"),
    "warnings": ("warnings.yaml", "tasks.shop.warnings", "Warnings"),
}
"""Section of a shop → its file, the module and the model that validates it."""


class Shop:
    """All that a shop knows, as data.

    Args:
        files: File name (relative to the configuration folder) → bytes.
        origins: File name → where it was read, for messages.
    """

    def __init__(self, files: dict[str, bytes], origins: dict[str, str] | None = None) -> None:
        self.files = dict(sorted(files.items()))
        self.origins = origins or {}

    @classmethod
    def load(cls, home: Path | str | None = None) -> Shop:
        """Read the defaults, then the files of `home/config`, which replace them one by one."""
        files: dict[str, bytes] = {}
        origins: dict[str, str] = {}
        folders = [DEFAULTS] + ([Path(home) / "config"] if home else [])
        for folder in folders:
            for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
                if path.is_file() and not path.name.startswith("."):
                    name = path.relative_to(folder).as_posix()
                    files[name] = path.read_bytes()
                    origins[name] = str(path)
        return cls(files, origins)

    @property
    def sha256(self) -> str:
        """Hash over the name and bytes of every file."""
        digest = hashlib.sha256()
        for name, data in self.files.items():
            digest.update(name.encode() + b"\0" + len(data).to_bytes(8, "big") + data)
        return digest.hexdigest()

    @cached_property
    def own_words(self) -> frozenset[str]:
        """What looks like personal data in the shop's own files: its desk's number, its people's addresses. It is nobody's secret."""
        return own_words(data.decode("utf-8", "replace") for data in self.files.values())

    def text(self, name: str) -> str:
        """Return a side file (`select.sql`, a look-up table) as text."""
        if name not in self.files:
            raise ConfigurationError(
                f"The configuration names a missing file, {name}.", hint=f"Put {name} into the shop's config folder."
            )
        return self.files[name].decode("utf-8-sig")

    def check(self) -> None:
        """Read every section, so that the first mistake stops the run before any work."""
        for name in (*SECTIONS, "exchange_rates"):
            getattr(self, name)
        unknown = sorted(self.playbook.roles - self.people.roles.keys())
        if unknown:
            raise ConfigurationError(
                f"playbook.yaml gives steps to the role {unknown[0]}, which people.yaml does not have.",
                hint=f"Write it under `roles` in people.yaml, or give the steps to one of {', '.join(self.people.roles)}.",
            )

    def _section(self, name: str) -> Any:
        file, module, model = SECTIONS[name]
        if file not in self.files:
            raise ConfigurationError(
                f"The configuration file {file} is missing.", hint="Run `aftersales init` to get a commented one."
            )
        own = ("", "", "") if name == "identity" else (self.identity.languages[0], self.identity.zone, self.identity.currency)
        return parse_section(getattr(import_module(module), model), self.files[file], self.origins.get(file, file), *own)

    @cached_property
    def identity(self) -> Identity:
        """Name, zone, currency and bases of the shop."""
        section: Identity = self._section("identity")
        return section

    @cached_property
    def channels(self) -> Channels:
        """The sources and how they map to the canonical tables."""
        section: Channels = self._section("channels")
        return section

    @property
    def base(self) -> str:
        """What figures are based on: what shop.yaml says; counts alone where no channel brings the orders that it wants to divide by."""
        tables = {channel.table for channel in self.channels.channels}
        if self.identity.base == "orders" and "feedback" in tables and not tables & {"order_line", "exposure"}:
            return "records"
        return self.identity.base

    @cached_property
    def dimensions(self) -> Dimensions:
        """What a figure can be broken down by."""
        section: Dimensions = self._section("dimensions")
        return section

    @cached_property
    def taxonomy(self) -> Taxonomy:
        """Leaves, lag families and lenses."""
        section: Taxonomy = self._section("taxonomy")
        return section

    @cached_property
    def words(self) -> Words:
        """Phrases that code a text."""
        section: Words = self._section("words")
        return section

    @cached_property
    def service_levels(self) -> ServiceLevels:
        """Severity rules, milestones and clocks."""
        section: ServiceLevels = self._section("service_levels")
        return section

    @cached_property
    def targets(self) -> Targets:
        """Targets of the printed figures."""
        section: Targets = self._section("targets")
        return section

    @cached_property
    def playbook(self) -> Playbook:
        """What to do about which cause."""
        section: Playbook = self._section("playbook")
        return section

    @cached_property
    def calendar(self) -> Calendar:
        """Promotions, holidays, releases, incidents and changes of rules."""
        section: Calendar = self._section("calendar")
        return section

    @cached_property
    def people(self) -> People:
        """Who owns what."""
        section: People = self._section("people")
        return section

    @cached_property
    def audiences(self) -> Audiences:
        """Who gets which edition, and in which language."""
        section: Audiences = self._section("audiences")
        return section

    @cached_property
    def warnings(self) -> Warnings:
        """Who is warned of what, and how often chance may cause a warning."""
        section: Warnings = self._section("warnings")
        return section

    @cached_property
    def exchange_rates(self) -> ExchangeRates:
        """What other currencies cost in the shop's, by day; no rates without the file."""
        if EXCHANGE_RATES not in self.files:
            return ExchangeRates()
        return exchange_rates(self.text(EXCHANGE_RATES), self.origins.get(EXCHANGE_RATES, EXCHANGE_RATES))


def parse_section(
    model: type[Any], data: bytes, origin: str, first_language: str = "", zone: str = "", currency: str = ""
) -> Any:
    """Validate one YAML file; errors name the file, the line and the fix.

    Args:
        model: Model of the section.
        data: The file's bytes.
        origin: The file's name, for messages.
        first_language: The shop's first language, used for a name that lacks the requested one, and where a person names none.
        zone: The shop's zone, used where a channel names none.
        currency: The shop's currency, for amounts that are given by currency.

    Raises:
        ConfigurationError: If the YAML cannot be read or a value does not fit.
    """
    value = loaded(data, origin)
    try:
        return model.model_validate(value, context={"first_language": first_language, "zone": zone, "currency": currency})
    except ValidationError as error:
        first = error.errors()[0]
        path = first["loc"]
        where = ".".join(str(part) for part in path) or "the file"
        node = yaml.compose(data.decode("utf-8-sig"), Loader=yaml.CSafeLoader)
        raise ConfigurationError(
            f"{origin}, line {_line(node, path)}: {where}: {first['msg']} (found {first['input']!r:.80}).",
            hint=_expected(first, len(error.errors())),
        ) from error


def _line(node: yaml.Node | None, path: tuple[int | str, ...]) -> int:
    """Return the line of an error, following its path through the YAML nodes as far as it leads."""
    line = node.start_mark.line + 1 if node else 1
    for part in path:
        child = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    child, line = value, key.start_mark.line + 1
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            child = node.value[part]
            line = child.start_mark.line + 1
        if child is None:
            continue  # a union's branch name is in the path, but not in the file
        node = child
    return line


def _expected(first: Any, count: int) -> str:
    more = f" ({count - 1} more mistakes follow.)" if count > 1 else ""
    kind, context = first["type"], first.get("ctx", {})
    if kind == "extra_forbidden":
        return f"Remove this key, or correct its spelling.{more}"
    if kind == "missing":
        return f"Add this key.{more}"
    if kind in ("literal_error", "enum"):
        return f"Write one of {context.get('expected', '')}.{more}"
    return f"Correct the value.{more}"
