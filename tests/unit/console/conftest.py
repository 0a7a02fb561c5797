"""The shop and the maker of warnings of this folder."""

from tests.makers.warnings import shop, warning

__all__ = ["shop", "warning"]
