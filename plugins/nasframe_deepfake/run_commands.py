"""The commands `nasframe deepfake robustness` and `nasframe deepfake per-second`, which test a trained run.

Heavy imports are inside them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasframe.display import Table

__all__ = ["per_second", "robustness"]


def robustness(
    run: Path,
    /,
    *,
    on: Path | None = None,
    out: Path | None = None,
    degradations: list[str] | None = None,
    clips: int | None = None,
    seed: int = 0,
    workers: int = 0,
    device: str | None = None,
) -> None:
    """Score test clips as they are and degraded, as by a video codec, fewer pixels or noise.

    After an interruption the same command goes on with the degradations that are left.

    Parameters
    ----------
    run
        A run folder.
    on
        A folder with another data set; by default the run's own.
    out
        A folder for robustness.json and the scores of each degradation, from which an interrupted command
        goes on; by default one in the run, which nasframe report shows.
    degradations
        Names with commas between them: h264, jpeg, resize (fewer pixels), pixel-noise, blur, aac, mp3,
        sound-noise; by default all.
    clips
        About as many test clips, drawn by the seed; by default all.
    seed
        Seed of the noise and of the choice of clips.
    workers
        Number of processes; 0 is one for each core.
    device
        auto, cpu, cuda, cuda:N; by default the experiment's.
    """
    from nasframe_deepfake.robustness import in_sentences, robustness_tables
    from nasframe_deepfake.robustness import robustness as measured

    names = None if degradations is None else _names(degradations)
    options = {"on": on, "out": out, "clips": clips, "seed": seed, "workers": workers, "device": device}
    report = _measured(measured, run, degradations=names, **options)
    _print(robustness_tables(report), in_sentences(report))


def per_second(
    run: Path,
    /,
    *,
    on: Path | None = None,
    out: Path | None = None,
    clips: int | None = None,
    seed: int = 0,
    workers: int = 0,
    device: str | None = None,
) -> None:
    """Tell how well single seconds are told apart, on a data set that says which of them are altered.

    After an interruption the same command goes on with the clips that are left.

    Parameters
    ----------
    run
        A run folder.
    on
        A folder with another data set; by default the run's own.
    out
        A folder for per_second.json; by default one in the run, which nasframe report shows.
    clips
        About as many test clips, drawn by the seed; by default all.
    seed
        Seed of the choice of clips.
    workers
        Number of processes; 0 is one for each core.
    device
        auto, cpu, cuda, cuda:N; by default the experiment's.
    """
    from nasframe_deepfake.per_second import in_sentences, per_second_table
    from nasframe_deepfake.per_second import per_second as measured

    options = {"on": on, "out": out, "clips": clips, "seed": seed, "workers": workers, "device": device}
    report = _measured(measured, run, **options)
    _print([per_second_table(report)], in_sentences(report))


def _measured(measure: Callable[..., dict[str, Any]], run: Path, **options: Any) -> dict[str, Any]:
    """Return the report of a measurement of a run, which tells its progress."""
    from nasframe import naming_missing_plugins
    from nasframe.runtime import make_progress

    with naming_missing_plugins(run):
        return measure(run, **options, progress=make_progress())


def _print(tables: Sequence[Table], sentences: Sequence[str]) -> None:
    from nasframe.display import print_tables
    from nasframe.runtime import print_text, visible

    print_tables(tables)
    print_text("\n".join(map(visible, sentences)))


def _names(words: list[str]) -> list[str]:
    return [name.strip() for word in words for name in word.split(",")]
