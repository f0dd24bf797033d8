"""A heat map with a row for the probability of each candidate over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nasframe.report.markup import esc, figure, svg_text

__all__ = ["heat_over_time"]

_ROW, _TEXT = 15, 6.6
_LEVELS = 10


def heat_over_time(
    rows: Mapping[str, Mapping[str, Sequence[float | None]]], epochs: Sequence[int], *, title: str
) -> str:
    """Return a figure.

    Args:
        rows: choice → candidate → probability in each epoch; None where it was not finite.
        epochs: numbers of the epochs.
        title: text above the figure.
    """
    longest = max(len(name) for name in rows)
    widest = max(len(candidate) for candidates in rows.values() for candidate in candidates)
    # where every choice has one row, the name of its candidate is left out
    is_plain = all(len(candidates) == 1 for candidates in rows.values())
    first = _TEXT * longest + 10
    left = first + (0 if is_plain else _TEXT * widest + 8)
    width = 520.0
    step = (width - left - 8) / max(len(epochs), 1)
    labels, runs, grooves = [], dict[int, list[str]](), []
    y = 4.0
    for name, candidates in rows.items():
        labels.append(svg_text(0, y + 10, name, classes="name"))
        for candidate, values in candidates.items():
            if not is_plain:
                labels.append(svg_text(first, y + 10, candidate))
            grooves.append(f"M{left:.1f} {y:.0f}h{step * len(epochs):.1f}v{_ROW - 2}H{left:.1f}z")
            for level, start, length in _runs(values):
                runs.setdefault(level, []).append(
                    f"M{left + step * start:.1f} {y:.0f}h{step * length:.2f}v{_ROW - 2}h{-step * length:.2f}z"
                )
            y += _ROW
        y += 0 if is_plain else 7
    height = y + 34
    content = f'<path class="cold" d="{"".join(grooves)}"/>'
    for level, paths in sorted(runs.items()):
        if level:
            content += f'<path class="h h{level}" d="{"".join(paths)}"/>'
    marks = sorted({0, len(epochs) // 2, len(epochs) - 1})
    labels += [
        svg_text(left + step * (index + 0.5), y + 12, epochs[index], anchor="middle") for index in marks
    ]
    labels.append(svg_text(left + step * len(epochs) / 2, y + 28, "epoch", anchor="middle"))
    now = f"{left + step * (0.5 - epochs[0]):.2f} {step:.4f}"
    labels.append(f'<path class="now controls" data-now="{now}" d="M0 2V{y:.0f}"/>')
    ends = ", ".join(
        f"{name} {max(candidates, key=lambda item, of=candidates: of[item][-1] or 0)}"  # type: ignore[misc]
        for name, candidates in list(rows.items())[:8]
    )
    label = (
        f"{title}: probability of every candidate over {len(epochs)} epochs; most probable at the end: {ends}"
    )
    chart = (
        f'<svg class="chart heat" role="img" aria-label="{esc(label)}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}">'
        f"{content}{''.join(labels)}</svg>"
    )
    return f"<div><h3>{esc(title)}</h3>{figure(chart, label=title)}</div>"


def _runs(values: Sequence[float | None]) -> list[tuple[int, int, int]]:
    """Return runs of equal levels: level, first epoch, number of epochs."""
    found: list[tuple[int, int, int]] = []
    for index, value in enumerate(values):
        level = min(_LEVELS, max(0, round(_LEVELS * (value or 0))))
        if found and found[-1][0] == level:
            found[-1] = (level, found[-1][1], found[-1][2] + 1)
        else:
            found.append((level, index, 1))
    return found
