"""From files to scores with what a run folder holds: no cache, no data set."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import define
from torch import Tensor, nn

from nasframe.errors import DataError, RunError
from nasframe.files import write_json
from nasframe_deepfake.backbones import load_backbone
from nasframe_deepfake.features import Extractor, Standardiser, load_statistics
from nasframe_deepfake.media import Window, decode
from nasframe_deepfake.spectrogram import log_mel

__all__ = ["FORMAT", "Detector", "count_frozen", "load_detector", "save_detector"]

FORMAT = 1
"""Version of the folder that `save_detector` writes."""

_WEIGHTS = ("picture.safetensors", "sound.safetensors")
_STATISTICS = "statistics.safetensors"
_SETTINGS = "detector.json"


@define
class Detector:
    """A file becomes the inputs of the searched network."""

    window: Window
    mels: int
    extractor: Extractor
    standardiser: Standardiser

    def inputs(self, file: Path) -> dict[str, Tensor]:
        """Name → `(1, L, channels)` on the extractor's device.

        Raises:
            DataError: the file is no readable clip; see `media.decode`.
        """
        recording = decode(file, self.window)
        pictures = torch.from_numpy(recording.pictures)[None]
        sounds = log_mel(torch.from_numpy(recording.samples), self.mels)[None]
        features = {**self.extractor.pictures(pictures), **self.extractor.sounds(sounds)}
        return {
            name: self.standardiser(name, value).to(self.extractor.device) for name, value in features.items()
        }

    @torch.inference_mode()
    def scores(self, network: nn.Module, files: Sequence[Path], threshold: float) -> Iterator[dict[str, Any]]:
        """For each file, in order: score (probability of fake), threshold and decision, or the error."""
        network.to(self.extractor.device).eval()
        for file in files:
            try:
                logit = network(self.inputs(file))
            except DataError as error:
                yield {"file": str(file), "error": str(error)}
                continue
            score = float(torch.sigmoid(logit.double()).reshape(()))
            decision = "fake" if score >= threshold else "real"
            yield {"file": str(file), "score": score, "threshold": threshold, "decision": decision}


def save_detector(folders: Mapping[str, Path], settings: Mapping[str, Any], frozen: int, out: Path) -> None:
    """Copy weights and statistics out of the stages' folders into `out` and write the settings beside them.

    Args:
        folders: of the stages `pretrain` and `features`.
        settings: `window` (see `media.Window`), `mels`, `backbone`, `steps`, `standardised`.
        frozen: parameters of both backbones.
        out: a folder of the run.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in _WEIGHTS:
        shutil.copyfile(folders["pretrain"] / name, out / name)
    shutil.copyfile(folders["features"] / _STATISTICS, out / _STATISTICS)
    sound = json.loads((folders["pretrain"] / "report.json").read_text())
    write_json(
        out / _SETTINGS,
        {
            "format": FORMAT,
            **settings,
            "window": attrs.asdict(settings["window"]),
            "sound_mean": sound["sound_mean"],
            "sound_deviation": sound["sound_deviation"],
            "frozen_parameters": frozen,
        },
    )


def load_detector(saved: Path, device: torch.device) -> Detector:
    """What `save_detector` wrote.

    Raises:
        RunError: something is missing, damaged, or of another format version.
    """
    settings = _settings(saved)
    try:
        extractor = load_extractor(saved, settings, device)
        return Detector(
            Window(**settings["window"]),
            settings["mels"],
            extractor,
            Standardiser(load_statistics(saved / _STATISTICS), settings["standardised"]),
        )
    except (KeyError, TypeError, OSError) as error:
        raise RunError(f"{saved}: is damaged: {error}") from error


def load_extractor(folder: Path, settings: Mapping[str, Any], device: torch.device) -> Extractor:
    """The backbones in `folder`; `settings` hold `backbone`, `steps` and the statistics of the sound."""
    picture, sound = (
        load_backbone(settings["backbone"], channels, folder / name)
        for name, channels in zip(_WEIGHTS, (3, 1), strict=True)
    )
    return Extractor(
        picture, sound, settings["steps"], settings["sound_mean"], settings["sound_deviation"], device
    )


def count_frozen(saved: Path) -> int:
    """Parameters of both backbones, as `save_detector` noted them."""
    return int(_settings(saved)["frozen_parameters"])


def _settings(saved: Path) -> dict[str, Any]:
    path = saved / _SETTINGS
    try:
        settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from error
    if settings.get("format") != FORMAT:
        raise RunError(f"{path}: has format {settings.get('format')!r}; this version reads {FORMAT}")
    return settings
