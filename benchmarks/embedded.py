"""The embedded set as `acceptance.py` and `ablation.py` use it: one synthesised set, experiments on it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nasframe_deepfake
from nasframe import Experiment, Run, run_experiment
from nasframe.runtime import make_progress
from nasframe_deepfake.synthesis import Corpus, write_corpus

__all__ = ["DEMO", "SEEDS", "corpus", "run"]

DEMO = Path(nasframe_deepfake.__file__).with_name("demo.toml")
SEEDS = (0, 1, 2)

CLIPS = Corpus(clips=2100, seed=1, identities=175, pairings=2)
"""A third genuine, a third false pairings; twelve clips a person. No setting was chosen on this set."""

DATA = (
    "task.shares=[0.34, 0.16, 0.12, 0.38]",  # at least 250 genuine clips and 250 pairings to test on
    "task.picture_epochs=4",
    "task.sound_epochs=3",
)


def corpus(folder: Path) -> Path:
    """Return the folder of the set, which is synthesised where it does not exist."""
    if not (folder / "meta_data.csv").exists():
        started = time.monotonic()
        write_corpus(folder, CLIPS, 0, make_progress())
        print(f"{CLIPS.clips} clips synthesised in {time.monotonic() - started:.0f} s", flush=True)
    return folder


def run(
    folder: Path, source: Path, seed: int, overrides: Sequence[str] = (), preset: str | None = None
) -> tuple[Run, dict[str, Any]]:
    """Run an experiment on the set, from the split on, and return the run and its metrics."""
    values = [f"cache='{source.parent / 'cache'}'", f"seed={seed}", *DATA, *overrides]
    experiment = Experiment.load(DEMO, values, preset=preset)
    made = run_experiment(experiment, folder, source=source, progress=make_progress())
    assert made.test is not None
    return made, made.test
