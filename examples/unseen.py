"""Score networks on a data set that they were not trained on: the unseen columns of Table 3.

    python examples/unseen.py TREE RUN_OR_STUDY …

TREE is in FakeAVCeleb's layout, with a `meta_data.csv`. RUN_OR_STUDY is a run folder, or the folder of a
comparison or a sweep, of which every finished run is taken. Every clip of the tree is scored, those that
cannot be are counted, and the accuracy is at the threshold that the run chose on its own validation split.
"""

import sys
from pathlib import Path

import torch

import nasframe
from nasframe.errors import NasframeError
from nasframe_deepfake.fakeavceleb import read_fakeavceleb
from nasframe_deepfake.metrics import accuracy, auc


def runs_in(folder: Path) -> list[Path]:
    """The folder itself, or the trained runs of a study."""
    if not (folder / "cells").is_dir():
        return [folder]
    return sorted(found.parent for found in (folder / "cells").glob("*/test.json"))


def unseen(run: Path, tree: Path) -> str:
    """One line: AUC, ACC, the clips that were scored and those that could not be."""
    clips = read_fakeavceleb(tree).clips
    found = list(nasframe.predict(run, [tree / clip.path for clip in clips]))
    scored = [(clip.fake, record) for clip, record in zip(clips, found, strict=True) if "error" not in record]
    fake = torch.tensor([label for label, _ in scored])
    score = torch.tensor([record["score"] for _, record in scored], dtype=torch.float64)
    threshold = scored[0][1]["threshold"] if scored else 0.5
    numbers = f"{auc(score, fake):8.4f} {accuracy(score, fake, threshold):8.4f}"
    return f"{run.name:40} {numbers} {len(scored):6} {len(found) - len(scored):6}"


def main(words: list[str]) -> int:
    """Print a line a run; 2 where the words name nothing, 1 where a clip could not be scored."""
    if len(words) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    tree, *folders = map(Path, words)
    failed = False
    try:
        print(f"{'run':40} {'auc':>8} {'acc':>8} {'clips':>6} {'failed':>6}")
        for folder in folders:
            for run in runs_in(folder):
                line = unseen(run, tree)
                failed = failed or line.split()[-1] != "0"
                print(line, flush=True)
    except NasframeError as error:
        print(f"unseen.py: {error}", file=sys.stderr)
        return 2
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
