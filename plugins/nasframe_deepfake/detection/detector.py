"""Scoring of files with the weights and settings in a run folder, without the cache and the data set."""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import define
from torch import Tensor, nn

from nasframe.errors import DataError, RunError
from nasframe.runtime import (
    MAX_EXACT_INTEGER,
    Fields,
    Flag,
    Number,
    Text,
    check_shape,
    copy_file,
    damage_in_words,
    is_finite,
    read_json,
    write_json,
)
from nasframe_audiovisual import (
    ClipError,
    Extractor,
    Recording,
    Standardiser,
    Window,
    clip_inputs,
    decode,
    in_threads,
    load_extractor,
    load_standardiser,
)
from nasframe_deepfake.detection.heads import Heads, make_heads

__all__ = ["FORMAT", "Detector", "count_frozen", "load_detector", "save_detector"]

FORMAT = 1
"""Version of the folder that `save_detector` writes."""

SINGLE = make_heads("single")

_WEIGHTS = ("picture.safetensors", "sound.safetensors")
_STATISTICS = "statistics.safetensors"
_SETTINGS = "detector.json"


_LARGEST = 1e6
_SOUND = Fields({"sound_mean": Number(), "sound_deviation": Number()})
_SHAPE = Fields(
    {
        "window": Fields(),
        "mels": Number(1, 1024, whole=True),
        "backbone": Text(),
        "steps": Number(1, 4096, whole=True),
        "standardised": Flag(),
        "sound_mean": Number(-_LARGEST, _LARGEST),
        "sound_deviation": Number(0, _LARGEST),
        "frozen_parameters": Number(0, MAX_EXACT_INTEGER, whole=True),
    }
)


@define
class Detector:
    """The steps from a file to the inputs of the searched network, and from its outputs to a score.

    Attributes:
        window: the part of a clip that is used.
        mels: bands of the spectrogram.
        extractor: both backbones.
        standardiser: of the features.
    """

    window: Window
    mels: int
    extractor: Extractor
    standardiser: Standardiser

    def scores(
        self, network: nn.Module, files: Sequence[Path], threshold: float, heads: Heads = SINGLE
    ) -> Iterator[dict[str, Any]]:
        """Yield for each file, in order, score (probability of fake), threshold and decision, or the error.

        A score that is no finite number is an error: there is no decision without a score.

        Heads for kinds of fakes add the probability of each kind, under its name.

        Several files are decoded and scored at once, each in one thread and separately, so a score depends
        neither on the other files nor on the number of cores. Closing the iterator ends the threads.
        """
        if not math.isfinite(threshold):
            raise RunError(
                "the threshold that the training fitted on the validation split is no finite number, so no "
                "file can be decided; train again with `nasframe train RUN --overwrite`"
            )
        network.to(self.extractor.device).eval()
        local = threading.local()

        def score(file: Path) -> dict[str, Any]:
            try:
                recording = decode(file, self.window)
            except ClipError as error:
                # An error is a result too: the other files are still scored.
                return {"file": str(file), "error": error.reason}
            if not hasattr(local, "networks"):
                # Threads work on different files. If they shared a layer, they would wait for each other.
                torch.set_num_threads(1)
                picture, sound = _shared_copy(self.extractor.picture), _shared_copy(self.extractor.sound)
                extractor = attrs.evolve(self.extractor, picture=picture, sound=sound)
                local.networks = extractor, _shared_copy(network)
            outputs = self._outputs(recording, *local.networks)
            probability = float(heads.scores(outputs))
            if not math.isfinite(probability):
                return {"file": str(file), "error": _undefined(self.inputs(recording, local.networks[0]))}
            return {
                "file": str(file),
                "score": probability,
                "threshold": threshold,
                "decision": "fake" if probability >= threshold else "real",
                **{kind: float(value) for kind, value in heads.parts(outputs).items()},
            }

        threads = torch.get_num_threads()
        try:
            yield from in_threads(score, files)
        finally:
            # The number of threads of one of torch's libraries is that of the whole process.
            torch.set_num_threads(threads)

    @torch.inference_mode()
    def _outputs(self, recording: Recording, extractor: Extractor, network: nn.Module) -> Tensor:
        """Return the outputs of the network, `(1, outputs)`."""
        outputs: Tensor = network(self.inputs(recording, extractor))
        return outputs

    def inputs(self, recording: Recording, extractor: Extractor) -> dict[str, Tensor]:
        """Return the inputs of the network for one clip; see `nasframe_audiovisual.clip_inputs`."""
        return clip_inputs(recording, self.mels, extractor, self.standardiser)


def _undefined(inputs: Mapping[str, Tensor]) -> str:
    """Return the reason why a clip has no score: its features, or the network."""
    bad = [name for name, value in inputs.items() if not is_finite(value)]
    cause = f"its features {', '.join(bad)} are" if bad else "the output of the network is"
    return f"has no score, and so no decision: {cause} no finite number"


def _shared_copy(network: nn.Module) -> nn.Module:
    """Copy a network for one thread: it shares the tensors, and not the values stored during a pass."""
    tensors = [*network.parameters(), *network.buffers()]
    return copy.deepcopy(network, {id(tensor): tensor for tensor in tensors})


def save_detector(folders: Mapping[str, Path], settings: Mapping[str, Any], frozen: int, out: Path) -> None:
    """Copy weights and statistics from the folders of the stages to `out`, and write the settings there.

    Args:
        folders: of the stages `pretrain` and `features`.
        settings: `window` (see `nasframe_audiovisual.Window`), `mels`, `backbone`, `steps`, `standardised`.
        frozen: number of parameters of both backbones.
        out: a folder of the run.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name in _WEIGHTS:
        copy_file(folders["pretrain"] / name, out / name)
    copy_file(folders["features"] / _STATISTICS, out / _STATISTICS)
    sound = read_json(folders["pretrain"] / "report.json", _SOUND)
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
    """Load the detector that `save_detector` wrote.

    Raises:
        RunError: a file is missing, damaged, or of another format version.
    """
    settings, path = _settings(saved), saved / _SETTINGS
    with damage_in_words(path):
        window = Window(**settings["window"])
    try:
        extractor = load_extractor(
            saved,
            settings["backbone"],
            settings["steps"],
            device,
            (settings["sound_mean"], settings["sound_deviation"]),
        )
    except DataError as error:  # a backbone that timm does not know
        raise RunError(f"{path}: {error}") from error
    standardiser = load_standardiser(saved / _STATISTICS, settings["standardised"], extractor.channels)
    return Detector(window, settings["mels"], extractor, standardiser)


def count_frozen(saved: Path) -> int:
    """Return the number of parameters of both backbones that `save_detector` wrote."""
    return int(_settings(saved)["frozen_parameters"])


def _settings(saved: Path) -> dict[str, Any]:
    path = saved / _SETTINGS
    settings: dict[str, Any] = read_json(path, Fields())
    if settings.get("format") != FORMAT:
        raise RunError(f"{path}: has format {settings.get('format')!r}; this version reads {FORMAT}")
    check_shape(settings, _SHAPE, str(path))
    return settings
