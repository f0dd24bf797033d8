"""The final training of an architecture in a run folder."""

from __future__ import annotations

import time
from pathlib import Path

from nasframe.errors import ArchitectureError, RunError
from nasframe.experiment import Experiment, as_experiment
from nasframe.network import Network, build, inherit
from nasframe.pipeline.engines import check_built_network, check_caveats, training_engine
from nasframe.pipeline.fine_tuning import fine_tune
from nasframe.pipeline.picture import save_picture
from nasframe.pipeline.preparation import Prepared, given, keeping_old_run, prepare
from nasframe.pipeline.trained_network import read_trained, train_and_save
from nasframe.pipeline.training_records import FINE_TUNING, forget_training, is_search_of, matching_run
from nasframe.report import write_report
from nasframe.runs import Command, Run, claimed, drop_checkpoint
from nasframe.runtime import SILENT, Progress, advised, counted, damage_in_words, progress_of, shell_line
from nasframe.searching import read_search
from nasframe.space import Architecture
from nasframe.tasks import Data, checked_caveats, checked_fine_tuning
from nasframe.training import Training

__all__ = ["train"]


def train(
    experiment: Experiment | str | Path,
    out: str | Path,
    *,
    architecture: Architecture | None = None,
    source: str | Path | None = None,
    overwrite: bool = False,
    recorded: bool = False,
    progress: Progress | bool | None = SILENT,
) -> Run:
    """Train an architecture for good; see `run_experiment` for the other arguments.

    Args:
        architecture: what to train; None is the one that the run in `out` found.
        overwrite: train again, maybe with other options of the training; what the search found is kept.
            Only another `architecture` replaces the whole run.
        recorded: the experiment was read from a run; see `prepare`.

    Raises:
        RunError: no architecture was given and `out` holds none, or holds another one.
        ArchitectureError: the architecture takes other inputs or gives other outputs than the task.
    """
    progress, experiment = progress_of(progress), as_experiment(experiment)
    path, toml, identity = Path(out), experiment.to_toml(), experiment.fingerprint()
    options = given(source)
    if architecture is not None and architecture.space.origin is not None:
        options["architecture"] = architecture.to_dict()
    if overwrite:
        options["toml"] = toml
    with claimed(path, toml, command=Command("train", options)):
        if overwrite:
            run = _kept(experiment, path, architecture)
            if run is None:
                Run.check_replaceable(path, toml)
        else:
            run = matching_run(path, experiment)
        chosen = _chosen(run, path, architecture)
        with keeping_old_run(overwrite):
            prepared = prepare(experiment, run, source, progress, recorded=path if recorded else None)
        key = prepared.key("train", identity, chosen.fingerprint)
        if run is not None and not overwrite:
            if run.is_done("train", key) and _is_whole(run, progress):
                progress.say("train: unchanged, skipped")
                if not (run.path / "report.html").exists():
                    write_report(run)
                return run
            run.require_same_plugins()
        _check_fits(chosen, prepared.data)
        network = build(chosen, seed=experiment.seed)
        check_built_network(network, experiment, prepared.data)
        check_caveats(chosen, experiment)
        if experiment.train.inherit:
            _inherit(run, path, network)
        # Nothing is refused from here on, so the old training may go.
        if run is None:
            run = Run.create(path, toml, identity=identity, overwrite=overwrite, data=prepared.record)
        elif overwrite:
            run.take_up()
            forget_training(run, toml, identity=identity)
        if not (run.path / "architecture.json").exists():
            chosen.save(run.path / "architecture.json")
        if not (run.path / "architecture.dot").exists():
            save_picture(run, chosen, progress)
        engine = training_engine(
            network, experiment, prepared.data, progress, run=run, key=chosen.fingerprint
        )
        return _train_in_run(engine, experiment, run, prepared, key)


