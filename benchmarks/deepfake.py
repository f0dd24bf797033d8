"""The deepfake task: scoring files and reading them, and frozen features in bfloat16 and in float32.

The error of bfloat16 is printed too: the change of standardised features, and of their copies, which are
divided by the small deviation within a clip.
"""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from interleaved import report
from torch import Tensor, nn

from nasframe.runtime import Progress, one_thread
from nasframe_audiovisual import (
    PICTURE_INPUTS,
    SOUND_INPUTS,
    Extractor,
    FaceSettings,
    Standardiser,
    Window,
    channels_last,
    first_window,
    in_threads,
    make_backbone,
    normalise_pictures,
    read_windows,
    stage_channels,
)
from nasframe_deepfake.detection import Calibration, ClipScorer, Detector, make_heads
from nasframe_deepfake.synthesis import Corpus, write_corpus

CPU = torch.device("cpu")

MIDDLE = FaceSettings("none").make()

BACKBONES = {"resnet10t": 64, "resnet34": 112}
"""Backbone → size of the pictures."""


class Last(nn.Module):
    """A stand-in for the searched network, which takes less than a millisecond."""

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        return inputs["I4"].mean((1, 2))[:, None]


def make_detector(backbone: str, size: int) -> Detector:
    """Return an untrained detector, which takes as long as a trained one."""
    picture, sound = (make_backbone(backbone, channels) for channels in (3, 1))
    channels = [*stage_channels(picture), *stage_channels(sound)]
    statistics = {
        name: torch.tensor([[0.0], [1.0]]).expand(2, count)
        for name, count in zip(PICTURE_INPUTS + SOUND_INPUTS, channels, strict=True)
    }
    extractor = Extractor(picture, sound, 8, 0.0, 1.0, CPU)
    return Detector(Window(size=size), MIDDLE, 64, extractor, Standardiser(statistics, True))


def compare_scoring(files: list[Path]) -> None:
    for backbone, size in BACKBONES.items():
        detector = make_detector(backbone, size)

        def read(file: Path, window: Window = detector.window) -> int:
            return sum(1 for _ in read_windows(file, window, MIDDLE))

        def read_all(read: Callable[[Path], int] = read) -> None:
            for _ in in_threads(read, files):
                pass

        scorer = ClipScorer(detector, Last(), Calibration(), make_heads("single"))

        def score_all(scorer: ClipScorer = scorer) -> None:
            list(scorer.score(files))

        def score_each(scorer: ClipScorer = scorer) -> None:
            for file in files:
                list(scorer.score([file]))

        variants: dict[str, Callable[[], object]] = {
            "windows": read_all,
            "predict": score_all,
            "predict, a call for each": score_each,
        }
        report(f"{len(files)} clips, {backbone} at {size} px", variants, rounds=5)


def compare_precision(files: list[Path]) -> None:
    for backbone, size in BACKBONES.items():
        windows = [first_window(file, Window(size=size), MIDDLE) for file in files]
        images = [
            channels_last(normalise_pictures(torch.from_numpy(window.recording.pictures)))
            for window in windows
        ]
        plain = settled(make_backbone(backbone, 3), torch.cat(images))
        half = copy.deepcopy(plain).bfloat16()

        def autocast(batch: Tensor, network: nn.Module = plain) -> list[Tensor]:
            with torch.autocast("cpu", torch.bfloat16):
                return list(network(batch))

        def whole(batch: Tensor, network: nn.Module = half) -> list[Tensor]:
            return list(network(batch.bfloat16()))

        functions: dict[str, Callable[[Tensor], list[Tensor]]] = {
            "float32": plain,
            "autocast to bfloat16": autocast,
            "bfloat16": whole,
        }
        variants = {name: partial(function, images[0]) for name, function in functions.items()}
        report(f"16 pictures, {backbone} at {size} px, one thread", variants, rounds=10)
        exact = series(plain, images)
        for name, function in list(functions.items())[1:]:
            show_error(name, exact, series(function, images))
        show_error("float32, stored as bfloat16", exact, exact, torch.bfloat16)
        show_error("float32, stored as float16", exact, exact, torch.float16)


def settled(network: nn.Module, images: Tensor) -> nn.Module:
    """Give the normalisation the statistics of these images, as if the network had been trained on them."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
    network.train()
    for part in torch.split(images, 32):
        network(part)
    return network.eval()


def series(function: Callable[[Tensor], list[Tensor]], images: list[Tensor]) -> list[Tensor]:
    """Return the features of each stage, `(clips, 8, channels)`."""
    stages = zip(
        *([stage.float().mean((2, 3)) for stage in function(batch)] for batch in images), strict=True
    )
    return [torch.stack(stage).unflatten(1, (8, -1)).mean(2) for stage in stages]


def show_error(
    name: str, exact: list[Tensor], rounded: list[Tensor], stored: torch.dtype = torch.float32
) -> None:
    """Print the relative error of standardised features and of their copies, one number for each stage."""
    lines: tuple[list[str], list[str]] = ([], [])
    for right, near in zip(exact, rounded, strict=True):
        statistics = torch.stack([right.mean((0, 1)), right.std((0, 1)).clamp(min=1e-4)])
        standardise = Standardiser({"stage": statistics}, True)
        expected, found = standardise("stage", right), standardise("stage", near).to(stored).float()
        for line, a, b in zip(lines, expected.chunk(2, 2), found.chunk(2, 2), strict=True):
            line.append(f"{float((a - b).norm() / a.norm()):.2%}")
    print(f"  {name:32} moves {' '.join(lines[0])}, copies {' '.join(lines[1])}")


@torch.inference_mode()
def main() -> None:
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder), Corpus(clips=20), 1, Progress())
        files = sorted(Path(folder).rglob("*.mp4"))
        compare_scoring(files)
        with one_thread():
            compare_precision(files)


if __name__ == "__main__":
    main()
