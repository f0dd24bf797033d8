"""The option `tables` of `compare`, under the name that older versions had; it stays for one release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nasframe.errors import ConfigurationError
from nasframe.former_names import warn_renamed

__all__ = ["tables_or_census"]


def tables_or_census(
    tables: Sequence[str | Path] | None, census: Sequence[str | Path] | None
) -> Sequence[str | Path] | None:
    """Return the `tables` of `compare`, given under this name or under the former one.

    Raises:
        ConfigurationError: both are given.
    """
    if census is None:
        return tables
    if tables is not None:
        raise ConfigurationError("compare", ["tables and census: are the same option; give tables alone"])
    warn_renamed("compare(census=…)", "compare(tables=…)", level=4)
    return census
