"""The search: prepared data in, the derived architecture and its picture out."""

from __future__ import annotations

import time
from pathlib import Path

from nasframe.experiment import Experiment
from nasframe.pipeline.baselines import check_baselines
from nasframe.pipeline.engines import search_engine
from nasframe.pipeline.picture import save_picture
from nasframe.pipeline.preparation import given, keeping_old_run, prepare
from nasframe.pipeline.search_result import SearchResult
from nasframe.pipeline.training_records import is_training, without_training
from nasframe.plugins import manager
from nasframe.relaxations import check_relaxation
from nasframe.report import report_unusable_sections
from nasframe.runs import Command, Run, claimed, reading_run
from nasframe.runtime import SILENT, Progress, fingerprint
from nasframe.searching import Search

__all__ = ["search"]


def search(
    experiment: Experiment,
    out: str | Path | None = None,
    *,
    source: str | Path | None = None,
    overwrite: bool = False,
    recorded: bool = False,
    progress: Progress = SILENT,
) -> SearchResult:
    """Run the task's stages and the search, derive the architecture and draw it.

    See `run_experiment` for the arguments. With `out` None no run folder is written.
    """
    if out is None:
        check_relaxation(experiment.relaxation)  # before any data is prepared for it
        engine = search_engine(experiment, prepare(experiment, None, source, progress), None, progress)
        architecture = engine.fit()
        manager().notify("search_finished", run=None, summary=engine.summary())
        return SearchResult(architecture, engine.history, engine.converged)
    path, toml, identity = Path(out), experiment.to_toml(), experiment.fingerprint()
    with claimed(path, toml, command=Command("search", given(source))):
        check_relaxation(experiment.relaxation)
        run = None if overwrite else Run.matching(path, toml, identity=identity)
        if overwrite:
            Run.check_replaceable(path, toml)
        with keeping_old_run(overwrite):
            prepared = prepare(experiment, run, source, progress, recorded=path if recorded else None)
        check_baselines(run, experiment, prepared.data)  # which are trained after hours of search
        # How the network found will be trained does not matter to the search.
        key = prepared.key("search", fingerprint(without_training(toml)))
        if run is not None:
            if run.is_done("search", key) and (run.path / "architecture.json").exists():
                progress.say("search: unchanged, skipped")
                converged = bool(run.record["search"]["converged"])
                return SearchResult(run.architecture, run.history("search"), converged, run)
            run.require_same_plugins()
        # The old run is replaced only now, when all is ready for the new one.
        with reading_run(run):
            engine = search_engine(experiment, prepared, Run(path), progress)
            if run is None:
                run = Run.create(path, toml, identity=identity, overwrite=overwrite, data=prepared.record)
            report_unusable_sections(run)
            progress.say(f"search: {engine.space.count():,} architectures, {experiment.names['relaxation']}")
            return _search_in_run(engine, run, key)


def _search_in_run(engine: Search, run: Run, key: str) -> SearchResult:
    """Run the engine to its end, and write what it found."""
    started = time.monotonic()
    again = "the search is done first, and this training after it"
    for sentence in run.keep_metrics(lambda record: not is_training(record), again):
        engine.progress.say(sentence)
    architecture = engine.fit()
    architecture.save(run.path / "architecture.json")
    save_picture(run, architecture, engine.progress)
    summary = engine.summary()
    run.note(search=summary)
    run.mark_done("search", key, time.monotonic() - started)
    manager().notify("search_finished", run=run, summary=summary)
    entropies = ", ".join(f"{group} {value:.3f}" for group, value in summary["entropy"].items())
    verdict = "converged" if engine.converged else "did not converge"
    engine.progress.say(
        f"search: {verdict} after {summary['epochs']} epochs (normalised entropy: {entropies})"
    )
    for caveat in summary.get("caveats", ()):
        engine.progress.say(f"search: {caveat}")
    return SearchResult(architecture, engine.history, engine.converged, run)
