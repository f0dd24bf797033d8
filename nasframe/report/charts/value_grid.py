"""A table of numbers with shades: one number for each pair of values of two options."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nasframe.report.markup import esc, figure, shown, svg_text

__all__ = ["value_grid"]


def value_grid(
    values: Sequence[Sequence[float | None]],
    *,
    title: str,
    rows: tuple[str, Sequence[str]],
    columns: tuple[str, Sequence[str]],
    notes: Sequence[Sequence[str]] | None = None,
    largest_is_best: bool = True,
    show: Callable[[float], str] = shown,
    scale: tuple[float, float] | None = None,
) -> str:
    """Return a figure in which darker is larger and the best number has a frame.

    Args:
        values: row → column → number, None where there is none.
        title: text above the figure.
        rows, columns: name of the option, and its values as text.
        notes: shown in place of a number that is None, such as `failed`.
        largest_is_best: True to frame the largest number, False to frame the smallest.
        show: writes a number.
        scale: the numbers of the lightest and the darkest shade, where several figures share them.
    """
    known = [value for row in values for value in row if value is not None]
    low, high = scale or (min(known, default=0.0), max(known, default=1.0))
    best = (high if largest_is_best else low) if high > low else None
    left = max([len(name) for name in rows[1]] + [len(rows[0]) + 2]) * 6.8 + 12
    wide, tall, top = 92, 46, 44
    width = max(left + wide * len(columns[1]) + 4, 300)
    height = top + tall * len(rows[1]) + 6
    parts = [
        svg_text(left, 14, f"{columns[0]} →", classes="name"),
        svg_text(0, top - 10, f"{rows[0]} ↓", classes="name"),
    ]
    parts += [
        svg_text(left + wide * (index + 0.5), top - 10, name, anchor="middle")
        for index, name in enumerate(columns[1])
    ]
    for row, name in enumerate(rows[1]):
        y = top + tall * row
        parts.append(svg_text(left - 10, y + tall / 2 + 4, name, anchor="end"))
        for column, value in enumerate(values[row]):
            x = left + wide * column
            box = f'x="{x + 1.5:.1f}" y="{y + 1.5}" width="{wide - 3}" height="{tall - 3}" rx="5"'
            where = f"{rows[0]} {name}, {columns[0]} {columns[1][column]}"
            if value is None:
                text = notes[row][column] if notes is not None else ""
                inside = svg_text(x + wide / 2, y + tall / 2 + 4, text or "—", anchor="middle")
                parts.append(f'<rect class="missing" {box}/>{inside}')
                continue
            # light enough that the number on it can be read, on a light page and on a dark one
            shade = 0.05 + 0.43 * (value - low) / (high - low) if high > low else 0.2
            framed = ' class="bestvalue"' if value == best else ""
            inside = svg_text(x + wide / 2, y + tall / 2 + 4, show(value), anchor="middle", classes="value")
            parts.append(
                f'<g{framed}><title>{esc(where)}: {value!r}</title><rect class="cold" {box}/>'
                f'<rect class="h frame" fill-opacity="{shade:.3f}" {box}/>{inside}</g>'
            )
    extent = f"from {show(min(known))} to {show(max(known))}" if known else "no trial is done"
    chart = (
        f'<svg class="chart" role="img" aria-label="{esc(f"{title}: {extent}")}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width * 1.25:.0f}px;'
        f'min-width:{min(width, 420):.0f}px">{"".join(parts)}</svg>'
    )
    return f"<div><h3>{esc(title)}</h3>{figure(chart, label=title)}</div>"
