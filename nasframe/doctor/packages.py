"""The packages that nasframe and its extras need: their versions, and whether they can be imported."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError

from nasframe.doctor.findings import Findings
from nasframe.doctor.imports import imported

__all__ = ["inspect_packages"]

_MODULES = {
    "pillow": "PIL",
    "pytest-timeout": "pytest_timeout",
    "pytest-xdist": "xdist",
    "scikit-learn": "sklearn",
    "import-linter": "importlinter",
}
"""Package → its module, where the names differ by more than a dash."""

_QUICK = ("torchaudio", "av")
"""Packages of extras that are always imported: it is quick, and fails where they do not fit torch."""

_ON_TORCH = ("torchaudio", "torchvision", "timm", "torchmetrics")
"""Packages that import torch: where it is broken, their errors say nothing more."""

_ABSENT = "not installed"
_DEVELOPMENT = ("dev", "all")

_REASONS = {
    "timm": "older releases load weights by pickle unless told not to",
    "torchaudio": "each release is built for one torch and one CUDA; docs/installation.md lists pairs",
    "av": "decoding is tested with these releases",
}
"""Package → the reason for the versions that are asked for."""


def inspect_packages(findings: Findings, *, imports: bool) -> None:
    """Add each package of the core and of the extras with its version, and import those that are quick.

    Args:
        findings: take the rows and the problems.
        imports: import the slow ones, too.
    """
    try:
        distribution = importlib.metadata.distribution("nasframe")
    except PackageNotFoundError:
        findings.add("packages", "nasframe", "not installed")
        findings.problem(
            "nasframe is not installed here, so its plugins are not found and its needs not known",
            "pip install . in its folder",
        )
        return
    seen: set[str] = set()
    untried: list[str] = []
    for extra, name, wanted in _requirements(distribution):
        heading = f"packages of the extra {extra}" if extra else "packages"
        quick = not extra or name in _QUICK or imports
        quick = quick and not (name in _ON_TORCH and "torch" not in sys.modules)
        row = _inspect(findings, name, wanted, extra, imports=quick and name not in seen)
        if name not in seen:
            findings.add(heading, name, row)
        seen.add(name)
        if extra and row == _ABSENT:
            findings.add(heading, "to install", f'pip install "nasframe[{extra}]"')
        elif not quick and name not in {*untried, "torch"}:  # which is inspected by itself
            untried.append(name)
    if untried:
        number = f"{len(untried)} package{'s' * (len(untried) > 1)}"
        findings.add("packages of extras", "not imported", f"{number}; nasframe doctor --imports tries them")
    for name in sorted(seen):
        _inspect_needs(findings, name, seen)


def _inspect(findings: Findings, name: str, wanted: str, extra: str, *, imports: bool) -> str:
    """Return the version of a package in words; add its problems."""
    try:
        here = importlib.metadata.version(name)
    except PackageNotFoundError:
        if not extra:
            findings.problem(f"{name} is not installed; nasframe needs it", f'pip install "{name}{wanted}"')
        return _ABSENT
    if not _fits(here, wanted):
        reason = f"; {_REASONS[name]}" if name in _REASONS else ""
        part = f"the extra {extra}" if extra else "nasframe"
        findings.problem(
            f"{name} {here} is here, and {part} needs {name}{wanted}{reason}",
            f'pip install "{name}{wanted}"',
        )
    if imports:
        error = imported(_MODULES.get(name, name.replace("-", "_")))
        if isinstance(error, str):
            reason = f" ({_REASONS[name]})" if name in _REASONS else ""
            beside = (
                f" beside torch {_version('torch')}" if name.startswith("torch") and name != "torch" else ""
            )
            findings.problem(
                f"{name} {here} cannot be imported{beside}: {error}{reason}",
                f'pip install --force-reinstall "{name}{wanted}"',
            )
            return f"{here}, cannot be imported"
    return here


def _inspect_needs(findings: Findings, name: str, known: set[str]) -> None:
    """Add what an installed package needs of the others in another version, as torchvision of torch."""
    try:
        distribution = importlib.metadata.distribution(name)
    except PackageNotFoundError:
        return
    for other, wanted, marker in _parsed(distribution.requires or ()):
        here = _version(other)
        if other in known and marker == "" and here is not None and not _fits(here, wanted):
            findings.problem(
                f"{name} {distribution.version} needs {other}{wanted}, and {other} {here} is here",
                f'pip install "{name}" "{other}{wanted}"',
            )


def _requirements(distribution: Distribution) -> Iterator[tuple[str, str, str]]:
    """Yield extra (empty for the core), package and versions of all that nasframe asks for here."""
    lines = distribution.requires or []
    for name, wanted, extra in _parsed(lines):
        if name != "nasframe" and extra not in _DEVELOPMENT:
            yield extra, name, wanted


def _parsed(lines: list[str] | tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Yield package, versions and extra of the requirements that hold on this machine."""
    packaging = imported("packaging.requirements")
    if isinstance(packaging, str):  # it is broken itself: names alone
        for line in lines:
            name, extra = re.match(r"[\w.-]+", line), re.search(r"extra\s*==\s*['\"]([\w-]+)", line)
            if name:
                yield _canonical(name[0]), "", extra[1] if extra else ""
        return
    for line in lines:
        requirement = packaging.Requirement(line)
        marker = requirement.marker
        extra = re.search(r"extra\s*==\s*['\"]([\w-]+)", str(marker)) if marker else None
        if marker is None or marker.evaluate({"extra": extra[1] if extra else ""}):
            yield _canonical(requirement.name), str(requirement.specifier), extra[1] if extra else ""


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _fits(here: str, wanted: str) -> bool:
    packaging = imported("packaging.specifiers")
    if isinstance(packaging, str):  # it is broken itself: no verdict
        return True
    return bool(packaging.SpecifierSet(wanted).contains(here, prereleases=True))


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except PackageNotFoundError:
        return None
