"""The page of a run: the network, its test metrics, the course of the search, and the provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.render import draw
from nasframe.report.animation.layout import is_plain
from nasframe.report.animation.picture import animate_search
from nasframe.report.baselines import baseline_table
from nasframe.report.charts.heat import heat_over_time
from nasframe.report.charts.lines import Line, line_chart
from nasframe.report.document import Section, html_page
from nasframe.report.markup import (
    details,
    drawing,
    esc,
    facts,
    flat,
    number,
    preformatted,
    shown,
    table,
    tiles,
)
from nasframe.report.scores import score_figures
from nasframe.runs import Run
from nasframe.runtime import write_text
from nasframe.space import SearchSpace

__all__ = ["write_report"]

History = Sequence[Mapping[str, Any]]


def write_report(run: Run) -> None:
    """Write `report.html` into the folder of a run, from the other files in it."""
    architecture, record, test = run.architecture, run.record, run.test
    searched, trained = run.history("search"), run.history("train")
    picture, epochs = animate_search(architecture.space, searched) if searched else ("", {})
    label = f"The searched network {architecture.fingerprint[:12]}"
    sections = [
        Section("The network that was found", drawing(draw(architecture), label)),
        *([Section("The search space over the epochs", picture)] if picture else []),
        Section("On the test split", _test(test, run.scores) if test else "<p>Not evaluated yet.</p>"),
        Section("The search", _search(searched, record.get("search"), follows=bool(epochs))),
        *([Section("Every choice over time", _choices(run, searched))] if searched else []),
        Section("The final training", _training(trained)),
        Section("Costs and time", _costs(test, run.seconds)),
        Section(
            "The experiment",
            details("As it was resolved", preformatted(run.experiment_toml, "The experiment")),
        ),
        Section("Made with", _made(run)),
    ]
    provenance = architecture.provenance
    about = ", ".join(
        f"{name} {provenance[name]}" for name in ("task", "relaxation", "loop", "seed") if name in provenance
    )
    page = html_page(
        f"nasframe: {run.path.name}",
        about,
        sections,
        lead=_lead(run, test),
        data={"animation": epochs or None},
    )
    write_text(run.path / "report.html", page)


def _lead(run: Run, test: Mapping[str, Any] | None) -> str:
    first: dict[str, str] = {}
    if test:
        objective = test["objective"]
        # the metrics of each epoch; what the evaluation adds, such as a threshold, is further below
        known = run.history("train")[-1]["validation"] if run.history("train") else {}
        own = [name for name in test if name in known and isinstance(test[name], float)]
        names = [objective, *(name for name in own if name != objective)][:3]
        first |= {f"{name}, test": number(test.get(name)) for name in names}
        first |= {"parameters": number(test["parameters"]), "multiply-adds": number(test["multiply_adds"])}
    done = run.seconds
    if "search" in done:
        first["search"] = number(done["search"], unit="s")
    search = run.record.get("search")
    if search:
        first["epochs of search"] = f"{number(search['epochs'])}"
    return tiles(first) if first else ""


def _test(test: Mapping[str, Any], scores: Mapping[str, Any] | None) -> str:
    parts = []
    compared = baseline_table(test)
    if compared is not None:
        note = (
            f"The columns: {test['objective']}, over all and for each part, and parameters without frozen "
            "networks. Every row was trained in the same way."
        )
        rows = [[esc(name), *(number(value) for value in row)] for name, row in compared.rows.items()]
        parts.append(f'<p class="note">{esc(note)}</p>')
        parts.append(
            table(["", *compared.columns], rows, caption="The network beside its baselines", marked=[0])
        )
    if scores is not None:
        parts.append(score_figures(scores))
    plain: dict[str, Any] = {}
    for name, value in test.items():
        if name == "baselines":
            continue
        if _is_table(value):
            parts.append(_nested(name, value))
        elif isinstance(value, Mapping):
            plain |= flat(value, f"{name}.")
        else:
            plain[name] = value
    parts.append("<h3>Every number</h3>" + _keyed(plain))
    if test.get("baselines"):
        listing = "".join(
            f"<h4>{esc(name)}</h4>{_keyed(flat(values), f'baselines.{name}.')}"
            for name, values in test["baselines"].items()
        )
        parts.append(details("Every number of the baselines", listing))
    return "".join(parts)


def _keyed(values: Mapping[str, Any], prefix: str = "") -> str:
    rows = "".join(
        f"<div><dt>{esc(name)}</dt><dd>{number(value, f'{prefix}{name}')}</dd></div>"
        for name, value in values.items()
    )
    return f'<dl class="facts">{rows}</dl>'


def _is_table(value: Any) -> bool:
    """True for a metric with several numbers for each name, such as for each category."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(item, Mapping) for item in value.values())
    )


