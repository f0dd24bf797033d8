"""From files to scores with what a run folder holds: no cache, no data set."""

from __future__ import annotations

import copy
import json
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import define
from torch import Tensor, nn

from nasframe.errors import DataError, RunError
from nasframe.runtime import write_json
from nasframe_deepfake.backbones import load_backbone
from nasframe_deepfake.decoding import Recording, Window, decode
from nasframe_deepfake.features import Extractor, Standardiser, load_statistics
from nasframe_deepfake.heads import Heads, make_heads
from nasframe_deepfake.spectrogram import log_mel
from nasframe_deepfake.workers import in_threads

__all__ = ["FORMAT", "Detector", "count_frozen", "load_detector", "save_detector"]

FORMAT = 1
"""Version of the folder that `save_detector` writes."""

SINGLE = make_heads("single")

_WEIGHTS = ("picture.safetensors", "sound.safetensors")
_STATISTICS = "statistics.safetensors"
_SETTINGS = "detector.json"


@define
class Detector:
    """What turns a file into the inputs of the searched network, and those into its score."""

    window: Window
    mels: int
    extractor: Extractor
    standardiser: Standardiser

    def scores(
        self, network: nn.Module, files: Sequence[Path], threshold: float, heads: Heads = SINGLE
    ) -> Iterator[dict[str, Any]]:
        """For each file, in order: score (probability of fake), threshold and decision, or the error.

        Where the heads tell kinds of fakes apart, the probability of each comes last, under its name.

        Several files are decoded and scored at once, each by one thread and by itself: its score depends
        neither on the other files nor on the number of cores. Closing the iterator ends the threads.
        """
        network.to(self.extractor.device).eval()
        mine = threading.local()

        def score(file: Path) -> dict[str, Any]:
            try:
                recording = decode(file, self.window)
            except DataError as error:
                # A result as well: it must not end the work on the others.
                return {"file": str(file), "error": str(error)}
            if not hasattr(mine, "networks"):
                # Cores are shared out by file. Sharing out each layer would have threads wait for each other.
                torch.set_num_threads(1)
                ours = self.extractor
                twin = attrs.evolve(ours, picture=_twin(ours.picture), sound=_twin(ours.sound))
                mine.networks = twin, _twin(network)
            outputs = self._outputs(recording, *mine.networks)
            found = float(heads.scores(outputs))
            return {
                "file": str(file),
                "score": found,
                "threshold": threshold,
                "decision": "fake" if found >= threshold else "real",
                **{kind: float(value) for kind, value in heads.parts(outputs).items()},
            }

        threads = torch.get_num_threads()
        try:
            yield from in_threads(score, files)
        finally:
            # One of torch's libraries counts threads for the whole process.
            torch.set_num_threads(threads)

    @torch.inference_mode()
    def _outputs(self, recording: Recording, extractor: Extractor, network: nn.Module) -> Tensor:
        """Raw outputs `(1, outputs)`."""
        pictures = torch.from_numpy(recording.pictures)[None]
        sounds = log_mel(torch.from_numpy(recording.samples), self.mels)[None]
        features = {**extractor.pictures(pictures), **extractor.sounds(sounds)}
        inputs = {name: self.standardiser(name, value) for name, value in features.items()}
        outputs: Tensor = network(
            {name: value.to(extractor.device).float() for name, value in inputs.items()}
        )
        return outputs


def _twin(network: nn.Module) -> nn.Module:
    """The same network on the same tensors, for one thread: what it notes during a pass is its own."""
    tensors = [*network.parameters(), *network.buffers()]
    return copy.deepcopy(network, {id(tensor): tensor for tensor in tensors})


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
