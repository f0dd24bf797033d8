"""Silence as a shortcut: detectors trained on a set whose fakes begin with silence, and what mends them.

Of an embedded set three are made, with the same pictures: in one 0.15 s of silence stand at the beginning of
every fake, in one at that of every genuine clip, in one nowhere. A detector learns from the first and is
tested on the same test clips of all three. One that leans on silence takes the genuine clips of the second
set for fakes, so its AUC falls there.

python benchmarks/silence.py [FOLDER] [CLIPS] [SEEDS]
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

import nasframe_deepfake
from nasframe import Experiment, evaluate_on, run_experiment
from nasframe.runtime import make_progress
from nasframe_deepfake.datasets import GENUINE, SYNTHETIC_MARK
from nasframe_deepfake.synthesis import Corpus, MetadataRow, write_corpus

SILENCE = 0.15
"""Seconds, less than the trim of 0.2 s."""

SETS: dict[str, Callable[[bool], bool]] = {
    "fakes": lambda fake: fake,
    "genuine": lambda fake: not fake,
    "none": lambda _: False,
}
"""Which clips begin with silence; that of the first set is learnt."""

MENDS = {
    "trim 0": ("task.trim=0.0",),
    "trim 0.2": ("task.trim=0.2",),
    "trim 0, random crop": ("task.trim=0.0", 'task.augmentations=["random crop"]'),
}

SMALL = (
    'task.faces="none"',  # else a clip may lack a face in one of the windows, and splits differ
    'task.categories=["FV-RA", "RV-FA", "FV-FA"]',  # pairings are drawn of genuine clips, without silence
    "task.shares=[0.4, 0.15, 0.15, 0.3]",
    "task.picture_epochs=4",
    "space.channels=16",
    "search.epochs=5",
    "search.candidates=20",
    "search.finalists=0",
    "search.finalists_drawn=0",
    "train.epochs=15",
    "baselines.random=0",
    "baselines.task=false",
)


def rewrite(source: Path, path: Path, seconds: float) -> None:
    """Write the same pictures, and the sound encoded anew with so many seconds of zeros in its beginning."""
    with av.open(str(source)) as container:
        samples = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
        rate = container.streams.audio[0].rate
    samples[:, : round(seconds * rate)] = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(source)) as container, av.open(str(path), "w") as out:
        pictures: Any = out.add_stream_from_template(container.streams.video[0])
        sound: Any = out.add_stream("aac", rate=rate, layout="mono")
        for packet in container.demux(container.streams.video[0]):
            if packet.dts is not None:
                packet.stream = pictures
                out.mux(packet)
        for start in range(0, samples.shape[1], 1024):
            part = np.ascontiguousarray(samples[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate, start
            out.mux(sound.encode(frame))
        out.mux(sound.encode(None))


def sets(base: Path, clips: int) -> dict[str, Path]:
    """Return the folder of each set, which is made where it does not exist."""
    plain, folders = base / "plain", {name: base / f"silence-in-{name}" for name in SETS}
    if all((folder / "meta_data.csv").exists() for folder in folders.values()):
        return folders
    rows: list[MetadataRow] = write_corpus(plain, Corpus(clips, seed=1), 0, make_progress())
    for name, silent in SETS.items():
        for row in rows:
            place = f"{row.folder}/{row.file}"
            fake = row.letter != GENUINE.letter
            rewrite(plain / place, folders[name] / place, SILENCE if silent(fake) else 0.0)
        for table in (SYNTHETIC_MARK, "meta_data.csv"):
            (folders[name] / table).write_bytes((plain / table).read_bytes())
    return folders


def main(base: Path, clips: int, seeds: int) -> None:
    """Print the AUC of each detector on the same test clips of the three sets."""
    folders, found = sets(base, clips), []
    tests: dict[int, list[str]] = {}
    demo = Path(nasframe_deepfake.__file__).with_name("demo.toml")
    for mend, options in MENDS.items():
        for seed in range(seeds):
            started = time.monotonic()
            cache = f"cache='{base / 'cache'}'"
            experiment = Experiment.load(demo, [cache, f"seed={seed}", *SMALL, *options])
            folder = base / f"{mend.replace(' ', '-').replace(',', '')}-{seed}"
            run = run_experiment(experiment, folder, source=folders["fakes"])
            own = evaluate_on(run, folders["fakes"])
            assert tests.setdefault(seed, sorted(own["examples"])) == sorted(own["examples"])
            line: dict[str, Any] = {"mend": mend, "seed": seed, "clips": len(own["examples"])}
            for name, source in folders.items():
                tested = evaluate_on(run, source, examples=own["examples"])
                assert sorted(tested["examples"]) == tests[seed]
                line[name] = tested["metrics"]["auc"]
            found.append({**line, "seconds": round(time.monotonic() - started)})
            print(json.dumps(found[-1]), flush=True)
    print("trained with silence in the fakes; AUC on test clips with silence in: mean (least to greatest)")
    for mend in MENDS:
        cells = []
        for name in SETS:
            values = [line[name] for line in found if line["mend"] == mend]
            cells.append(f"{name} {np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})")
        print(f"{mend:20} {', '.join(cells)}")


if __name__ == "__main__":
    where, *numbers = sys.argv[1:] or ["runs/silence"]
    main(Path(where), *map(int, [*numbers, *("200", "4")[len(numbers) :]]))
