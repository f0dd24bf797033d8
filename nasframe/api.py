"""The Python entry: search, train, evaluate, predict, draw. The command line calls the same functions."""

from __future__ import annotations

import platform
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from attrs import frozen

from nasframe import __version__, render
from nasframe.architecture import Architecture
from nasframe.errors import ArchitectureError, RenderError, RunError
from nasframe.experiment import Experiment, resolve_device
from nasframe.files import fingerprint, write_json
from nasframe.loops import Search, Training
from nasframe.loops.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nasframe.loops.engine import collect_outputs
from nasframe.network import Network, build, cost_of, inherit
from nasframe.plugins import manager
from nasframe.progress import Progress
from nasframe.render import Drawing
from nasframe.report import write_report
from nasframe.run import Run
from nasframe.stages import run_stages
from nasframe.task import Data

__all__ = [
    "SearchResult",
    "draw",
    "evaluate",
    "load_architecture",
    "load_experiment",
    "load_run",
    "predict",
    "run_experiment",
    "search",
    "train",
]

SILENT = Progress()


@frozen
class SearchResult:
    """What a search gave.

    Attributes:
        architecture: the derived one.
        history: a record an epoch: losses, validation metrics, entropies, probabilities.
        converged: whether the stop rule held before the epochs were used up.
        run: the folder it was written to, None where nothing was written.
    """

    architecture: Architecture
    history: Sequence[Mapping[str, Any]]
    converged: bool
    run: Run | None = None


@frozen
class _Prepared:
    """Data that is ready, and what it was made from."""

    data: Data
    folders: Mapping[str, Path]
    fingerprint: str