def _nested(name: str, parts: Mapping[str, Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for values in parts.values() for column in flat(values)))
    rows = []
    for part, values in parts.items():
        own = flat(values)
        rows.append(
            [
                esc(part),
                *(
                    number(own[column], f"{name}.{part}.{column}") if column in own else ""
                    for column in columns
                ),
            ]
        )
    return table(["", *columns], rows, caption=_words(name))


def _search(history: History, summary: Mapping[str, Any] | None, *, follows: bool) -> str:
    if not history:
        return "<p>The architecture was given, not searched.</p>"
    verdict = ""
    if summary is not None:
        ended = "converged" if summary["converged"] else "did not converge: the epochs were used up"
        entropies = ", ".join(
            f"{group} {value:.4f}" for group, value in (summary.get("entropy") or {}).items()
        )
        verdict = (
            f"<p>After {summary['epochs']} epochs the search {ended}. Entropy at the end: {entropies}.</p>"
            f"{_selected(summary)}"
        )
    entropy = line_chart(
        [Line(group, _points(history, "entropy", group)) for group in history[0]["entropy"]],
        title="Mean normalised entropy of the choices",
        x="epoch",
        y="entropy / log(candidates)",
        zero=True,
        top=1.03,
        follows=follows,
    )
    losses = {kind: _points(history, "loss", kind) for kind in history[-1]["loss"]}
    losses["validation"] = _points(history, "validation", "loss")
    loss = _losses(losses, "Loss of the search", follows=follows)
    metrics = _metrics(history, "Validation metrics of the supernet", follows=follows)
    return f'{verdict}<div class="grid">{entropy}{loss}{metrics}</div>'


def _selected(summary: Mapping[str, Any]) -> str:
    """Return a sentence on the choice among finalists; empty where there was none."""
    found = summary.get("selection")
    if found is None:
        return ""
    scores = [
        "undefined" if found[key] is None else f'<span title="{found[key]}">{found[key]:.4f}</span>'
        for key in ("chosen", "rule")
    ]
    return (
        f"<p>The supernet compared {found['candidates']} architectures on validation: the one that the rule "
        "of the space derived, and others near it. The best of them was taken: it reached "
        f"{scores[0]}, and the rule's {scores[1]}. The last epoch above shows the rule's.</p>"
    )


def _choices(run: Run, history: History) -> str:
    groups: dict[str, list[str]] = {}
    for name, choice in run.architecture.space.choices.items():
        groups.setdefault(choice.group, []).append(name)
    recorded = history[0]["probabilities"]
    space = run.architecture.space
    plain = _present_or_not(space)
    parts = []
    for group, names in groups.items():
        rows = {
            name: {
                candidate: [line["probabilities"][name][candidate] for line in history]
                for candidate in recorded[name]
            }
            for name in names
            if name in recorded
        }
        # an edge that is there or not has one row: the probability that it is there
        rows = {
            name: {
                item: found[item]
                for item in found
                if not (name in plain and space.wiring.removes(name, item))
            }
            for name, found in rows.items()
        }
        if rows:
            parts.append(heat_over_time(rows, [line["epoch"] for line in history], title=group))
    key = "".join(
        f'<rect class="h h{level}" x="{18 * level}" width="18" height="12"/>' for level in range(1, 11)
    )
    scale = (
        '<p class="note scale">0 <svg aria-hidden="true" viewBox="0 0 198 12"><rect class="cold" width="198" '
        f'height="12"/>{key}</svg> 1: the probability of a candidate in each epoch</p>'
    )
    return f'{scale}<div class="grid heats">{"".join(parts)}</div>'


