"""The commands `nasframe deepfake …`: synthesise a set, or prepare one. Heavy imports are inside them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclopts import App

    from nasframe_deepfake.task import DeepfakeTask

__all__ = ["commands"]


def commands() -> App:
    """Return the sub-application `deepfake`."""
    from cyclopts import App

    app = App(name="deepfake", help="Data of the deepfake task.")
    app.command(synthesize)
    app.command(prepare)
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
    from nasframe.runtime import make_progress, print_text, visible
    from nasframe_deepfake.synthesis import Corpus, write_corpus

    try:
        corpus = Corpus(clips, seed, identities)
    except ValueError as error:
        raise ConfigurationError("deepfake synthesize", [str(error.args[0])]) from error
    with _new_folder(out) as folder:
        rows = write_corpus(folder, corpus, workers, make_progress())
    people = len({row.source for row in rows})
    genuine = sum(row.method == "real" for row in rows)
    print_text(visible(f"{len(rows)} clips of {people} people, {genuine} genuine, in {out}"))


def prepare(source: Path, /, *, out: Path, dataset: str = "auto", seed: int = 0, workers: int = 0) -> None:
    """Decode a set once and split it: arrays, index.csv, splits.csv and report.json.

    Parameters
    ----------
    source
        A folder in the layout of a data set that nasframe plugins lists.
    out
        A new or empty folder.
    dataset
        The name of the data set; auto asks each whether the folder is its own.
    seed
        Seed of the splits.
    workers
        Number of processes; 0 is one for each core.
    """
    from nasframe.runtime import make_progress, print_text, visible
    from nasframe_deepfake.preparation import prepare, summary

    with _new_folder(out) as folder:
        preparation = _task(dataset).preparation(seed, source)
        report = prepare(source, folder, preparation, workers, make_progress())
    print_text("\n".join(map(visible, [*summary(report), f"index and report in {out}"])))


def _task(dataset: str) -> DeepfakeTask:
    """Return the task with its default options, for a data set.

    Raises:
        ConfigurationError: no plugin registers the data set, or two.
    """
    from nasframe.errors import ConfigurationError
    from nasframe_deepfake.task import DeepfakeTask

    try:
        return DeepfakeTask(dataset=dataset)
    except ValueError as error:
        raise ConfigurationError("deepfake prepare", [f"--dataset: {error}"]) from error


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """Yield a temporary folder. It is renamed to `out` when the block ends without an error, else removed."""
    import errno
    import shutil
    import tempfile

    from nasframe.errors import DataError
    from nasframe.runtime import publish_folder

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} is not an empty folder; its files are not overwritten")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        yield folder
        folder.chmod(0o755)
        try:
            if out.exists():
                out.rmdir()
            publish_folder(folder, out)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise
            raise DataError(
                f"{out}: cannot be replaced ({error.strerror}); did another program write into it?"
            ) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
