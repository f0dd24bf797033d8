"""The clips on which a trained run is tested, with their files: of its own data, or of another data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from attrs import field, frozen

from nasframe import Run, evaluate_on, load_experiment, load_run, prepare
from nasframe.errors import DataError
from nasframe.runtime import Progress, generator
from nasframe_audiovisual import ClipFiles
from nasframe_deepfake.datasets import AUTO, GENUINE, Segments, read_dataset, resolve_dataset_name
from nasframe_deepfake.preparation import read_index
from nasframe_deepfake.run_of_task import require_run_of_task

__all__ = [
    "ClipUnderTest",
    "SplitUnderTest",
    "no_altered_parts",
    "read_test_split",
    "require_altered_parts",
]

UNLISTED = "the data set does not list them any more"


@frozen
class ClipUnderTest:
    """A clip of a test split.

    Attributes:
        name: in the index and in lists.
        files: relative to the root of the set.
        category, method: of the clip.
        person: who is seen in it.
        nameless: whether its data set names nobody, so that `person` is a name of its own.
        fake: 1 or 0.
        altered: the parts in which a stream was altered, in seconds; None where nobody knows them.
        set: folder of its data set, where several are combined; else empty.
    """

    name: str
    files: ClipFiles
    category: str
    method: str
    person: str
    fake: int
    altered: Segments | None = None
    nameless: bool = False
    set: str = ""


@frozen
class SplitUnderTest:
    """The clips of a test split.

    Attributes:
        root: folder of their files.
        clips: in the order of their names.
        source: the data, as the user calls it.
        own: whether it is the data of the run.
        left_out: reason → number of the clips of the split that are not among `clips`.
        notes: sentences about the data.
    """

    root: Path
    clips: Sequence[ClipUnderTest] = field(repr=False)
    source: str
    own: bool
    left_out: Mapping[str, int]
    notes: Sequence[str]

    def drawn(self, count: int | None, seed: int) -> Sequence[ClipUnderTest]:
        """Return about so many of the clips, drawn by a seed, with the same share of fakes; None: all.

        Raises:
            DataError: there are no genuine clips, or no fakes.
        """
        classes = [[clip for clip in self.clips if clip.fake == fake] for fake in (0, 1)]
        if not all(classes):
            lacks = "fakes" if classes[0] else "genuine clips"
            raise DataError(f"{self.source}: its test split lacks {lacks}, so there is nothing to tell apart")
        if count is None or count >= len(self.clips):
            return self.clips
        random, names = generator(seed, "tested clips"), set[str]()
        for clips in classes:
            wanted = max(1, round(count * len(clips) / len(self.clips)))
            order = torch.randperm(len(clips), generator=random)[:wanted].tolist()
            names |= {clips[place].name for place in order}
        return [clip for clip in self.clips if clip.name in names]


def read_test_split(
    run: Run | str | Path, on: Path | None, device: str | None, progress: Progress
) -> SplitUnderTest:
    """Return the clips that `nasframe evaluate` tests a run on, with or without `--on`.

    Args:
        run: that was trained.
        on: another data set; None for the run's own.
        device: see `nasframe.evaluate_on`, which tests the run on another set first.
        progress: to report to.

    Raises:
        RunError: the run is of another task, not trained, or was made from another state of its data.
        DataError: the data cannot be read, or has nothing to test on.
    """
    task, found = require_run_of_task(run), load_run(run)
    experiment = load_experiment(found)
    if on is None:
        prepared = prepare(experiment, found, None, progress, recorded=found.path)
        source = prepared.record["source"]
        root = prepared.folders["synthesize"] if source is None else Path(source)
        used = (GENUINE.name, *task.categories)
        index = read_index(prepared.folders["prepare"] / "index.csv")
        names = [clip.path for clip in index if clip.split == "test" and clip.category in used]
        dataset = task.preparation(experiment.stage_seed, None if source is None else root).dataset
        own, left_out, notes = True, dict[str, int](), list[str]()
    else:
        result = evaluate_on(found, on, device=device, progress=progress)
        root, names, own = on, list(result["examples"]), bool(result["own"])
        dataset = task.preparation(experiment.stage_seed, on).dataset if own else _layout(on)
        left_out, notes = dict(result["left_out"]), list(result["notes"])
    listing = read_dataset(dataset, root, task.desync)
    known = {clip.name: clip for clip in listing.clips}
    if gone := sum(name not in known for name in names):
        left_out[UNLISTED] = gone
    clips = [
        ClipUnderTest(
            name,
            clip.files,
            clip.category,
            clip.method,
            clip.source,
            int(clip.fake),
            None
            if clip.fake_segments is None
            else (
                *clip.fake_segments,
                *(clip.fake_picture_segments or ()),
                *(clip.fake_voice_segments or ()),
            ),
            clip.nameless,
            clip.set,
        )
        for name in sorted(names)
        if (clip := known.get(name)) is not None
    ]
    return SplitUnderTest(listing.root, clips, str(root if on is None else on), own, left_out, notes)


def require_altered_parts(run: Run, on: Path | None) -> None:
    """Refuse a data set that says of no clip which parts are altered, by its list, before any work on it.

    Args:
        run: that was trained.
        on: the data set; None for the run's own.

    Raises:
        DataError: it says so of none, or cannot be read.
    """
    task, recorded = require_run_of_task(run), run.record["data"]
    source = None if recorded is None else recorded["source"]
    own = None if source is None else Path(source)
    folder = own if on is None else on
    if folder is None:
        raise no_altered_parts("the synthesised clips of the run")
    is_own = own is not None and folder.resolve() == own
    dataset = resolve_dataset_name(task.dataset, folder) if is_own else _layout(folder)
    if not any(clip.fake_segments for clip in read_dataset(dataset, folder, task.desync).clips):
        raise no_altered_parts(str(folder))


def no_altered_parts(source: str, clips: str = "clips") -> DataError:
    """Return the error of a data set that says of none of some clips which parts are altered."""
    return DataError(
        f"{source}: says of none of its {clips} which seconds are altered, so there is no AUC of seconds; "
        "lav_df and av_deepfake1m are data sets that do"
    )


def _layout(folder: Path) -> str:
    return resolve_dataset_name(AUTO, folder)
