"""The plugins: those that are there, those that were left out, and what they need."""

from __future__ import annotations

from nasframe.doctor.findings import Findings

__all__ = ["inspect_plugins"]


def inspect_plugins(findings: Findings) -> None:
    """Add each plugin with its package, its missing extra, or the error that left it out."""
    from nasframe.plugins import manager

    plugins = manager()
    packages, missing = plugins.packages(), plugins.missing_extras
    for name in plugins.names:
        need = missing.get(name, "")
        package = packages.get(name, "made in Python")
        findings.add("plugins", name, f"{package}, not usable: {need}" if need else package)
    for name, why in plugins.failed.items():
        if name not in plugins.names:
            findings.add("plugins", name, "left out")
        findings.problem(f"plugin {name!r} {why}", "mend it or update its package, or uninstall that")