def run_experiment(
    experiment: Experiment,
    out: str | Path,
    *,
    source: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Run:
    """Every stage: the task's own, search, derive, draw, train, evaluate, report.

    What is done for the same inputs is skipped; what was interrupted goes on where it stopped.

    Args:
        experiment: what to do.
        out: the run folder; see `Run.create` for what may be there already.
        source: the user's data; None is what the run used before, or the task's own.
        overwrite: replace a run that is there.
        progress: what to report to.
    """
    found = search(experiment, out, source=source, overwrite=overwrite, progress=progress).run
    assert found is not None
    train(experiment, found.path, progress=progress)
    key = _key(found, "evaluate", found.architecture.fingerprint)
    if found.is_done("evaluate", key) and found.test is not None:
        progress.say("evaluate: unchanged, skipped")
    else:
        started = time.monotonic()
        evaluate(found, experiment=experiment, progress=progress)
        found.mark_done("evaluate", key, time.monotonic() - started)
    return found


def search(
    experiment: Experiment,
    out: str | Path | None = None,
    *,
    source: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> SearchResult:
    """The task's stages, the search, the derived architecture and its picture.

    See `run_experiment` for the arguments. With `out` None no run folder is written.
    """
    folder = None if out is None else _create(out, experiment, overwrite)
    prepared = _prepare(experiment, folder, source, progress)
    space = experiment.space.build(prepared.data.inputs, prepared.data.outputs)
    engine = Search(
        space=space,
        task=experiment.task,
        data=prepared.data,
        relaxation=experiment.relaxation,
        loop=experiment.loop,
        options=experiment.search,
        seed=experiment.seed,
        device=experiment.torch_device(),
        run=folder,
        progress=progress,
        provenance=_provenance(experiment, prepared.fingerprint),
    )
    if folder is None:
        architecture = engine.fit()
        manager().notify("search_finished", run=None, summary=engine.summary())
        return SearchResult(architecture, engine.history, engine.converged)
    key = _key(folder, "search")
    history = [record for record in folder.metrics if record["stage"] == "search"]
    if folder.is_done("search", key):
        progress.say("search: unchanged, skipped")
        return SearchResult(folder.architecture, history, bool(folder.record["search"]["converged"]), folder)
    progress.say(f"search: {space.count():,} architectures, {experiment.names['relaxation']}")
    started = time.monotonic()
    architecture = engine.fit()
    architecture.save(folder.path / "architecture.json")
    _save_picture(folder, architecture, progress)
    summary = engine.summary()
    folder.note(search=summary)
    folder.mark_done("search", key, time.monotonic() - started)
    manager().notify("search_finished", run=folder, summary=summary)
    entropies = ", ".join(f"{group} {value:.3f}" for group, value in summary["entropy"].items())
    verdict = "converged" if engine.converged else "did not converge"
    progress.say(f"search: {verdict} after {summary['epochs']} epochs (normalised entropy: {entropies})")
    return SearchResult(architecture, engine.history, engine.converged, folder)


def train(
    experiment: Experiment,
    out: str | Path,
    *,
    architecture: Architecture | None = None,
    source: str | Path | None = None,
    overwrite: bool = False,
    progress: Progress = SILENT,
) -> Run:
    """The final training of an architecture; see `run_experiment` for the other arguments.

    Args:
        architecture: what to train; None is the one that the run in `out` found.

    Raises:
        RunError: no architecture was given and `out` holds none, or holds another one.
        ArchitectureError: the architecture takes other inputs than the task gives.
    """
    folder = _create(out, experiment, overwrite)
    prepared = _prepare(experiment, folder, source, progress)
    chosen = _chosen(folder, architecture, progress)
    _check_fits(chosen, prepared.data)
    key = _key(folder, "train", chosen.fingerprint)
    if folder.is_done("train", key):
        progress.say("train: unchanged, skipped")
        return folder
    started, device = time.monotonic(), experiment.torch_device()
    network = build(chosen, seed=experiment.seed)
    if experiment.train.inherit:
        _inherit(folder, network)
    engine = Training(
        network=network,
        task=experiment.task,
        data=prepared.data,
        options=experiment.train,
        seed=experiment.seed,
        device=device,
        run=folder,
        progress=progress,
    )
    calibration = engine.fit()
    experiment.task.save(prepared.folders, folder.task_folder)
    values = {
        "calibration": calibration,
        "best_epoch": engine.best_epoch,
        "validation": engine.history[engine.best_epoch - 1]["validation"],
    }
    save_checkpoint(folder.checkpoints, "network", Checkpoint(network.state_dict(), values), 0)
    folder.mark_done("train", key, time.monotonic() - started)
    shown = ", ".join(f"{k} {v:.4f}" for k, v in values["validation"].items() if v is not None)
    write_report(folder)
    progress.say(f"train: best epoch {engine.best_epoch} of {experiment.train.epochs} (validation: {shown})")
    return folder


def evaluate(
    run: Run | str | Path,
    *,
    experiment: Experiment | None = None,
    source: str | Path | None = None,
    device: str | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Metrics of a trained run on its test split; the only function that opens it.

    Args:
        run: the run or its folder.
        experiment: the one that made the run; needed only where its task was made in Python.
        source: the user's data, if it has moved.
        device: where to compute; None is what the experiment says.
        progress: what to report to.

    Returns:
        The task's metrics, and `parameters` (of the searched network: projections, cells, head),
        `parameters_by_part`, `parameters_total` (with frozen networks in front of it), `multiply_adds` for
        one example, `architecture` (fingerprint) and `converged`. JSON-able; undefined metrics are None.

    Raises:
        RunError: the run has not been trained.
    """
    folder = load_run(run)
    experiment = experiment or load_experiment(folder)
    network, calibration, where = _load_network(folder, experiment, device)
    prepared = _prepare(experiment, folder, source, progress)
    test = prepared.data.splits.test()
    outputs, _ = collect_outputs(network, network, test, experiment.train.batch_size, where)
    architecture = folder.architecture
    cost = cost_of(architecture)
    result = {
        **experiment.task.evaluate(outputs, test, calibration),
        "examples": len(test),
        "parameters": cost.parameters,
        "parameters_by_part": network.parameters_by_part(),
        "parameters_total": cost.parameters + experiment.task.frozen_parameters(folder.task_folder),
        "multiply_adds": cost.multiply_adds,
        "architecture": architecture.fingerprint[:16],
        "converged": folder.record.get("search", {}).get("converged"),
    }
    plain: dict[str, Any] = _without_nan(result)
    write_json(folder.path / "test.json", plain)
    write_report(folder)
    return plain


def predict(
    run: Run | str | Path,
    files: Sequence[str | Path],
    *,
    device: str | None = None,
    progress: Progress = SILENT,
) -> Iterator[dict[str, Any]]:
    """Score files with a trained run: one dictionary a file, in order, with the result or an `error`."""
    folder = load_run(run)
    experiment = load_experiment(folder)
    network, calibration, where = _load_network(folder, experiment, device)
    paths = [Path(file) for file in files]
    answers = experiment.task.predict(network.eval(), paths, folder.task_folder, calibration, where)
    yield from progress.track(answers, "predict", len(paths))


def load_run(path: Run | str | Path) -> Run:
    """The run in a folder; see `Run.open` for the errors."""
    return path if isinstance(path, Run) else Run.open(path)


def load_experiment(run: Run | str | Path) -> Experiment:
    """The resolved experiment of a run."""
    return Experiment.load(load_run(run).path / "experiment.toml")


def load_architecture(where: Architecture | Run | str | Path) -> Architecture:
    """An architecture from a run, a run folder or a JSON file."""
    if isinstance(where, Architecture):
        return where
    if isinstance(where, Run):
        return where.architecture
    path = Path(where)
    return Run.open(path).architecture if path.is_dir() else Architecture.load(path)


def draw(where: Architecture | SearchResult | Run | str | Path) -> Drawing:
    """The drawing of an architecture; a notebook shows it. See `Drawing.save` to write it to a file."""
    return render.draw(where.architecture if isinstance(where, SearchResult) else load_architecture(where))


def _create(out: str | Path, experiment: Experiment, overwrite: bool) -> Run:
    return Run.create(Path(out), experiment.to_toml(), identity=experiment.fingerprint(), overwrite=overwrite)


def _prepare(
    experiment: Experiment, folder: Run | None, source: str | Path | None, progress: Progress
) -> _Prepared:
    """Run or skip the task's stages, and refuse to mix two states of the data in one run folder."""
    known = folder.record["data"] if folder is not None else None
    if source is None and known is not None and known["source"] is not None:
        source = known["source"]
    if (
        known is not None
        and all(Path(item).is_dir() for item in known["folders"].values())
        and source == known["source"]
    ):
        folders = {name: Path(item) for name, item in known["folders"].items()}
        return _Prepared(experiment.task.data(folders), folders, known["fingerprint"])
    stages = experiment.task.stages(None if source is None else Path(source), experiment.seed)
    results = run_stages(stages, experiment.cache, experiment.torch_device(), progress)
    folders = {name: result.folder for name, result in results.items()}
    key = fingerprint([result.fingerprint for result in results.values()])
    if folder is not None:
        if known is not None and known["fingerprint"] != key:
            raise RunError(
                f"{folder.path}: the data or the code that reads it has changed since this run was made; "
                "choose another --out, or say --overwrite to replace it"
            )
        seconds = {name: round(result.seconds, 3) for name, result in results.items()}
        folder.note(
            data={
                "source": None if source is None else str(source),
                "fingerprint": key,
                "folders": {name: str(path) for name, path in folders.items()},
                "seconds": seconds if known is None else known["seconds"],
            }
        )
    return _Prepared(experiment.task.data(folders), folders, key)


def _key(folder: Run, stage: str, *parts: str) -> str:
    """Fingerprint of what a stage of this run depends on."""
    return fingerprint([stage, folder.identity, folder.record["data"]["fingerprint"], *parts])


def _provenance(experiment: Experiment, data: str) -> dict[str, Any]:
    return {
        "relaxation": experiment.names["relaxation"],
        "loop": experiment.names["loop"],
        "task": experiment.names["task"],
        "seed": experiment.seed,
        "experiment": experiment.fingerprint(),
        "data": data,
        "versions": {
            "nasframe": __version__,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
        },
    }


def _chosen(folder: Run, architecture: Architecture | None, progress: Progress) -> Architecture:
    """The architecture to train; one that was given becomes the run's own."""
    path = folder.path / "architecture.json"
    if architecture is None:
        return folder.architecture
    if path.exists() and folder.architecture != architecture:
        raise RunError(
            f"{path}: the run holds another architecture; choose another --out, or say --overwrite"
        )
    if not path.exists():
        architecture.save(path)
        _save_picture(folder, architecture, progress)
    return architecture


def _check_fits(architecture: Architecture, data: Data) -> None:
    wanted = {name: tuple(shape or ()) for name, shape in architecture.space.inputs.items()}
    given = {name: tuple(shape) for name, shape in data.inputs.items()}
    if wanted != given:
        raise ArchitectureError(f"the architecture takes the inputs {wanted}, the task gives {given}")


def _inherit(folder: Run, network: Network) -> None:
    found = load_checkpoint(folder.checkpoints, "search")
    if found is None:
        raise RunError(f"{folder.path}: train.inherit needs the supernet of a search, and there is none")
    missing = inherit(network, found.part("supernet."))
    if missing:
        raise RunError(f"{folder.path}: the supernet has no parameters {', '.join(missing)} to inherit")


def _save_picture(folder: Run, architecture: Architecture, progress: Progress) -> None:
    """The DOT file always, the SVG where there is a renderer; a missing one never fails a search."""
    drawing = render.draw(architecture)
    drawing.save(folder.path / "architecture.dot")
    try:
        drawing.save(folder.path / "architecture.svg")
    except RenderError as error:
        progress.say(f"draw: {error}; {folder.path / 'architecture.dot'} is kept")


def _load_network(
    folder: Run, experiment: Experiment, device: str | None
) -> tuple[Network, dict[str, float], torch.device]:
    where = experiment.torch_device() if device is None else resolve_device(device)
    found = load_checkpoint(folder.checkpoints, "network", where)
    if found is None:
        raise RunError(
            f"{folder.path}: has no trained network yet; go on with `nasframe train {folder.path}`"
        )
    network = build(folder.architecture)
    network.load_state_dict(dict(found.tensors))
    return network.to(where), dict(found.values["calibration"]), where


def _without_nan(value: Any) -> Any:
    """JSON has no NaN: an undefined number is None."""
    if isinstance(value, Mapping):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and value != value else value
