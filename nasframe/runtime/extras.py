"""Extras: the optional packages of a distribution, which of them are missing, and how to install them."""

from __future__ import annotations

import importlib.metadata
from importlib.metadata import Distribution, PackageNotFoundError

from nasframe.errors import MissingExtraError

__all__ = ["lack_of_extra", "require_extra"]


def require_extra(package: str, extra: str, what: str) -> None:
    """Do nothing where all packages of an extra are installed, in versions that will do.

    Args:
        package: the distribution that has the extra, such as `nasframe`.
        extra: its name, such as `deepfake`.
        what: the part that needs the extra, for the message: `the task 'deepfake'`.

    Raises:
        MissingExtraError: with the missing packages and the command that installs them.
    """
    try:
        distribution = importlib.metadata.distribution(package)
    except PackageNotFoundError:
        return  # a checkout without metadata: what it needs is not known
    why = lack_of_extra(distribution, extra)
    if why:
        raise MissingExtraError(f"{what} {why}")


def lack_of_extra(distribution: Distribution, extra: str) -> str:
    """Return `needs av>=18, which is not installed; pip install "nasframe[deepfake]"`; empty where it is."""
    missing = _lacking(distribution, extra)
    if not missing:
        return ""
    listed = " and ".join([", ".join(missing[:-1]), missing[-1]] if len(missing) > 1 else missing)
    are = "are" if len(missing) > 1 else "is"
    return f'needs {listed}, which {are} not installed; pip install "{distribution.name}[{extra}]"'


def _lacking(distribution: Distribution, extra: str) -> list[str]:
    """Return the requirements of an extra that are not met, with the version that is here where there is one.

    Raises:
        ValueError: the distribution has no such extra.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    known = distribution.metadata.get_all("Provides-Extra") or []
    if extra not in known:
        raise ValueError(f"{distribution.name} has no extra {extra!r}")
    found = []
    for line in distribution.requires or ():
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or marker.evaluate({"extra": ""}) or not marker.evaluate({"extra": extra}):
            continue
        if canonicalize_name(requirement.name) == canonicalize_name(distribution.name):
            for other in sorted(requirement.extras):  # an extra made of others
                found += _lacking(distribution, other)
            continue
        wanted = f"{requirement.name}{requirement.specifier}"
        try:
            here = importlib.metadata.version(requirement.name)
        except PackageNotFoundError:
            found.append(wanted)
            continue
        if not requirement.specifier.contains(here, prereleases=True):
            found.append(f"{wanted} (here is {here})")
    return list(dict.fromkeys(found))
