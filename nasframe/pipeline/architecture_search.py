"""The search: prepared data in, the derived architecture and its picture out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from nasframe.errors import NasframeError
from nasframe.experiment import Experiment, as_experiment
from nasframe.jobs import start_server
from nasframe.pipeline.baselines import check_baselines
from nasframe.pipeline.candidate_training import PRELOAD, CandidateTraining
from nasframe.pipeline.engines import check_caveats, proposal_engine, search_engine
from nasframe.pipeline.picture import save_picture
from nasframe.pipeline.plan_check import check_plan
from nasframe.pipeline.preparation import Prepared, given, keeping_old_run, prepare, prepared_alike
from nasframe.pipeline.search_result import SearchResult
from nasframe.pipeline.taking_part import call_of
from nasframe.pipeline.training_records import is_training, matching_run, with_training, without_training
from nasframe.plugins import manager
from nasframe.processes import ALONE, Group
from nasframe.report import report_unusable_sections
from nasframe.runs import Command, Run, claimed, reading_run
from nasframe.runtime import SILENT, Progress, fingerprint, progress_of, remove_path
from nasframe.searching import TRIAL, ProposalLoop, ProposalSearch, Search
from nasframe.space import Architecture

__all__ = ["search"]

TRIALS = "trials"
"""Folder, in a run, of what a search trains: the candidates of a loop that proposes, or finalists; it is gone
when the search has ended."""


def search(
    experiment: Experiment | str | Path,
    out: str | Path | None = None,
    *,
    source: str | Path | None = None,
    overwrite: bool = False,
    recorded: bool = False,
    workers: int = 1,
    progress: Progress | bool | None = SILENT,
    group: Group = ALONE,
) -> SearchResult:
    """Run the task's stages and the search, derive the architecture and draw it.

    See `run_experiment` for the arguments. With `out` None no run folder is written.
    """
    progress, experiment = progress_of(progress), as_experiment(experiment)
    proposes = isinstance(experiment.loop, ProposalLoop)
    trains = proposes or experiment.search.finalists > 0
    if workers > 1 and trains:
        start_server(PRELOAD)
    if out is None:
        check_plan(experiment)
        prepared = prepare(experiment, None, source, progress)
        with (
            TemporaryDirectory() as place,
            _engine(experiment, prepared, None, Path(place), workers, progress) as engine,
        ):
            architecture = engine.fit()
        manager().notify("search_finished", run=None, summary=engine.summary())
        return SearchResult(architecture, engine.history, engine.converged)
    path, toml, identity = Path(out), experiment.to_toml(), experiment.fingerprint()
    with claimed(path, toml, command=Command("search", given(source, workers))):
        check_plan(experiment)
        if not overwrite:
            _check_options(experiment, Run.existing(path, toml), identity, source)
        run = None if overwrite else matching_run(path, experiment)
        if overwrite:
            Run.check_replaceable(path, toml)
        with keeping_old_run(overwrite):
            prepared = prepare(
                experiment,
                run,
                source,
                progress,
                recorded=path if recorded else None,
                before_stages=lambda: group.check_batch(experiment.search.batch_size),
            )
        check_baselines(run, experiment, prepared.data)  # which are trained after hours of search
        # How the network found will be trained does not matter to the search.
        key = prepared.key("search", fingerprint(without_training(toml, experiment.task)))
        if trains:  # but for one whose candidates, or finalists, are trained in that way
            key = prepared.key("search", fingerprint(with_training(toml, experiment.task)))
        if run is not None:
            if run.is_done("search", key) and (run.path / "architecture.json").exists():
                progress.say("search: unchanged, skipped")
                group.leave()
                converged = bool(run.record["search"]["converged"])
                history = run.history(TRIAL if proposes else "search")
                return SearchResult(run.architecture, history, converged, run)
            run.require_same_plugins()
        # The old run is replaced only now, when all is ready for the new one.
        group.begin(call_of(experiment, prepared))
        with (
            reading_run(run),
            _engine(experiment, prepared, Run(path), path / TRIALS, workers, progress, group) as engine,
        ):
            if run is None:
                run = Run.create(path, toml, identity=identity, overwrite=overwrite, data=prepared.record)
            report_unusable_sections(run)
            how = experiment.names["relaxation" if experiment.loop.relaxes else "loop"]
            progress.say(f"search: {engine.space.how_many().in_words}, {how}")
            return _search_in_run(engine, run, key)


def _check_options(experiment: Experiment, run: Run | None, identity: str, source: str | Path | None) -> None:
    """Refuse options that do not fit the space before the folder of another experiment is refused.

    Another folder would be no cure for them. Where the data there is another, nothing is prepared for this.

    Raises:
        NasframeError: the engine of the search refuses them.
    """
    if run is None or run.identity == identity:
        return
    try:
        prepared = prepared_alike(experiment, run, source)
    except NasframeError:  # the data is no matter of options
        return
    if prepared is not None:
        with TemporaryDirectory() as place, _engine(experiment, prepared, None, Path(place), 1, SILENT):
            pass


@contextmanager
def _engine(
    experiment: Experiment,
    prepared: Prepared,
    run: Run | None,
    place: Path,
    workers: int,
    progress: Progress,
    group: Group = ALONE,
) -> Iterator[Search | ProposalSearch]:
    """Yield the engine of the experiment's loop; the worker processes of its trainings end with the block.

    Args:
        place: the folder of the candidates that a loop proposes, or that a supernet prefers.
    """
    with closing(CandidateTraining(experiment, prepared, place, workers, progress)) as candidates:
        engine: Search | ProposalSearch
        if isinstance(experiment.loop, ProposalLoop):
            engine = proposal_engine(experiment, prepared, candidates.train, run, progress)
        else:
            engine = search_engine(experiment, prepared, candidates, run, progress, group)
        check_caveats(Architecture(engine.space, engine.space.sample(0)), experiment)
        yield engine


def _search_in_run(engine: Search | ProposalSearch, run: Run, key: str) -> SearchResult:
    """Run the engine to its end, and write what it found."""
    started = time.monotonic()
    again = "the search is done first, and this training after it"
    for sentence in run.keep_metrics(lambda record: not is_training(record), again):
        engine.progress.warn(sentence)
    architecture = engine.fit()
    architecture.save(run.path / "architecture.json")
    save_picture(run, architecture, engine.progress)
    summary = engine.summary()
    run.note(search=summary)
    seconds = time.monotonic() - started
    run.mark_done("search", key, seconds)
    engine.progress.detail(f"search: done in {seconds:.1f} s")
    remove_path(run.path / TRIALS)  # whose lines are kept
    manager().notify("search_finished", run=run, summary=summary)
    engine.progress.say(f"search: {engine.in_words()}")
    for note in [*(summary.get("selection") or {}).get("notes", ()), *summary.get("unmoved", ())]:
        engine.progress.detail(f"search: {note}")  # the last screen and the page say it
    for caveat in [*summary.get("dealt", ()), *summary.get("caveats", ())]:
        engine.progress.warn(f"search: {caveat}")
    return SearchResult(architecture, engine.history, engine.converged, run)
