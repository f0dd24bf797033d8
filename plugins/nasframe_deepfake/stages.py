"""The stages of the task, from clips to features; a stage is skipped while its inputs are the same."""

from __future__ import annotations

import json
from pathlib import Path

import attrs

from nasframe import Stage, StageContext
from nasframe_deepfake.detector import load_extractor
from nasframe_deepfake.features import extract
from nasframe_deepfake.prepare import Preparation, preparation_inputs, prepare, summary
from nasframe_deepfake.pretrain import Pretraining, pretrain, pretraining_inputs
from nasframe_deepfake.source_fingerprint import describe_source
from nasframe_deepfake.synthesis.corpus import Corpus, write_corpus

__all__ = ["features_stage", "prepare_stage", "pretrain_stage", "synthesize_stage"]

VERSION = 3
"""Increased when the code of a stage writes another result for the same options."""


def synthesize_stage(corpus: Corpus, workers: int) -> Stage:
    """Return the stage that synthesises clips, where the user gives none."""

    def run(context: StageContext) -> None:
        write_corpus(context.out, corpus, workers, context.progress)

    return Stage("synthesize", {"version": VERSION, **attrs.asdict(corpus)}, run)


def prepare_stage(preparation: Preparation, source: Path | None, workers: int) -> Stage:
    """Return the stage that decodes and splits the clips of `source`, or those that `synthesize` made.

    Raises:
        DataError: the source is missing or empty.
    """

    def run(context: StageContext) -> None:
        root = source if source is not None else context.earlier["synthesize"]
        for line in summary(prepare(root, context.out, preparation, workers, context.progress)):
            context.progress.say(line)

    inputs = {"version": VERSION, **preparation_inputs(preparation)}
    if source is None:
        return Stage("prepare", inputs, run, after=("synthesize",))
    return Stage("prepare", inputs | {"source": describe_source(source)}, run)


def pretrain_stage(pretraining: Pretraining) -> Stage:
    """Return the stage that trains both backbones, each on its own stream."""

    def run(context: StageContext) -> None:
        report = pretrain(
            context.earlier["prepare"], context.out, pretraining, context.device, context.progress
        )
        for name, stream in report["streams"].items():
            score = stream["validation_auc"]
            shown = "undefined" if score is None else f"{score:.3f}"
            context.progress.say(f"{name} alone: validation AUC {shown}")

    return Stage("pretrain", {"version": VERSION, **pretraining_inputs(pretraining)}, run, after=("prepare",))


def features_stage(backbone: str, steps: int, standardised: bool) -> Stage:
    """Return the stage that turns every stream into features by the frozen backbones."""

    def run(context: StageContext) -> None:
        pretrained = context.earlier["pretrain"]
        report = json.loads((pretrained / "report.json").read_text())
        sound = {key: float(report[key]) for key in ("sound_mean", "sound_deviation")}
        settings = {"backbone": backbone, "steps": steps, **sound}
        extractor = load_extractor(pretrained, settings, context.device)
        extract(context.earlier["prepare"], extractor, standardised, context.out, context.progress)

    inputs = {"version": VERSION, "steps": steps, "standardised": standardised}
    return Stage("features", inputs, run, after=("prepare", "pretrain"))
