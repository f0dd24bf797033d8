"""The two backbones that an experiment names, and the weights that each of them starts from."""

from __future__ import annotations

from pathlib import Path

import torch
from attrs import frozen

from nasframe_audiovisual import (
    BackboneTraining,
    Extractor,
    check_backbone,
    check_weights,
    count_parameters,
    hub_weights,
    load_extractor,
    make_backbone,
)
from nasframe_deepfake.option_errors import of_option

__all__ = ["BackboneOptions"]

_HUB, _SCRATCH = Path("hub"), Path("scratch")
"""Words in place of a file. A file of such a name is given with its folder."""


@frozen
class BackboneOptions:
    """The options of the task about its backbones.

    Attributes:
        backbone: name of the timm model of the pictures, and of the sounds unless they have another.
        sound_backbone: name of that of the sounds; None: the same.
        pretrained: local file of weights of `backbone`, from which both start where both are that model;
            `hub` for the published weights of each; None: from scratch.
        sound_pretrained: the same for the sounds alone; `scratch` for none; None: as `pretrained` says.
        sizes: height and width of the pictures, and of the spectrograms.
        most_channels: of the features of each stage; None: all.
    """

    backbone: str
    sound_backbone: str | None
    pretrained: Path | None
    sound_pretrained: Path | None
    sizes: tuple[tuple[int, int], tuple[int, int]]
    most_channels: int | None = None

    def training(
        self, picture_epochs: int, sound_epochs: int, batch_size: int, learning_rate: float, seed: int
    ) -> BackboneTraining:
        """Return the options of a training of both, after all was looked at that they need.

        Raises:
            DataError: a model is unknown or does not suit; weights cannot be read or fetched, or do not fit.
                With the key of the option.
        """
        names = self.backbone, self.sound_backbone or self.backbone
        keys = "task.backbone", "task.sound_backbone" if self.sound_backbone else "task.backbone"
        for key, name, channels, size in zip(keys, names, (3, 1), self.sizes, strict=True):
            with of_option(key):
                check_backbone(name, channels, size)
        picture = self._weights("task.pretrained", self.backbone, self.pretrained)
        if self.sound_pretrained is not None:
            key = "task.sound_pretrained"
            sound = self._weights(key, names[1], self.sound_pretrained)
        elif self.pretrained == _HUB and self.sound_backbone is not None:
            key = "task.pretrained"
            sound = self._weights(key, names[1], self.pretrained)
        else:
            key = "task.pretrained"
            sound = None
        training = BackboneTraining(
            self.backbone,
            picture,
            picture_epochs,
            sound_epochs,
            batch_size,
            learning_rate,
            seed,
            self.sound_backbone,
            sound,
            self.sound_pretrained == _SCRATCH,
        )
        for option, name, channels, size, path in zip(
            ("task.pretrained", key), names, (3, 1), self.sizes, training.starts, strict=True
        ):
            if path is not None:
                with of_option(option):
                    check_weights(path, name, channels, size)
        return training

    def extractor(self, folder: Path, steps: int) -> Extractor:
        """Return both after their training, on the CPU.

        Args:
            folder: of the stage `pretrain`.
            steps: to which time is pooled.
        """
        cpu = torch.device("cpu")
        return load_extractor(
            folder, self.backbone, steps, cpu, None, self.sound_backbone, self.sizes, self.most_channels
        )

    def count_parameters(self) -> int:
        """Return the number of parameters of both."""
        names = self.backbone, self.sound_backbone or self.backbone
        with torch.device("meta"):
            return count_parameters(
                [
                    make_backbone(name, channels, size=size)
                    for name, channels, size in zip(names, (3, 1), self.sizes, strict=True)
                ]
            )

    def _weights(self, key: str, name: str, given: Path | None) -> Path | None:
        """Return the file that an option names; that of the hub is fetched."""
        if given == _SCRATCH:
            return None
        if given == _HUB:
            with of_option(key):
                return hub_weights(name)
        return given
