"""Architectures and their differences as text."""

from __future__ import annotations

from nasframe.render.difference import Change, arrived, differences
from nasframe.render.names import shown
from nasframe.runtime import counted, visible
from nasframe.space import Architecture

__all__ = ["network_text", "network_text_against", "pair_text", "title_of"]


def title_of(architecture: Architecture) -> str:
    """Return the name of the space and the first digits of the fingerprint."""
    return f"{shown(architecture.space.name)}, {architecture.fingerprint[:12]}"


def network_text(architecture: Architecture) -> str:
    """Return a line for each node: its name, its operation, and what arrives at each of its ports."""
    return "\n".join([title_of(architecture), *(f"  {line}" for _, line in _rows(architecture))])


def network_text_against(architecture: Architecture, other: Architecture) -> str:
    """Return `network_text` with a sign before what differs, and the nodes that only `other` has."""
    found = differences(architecture, other)
    only = architecture.resolved.operations.keys() - other.resolved.operations.keys()
    differing = {change.node for change in found}
    lines = [
        f"{title_of(architecture)}, against {title_of(other)}",
        "+ only here, ≠ differs, - only in the other",
    ]
    for name, line in _rows(architecture):
        sign = "+" if name in only else "≠" if name in differing else " "
        lines.append(f"{sign} {line}")
    lines += [
        f"- {shown(name)}  {shown(label)}"
        for name, label in other.resolved.labels.items()
        if name not in architecture.resolved.operations
    ]
    return "\n".join(lines)


def pair_text(left: Architecture, right: Architecture, titles: tuple[str, str]) -> str:
    """Return a line for each difference of two architectures; `same network` where there is none."""
    titles = shown(titles[0]), shown(titles[1])
    width = max(map(len, titles))
    head = [
        f"{title:{width}}  {title_of(architecture)}"
        for title, architecture in zip(titles, (left, right), strict=True)
    ]
    found = differences(left, right)
    if not found:
        unused = len(left.difference(right))
        return "\n".join([*head, f"same network{_unreached(unused)}"])
    count = counted(len(found), "difference")
    kept = left.resolved.operations
    alike = len(kept.keys() & right.resolved.operations.keys())
    same = f"{alike} of {len(kept.keys() | right.resolved.operations.keys())} nodes are in both"
    wide = max(len(shown(change.where)) for change in found)
    return "\n".join([*head, f"{count}, {same}", *(f"  {_line(change, titles, wide)}" for change in found)])


def _line(change: Change, titles: tuple[str, str], width: int) -> str:
    where = f"{shown(change.where):{width}}"
    left, right = (None if item is None else visible(item) for item in (change.left, change.right))
    if right is None:
        return f"{where}  only in {titles[0]}: {left}"
    if left is None:
        return f"{where}  only in {titles[1]}: {right}"
    return f"{where}  {left} → {right}"


def _unreached(choices: int) -> str:
    if not choices:
        return ""
    return f"; {choices} choice{'s' * (choices > 1)} that nothing depends on differ{'s' * (choices == 1)}"


def _rows(architecture: Architecture) -> list[tuple[str, str]]:
    """Return each node with its line."""
    rows: list[tuple[str, str, str]] = []
    for name, label in architecture.resolved.labels.items():
        ports = [(port, arrived(items)) for port, items in architecture.resolved.arrivals[name].items()]
        arriving = ", ".join(
            visible(what) if len(ports) == 1 or what == port else f"{shown(port)} = {visible(what)}"
            for port, what in ports
        )
        rows.append((name, shown(label), arriving))
    wide = max(len(shown(name)) for name, _, _ in rows)
    kinds = max(len(kind) for _, kind, _ in rows)
    return [
        (name, f"{shown(name):{wide}}  {kind:{kinds}}  {arriving}".rstrip()) for name, kind, arriving in rows
    ]