def _train_in_run(engine: Training, experiment: Experiment, run: Run, prepared: Prepared, key: str) -> Run:
    """Train the network to the end, and write it, what the task needs beside it, and the report.

    Where the task says so, the networks in front of it are trained along at the end.
    """
    started = time.monotonic()
    run.mark_undone("train")
    if run.record.get("finetune"):  # of a training that this one replaces
        run.note(finetune=None)
    trained = train_and_save(engine, run, "network")
    tuning = checked_fine_tuning(engine.task, engine.network, prepared.folders)
    engine.task.save(prepared.folders, run.task_folder)
    best = trained["validation"].items()
    shown = ", ".join(f"{name} {value:.4f}" for name, value in best if value is not None)
    engine.progress.say(
        f"train: best epoch {engine.best_epoch} of {engine.options.epochs} (validation: {shown})"
    )
    caveats = engine.caveats
    if tuning is not None:
        tuned = fine_tune(tuning, engine.network, trained, experiment, run, engine.progress)
        if tuned is not None:
            engine.task.save_tuned(tuning, prepared.folders, run.task_folder, engine.progress)
            caveats = tuned.get("caveats", [])
        drop_checkpoint(run.checkpoints, FINE_TUNING)  # larger than all else in the run
    caveats = [*caveats, *checked_caveats(engine.task, engine.network)]
    if caveats or run.record.get("train"):
        run.note(train={"caveats": caveats})
    seconds = time.monotonic() - started
    run.mark_done("train", key, seconds)
    engine.progress.detail(f"train: done in {seconds:.1f} s")
    write_report(run)
    for caveat in caveats:
        engine.progress.warn(f"train: {caveat}")
    return run


def _is_whole(run: Run, progress: Progress) -> bool:
    """Return True where the trained network can be read; report one that cannot."""
    try:
        return read_trained(run.checkpoints, "network") is not None
    except RunError as error:
        progress.warn(f"{error}; it is made again")
        return False


def _kept(experiment: Experiment, out: Path, architecture: Architecture | None) -> Run | None:
    """Return the run whose architecture is trained again, None where the whole run is made anew.

    Raises:
        RunError: the architecture in the run belongs to another experiment.
    """
    run = Run.existing(out, experiment.to_toml())
    if run is None:
        return None
    if architecture is not None and not (
        (run.path / "architecture.json").exists() and run.architecture == architecture
    ):
        return None
    if is_search_of(run, experiment):
        return run
    if architecture is not None:
        return None
    problem = f"{out}: holds the search of an experiment that differs in more than the training"
    way = f"choose another --out, with --architecture {shell_line([str(out)])} to train what was found"
    raise RunError(advised(problem, way))


def _chosen(run: Run | None, out: Path, architecture: Architecture | None) -> Architecture:
    """Return the architecture to train; one that was given becomes the run's own."""
    path = out / "architecture.json"
    if run is None:
        if architecture is None:
            raise RunError(f"{path}: there is no architecture to train; search first, or give one")
        return architecture
    if architecture is not None and path.exists() and run.architecture != architecture:
        problem = f"{path}: the run holds another architecture"
        raise RunError(advised(problem, "choose another --out", "say --overwrite"))
    return run.architecture if architecture is None else architecture


def _check_fits(architecture: Architecture, data: Data) -> None:
    wanted = {name: tuple(shape or ()) for name, shape in architecture.space.inputs.items()}
    given = {name: tuple(shape) for name, shape in data.inputs.items()}
    if wanted != given:
        raise ArchitectureError(f"the architecture takes the inputs {wanted}, the task gives {given}")
    origin = architecture.space.origin
    if origin is not None and origin["outputs"] != data.outputs:
        raise ArchitectureError(
            f"the architecture gives {counted(origin['outputs'], 'output')}, the task wants {data.outputs}"
        )


def _inherit(run: Run | None, out: Path, network: Network) -> None:
    found = None if run is None else read_search(run.checkpoints)
    if found is None:
        raise RunError(f"{out}: train.inherit needs the supernet of a search, and there is none")
    with damage_in_words(found.source):  # tensors of other shapes
        missing = inherit(network, found.part("supernet."))
    if missing:
        raise RunError(f"{out}: the supernet has no parameters {', '.join(missing)} to inherit")
