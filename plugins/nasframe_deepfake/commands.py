"""The commands `nasframe deepfake …`: synthesise a set, look at, prepare or audit one, test or serve a run.

Heavy imports are inside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from cyclopts import App

    from nasframe_deepfake.task import DeepfakeTask

__all__ = ["commands"]

Faces = Literal["haar", "yunet", "none"]  # as of the library, which would import numpy
SplitLeaks = Literal["refuse", "count"]  # as of the preparation, which would, too


def commands() -> App:
    """Return the sub-application `deepfake`."""
    from cyclopts import App

    from nasframe_deepfake.run_commands import per_second, robustness

    app = App(name="deepfake", help="Data of the deepfake task, tests of a run, and a service.")
    app.command(synthesize)
    app.command(prepare)
    app.command(audit)
    app.command(preview)
    app.command(robustness)
    app.command(per_second)
    app.command(serve)
    return app


def synthesize(
    out: Path, /, *, clips: int = 40, seed: int = 0, identities: int | None = None, workers: int = 0
) -> None:
    """Make talking-head clips, genuine and fake, in FakeAVCeleb's layout.

    Parameters
    ----------
    out
        A new or empty folder.
    clips
        Number of clips; 40 % are genuine.
    seed
        The same seed gives the same files.
    identities
        Number of people; by default one for five clips.
    workers
        Number of processes; 0 is one for each core.
    """
    from nasframe.errors import ConfigurationError
    from nasframe.runtime import counted, make_progress, print_text, visible
    from nasframe_deepfake.synthesis import Corpus, write_corpus

    try:
        corpus = Corpus(clips, seed, identities)
    except ValueError as error:
        raise ConfigurationError("deepfake synthesize", [str(error.args[0])]) from error
    with _new_folder(out) as folder:
        rows = write_corpus(folder, corpus, workers, make_progress())
    people = len({row.source for row in rows})
    genuine = sum(row.method == "real" for row in rows)
    made = f"{counted(len(rows), 'clip')} of {counted(people, 'person', 'people')}"
    print_text(visible(f"{made}, {genuine} genuine, in {out}"))


def prepare(
    source: Path,
    /,
    *,
    out: Path,
    dataset: str = "auto",
    faces: Faces = "haar",
    face_model: Path | None = None,
    split_list: Path | None = None,
    split_leaks: SplitLeaks = "refuse",
    seed: int = 0,
    workers: int = 0,
) -> None:
    """Decode a set once and split it: arrays, index.csv, splits.csv, report.json, and its audit.

    After an interruption the same command goes on with the clips that are decoded.

    Parameters
    ----------
    source
        A folder in the layout of a data set that nasframe plugins lists.
    out
        A new or empty folder.
    dataset
        The name of the data set; auto asks each whether the folder is its own.
    faces
        How faces are found; none is for clips that are cropped already.
    face_model
        A local file of a YuNet model, for yunet.
    split_list
        A CSV file with the columns path and split, instead of splits of our own.
    split_leaks
        A list that puts a person or a content into several splits: refuse it, or count them.
    seed
        Seed of the splits.
    workers
        Number of processes; 0 is one for each core.
    """
    from nasframe.runtime import make_progress, print_text, visible
    from nasframe_deepfake.auditing import audit_prepared, in_lines
    from nasframe_deepfake.option_errors import as_typed
    from nasframe_deepfake.preparation import identity, prepare, summary

    _require_new(out)
    task = _task(
        dataset=dataset,
        faces=faces,
        face_model=face_model,
        split_list=split_list,
        split_leaks=split_leaks,
    )
    with as_typed():
        preparation, progress = task.preparation(seed, source), make_progress()
    with as_typed(), _new_folder(out, identity(preparation, source)) as folder:
        report = prepare(source, folder, preparation, workers, progress)
        audited = audit_prepared(source, folder, folder, preparation.window, seed, workers, progress)
    *lines, claim = summary(report)
    lines = [f"index and report in {out}", *lines, *in_lines(audited), claim]
    print_text("\n".join(map(visible, lines)))


def audit(
    sources: list[Path], /, *, out: Path | None = None, dataset: str = "auto", seed: int = 0, workers: int = 0
) -> None:
    """Tell by which facts of the files alone fakes are told from genuine clips, such as silence or bit rate.

    Parameters
    ----------
    sources
        Folders of data, in the layout of a data set; or of what was audited already: runs, and what deepfake
        prepare wrote.
    out
        A new or empty folder for audit.json and facts.csv, of one folder of data.
    dataset
        The name of the data set; auto asks each whether the folder is its own.
    seed
        Seed of the intervals.
    workers
        Number of processes; 0 is one for each core.
    """
    from nasframe.display import print_tables
    from nasframe.errors import ConfigurationError
    from nasframe.runtime import print_text, visible
    from nasframe_deepfake.auditing import audit_table, in_lines

    if out is not None and len(sources) > 1:
        problem = f"--out: holds the audit of one folder of data, found {len(sources)} sources"
        raise ConfigurationError("deepfake audit", [problem])
    for source in sources:
        report = _audited(source, out, dataset, seed, workers)
        print_text("\n".join(map(visible, [f"{source}:" * (len(sources) > 1), *in_lines(report)])).lstrip())
        print_tables([audit_table(report, per_category=False)])


def _audited(source: Path, out: Path | None, dataset: str, seed: int, workers: int) -> Mapping[str, Any]:
    """Return the audit that a folder holds, or make it.

    Raises:
        ConfigurationError: there is one, and is to be written elsewhere.
        DataError: the folder is of no known data set, or a run without an audit.
    """
    from tempfile import TemporaryDirectory

    from nasframe.errors import ConfigurationError, DataError
    from nasframe.runtime import make_progress
    from nasframe_deepfake.auditing import AUDIT, audit_data, read_audit
    from nasframe_deepfake.option_errors import as_typed

    for folder in (source / "task", source):
        if (report := read_audit(folder)) is not None:
            if out is not None:
                problem = f"--out: {folder / AUDIT} is there already; --out is for a folder of data"
                raise ConfigurationError("deepfake audit", [problem])
            return report
    if (source / "run.json").is_file():
        raise DataError(f"{source}: is a run that has no {AUDIT}, as one of an older version; audit its data")
    with as_typed():
        preparation = _task(command="deepfake audit", dataset=dataset).preparation(seed, source)
    with TemporaryDirectory() as place, _new_folder(out) if out else nullcontext(Path(place)) as folder:
        return audit_data(source, preparation, folder, workers, make_progress())


def preview(
    source: Path,
    /,
    *,
    out: Path,
    augmentations: list[str] | None = None,
    clips: int = 2,
    dataset: str = "auto",
    faces: Faces = "haar",
    face_model: Path | None = None,
    seed: int = 0,
) -> None:
    """Draw pictures and spectrogram of two clips, or of --clips, as they are and augmented, on one page.

    A clip of two files, one with the pictures and one with the sound, is drawn as the preparation reads it.

    Parameters
    ----------
    source
        A folder in the layout of a data set that nasframe plugins lists.
    out
        The page, an HTML file.
    augmentations
        Names with commas between them; by default all 36.
    clips
        Number of clips, drawn by the seed; those that cannot be used give way to the next.
    dataset
        The name of the data set; auto asks each whether the folder is its own.
    faces
        How faces are found; none is for clips that are cropped already.
    face_model
        A local file of a YuNet model, for yunet.
    seed
        Seed of the choice of clips, and of all that is drawn.
    """
    import torch

    from nasframe.errors import ConfigurationError, DataError
    from nasframe.runtime import counted, generator, make_progress, print_text, visible, write_text
    from nasframe_deepfake.augmentation import AUGMENTATIONS, View, contact_sheet, problem_of_name
    from nasframe_deepfake.datasets import read_dataset
    from nasframe_deepfake.option_errors import as_typed

    command = "deepfake preview"
    names = [name.strip() for item in augmentations or AUGMENTATIONS for name in item.split(",")]
    problems = [f"--augmentations: {problem}" for name in names if (problem := problem_of_name(name))]
    if clips < 1:
        problems.append(f"--clips: expected 1 or more, found {clips}")
    if problems:
        raise ConfigurationError(command, problems)
    with as_typed():
        task = _task(command, dataset=dataset, faces=faces, face_model=face_model)
        options = task.preparation(seed, source)
        listing = read_dataset(options.dataset, source, options.desync)
    order = torch.randperm(len(listing.clips), generator=generator(seed, "preview")).tolist()
    chosen = [listing.clips[place] for place in order]
    sheet = contact_sheet(
        listing.root,
        [(clip.files, f"{clip.category}, {clip.method}") for clip in chosen],
        clips,
        [AUGMENTATIONS[name] for name in dict.fromkeys(names)],
        View(options.window, options.faces.make(), options.mels),
        seed,
        make_progress(),
    )
    reasons = "".join(f"\n  {reason}" for reason in sheet.skipped[:3])
    if not sheet.clips:
        raise DataError(f"{source}: none of {counted(len(chosen), 'clip')} can be used:{reasons}")
    write_text(out, sheet.html)
    if sheet.skipped:
        print_text(visible(f"{counted(len(sheet.skipped), 'clip')} cannot be used, such as:") + reasons)
    shown = f"{counted(sheet.clips, 'clip')} under {counted(len(dict.fromkeys(names)), 'augmentation')}"
    print_text(visible(f"{shown} in {out}"))


def serve(
    run: Path,
    /,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    allow_host: list[str] | None = None,
    limit: int = 512,
    workers: int = 0,
    waiting: int = 8,
    uploads: Path | None = None,
    device: str | None = None,
    threshold: float | None = None,
) -> None:
    """Score clips over HTTP, with a page that shows a clip, its curve and its verdict.

    Parameters
    ----------
    run
        A run folder.
    host
        Name or address of this machine to listen at; the default is reached from this machine alone.
    port
        Port to listen at; 0 takes a free one.
    allow_host
        A further name that the service is called by. May be given again.
    limit
        MiB of a clip, at most.
    workers
        Clips that are scored at once; 0: one for each core.
    waiting
        Clips that may be sent or wait beside them.
    uploads
        Folder for clips while they are scored; by default the system's for temporary files.
    device
        auto, cpu, cuda, cuda:N; by default the experiment's.
    threshold
        In place of the one that was fitted on the validation split.
    """
    from nasframe_deepfake.serving import Service
    from nasframe_deepfake.serving import serve as serve_until_a_signal

    settings = Service(
        host=host,
        port=port,
        names=allow_host or (),
        limit=limit,
        workers=workers,
        waiting=waiting,
        uploads=uploads,
    )
    serve_until_a_signal(run, settings, device, threshold)


def _task(command: str = "deepfake prepare", **options: Any) -> DeepfakeTask:
    """Return the task with some options.

    Raises:
        ConfigurationError: no plugin registers the data set, or two.
    """
    from nasframe.errors import ConfigurationError
    from nasframe_deepfake.task import DeepfakeTask

    try:
        return DeepfakeTask(**options)
    except ValueError as error:
        raise ConfigurationError(command, [f"--dataset: {error}"]) from error


def _new_folder(out: Path, goes_on: str | None = None) -> AbstractContextManager[Path]:
    """Return the making of a folder that is whole or absent; what is there must be an empty folder.

    Args:
        out: its place.
        goes_on: see `whole_folder`.
    """
    from nasframe.runtime import whole_folder

    return whole_folder(out, lambda there: _require_new(out, there), goes_on=goes_on)


def _require_new(out: Path, there: Path | None = None) -> None:
    """Refuse a place where something is.

    Args:
        out: the place, for the error.
        there: where it is looked; None: there.

    Raises:
        DataError: there is a file, or a folder that is not empty.
    """
    from nasframe.errors import DataError

    place = out if there is None else there
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise DataError(f"{out} is not an empty folder; its files are not overwritten")
