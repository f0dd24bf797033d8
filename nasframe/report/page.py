"""The page: what was found, how good it is, how the search went, what it was made from."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nasframe.errors import RenderError
from nasframe.files import write_text
from nasframe.render import draw
from nasframe.report.comparison import compare
from nasframe.report.plots import line_plot
from nasframe.run import Run

__all__ = ["write_report"]

_STYLE = """
:root { color-scheme: light; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 68rem; padding: 1rem; color: #1b1b1b; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; border-bottom: 1px solid #ddd; }
figure { margin: 0; overflow-x: auto; } figure svg { max-width: 100%; height: auto; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1rem; }
table { border-collapse: collapse; }
table.comparison { margin-bottom: 1.5rem; } .comparison th + th { text-align: right; }
td, th { padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
pre { overflow-x: auto; background: #f6f6f6; padding: .8rem; }
"""


def write_report(run: Run) -> None:
    """Write `report.html` from what the run folder holds."""
    architecture, record, test = run.architecture, run.record, run.test
    drawing = draw(architecture)
    try:
        picture = drawing.svg[drawing.svg.index("<svg") :]
    except RenderError as error:
        picture = f"<p>{html.escape(str(error))}</p>"
    searched, trained = run.history("search"), run.history("train")
    sections = [
        ("The network that was found", f"<figure>{picture}</figure>{_pre(drawing.text)}"),
        ("On the test split", _test(test) if test else "<p>Not evaluated yet.</p>"),
        ("The search", _search(searched, record.get("search"))),
        ("The final training", _training(trained)),
        ("Time", _table(run.seconds, "s")),
        ("The experiment", _pre(run.experiment_toml)),
        ("Made with", _table(_flat({"nasframe": record["nasframe"], **_flat(architecture.provenance)}))),
    ]
    title = f"nasframe: {html.escape(run.path.name)}"
    body = "".join(f"<section><h2>{name}</h2>{content}</section>\n" for name, content in sections)
    page = (
        f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}</body>\n</html>\n"
    )
    write_text(run.path / "report.html", page)


def _test(test: Mapping[str, Any]) -> str:
    own = {name: value for name, value in test.items() if name != "baselines"}
    table = compare(test)
    if table is None:
        return _table(_flat(own))
    heads = "".join(f"<th>{html.escape(column)}</th>" for column in ("", *table.columns))
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th>{''.join(_cell(value, '') for value in row)}</tr>"
        for name, row in table.rows.items()
    )
    note = (
        f"<p>The columns: {html.escape(test['objective'])}, overall and against each part, and parameters "
        "without frozen networks. Every row was trained as the searched network was.</p>"
    )
    return f'{note}<table class="comparison"><tr>{heads}</tr>{rows}</table>{_table(_flat(own))}'


def _search(history: Sequence[Mapping[str, Any]], summary: Mapping[str, Any] | None) -> str:
    if not history:
        return "<p>The architecture was given, not searched.</p>"
    verdict = ""
    if summary is not None:
        ended = "converged" if summary["converged"] else "did not converge: the epochs were used up"
        verdict = f"<p>After {summary['epochs']} epochs the search {ended}.</p>"
    entropy = line_plot(
        {
            group: [(line["epoch"], line["entropy"][group]) for line in history]
            for group in history[0]["entropy"]
        },
        title="Mean normalised entropy of the choices",
        x="epoch",
        y="entropy / log(candidates)",
        zero=True,
    )
    losses = {kind: _points(history, "loss", kind) for kind in history[-1]["loss"]}
    losses["validation"] = _points(history, "validation", "loss")
    loss = _losses(losses, "Loss of the search")
    return f'{verdict}<div class="plots">{_figure(entropy)}{_figure(loss)}</div>'


def _training(history: Sequence[Mapping[str, Any]]) -> str:
    if not history:
        return "<p>Not trained yet.</p>"
    names = [name for name in history[-1]["validation"] if name != "loss"]
    losses = {
        "training": [(line["epoch"], line["loss"]) for line in history],
        "validation": _points(history, "validation", "loss"),
    }
    metrics = line_plot(
        {name: _points(history, "validation", name) for name in names},
        title="Validation metrics",
        x="epoch",
        y="",
    )
    return f'<div class="plots">{_figure(_losses(losses, "Loss of the training"))}{_figure(metrics)}</div>'


def _losses(lines: Mapping[str, Sequence[tuple[float, float]]], title: str) -> str:
    return line_plot(lines, title=title, x="epoch", y="loss", zero=True)


def _points(history: Iterable[Mapping[str, Any]], part: str, name: str) -> list[tuple[float, float]]:
    return [(line["epoch"], line[part][name]) for line in history if line[part].get(name) is not None]


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested mappings as one level, with dotted names."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def _table(values: Mapping[str, Any], unit: str = "") -> str:
    rows = "".join(
        f"<tr><th>{html.escape(key)}</th>{_cell(value, unit)}</tr>" for key, value in values.items()
    )
    return f"<table>{rows}</table>"


def _cell(value: Any, unit: str) -> str:
    if value is None:
        return "<td>undefined</td>"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"<td>{html.escape(str(value))}</td>"
    shown = f"{value:,}" if isinstance(value, int) else f"{value:.4f}" if not unit else f"{value:.1f}"
    return f'<td class="number">{shown}{f" {unit}" if unit else ""}</td>'


def _figure(content: str) -> str:
    return f"<figure>{content}</figure>"


def _pre(text: str) -> str:
    return f"<pre>{html.escape(text)}</pre>"
