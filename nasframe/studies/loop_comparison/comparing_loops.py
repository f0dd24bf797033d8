"""`compare --on`: loops side by side on a table of the truth, where a finalist's score is looked up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import ConfigurationError
from nasframe.experiment import Overrides, overridden, override_words
from nasframe.jobs import PATIENCE
from nasframe.runtime import SILENT, Progress, file_name, fingerprint
from nasframe.searching import ProposalLoop, check_proposal_loop
from nasframe.studies.axes import check_trials, parse_axes, point_name, words_of
from nasframe.studies.default_place import default_folder
from nasframe.studies.folder import reading_study
from nasframe.studies.loop_comparison.judged_loop import JudgedLoop
from nasframe.studies.loop_comparison.looked_up_search import LookedUpSearches
from nasframe.studies.loop_comparison.loop_plan import LoopPlan
from nasframe.studies.procedure import BaseExperiment, Settings, recorded_call, run_study
from nasframe.studies.variants import make_variants
from nasframe.tables import TabularBenchmark, load_table

__all__ = ["compare_on_table"]


def compare_on_table(
    table: TabularBenchmark | str | Path,
    out: str | Path | None = None,
    *,
    loops: Sequence[str] = ("random", "evolution", "halving"),
    overrides: Overrides = (),
    relaxations: Sequence[str] = (),
    vary: Iterable[str] = (),
    seeds: int | None = None,
    train_missing: bool = False,
    other_versions: bool = False,
    workers: int | None = 1,
    executor: str = "local",
    executor_options: Mapping[str, Any] | None = None,
    patience: float = PATIENCE,
    source: str | Path | None = None,
    device: str | None = None,
    overwrite: bool = False,
    progress: Progress | bool | None = SILENT,
) -> dict[str, Any]:
    """Judge search loops by a table of the truth: best test score against cost, over many seeds.

    A loop that proposes architectures is told what the table says of one of its trainings, chosen by the
    seed. A gradient search runs on the table's task by the table's own experiment, at one of the table's
    points, which the seeds take in turn; its architecture is looked up. The score that counts is the mean
    test score of the best architecture so far over all trainings of the table, at the epoch that counts; the
    search never sees it.

    Args:
        table: the table, its file or folder, or the name of a registered one.
        out: folder of the comparison; None is `runs/TABLE-loops`.
        loops: names of search loops.
        overrides: `dotted.key=value` each, or a mapping of dotted key → value;
            for every loop that has the option.
        relaxations, vary: see `compare`; they make a variant of every loop that they change. A loop that is
            looked up has no relaxation, no data and no training, so of these its own options alone.
        seeds: searches of each loop; None is 1,000 of one that is looked up, and of a gradient search 10, or
            the next multiple of the table's points.
        train_missing: train an architecture that the table does not hold by the table's recipe, and add it;
            see `truth_on_demand`.
        other_versions: with `train_missing`, train it also where the table was made with another version of
            nasframe or torch.
        workers, executor, executor_options, patience, source, overwrite, progress: see `Settings`.
        device: of the gradient searches.

    Returns:
        The content of `comparison.json`; docs/commands.md describes it.

    Raises:
        ConfigurationError: everything that is wrong with any loop, before any search starts.
        RunError: the table does not hold all that a loop can propose; or `out` holds something else.
    """
    if seeds is not None and seeds < 1:
        raise ConfigurationError("compare", [f"--seeds: expected 1 or more, found {seeds}"])
    if not loops:
        raise ConfigurationError("compare", ["--loop: expected the name of a loop at least"])
    found = table if isinstance(table, TabularBenchmark) else load_table(table)
    base = BaseExperiment(found.recipe.values(), f"{found.path}: experiment", _short(found))
    folder = default_folder(base.short_name, "loops") if out is None else Path(out)
    overrides, relaxations, vary = override_words(overrides), words_of(relaxations), words_of(vary)
    settings = Settings(
        workers, executor, patience, source, overwrite, progress, executor_options=executor_options
    )
    if train_missing and settings.executor_class.elsewhere:
        why = f"the executor {executor!r} trains on other machines, and only this one may add to the table"
        raise ConfigurationError("compare", [f"--train-missing: {why}"])
    call = recorded_call(
        "compare_on_table",
        base,
        settings,
        table=str(found.path.resolve()),
        loops=[*loops],
        overrides=overrides,
        relaxations=relaxations,
        vary=vary,
        **({} if seeds is None else {"seeds": seeds}),
        train_missing=train_missing,
        other_versions=other_versions,
        device=device,
    )
    with found.recipe.reading(), reading_study(folder, overwrite=overwrite):
        written = overridden(base.values, base.source, overrides)
        words = [f"loop.name={','.join(loops)}"]
        words += [f"relaxation.name={','.join(relaxations)}"] if relaxations else []
        axes = parse_axes([*words, *vary], written, base.source)
        variants = make_variants(
            base.values, base.source, axes, overrides, seeds=1, device=device, trains=False
        )
        at_points = {  # an override, and a value that varies, hold at every point
            name: make_variants(
                found.recipe.values(point),
                base.source,
                axes,
                overrides,
                seeds=1,
                device=device,
                trains=False,
            )
            for name, point in _points(found).items()
        }
        named = dict[str, JudgedLoop]()
        for place, item in enumerate(variants):
            at = {name: own[place].first for name, own in at_points.items()}
            loop = JudgedLoop.of(item.first, item.point, at, seeds)
            named.setdefault(loop.name, loop)
        judged = [*named.values()]
        check_trials("compare", "the loops, times --seeds", len(judged), max(item.seeds for item in judged))
        searches = LookedUpSearches(found)
        for loop in judged:
            if isinstance(loop.experiment.loop, ProposalLoop):
                check_proposal_loop(loop.experiment.loop, searches.problem)
        scores = [found.scores(split) for split in ("validation", "test")]
        must_match = {
            "on": found.title,
            "table": fingerprint(scores),
            "axes": sorted(axis.key for axis in axes),
            "overrides": sorted(overrides),
        }
        experiments = [item.experiment for item in judged]
        title = base.title(folder)
        plan = LoopPlan(title, experiments, must_match, found, judged, train_missing, other_versions)
        return run_study(plan, folder, settings, call)


def _points(table: TabularBenchmark) -> dict[str, Mapping[str, Any]]:
    """Return name → point of each point at which networks of a table are trained."""
    return {point_name(item.point) if item.point else "": item.point for item in table.trainings}


def _short(table: TabularBenchmark) -> str:
    return file_name(table.title) or "table"
