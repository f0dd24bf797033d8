"""Extras: the optional packages of a distribution, which of them are missing, and how to install them."""

from __future__ import annotations

import importlib.metadata
import re
from importlib.metadata import Distribution, PackageNotFoundError

from nasframe.errors import MissingExtraError

__all__ = ["require_extra"]

_FORM = re.compile(r"([\w.-]+)\[([^\[\],\s]+)\]")


def require_extra(extra: str, what: str) -> None:
    """Do nothing where all packages of an extra are installed, in versions that will do.

    Args:
        extra: the distribution and its extra, as pip writes them: `nasframe[deepfake]`.
        what: the part that needs the extra, for the message: `the task 'deepfake'`.

    Raises:
        MissingExtraError: with the missing packages and the command that installs them.
        ValueError: the extra is written otherwise, or the distribution has no such extra.
    """
    form = _FORM.fullmatch(extra)
    if form is None:
        raise ValueError(f"an extra is written package[extra], such as nasframe[deepfake]; found {extra!r}")
    try:
        distribution = importlib.metadata.distribution(form[1])
    except PackageNotFoundError:
        return  # a checkout without metadata: what it needs is not known
    missing = _missing(distribution, form[2], set())
    if missing:
        raise MissingExtraError(what, _need(missing, f"{distribution.name}[{form[2]}]"))


def _need(missing: dict[str, str | None], extra: str) -> str:
    """Return `needs av>=18 (here is 17.0); pip install "nasframe[deepfake]"`."""
    absent = [wanted for wanted, here in missing.items() if here is None]
    if len(absent) == len(missing):
        are = "are" if len(absent) > 1 else "is"
        found = f"{_listed(absent)}, which {are} not installed"
    else:
        states = {
            wanted: "not installed" if here is None else f"here is {here}" for wanted, here in missing.items()
        }
        found = _listed([f"{wanted} ({state})" for wanted, state in states.items()])
    return f'needs {found}; pip install "{extra}"'


def _listed(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _missing(distribution: Distribution, extra: str, seen: set[str]) -> dict[str, str | None]:
    """Return the requirements of an extra that are not met → the version that is here, None where none is.

    Args:
        distribution: the one that has the extra.
        extra: its name.
        seen: extras that are done, to which this one is added: extras may name each other in a circle.

    Raises:
        ValueError: the distribution has no such extra.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    known = distribution.metadata.get_all("Provides-Extra") or []
    names = {canonicalize_name(name): name for name in known}
    extra = names.get(canonicalize_name(extra), extra)
    if extra not in known:
        here = f"{distribution.name} {distribution.version}, as it is installed,"
        raise ValueError(f"{here} has no extra {extra!r}")
    seen.add(extra)
    found: dict[str, str | None] = {}
    for line in distribution.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or marker.evaluate({"extra": ""}) or not marker.evaluate({"extra": extra}):
            continue
        if canonicalize_name(requirement.name) == canonicalize_name(distribution.name):
            for other in sorted(requirement.extras - seen):  # an extra made of others
                found |= _missing(distribution, other, seen)
            continue
        wanted = f"{requirement.name}{requirement.specifier}"
        try:
            here = importlib.metadata.version(requirement.name)
        except PackageNotFoundError:
            found[wanted] = None
            continue
        if not requirement.specifier.contains(here, prereleases=True):
            found[wanted] = here
    return found
