"""The rate of frozen features: streams of clips through two backbones, as in the stage `features`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from figure import Figure
from torch import Tensor
from turns import timed

from nasframe_audiovisual import Extractor, make_backbone

__all__ = ["extraction_figures"]

BACKBONE, SIZE, FRAMES = "resnet34", 112, 16
MELS, COLUMNS = 64, 160
CLIPS = 4


def extraction_figures(rounds: int = 3) -> list[Figure]:
    """Return the clips a second, with all cores, at the sizes of the paper; the weights are random."""
    torch.manual_seed(0)
    picture, sound = (make_backbone(BACKBONE, channels) for channels in (3, 1))
    extractor = Extractor(picture, sound, 8, 0.0, 1.0, torch.device("cpu"))
    pictures = torch.randint(0, 256, (CLIPS, FRAMES, SIZE, SIZE, 3), dtype=torch.uint8)
    sounds = torch.randn(CLIPS, MELS, COLUMNS)
    run: Callable[[], object] = partial(_extract, extractor, pictures, sounds)
    found = timed({"extraction": run}, rounds, warm=1)["extraction"]
    words = (
        f"{BACKBONE}, {FRAMES} pictures of {SIZE} pixels and {MELS} x {COLUMNS} of sound, "
        f"{torch.get_num_threads()} threads, {found.processor / CLIPS:.2f} s of processor a clip"
    )
    return [Figure("extract_clips_per_second", CLIPS / found.wall, "clips/s", words=words)]


def _extract(extractor: Extractor, pictures: Tensor, sounds: Tensor) -> None:
    extractor.pictures(pictures)
    extractor.sounds(sounds)
