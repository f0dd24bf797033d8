"""The stages of the task, from clips to features; each is skipped where its inputs have not changed."""

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
"""Grows when a stage's code would write something else for the same options."""


def synthesize_stage(corpus: Corpus, workers: int) -> Stage:
    """Makes the clips, where the user gives none."""

    def run(context: StageContext) -> None:
        write_corpus(context.out, corpus, workers, context.progress)

    return Stage("synthesize", {"version": VERSION, **attrs.asdict(corpus)}, run)


def prepare_stage(how: Preparation, source: Path | None, workers: int) -> Stage:
    """Decodes and splits the clips of `source`, or those that `synthesize` made.

    Raises:
        DataError: the source is missing or empty.
    """

    def run(context: StageContext) -> None:
        root = source if source is not None else context.earlier["synthesize"]
        for line in summary(prepare(root, context.out, how, workers, context.progress)):
            context.progress.say(line)

    inputs = {"version": VERSION, **preparation_inputs(how)}
    if source is None:
        return Stage("prepare", inputs, run, after=("synthesize",))
    return Stage("prepare", inputs | {"source": describe_source(source)}, run)


def pretrain_stage(how: Pretraining) -> Stage:
    """Trains both backbones, each on its own stream."""

    def run(context: StageContext) -> None:
        report = pretrain(context.earlier["prepare"], context.out, how, context.device, context.progress)
        for name, stream in report["streams"].items():
            score = stream["validation_auc"]
            shown = "undefined" if score is None else f"{score:.3f}"
            context.progress.say(f"{name} alone: validation AUC {shown}")

    return Stage("pretrain", {"version": VERSION, **pretraining_inputs(how)}, run, after=("prepare",))


def features_stage(backbone: str, steps: int, standardised: bool) -> Stage:
    """Turns every stream into features by the frozen backbones."""

    def run(context: StageContext) -> None:
        pretrained = context.earlier["pretrain"]
        report = json.loads((pretrained / "report.json").read_text())
        sound = {key: float(report[key]) for key in ("sound_mean", "sound_deviation")}
        settings = {"backbone": backbone, "steps": steps, **sound}
        extractor = load_extractor(pretrained, settings, context.device)
        extract(context.earlier["prepare"], extractor, standardised, context.out, context.progress)

    inputs = {"version": VERSION, "steps": steps, "standardised": standardised}
    return Stage("features", inputs, run, after=("prepare", "pretrain"))