def _present_or_not(space: SearchSpace) -> set[str]:
    """Return the names of the choices of an edge between two candidates: it is there, or it is not."""
    choices = {
        edge.choice.name: edge.choice
        for edges in space.wiring.arrivals.values()
        for edge in edges
        if edge.choice is not None
    }
    return {
        name
        for name, choice in choices.items()
        if is_plain(choice)
        and len(choice.candidates) == 2
        and sum(space.wiring.removes(name, item) for item in choice.candidates) == 1
    }


def _training(history: History) -> str:
    if not history:
        return "<p>Not trained yet.</p>"
    losses = {
        "training": [(line["epoch"], line["loss"]) for line in history],
        "validation": _points(history, "validation", "loss"),
    }
    metrics = _metrics(history, "Validation metrics")
    return f'<div class="grid">{_losses(losses, "Loss of the training")}{metrics}</div>'


def _metrics(history: History, title: str, *, follows: bool = False) -> str:
    names = [name for name in history[-1]["validation"] if name != "loss"]
    lines = [Line(name, _points(history, "validation", name)) for name in names]
    return line_chart(lines, title=title, x="epoch", y="", follows=follows)


def _losses(lines: Mapping[str, Sequence[tuple[float, float]]], title: str, *, follows: bool = False) -> str:
    drawn = [
        Line(name, [point for point in points if point[1] is not None]) for name, points in lines.items()
    ]
    return line_chart(drawn, title=title, x="epoch", y="loss", zero=True, follows=follows)


def _points(history: History, part: str, name: str) -> list[tuple[float, float]]:
    return [(line["epoch"], line[part][name]) for line in history if line[part].get(name) is not None]


def _costs(test: Mapping[str, Any] | None, seconds: Mapping[str, float]) -> str:
    parts = ""
    if test:
        by_part = test.get("parameters_by_part") or {}
        total = sum(by_part.values()) or 1
        parts += _bars(
            {name: (value / total, shown(value)) for name, value in by_part.items()}, "Parameters by part"
        )
    most = max(seconds.values(), default=0) or 1
    times = {name: (value / most, shown(float(value), "s")) for name, value in seconds.items()}
    return f'<div class="grid">{parts}{_bars(times, "Time of each stage")}</div>'


def _bars(rows: Mapping[str, tuple[float, str]], title: str) -> str:
    """Return a list of bars.

    Args:
        rows: name → the length as a share of the longest bar, and the text beside it.
        title: above the list.
    """
    lines = "".join(
        f'<div><dt>{esc(name)}</dt><dd><span class="rod" style="width:{max(0.4, 100 * share):.1f}%"></span>'
        f"<span>{esc(text)}</span></dd></div>"
        for name, (share, text) in rows.items()
    )
    return f'<div><h3>{esc(title)}</h3><dl class="rods">{lines}</dl></div>' if rows else ""


def _made(run: Run) -> str:
    record = run.record
    provenance = run.architecture.provenance
    made = {"nasframe": record["nasframe"], **flat(provenance.get("versions", {}))}
    made |= flat({name: value for name, value in provenance.items() if name != "versions"})
    data = record.get("data") or {}
    if data.get("fingerprint"):
        made["data"] = data["fingerprint"]
    rows = [
        [
            esc(name),
            esc(found.get("version") or "—"),
            f"<code>{esc((found.get('sha256') or '—')[:16])}</code>",
            esc(found.get("file") or ""),
        ]
        for name, found in record.get("plugins", {}).items()
    ]
    plugins = table(["plugin", "version", "SHA-256", "file"], rows, caption="The plugins and their code")
    return facts(made) + f"<h3>Plugins</h3>{plugins}"


def _words(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
