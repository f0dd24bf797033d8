"""The page of a run: the network, its test metrics, the course of the search, and the provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nasframe.display import (
    Cell,
    Column,
    Figure,
    HeatMap,
    Line,
    LineChart,
    Table,
    flatten,
    metric_tables,
    sparkline,
)
from nasframe.errors import RunError
from nasframe.render import draw
from nasframe.report.animation import animate_search, is_plain
from nasframe.report.baselines import baseline_table
from nasframe.report.caveats import TOLD_APART, metric_caveats, run_caveats, search_caveats
from nasframe.report.costs import heading_of, title_of
from nasframe.report.drawing import on_page
from nasframe.report.finalists import finalist_tables, learnt_logits, selection_of, selection_verdict
from nasframe.report.last_epoch import LastEpoch, compare_last_epoch
from nasframe.report.machines import machine_facts
from nasframe.report.methods import run_methods
from nasframe.report.page import Page, Tile, make_page
from nasframe.report.plugin_sections import plugin_sections
from nasframe.report.scores import roc_table, score_figures
from nasframe.report.search_courses import course_figures, steps_of
from nasframe.report.space_drawing import choice_table, draw_space
from nasframe.report.strategy_flow import draw_strategy
from nasframe.report.task_flow import draw_task
from nasframe.report.trial_links import link_to_study
from nasframe.report.trials import trial_figures, trial_table, trials_of, trials_verdict
from nasframe.runs import Run
from nasframe.runtime import counted
from nasframe.space import SearchSpace

__all__ = ["parameter_table", "run_page", "run_tables", "search_figures", "training_figures", "write_report"]

_ABOUT = ("task", "relaxation", "loop", "seed")

_MOST = 12
"""Candidates of a choice in the figure of all choices. A choice among pairs of eight sources has 28."""

History = Sequence[Mapping[str, Any]]


def write_report(run: Run) -> None:
    """Write `report.html` into the folder of a run, from the other files in it."""
    run_page(run).write(run.path)


def run_page(run: Run) -> Page:
    """Return the page of a run."""
    architecture, test, searched = run.architecture, run.test or {}, run.history("search")
    trials = trials_of(run)
    moves = searched and learnt_logits(searched)
    animation, epochs = animate_search(architecture.space, searched) if moves else ("", {})
    known = searched[-1]["probabilities"] if moves else {}
    provenance = architecture.provenance
    last = compare_last_epoch(run, searched) if epochs else LastEpoch()
    plain = {key: value for key, value in test.items() if key not in TOLD_APART and not _is_nested(value)}
    return make_page(
        "run.html",
        title=f"nasframe: {run.path.name}",
        about=", ".join(f"{name} {provenance[name]}" for name in _ABOUT if name in provenance),
        tables=[*run_tables(run), *([] if last.differences is None else [last.differences])],
        figures=run_figures(run, follows=bool(epochs)),
        sections=plugin_sections(run),
        data={"animation": epochs} if epochs else {},
        links=link_to_study(run.path),
        lead=_lead(run, test),
        network=on_page(
            draw(architecture, probabilities=known, measured=True),
            f"The searched network {architecture.fingerprint[:12]}",
        ),
        last_epoch=last,
        task=draw_task(run),
        space=draw_space(architecture.space),
        strategy=draw_strategy(run),
        animation=animation,
        test=flatten(plain),
        name_of=_name_of,
        nested=_nested_tables(test),
        caveats=(on_test := metric_caveats(test)),
        validation_caveats=[
            line for line in run_caveats(run) if line not in (*on_test, *search_caveats(run))
        ],
        baselines=test.get("baselines") or {},
        searched=bool(searched),
        verdict=[*dict.fromkeys([*_verdict(run, searched), *search_caveats(run)])] if searched else [],
        tried=trials_verdict(trials) if trials else [],
        experiment=run.experiment_toml,
        made=_made(run),
        methods=run_methods(run),
    )


def run_tables(run: Run) -> list[Table]:
    """Return every table of a run that has rows.

    They are called `baselines`, `roc`, `finalists`, as the metrics that have several numbers for each name,
    `entropy`, `stages` (the objective on validation), `trials`, `parameters`, `time` and `plugins`, and
    `space` (its choices).
    """
    test, searched, trials = run.test or {}, run.history("search"), trials_of(run)
    compared = baseline_table(test)
    found = [
        *([compared] if compared is not None else []),
        *([roc_table(run.scores)] if run.scores is not None else []),
        *_nested_tables(test),
        *([_entropies(searched), _stages(run, searched)] if searched else []),
        *([trial_table(trials)] if trials else []),
        *finalist_tables(selection_of(run)),
        choice_table(run.architecture.space),
        parameter_table(test),
        _times(run.seconds),
    ]
    return [*(table for table in found if table.rows), _plugins(run)]


def run_figures(run: Run, *, follows: bool = False) -> list[Figure]:
    """Return every figure of a run; with `follows`, the slider of the epochs moves a mark over some."""
    searched = run.history("search")
    return [
        *(score_figures(run.scores) if run.scores is not None else []),
        *search_figures(searched, follows=follows),
        *(_choices(run, searched, follows=follows) if searched else []),
        *training_figures(run),
    ]


def search_figures(searched: History, *, follows: bool = False) -> list[Figure]:
    """Return the course of a search that trains a supernet; nothing where there is none."""
    figures: list[Figure] = []
    if searched:
        losses = {kind: _points(searched, "loss", kind) for kind in searched[-1]["loss"]}
        losses["validation"] = _points(searched, "validation", "loss")
        entropies = {group: _points(searched, "entropy", group) for group in searched[0]["entropy"]}
        if entropies:  # a loop without logits has none
            figures.append(
                _course(
                    "search-entropy",
                    "Mean normalised entropy of the choices",
                    "entropy / log(candidates)",
                    entropies,
                    follows=follows,
                    low=0.0,
                    high=1.03,
                )
            )
        figures += [
            _course("search-loss", "Loss of the search", "loss", losses, follows=follows, low=0.0),
            _metrics("search-metrics", "Validation metrics of the supernet", searched, follows=follows),
        ]
    return figures


def training_figures(run: Run) -> list[Figure]:
    """Return the course of the trials of a search, and of the trainings."""
    figures: list[Figure] = []
    if trials := trials_of(run):
        objective = _objective(run, (run.record.get("search") or {}).get("best") or {})
        figures += course_figures({"best so far": [steps_of(trials)]}, objective, with_dots=True)
        figures += trial_figures(trials)
    trainings = (
        ("train", "training", "Validation metrics"),
        ("finetune", "fine-tuning", "Validation metrics of the fine-tuning"),
    )
    for stage, name, title in trainings:
        if trained := run.history(stage):
            lines = [*_before(run, stage), *trained]
            losses = {
                "training": [(line["epoch"], line["loss"]) for line in lines if line["loss"] is not None],
                "validation": _points(lines, "validation", "loss"),
            }
            figures += [
                _course(f"{name}-loss", f"Loss of the {name}", "loss", losses, low=0.0),
                _metrics(f"{name}-metrics", title, lines),
            ]
    return figures


def _before(run: Run, stage: str) -> History:
    """Return a line of epoch 0, with the validation metrics before the fine-tuning; none for other stages."""
    before = (run.record.get(stage) or {}).get("before")
    return [] if before is None else [{"epoch": 0, "loss": None, "validation": before}]


def _lead(run: Run, test: Mapping[str, Any]) -> list[Tile]:
    tiles = []
    if test:
        objective = test["objective"]
        # the metrics of each epoch; what the evaluation adds, such as a threshold, is further below
        known = run.history("train")[-1]["validation"] if run.history("train") else {}
        own = [name for name in test if name in known and isinstance(test[name], float)]
        names = [objective, *(name for name in own if name != objective)][:3]
        tiles += [Tile.of(heading_of(name), test.get(name)) for name in names]
        tiles.append(Tile.of("parameters", test["parameters"], "count"))
        tiles.append(Tile.of("multiply-adds", test["multiply_adds"], "count"))
    if "search" in run.seconds:
        tiles.append(Tile.of("search", run.seconds["search"], "s"))
    summary = run.record.get("search") or {}
    for key, title in (("epochs", "epochs of search"), ("trials", "trials of search")):
        if key in summary:
            tiles.append(Tile.of(title, summary[key], "count"))
    return tiles


def _name_of(key: str) -> str:
    """Return the name of a number for people, given its dotted key: `parameters by part, head`."""
    metric, _, part = key.partition(".")
    return ", ".join(filter(None, (title_of(metric), part)))


def _is_nested(value: Any) -> bool:
    """True for a metric with several numbers for each name, such as for each category."""
    return isinstance(value, Mapping) and bool(value) and all(isinstance(v, Mapping) for v in value.values())


def _nested_tables(test: Mapping[str, Any]) -> list[Table]:
    return metric_tables({k: parts for k, parts in test.items() if k != "baselines" and _is_nested(parts)})


def _verdict(run: Run, history: History) -> list[str]:
    summary = run.record.get("search")
    if summary is None:
        return []
    relaxes = learnt_logits(history)
    for key in ("epochs", "converged") if relaxes else ("epochs",):
        if key not in summary:
            raise RunError(f"{run.path / 'run.json'}: search.{key} is missing, so the record is damaged")
    epochs = counted(summary["epochs"], "epoch")
    if relaxes:
        ended = "converged" if summary["converged"] else "did not converge: the epochs were used up"
        entropies = (f"{group} {value:.4f}" for group, value in (summary.get("entropy") or {}).items())
        found = [f"After {epochs} the search {ended}. Entropy at the end: {', '.join(entropies)}."]
    else:
        found = [f"The supernet was trained for {epochs} on architectures that the loop drew."]
    return [*found, *selection_verdict(selection_of(run), relaxes=relaxes)]


def _entropies(history: History) -> Table:
    rows: list[list[Cell]] = []
    for group in history[0]["entropy"]:
        course = [value for _, value in _points(history, "entropy", group)]
        if course:
            rows.append([group, sparkline(course), course[0], course[-1]])
    title = "Mean normalised entropy of the choices, epoch by epoch"
    columns = [Column("group"), Column("course", only="people"), Column("first"), Column("last")]
    return Table("entropy", title, columns, rows)


_STATISTICS = (
    "The same network and weights have another score in the supernet: for each architecture that it ranks, "
    "it takes the statistics of batch normalisation anew; the derived network keeps those of the search."
)


def _stages(run: Run, history: History) -> Table:
    """Return the objective on validation: of the supernet, of the derived network, and of the trained one."""
    objective = _objective(run, history[-1]["validation"])
    record = run.record.get("search") or {}
    selection, inherited, relaxes = selection_of(run), record.get("inherited"), learnt_logits(history)
    last = "when the search ended" if relaxes else "with architectures that were drawn"
    rows: list[list[Cell]] = [[f"supernet, {last}", history[-1]["validation"].get(objective)]]
    if selection:
        if relaxes:
            rows.append(["supernet, with the rule's architecture alone", selection["rule"]])
        chosen = "chosen one" if selection.get("finals") else "best"
        others = ", this one among them" if relaxes else ""
        title = f"supernet, with the {chosen} of {selection['candidates']:,}{others}"
        rows.append([title, selection["chosen"]])
    elif "searched" in record:
        rows.append(["supernet, with this architecture alone", record["searched"].get(objective)])
    if inherited is not None:
        rows.append(["derived network, with the supernet's weights", inherited.get(objective)])
    kept = (run.record.get("finetune") or {}).get("epoch")
    endings = {
        "train": "best epoch of its training",
        "finetune": f"best epoch of its fine-tuning{', which was not kept' * (kept == 0)}",
    }
    for stage, ending in endings.items():
        if lines := run.history(stage):
            for line in _before(run, stage):
                rows.append(["derived network, before its fine-tuning", line["validation"].get(objective)])
            values = [line["validation"].get(objective) for line in lines]
            best = max((value for value in values if value is not None), default=None)
            rows.append([f"derived network, {ending}", best])
    title, columns = f"{objective} on the validation split", [Column("stage"), Column(objective)]
    scores = {selection["chosen"], (inherited or {}).get(objective)} if selection else set()
    differs = len(scores) > 1 and None not in scores and not run.architecture.space.wiring.deals
    return Table("stages", title, columns, rows, _STATISTICS if differs and record.get("batch_norms") else "")


def _objective(run: Run, metrics: Mapping[str, Any]) -> str:
    """Return the name of the objective; of a run that was not evaluated, by metrics on validation."""
    if run.test:
        return str(run.test["objective"])
    return next((name for name in metrics if name != "loss"), "loss" if metrics else "objective")


def parameter_table(test: Mapping[str, Any]) -> Table:
    """Return the table `parameters` for the content of a `test.json`: the size of each part."""
    parts = test.get("parameters_by_part") or {}
    total = sum(parts.values()) or 1
    columns = [Column("part"), Column("parameters", unit="count"), Column("share", unit="%")]
    rows: list[list[Cell]] = [[name, size, 100 * size / total] for name, size in parts.items()]
    return Table("parameters", "Parameters by part", columns, rows)


def _times(seconds: Mapping[str, float]) -> Table:
    rows: list[list[Cell]] = [[name, float(value)] for name, value in seconds.items()]
    return Table("time", "Time of each stage", [Column("stage"), Column("seconds", "time", "s")], rows)


def _plugins(run: Run) -> Table:
    columns = [Column("plugin"), Column("version"), Column("sha256", "SHA-256"), Column("file")]
    rows: list[list[Cell]] = [
        [name, found.get("version"), (found.get("sha256") or "")[:16] or None, found.get("file") or ""]
        for name, found in run.record.get("plugins", {}).items()
    ]
    return Table("plugins", "The plugins and their code", columns, rows)


def _course(
    name: str,
    title: str,
    y: str,
    lines: Mapping[str, Sequence[tuple[float, float]]],
    *,
    follows: bool = False,
    low: float | None = None,
    high: float | None = None,
) -> Figure:
    return LineChart(
        name=name,
        title=title,
        x="epoch",
        y=y,
        is_whole=True,
        follows=follows,
        y_low=low,
        y_high=high,
        lines=[Line(key, points) for key, points in lines.items()],
    )


def _metrics(name: str, title: str, history: History, *, follows: bool = False) -> Figure:
    names = [key for key in history[-1]["validation"] if key != "loss"]
    lines = {key: _points(history, "validation", key) for key in names}
    label = names[0] if len(names) == 1 else ""  # one line has no legend that would name it
    return _course(name, title, label, lines, follows=follows)


def _points(history: History, part: str, name: str) -> list[tuple[float, float]]:
    return [(line["epoch"], line[part][name]) for line in history if line[part].get(name) is not None]


def _choices(run: Run, history: History, *, follows: bool) -> list[Figure]:
    """Return the probabilities of every choice over the epochs, a figure for each group."""
    space, recorded = run.architecture.space, history[0]["probabilities"]
    plain = _present_or_not(space)
    groups: dict[str, dict[str, dict[str, list[float | None]]]] = {}
    for name, choice in space.choices.items():
        if name in recorded and len(recorded[name]) > 1:  # one candidate has nothing to show
            groups.setdefault(choice.group, {})[name] = {
                candidate: [line["probabilities"][name][candidate] for line in history]
                for candidate in recorded[name]
                # an edge that is there or not has one row: the probability that it is there
                if not (name in plain and space.wiring.removes(name, candidate))
            }
    return [
        HeatMap(
            name=f"choices-{group}",
            title=group,
            x="epoch",
            part="candidate",
            most=_MOST,
            low=history[0]["epoch"] - 0.5,
            high=history[-1]["epoch"] + 0.5,
            is_whole=True,
            follows=follows,
            has_legend=True,
            rows=rows,
        )
        for group, rows in groups.items()
    ]


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


def _made(run: Run) -> dict[str, Any]:
    record, provenance = run.record, run.architecture.provenance
    made = {"nasframe": record["nasframe"], **flatten(provenance.get("versions", {}))}
    made |= flatten({name: value for name, value in provenance.items() if name != "versions"})
    made |= machine_facts(record.get("machines") or ())
    data = record.get("data") or {}
    return made | ({"data": data["fingerprint"]} if data.get("fingerprint") else {})
