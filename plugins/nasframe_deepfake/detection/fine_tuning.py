"""The detector with both backbones, trained along after the final training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs
from torch import nn

from nasframe import Data, FineTuning, Splits
from nasframe.runtime import Progress, write_tensors
from nasframe_audiovisual import Extractor, Standardiser, WithBackbones, unreduced
from nasframe_deepfake.detection.clip_split import ClipSplit
from nasframe_deepfake.detection.fitted_novelty import novelty_of_streams
from nasframe_deepfake.detection.saved_detector import record_tuned_backbones
from nasframe_deepfake.detection.stream_split import StreamSplit, streams_of

__all__ = ["detector_fine_tuning", "save_tuned_detector"]


def detector_fine_tuning(
    network: nn.Module,
    data: Data,
    folders: Mapping[str, Path],
    extractor: Extractor,
    standardiser: Standardiser,
    epochs: int,
    rate: float,
) -> FineTuning:
    """Return a trained network behind both backbones, and the streams of the clips that it was trained on.

    Args:
        network: after the final training, from features to raw outputs.
        data: that it was trained on.
        folders: of the stages, with augmented clips where there are some.
        extractor, standardiser: of the stages.
        epochs, rate: see `nasframe.FineTuning`.
    """
    further = [folders["augment"]] if "augment" in folders else []

    def streams(split: object) -> StreamSplit:
        assert isinstance(split, ClipSplit)
        return streams_of(split, folders["prepare"], further)

    splits = data.splits
    training = streams(splits.weights)
    shapes = {
        "pictures": training.pictures_of_streams.shape[1:],
        "sounds": training.sounds_of_streams.shape[1:],
    }
    raw = Splits(
        training,
        streams(splits.architecture),
        streams(splits.validation),
        lambda: streams(splits.test()),
    )
    module = WithBackbones(extractor, standardiser, network)
    return FineTuning(module, Data(shapes, data.outputs, raw), epochs, rate, "task.finetune_rate")


def save_tuned_detector(
    tuning: FineTuning, folders: Mapping[str, Path], extractor: Extractor, out: Path, progress: Progress
) -> None:
    """Write the tuned backbones into the folder of a detector, and the spread of the features that they give.

    Args:
        tuning: that `detector_fine_tuning` returned, trained.
        folders: of the stages.
        extractor: of the stages, whose backbones take the tuned weights.
        out: that `save_detector` wrote.
        progress: to report to.
    """
    module = tuning.module
    assert isinstance(module, WithBackbones)
    statistics = {
        name.removeprefix("statistics_"): values.cpu() for name, values in module.named_buffers(recurse=False)
    }
    for name, tuned in (("picture", module.picture), ("sound", module.sound)):
        state = {key: value.cpu().contiguous() for key, value in unreduced(tuned).state_dict().items()}
        unreduced(getattr(extractor, name)).load_state_dict(state)
        write_tensors(out / f"{name}.safetensors", state)
    extractor = attrs.evolve(extractor, device=next(module.parameters()).device)
    standardiser = Standardiser(statistics, module.temporal)
    record_tuned_backbones(out, novelty_of_streams(folders["prepare"], extractor, standardiser, progress))
