"""Score networks on a data set that they were not trained on: the unseen columns of Table 3.

    python examples/unseen.py TREE RUN_OR_STUDY …

TREE is a folder in FakeAVCeleb's layout, with a `meta_data.csv`. RUN_OR_STUDY is a run folder, or the folder
of a comparison or a sweep, of which every finished run is taken. The script scores every clip of the tree and
counts those that cannot be scored. The accuracy is at the threshold that the run chose on its own validation
split.
"""

import sys
from pathlib import Path

import torch
from attrs import frozen

import nasframe
from nasframe.errors import NasframeError
from nasframe_deepfake.datasets import read_fakeavceleb
from nasframe_deepfake.metrics import accuracy, auc


def runs_in(folder: Path) -> list[Path]:
    """Return the folder itself, or the trained runs of a study."""
    places = [folder / name for name in ("trials", "cells")]  # a study of an older version has cells
    if not any(place.is_dir() for place in places):
        return [folder]
    return sorted(found.parent for place in places for found in place.glob("*/test.json"))


@frozen
class Result:
    """The metrics of one run on the tree, with the number of clips that were scored and that failed."""

    auc: float
    accuracy: float
    scored: int
    failed: int


def score_unseen(run: Path, tree: Path) -> Result:
    """Score every clip of the tree with the network of the run."""
    clips = read_fakeavceleb(tree).clips
    records = list(nasframe.predict(run, [tree / clip.path for clip in clips]))
    scored = [
        (clip.fake, record) for clip, record in zip(clips, records, strict=True) if "error" not in record
    ]
    fake = torch.tensor([label for label, _ in scored])
    scores = torch.tensor([record["score"] for _, record in scored], dtype=torch.float64)
    threshold = scored[0][1]["threshold"] if scored else 0.5
    return Result(
        auc(scores, fake), accuracy(scores, fake, threshold), len(scored), len(records) - len(scored)
    )


def main(words: list[str]) -> int:
    """Print a line for each run; return 2 for wrong arguments, 1 where a clip could not be scored."""
    if len(words) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    tree, *folders = map(Path, words)
    failed = False
    try:
        print(f"{'run':40} {'auc':>8} {'acc':>8} {'clips':>6} {'failed':>6}")
        for folder in folders:
            for run in runs_in(folder):
                result = score_unseen(run, tree)
                failed = failed or result.failed > 0
                numbers = f"{result.auc:8.4f} {result.accuracy:8.4f} {result.scored:6} {result.failed:6}"
                print(f"{run.name:40} {numbers}", flush=True)
    except NasframeError as error:
        print(f"unseen.py: {error}", file=sys.stderr)
        return 2
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
