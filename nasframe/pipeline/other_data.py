"""A trained run on a data set: on its own test split where the data is its own, else on that of the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nasframe.errors import RunError
from nasframe.experiment import Experiment
from nasframe.pipeline.loading import load_experiment, load_run
from nasframe.pipeline.preparation import cache_for_stages, is_own_data, prepare
from nasframe.pipeline.recorded_cache import recorded_folders
from nasframe.pipeline.trained_network import load_network, test_metrics, with_caveats_of_task
from nasframe.plugins import manager
from nasframe.runs import OTHER_TESTS, Run, claimed, reading_run
from nasframe.runtime import (
    ANYTHING,
    MAX_LISTING_BYTES,
    SILENT,
    Each,
    Fields,
    Flag,
    Items,
    Number,
    Progress,
    Text,
    counted,
    fingerprint,
    given_cache,
    progress_of,
    read_json,
    sha256_of,
    without_nan,
    write_json,
)
from nasframe.tasks import (
    OtherTest,
    checked_other_stages,
    checked_other_test,
    open_test_split,
    run_stages,
    stage_fingerprints,
    tuned_test_split,
)

__all__ = ["evaluate_on", "test_on"]

_FORMAT = 1
"""Increased when a result has another form or another meaning; older ones are made again."""

_COUNT = Number(0, 10**12, whole=True)
_RESULT = Fields(
    {
        "key": Text(),
        "own": Flag(),
        "metrics": Each(ANYTHING),
        "examples": Items(Text()),
        "left_out": Each(_COUNT),
        "notes": Items(Text()),
    }
)


def evaluate_on(
    run: Run | str | Path,
    source: str | Path,
    *,
    examples: Sequence[str] | None = None,
    cache: str | Path | None = None,
    device: str | None = None,
    progress: Progress | bool | None = SILENT,
) -> dict[str, Any]:
    """Test a trained run on a data set, its own or another one, with its own options and calibration.

    Of its own data it is the run's test split. Another set is prepared with the options of the run's task,
    and of that it is the test split, or the `examples`, without those that the training has seen. The result
    is kept in the run folder, and the same call returns it without work.

    Args:
        run: the run or its folder.
        source: the data set.
        examples: of another data set, the names of those to test on; None for its test split by the run's own
            options. Of the run's own data its test split counts whatever is said here.
        cache, device, progress: see `nasframe.evaluate`.

    Returns:
        `own`, whether the data is the run's own; `metrics` of the task, and `caveats` among them where there
        are some; `examples`, the names of those that were tested; `left_out`, reason → number of test
        examples that were not; and `notes`, sentences on what both data sets share.

    Raises:
        RunError: the run has not been trained, was made from another state of this folder, or another process
            works in it.
        DataError: the task cannot be tested on the data set, or there is nothing to test on.
    """
    progress = progress_of(progress)
    found, place = load_run(run), Path(source).resolve()
    own = is_own_data(load_experiment(found), found, place)
    return test_on(found, place, own, examples, cache, device, progress)


def test_on(
    found: Run,
    place: Path,
    own: bool,
    examples: Sequence[str] | None,
    cache: str | Path | None,
    device: str | None,
    progress: Progress,
) -> dict[str, Any]:
    """Do the work of `evaluate_on`, where it is known whether the data is the run's own."""
    with claimed(found.path), reading_run(found):
        experiment = load_experiment(found)
        network, calibration, where = load_network(found, experiment, device)
        stages = [] if own else checked_other_stages(experiment.task, place, experiment.stage_seed)
        data = found.record["data"]
        known_data = None if data is None else data["fingerprint"]
        network_file, options = found.checkpoints / "network.json", found.path / "experiment.toml"
        made_of = [known_data, sha256_of(network_file), sha256_of(options), _code(experiment)]
        key = fingerprint([_FORMAT, own, stage_fingerprints(stages), None if own else examples, *made_of])
        file = found.path / OTHER_TESTS / f"{key[:16]}.json"
        if (known := _read(file, key)) is not None:
            progress.say(f"{found.path.name} on {place}: known, skipped")
            return known
        if own:
            prepared = prepare(experiment, found, place, progress, cache=cache, recorded=found.path)
            folders, saved = prepared.folders, found.task_folder
            tuned = tuned_test_split(experiment.task, folders, saved, where)
            test = OtherTest(open_test_split(experiment.task, prepared.data) if tuned is None else tuned)
        else:
            folder = given_cache(cache) or cache_for_stages(experiment, found, found.path)
            results = run_stages(stages, folder, where, progress)
            folders = {name: result.folder for name, result in results.items()}
            kept = None if data is None else recorded_folders(found, data["folders"], given_cache(cache))
            task, saved = experiment.task, found.task_folder
            test = checked_other_test(task, folders, saved, kept, where, examples)
        progress.say(f"{found.path.name} on {place}: {counted(len(test.split), 'test example')}")
        metrics = test_metrics(network, experiment, test.split, calibration, where)
        result = {
            "key": key,
            "own": own,
            "metrics": without_nan(with_caveats_of_task(metrics, experiment, network)),
            "examples": list(test.split.identifiers),
            "left_out": dict(test.left_out),
            "notes": list(test.notes),
        }
        file.parent.mkdir(exist_ok=True)
        write_json(file, result)
        return result


def _read(file: Path, key: str) -> dict[str, Any] | None:
    """Return a result that is kept; None where there is none, or one that is damaged and is made again."""
    if not file.exists():
        return None
    try:
        found: dict[str, Any] = read_json(file, _RESULT, limit=MAX_LISTING_BYTES)
    except RunError:
        return None
    return found if found["key"] == key else None


def _code(experiment: Experiment) -> str | None:
    """Return the hash of the code of the task's plugin; None where it has no file."""
    kind = type(experiment.task)
    entry = manager().entry_of("task", kind)
    return None if entry is None else manager().code_of(entry.plugin, kind)
