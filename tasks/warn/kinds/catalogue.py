"""All kinds of warning: every module beside this one that declares a `KIND`; and a shop's rule for each."""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from pkgutil import iter_modules

from tasks.errors import ConfigurationError
from tasks.shop.load import Shop
from tasks.shop.warnings import WarningRule
from tasks.warn import kinds as folder
from tasks.warn.kinds.kind import WarningKind


@lru_cache(maxsize=1)
def kinds() -> dict[str, WarningKind]:
    """Return every kind by its code, in the order of the modules' names."""
    modules = [
        import_module(f"{folder.__name__}.{each.name}") for each in sorted(iter_modules(folder.__path__), key=lambda m: m.name)
    ]
    declared = [module.KIND for module in modules if hasattr(module, "KIND")]
    return {kind.code: kind for kind in declared}


def rule_of(code: str, shop: Shop) -> WarningRule:
    """Return the rule of a kind: the shop's, else the kind's default with the roles that this shop has.

    A kind added by a version newer than a shop's `warnings.yaml` is looked for all the same.
    """
    given = shop.warnings.kinds.get(code)
    if given is not None:
        return given
    default = kinds()[code].default
    may = [role for role in shop.people.roles if not default.restricted or role in shop.warnings.restricted_roles]
    if not may:
        raise ConfigurationError(f"Nobody may read {code} warnings.", hint="Add a role to restricted_roles in warnings.yaml.")
    last = may[0] if default.restricted else shop.people.person(shop.people.default_owner).roles[0]
    return default.model_copy(
        update={
            "owner": default.owner if default.owner in may else last if default.restricted else "",
            "ladder": [role for role in default.ladder if role in may] or [last],
        }
    )


def check_names(shop: Shop) -> None:
    """Refuse a rule for an unknown kind: if one is misspelt, its default rule would silently apply.

    Raises:
        ConfigurationError: If `warnings.yaml` names such a kind.
    """
    unknown = sorted(set(shop.warnings.kinds) - set(kinds()))
    if unknown:
        raise ConfigurationError(
            f"warnings.yaml has a rule for {unknown[0]}, which is not a kind of warning.",
            hint=f"Write one of {', '.join(sorted(kinds()))}.",
        )
