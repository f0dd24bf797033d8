"""The task's stages, the search, the derived architecture and its picture."""

from __future__ import annotations

import platform
import time
import tomllib
from pathlib import Path
from typing import Any

import torch

from nasframe import __version__
from nasframe.errors import SpaceError
from nasframe.experiment import Experiment
from nasframe.pipeline.picture import save_picture
from nasframe.pipeline.preparation import Prepared, keeping_old_run, prepare
from nasframe.pipeline.search_result import SearchResult
from nasframe.plugins import manager
from nasframe.relaxations import check_relaxation
from nasframe.runs import Run, claimed
from nasframe.runtime import SILENT, Progress, fingerprint
from nasframe.searching import Search

__all__ = ["search", "search_in", "without_training"]


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
    if out is not None:
        with claimed(Path(out), experiment.to_toml()):
            result, _ = search_in(experiment, Path(out), source, overwrite, progress)
        return result
    check_relaxation(experiment.relaxation)  # before any data is prepared for it
    engine = _engine(experiment, prepare(experiment, None, source, progress), None, progress)
    architecture = engine.fit()
    manager().notify("search_finished", run=None, summary=engine.summary())
    return SearchResult(architecture, engine.history, engine.converged)


def search_in(
    experiment: Experiment, out: Path, source: str | Path | None, overwrite: bool, progress: Progress
) -> tuple[SearchResult, Run]:
    """`search` in a folder that this process has claimed."""
    check_relaxation(experiment.relaxation)
    toml, identity = experiment.to_toml(), experiment.fingerprint()
    run = None if overwrite else Run.matching(out, toml, identity=identity)
    if overwrite:
        Run.check_replaceable(out, toml)
    with keeping_old_run(overwrite):
        prepared = prepare(experiment, run, source, progress)
    # How the network found will be trained does not matter to the search.
    key = prepared.key("search", fingerprint(without_training(toml)))
    if run is not None and run.is_done("search", key) and (run.path / "architecture.json").exists():
        progress.say("search: unchanged, skipped")
        converged = bool(run.record["search"]["converged"])
        return SearchResult(run.architecture, run.history("search"), converged, run), run
    if run is not None:
        run.require_same_plugins()
    # A run that is there goes only when all is ready to replace it.
    engine = _engine(experiment, prepared, Run(out), progress)
    if run is None:
        run = Run.create(out, toml, identity=identity, overwrite=overwrite, data=prepared.record)
    progress.say(f"search: {engine.space.count():,} architectures, {experiment.names['relaxation']}")
    started = time.monotonic()
    architecture = engine.fit()
    architecture.save(run.path / "architecture.json")
    save_picture(run, architecture, progress)
    summary = engine.summary()
    run.note(search=summary)
    run.mark_done("search", key, time.monotonic() - started)
    manager().notify("search_finished", run=run, summary=summary)
    entropies = ", ".join(f"{group} {value:.3f}" for group, value in summary["entropy"].items())
    verdict = "converged" if engine.converged else "did not converge"
    progress.say(f"search: {verdict} after {summary['epochs']} epochs (normalised entropy: {entropies})")
    return SearchResult(architecture, engine.history, engine.converged, run), run


def without_training(experiment: str) -> dict[str, Any]:
    """What of an experiment decides the result of its search."""
    values = tomllib.loads(experiment)
    for key in ("device", "cache", "train", "baselines"):
        values.pop(key, None)
    return values


def _engine(experiment: Experiment, prepared: Prepared, run: Run | None, progress: Progress) -> Search:
    space = experiment.space.build(prepared.data.inputs, prepared.data.outputs)
    if run is not None and space.origin is None:
        raise SpaceError(
            f"search space {experiment.names['space']!r} is not registered, so no architecture of it can be "
            "saved; register it as a plugin, or search without a run folder"
        )
    return Search(
        space=space,
        task=experiment.task,
        data=prepared.data,
        relaxation=experiment.relaxation,
        loop=experiment.loop,
        options=experiment.search,
        seed=experiment.seed,
        device=experiment.torch_device(),
        run=run,
        progress=progress,
        provenance={
            "relaxation": experiment.names["relaxation"],
            "loop": experiment.names["loop"],
            "task": experiment.names["task"],
            "seed": experiment.seed,
            "experiment": experiment.fingerprint(),
            "data": prepared.record["fingerprint"],
            "versions": {
                "nasframe": __version__,
                "torch": str(torch.__version__),
                "python": platform.python_version(),
            },
        },
    )
