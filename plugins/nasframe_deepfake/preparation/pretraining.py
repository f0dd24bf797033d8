"""Stage `pretrain`: each backbone learns to tell genuine from fake in its own stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nasframe.runtime import Progress
from nasframe_audiovisual import BackboneTraining, LabelledStreams, train_backbones
from nasframe_deepfake.metrics import auc, none_if_nan
from nasframe_deepfake.preparation.clip_index import read_index

__all__ = ["pretrain"]


def pretrain(
    prepared: Path, out: Path, training: BackboneTraining, device: torch.device, progress: Progress
) -> dict[str, Any]:
    """Train both backbones on the weights split and return the report, with each stream's validation AUC.

    See `nasframe_audiovisual.train_backbones` for the files that it writes and the errors.
    """
    clips = read_index(prepared / "index.csv")
    splits = [clip.split for clip in clips]
    pictures = LabelledStreams.of(
        splits, [clip.picture for clip in clips], [clip.fake_picture for clip in clips], classes=2
    )
    sounds = LabelledStreams.of(
        splits, [clip.sound for clip in clips], [clip.fake_voice for clip in clips], classes=2
    )
    return train_backbones(prepared, out, training, pictures, sounds, _validation_auc, device, progress)


def _validation_auc(outputs: Tensor, labels: Tensor) -> dict[str, float | None]:
    """Return the AUC of a stream alone on the validation split; None where one class is absent."""
    return {"validation_auc": none_if_nan(auc(outputs[:, 0], labels))}
