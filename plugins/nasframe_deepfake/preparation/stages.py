"""The stages of the task, from clips to features; a stage is skipped while its inputs are the same."""

from __future__ import annotations

from pathlib import Path

import attrs

from nasframe import Stage, StageContext, stage_fingerprints
from nasframe.runtime import counted
from nasframe_audiovisual import (
    BackboneTraining,
    describe_source,
    image_sizes,
    load_extractor,
    training_inputs,
    write_features,
)
from nasframe_deepfake.datasets import expected_content, read_dataset
from nasframe_deepfake.preparation.augmenting import Augmenting, augment
from nasframe_deepfake.preparation.clip_index import read_index
from nasframe_deepfake.preparation.preparing import Preparation, prepare
from nasframe_deepfake.preparation.pretraining import pretrain
from nasframe_deepfake.preparation.report import summary
from nasframe_deepfake.preparation.stage_inputs import inputs_of_ties, preparation_inputs
from nasframe_deepfake.synthesis import Corpus, write_corpus

__all__ = [
    "augment_stage",
    "features_stage",
    "identity",
    "prepare_stage",
    "pretrain_stage",
    "synthesize_stage",
]

VERSION = 4
"""Increased when the code of a stage writes another result for the same options."""


def synthesize_stage(corpus: Corpus, workers: int) -> Stage:
    """Return the stage that synthesises clips, where the user gives none."""

    def run(context: StageContext) -> None:
        write_corpus(context.out, corpus, workers, context.progress)

    return Stage("synthesize", {"version": VERSION, **attrs.asdict(corpus)}, run)


def prepare_stage(preparation: Preparation, source: Path | None, workers: int) -> Stage:
    """Return the stage that decodes and splits the clips of `source`, or those that `synthesize` made.

    Raises:
        DataError: the source is missing or empty, or the user's list puts a person into several splits.
    """

    def run(context: StageContext) -> None:
        root = source if source is not None else context.earlier["synthesize"]
        for line in summary(prepare(root, context.out, preparation, workers, context.progress)):
            context.progress.say(line)

    inputs = {"version": VERSION, **preparation_inputs(preparation)}
    if source is None:
        return Stage("prepare", inputs, run, after=("synthesize",), resumes=True)
    described = describe_source(source, expected=expected_content(preparation.dataset))
    inputs = inputs | {"source": described} | inputs_of_ties(source, preparation)
    return Stage("prepare", inputs, run, resumes=True)


def identity(preparation: Preparation, source: Path) -> str:
    """Return a fingerprint of all that the preparation of a folder depends on.

    Raises:
        DataError: see `prepare`; also where the data set cannot be read.
    """
    read_dataset(preparation.dataset, source, preparation.desync)  # errors before all files are read
    return stage_fingerprints([prepare_stage(preparation, source, workers=1)])["prepare"]


def pretrain_stage(training: BackboneTraining) -> Stage:
    """Return the stage that trains both backbones, each on its own stream."""

    def run(context: StageContext) -> None:
        report = pretrain(context.earlier["prepare"], context.out, training, context.device, context.progress)
        for name, stream in report["streams"].items():
            score = stream["validation_auc"]
            shown = "undefined" if score is None else f"{score:.3f}"
            context.progress.say(f"{name} alone: validation AUC {shown}")

    return Stage("pretrain", {"version": VERSION, **training_inputs(training)}, run, after=("prepare",))


def augment_stage(
    preparation: Preparation, augmenting: Augmenting, source: Path | None, workers: int
) -> Stage:
    """Return the stage that makes augmented copies of the training clips."""

    def run(context: StageContext) -> None:
        root = source if source is not None else context.earlier["synthesize"]
        listing = read_dataset(preparation.dataset, root, preparation.desync)
        copies = augment(
            listing.root,
            read_index(context.earlier["prepare"] / "index.csv"),
            context.out,
            augmenting,
            preparation.window,
            preparation.faces,
            preparation.mels,
            workers,
            context.progress,
            {clip.name for clip in listing.clips if clip.lying},
        )
        names = len({copy.augmentation for copy in copies})
        context.progress.say(
            f"{counted(len(copies), 'copy', 'copies')} of training clips, under {names} augmentations"
        )

    after = ("prepare",) if source is not None else ("synthesize", "prepare")
    return Stage("augment", {"version": 1, **attrs.asdict(augmenting)}, run, after=after)


def features_stage(
    training: BackboneTraining,
    steps: int,
    standardised: bool,
    augmented: bool = False,
    most_channels: int | None = None,
) -> Stage:
    """Return the stage that turns every stream into features by the frozen backbones.

    Those of augmented copies follow those of the clips. The statistics by which all are standardised are of
    the clips alone. `most_channels` is that of `load_extractor`.
    """

    def run(context: StageContext) -> None:
        prepared = context.earlier["prepare"]
        clips = [clip for clip in read_index(prepared / "index.csv") if clip.split == "weights"]
        write_features(
            prepared,
            context.out,
            load_extractor(
                context.earlier["pretrain"],
                training.backbone,
                steps,
                context.device,
                sound_backbone=training.sound_backbone,
                sizes=image_sizes(prepared),
                most_channels=most_channels,
            ),
            standardised,
            [(clip.picture, clip.sound) for clip in clips],
            context.progress,
            [context.earlier["augment"]] if augmented else [],
        )

    inputs = {"version": VERSION, "steps": steps, "standardised": standardised}
    if most_channels is not None:  # came later
        inputs["most_channels"] = most_channels
    after = ("prepare", "pretrain", *(("augment",) if augmented else ()))
    return Stage("features", inputs, run, after=after)
