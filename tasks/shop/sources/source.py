"""The base of every source's configuration."""

from tasks.shop.section import ConfigSection


class Source(ConfigSection):
    """How rows are read. kind: Names the module of the source's keys here and that of its reader in `tasks/collect/readers`."""

    kind: str
