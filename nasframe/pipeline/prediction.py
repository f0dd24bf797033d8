"""The scores that a trained run gives to files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from nasframe.pipeline.scorer import load_scorer
from nasframe.runs import Run
from nasframe.runtime import SILENT, Progress, progress_of

__all__ = ["predict"]


def predict(
    run: Run | str | Path,
    files: Sequence[str | Path],
    *,
    device: str | None = None,
    threshold: float | None = None,
    progress: Progress | bool | None = SILENT,
) -> Iterator[dict[str, Any]]:
    """Score files with a trained run: one dictionary a file, in order, with the result or an `error`.

    For several calls, `load_scorer` loads the run once; see there for the arguments and the errors, which
    are raised at the call, before the first file, and `Scorer.score` for the dictionaries.
    """
    progress = progress_of(progress)
    scorer = load_scorer(run, device=device, threshold=threshold)
    return progress.track(scorer.score(files), "predict", len(files))
