"""Who speaks? A second task on the audio-visual library: people are told apart by face and voice.

    python examples/speaker.py

The clips are synthesised, five in a recording session, some with an altered picture or voice; the person is
the same in all of them. A session is the group: it is in one split, because its clips look and sound alike.
Every person is in all four. The script searches a fusion, trains it, and prints its accuracy on sessions that
it has not seen, in a few minutes on two cores.
"""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from attrs import asdict, frozen
from torch import Tensor
from torch.nn import functional as F

import nasframe
import nasframe_audiovisual as audiovisual
from nasframe import Data, Splits, Stage, StageContext
from nasframe.errors import DataError
from nasframe.options import option
from nasframe.runtime import make_progress
from nasframe_deepfake.synthesis import Corpus, write_corpus

SHARES, MELS, STEPS = (0.4, 0.2, 0.2, 0.2), 64, 8


@frozen
class Clip:
    """A line of the index: a clip with the number of its person, its split, and the rows of its streams."""

    path: str
    person: int
    split: str
    picture: int
    sound: int


@frozen(kw_only=True)
class Speaker(nasframe.Task):
    """Tells a few people apart by cached features of picture and sound."""

    people: int = option(12, help="people of the set", ge=2)
    sessions: int = option(8, help="sessions of each person, of five clips", ge=4)
    size: int = option(64, help="height and width of a picture in pixels", ge=32)
    backbone: str = option("resnet10t", help="timm model for each stream")
    epochs: int = option(3, help="passes of the training of each backbone", ge=1)

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """Return the stages: clips, streams and splits, trained backbones, features."""
        if source is not None:
            raise DataError(f"{source}: the speaker task takes no data, it synthesises its own")
        corpus = Corpus(5 * self.people * self.sessions, seed, self.people)
        window = audiovisual.Window(frames=8, size=self.size)
        training = audiovisual.BackboneTraining(self.backbone, None, self.epochs, self.epochs, 16, 2e-3, seed)

        def synthesize(context: StageContext) -> None:
            write_corpus(context.out, corpus, 0, context.progress)

        def decode(context: StageContext) -> None:
            root = context.earlier["synthesize"]
            paths = [path for path in audiovisual.files_of(root) if path.endswith(".mp4")]
            decoded = audiovisual.write_streams(root, paths, context.out, window, MELS, 0, context.progress)
            people = [Path(path).parent.name for path in decoded.rows]
            sessions = [session_of(path) for path in decoded.rows]
            splits = audiovisual.split_groups(sessions, [[person] for person in people], SHARES, seed)
            numbers = {person: number for number, person in enumerate(sorted({*people}))}
            clips = zip(decoded.rows.items(), people, splits, strict=True)
            records = [Clip(path, numbers[person], split, *rows) for (path, rows), person, split in clips]
            audiovisual.write_index(context.out / "index.csv", records)

        def train(context: StageContext) -> None:
            streams = context.earlier["decode"]
            clips = audiovisual.read_index(streams / "index.csv", Clip)
            splits, people = [clip.split for clip in clips], [clip.person for clip in clips]
            rows = [clip.picture for clip in clips], [clip.sound for clip in clips]
            labelled = partial(audiovisual.LabelledStreams.of, splits, labels=people, classes=self.people)
            pictures, sounds = map(labelled, rows)
            settings = (training, pictures, sounds, self.metrics, context.device, context.progress)
            audiovisual.train_backbones(streams, context.out, *settings)

        def extract(context: StageContext) -> None:
            streams, folder = context.earlier["decode"], context.earlier["backbones"]
            clips = audiovisual.read_index(streams / "index.csv", Clip)
            fitted = [(clip.picture, clip.sound) for clip in clips if clip.split == "weights"]
            extractor = audiovisual.load_extractor(folder, self.backbone, STEPS, context.device)
            audiovisual.write_features(streams, context.out, extractor, False, fitted, context.progress)

        return [
            Stage("synthesize", asdict(corpus), synthesize),
            Stage("decode", asdict(window) | {"mels": MELS, "shares": SHARES}, decode, after=["synthesize"]),
            Stage("backbones", audiovisual.training_inputs(training), train, after=["decode"]),
            Stage("features", {"steps": STEPS}, extract, after=["decode", "backbones"]),
        ]

    def data(self, folders: Mapping[str, Path]) -> Data:
        """Return splits of features `(L, channels)`; the target is the number of the person."""
        features = audiovisual.open_features(folders["features"])
        clips = audiovisual.read_index(folders["decode"] / "index.csv", Clip)

        def split(name: str) -> audiovisual.FeatureSplit:
            chosen = [clip for clip in clips if clip.split == name]
            rows = torch.tensor([(clip.picture, clip.sound, clip.person) for clip in chosen])
            pictures, sounds, people = rows.unbind(1)
            names = [clip.path for clip in chosen]
            return audiovisual.FeatureSplit(features, pictures, sounds, people, names)

        inputs = {name: tuple(values.shape[1:]) for name, values in features.items()}
        splits = Splits(split("weights"), split("architecture"), split("validation"), lambda: split("test"))
        return Data(inputs, self.people, splits)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy of logits `(batch, people)`."""
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return the share of clips whose person was found."""
        return {"accuracy": float((outputs.argmax(-1) == targets).double().mean())}


def session_of(path: str) -> str:
    """Return the session of a clip: the number in its name counts the takes of a person, two in a session."""
    return f"{Path(path).parent.name}, {(int(Path(path).name[:5]) - 1) // 2}"


def main(task: Speaker, folder: Path, epochs: int = 20) -> nasframe.Run:
    """Search, train and evaluate in a folder; print the fusion, its accuracy, and that of chance."""
    bilevel = nasframe.manager().load("loop", "bilevel")
    experiment = nasframe.Experiment.of(
        task=task,
        space="bimodal",
        loop=bilevel(architecture_rate=0.1),  # a short search needs a higher rate than the default
        search=nasframe.SearchOptions(epochs=epochs),
        train=nasframe.TrainOptions(epochs=epochs),
        cache=folder / "cache",
    )
    run = nasframe.run_experiment(experiment, folder / "run", progress=make_progress())
    print(nasframe.draw(run))
    print(f"accuracy {(run.test or {})['accuracy']:.3f}, by chance {1 / task.people:.3f}")
    return run


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Speaker(), Path(temporary))
