"""Training of both backbones, each alone on its own stream, before they are frozen."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import frozen
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe.errors import RunError
from nasframe.runtime import Progress, forked_seed, generator, is_finite, write_json, write_tensors
from nasframe_audiovisual.backbones.images import (
    channels_last,
    image_sizes,
    normalise_pictures,
    standardise_sounds,
)
from nasframe_audiovisual.backbones.labels import LabelledStreams
from nasframe_audiovisual.backbones.networks import make_backbone, stage_channels, weights_size
from nasframe_audiovisual.sharded_rows import ShardedRows, open_streams
from nasframe_audiovisual.storage import file_digest, require_space

__all__ = ["BackboneTraining", "train_backbones", "training_inputs"]

FRAMES = 4
"""Pictures of a clip in each step of training."""


@frozen
class BackboneTraining:
    """The options of a training.

    Attributes:
        backbone: name of the timm model of the pictures, and of the sounds unless they have one of their own.
        pretrained: local file of weights from which that of the pictures starts; None: from scratch.
        picture_epochs: passes over the pictures.
        sound_epochs: passes over the sounds.
        batch_size: streams in a batch.
        learning_rate: the highest of AdamW, in one cycle.
        seed: of the training.
        sound_backbone: name of the timm model of the sounds; None: `backbone`.
        sound_pretrained: local file of weights from which that one starts; None: from scratch, or, where
            `sound_backbone` is None, from `pretrained`; see `scratch`.
        sound_from_scratch: whether the model of the sounds starts from scratch although `pretrained` has
            weights of it.
    """

    backbone: str
    pretrained: Path | None
    picture_epochs: int
    sound_epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    sound_backbone: str | None = None
    sound_pretrained: Path | None = None
    sound_from_scratch: bool = False

    @property
    def models(self) -> tuple[str, str]:
        """The names of the timm models of the pictures and of the sounds."""
        return self.backbone, self.sound_backbone or self.backbone

    @property
    def starts(self) -> tuple[Path | None, Path | None]:
        """The files of weights from which the models of the pictures and of the sounds start."""
        same = self.sound_backbone in (None, self.backbone) and not self.sound_from_scratch
        return self.pretrained, self.sound_pretrained or (self.pretrained if same else None)


Metrics = Callable[[Tensor, Tensor], Mapping[str, float | None]]


@frozen
class _Stream:
    """One kind of stream, with a function from rows to images `(batch, channels, height, width)`."""

    name: str
    model: str
    start: Path | None
    channels: int
    size: tuple[int, int]
    epochs: int
    images: Callable[[Tensor, torch.Generator | None], Tensor]
    labelled: LabelledStreams

    @property
    def outputs(self) -> int:
        """One logit for two classes, else one for each class."""
        return 1 if self.labelled.classes == 2 else self.labelled.classes

    def loss(self, outputs: Tensor, labels: Tensor) -> Tensor:
        if self.labelled.classes == 2:
            return F.binary_cross_entropy_with_logits(outputs[:, 0], labels.float())
        return F.cross_entropy(outputs, labels)


def train_backbones(
    streams: Path,
    out: Path,
    options: BackboneTraining,
    pictures: LabelledStreams,
    sounds: LabelledStreams,
    metrics: Metrics,
    device: torch.device,
    progress: Progress,
) -> dict[str, Any]:
    """Train both backbones on the split `weights`, each to classify its own stream, and return the report.

    Classes are drawn equally often. The head looks at all four maps, since a search may use any of them; it
    is not kept. Pictures are mirrored, moved and lit otherwise; sounds are shifted in time and changed in
    loudness: none of it may change a label.

    Writes `picture.safetensors`, `sound.safetensors` and `report.json`: `sound_mean` and `sound_deviation` of
    the spectrograms of the split `weights`, and for each of `streams` (`picture`, `sound`) its `loss` after
    each epoch and its metrics on the split `validation`. Nothing is chosen by these.

    Args:
        streams: folder with the arrays that `write_streams` wrote.
        out: a folder that is there.
        options: of the training.
        pictures: the rows of the pictures and their classes.
        sounds: those of the sounds and theirs.
        metrics: a function of outputs `(streams, outputs)` on the CPU and labels `(streams,)`; there is one
            logit for two classes, else one for each class.
        device: of the computation.
        progress: to report to.

    Raises:
        DataError: the disk is too full, an array is damaged or holds a number that is not finite, or the
            weights to start from do not fit.
        RunError: a loss or a gradient is not finite.
    """
    picture_rows, sound_rows = open_streams(streams, "pictures"), open_streams(streams, "sounds")
    sizes = image_sizes(streams)
    require_space(out, weights_size(*options.models, sizes), "the weights of both backbones")
    sound_rows.require_finite()
    mean, deviation = _spread(sound_rows, sounds.rows["weights"])

    def images_of_pictures(rows: Tensor, random: torch.Generator | None) -> Tensor:
        if random is None:
            return normalise_pictures(picture_rows[rows].flatten(0, 1)).to(device)
        chosen = torch.randint(picture_rows.shape[1], (len(rows), FRAMES), generator=random)
        return _vary(normalise_pictures(picture_rows.chosen(rows, chosen).flatten(0, 1)), random).to(device)

    def images_of_sounds(rows: Tensor, random: torch.Generator | None) -> Tensor:
        images = standardise_sounds(sound_rows[rows], mean, deviation)
        if random is not None:
            shift = int(torch.randint(images.shape[-1], (1,), generator=random))
            images = images.roll(shift, -1) + 0.2 * torch.randn(len(images), 1, 1, 1, generator=random)
        return images.to(device)

    own = [*zip(options.models, options.starts, strict=True)]
    report: dict[str, Any] = {"sound_mean": mean, "sound_deviation": deviation, "streams": {}}
    for stream in (
        _Stream("picture", *own[0], 3, sizes[0], options.picture_epochs, images_of_pictures, pictures),
        _Stream("sound", *own[1], 1, sizes[1], options.sound_epochs, images_of_sounds, sounds),
    ):
        network, losses, outputs = _train(stream, options, device, progress)
        write_tensors(
            out / f"{stream.name}.safetensors",
            {name: value.contiguous() for name, value in network.state_dict().items()},
        )
        found = metrics(outputs, stream.labelled.labels["validation"])
        report["streams"][stream.name] = {"loss": losses, **found}
    write_json(out / "report.json", report)
    return report


def training_inputs(options: BackboneTraining) -> dict[str, Any]:
    """Return everything of the options that the result depends on, as values for JSON: a stage's inputs.

    A file is described by its content; every byte counts.
    """
    plain = attrs.asdict(options)
    for name in ("pretrained", "sound_pretrained"):
        path = plain[name]
        if path is not None:
            plain[name] = f"sha256:{file_digest(path)}" if path.is_file() else str(path)
    # these came later: where they are not used, what was trained before is still taken
    return {key: value for key, value in plain.items() if key not in _ADDED or value != _ADDED[key]}


_ADDED = {"sound_backbone": None, "sound_pretrained": None, "sound_from_scratch": False}


def _vary(images: Tensor, random: torch.Generator) -> Tensor:
    """Mirror, move by up to a sixteenth, and change the light."""
    count, size = len(images), images.shape[-1]
    mirrored = torch.rand(count, generator=random) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    gain = 1 + 0.2 * torch.randn(count, 3, 1, 1, generator=random)
    offset = 0.3 * torch.randn(count, 3, 1, 1, generator=random)
    room = max(1, size // 16)
    padded = F.pad(images * gain + offset, (room,) * 4, mode="replicate")
    top, left = torch.randint(2 * room + 1, (2,), generator=random).tolist()
    return padded[..., top : top + size, left : left + size]


def _spread(sounds: ShardedRows, rows: Tensor) -> tuple[float, float]:
    """Return mean and deviation of the spectrograms in `rows`, read a few at a time."""
    total = squares = count = 0.0
    for part in torch.split(rows, 256):
        values = sounds[part].double()
        total, squares = total + float(values.sum()), squares + float(values.square().sum())
        count += values.numel()
    mean = total / count
    return mean, max(squares / count - mean**2, 0.0) ** 0.5


def _train(
    stream: _Stream, options: BackboneTraining, device: torch.device, progress: Progress
) -> tuple[nn.Module, list[float], Tensor]:
    """Return the network, the mean loss of each epoch, and the outputs of the split `validation`."""
    rows, labels = stream.labelled.rows["weights"], stream.labelled.labels["weights"]
    random = generator(options.seed, "pretrain", stream.name)
    with forked_seed(options.seed, "pretrain", stream.name):
        network = make_backbone(stream.model, stream.channels, stream.start, stream.size).to(device)
        head = nn.Linear(sum(stage_channels(network)), stream.outputs).to(device)
        parameters = [*network.parameters(), *head.parameters()]
        optimiser = torch.optim.AdamW(parameters, lr=options.learning_rate, weight_decay=0.01, fused=True)
        steps = max(1, -(-len(rows) // options.batch_size))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, options.learning_rate, total_steps=max(2, stream.epochs * steps)
        )
        # Every class equally often, where there are streams of it.
        counts = torch.bincount(labels, minlength=stream.labelled.classes).clamp(min=1)
        weights = (1.0 / counts)[labels]
        losses = []
        with progress.task(f"pretrain {stream.name}", stream.epochs * steps) as advance:
            for epoch in range(stream.epochs):
                network.train()
                total = 0.0
                for step in range(steps):
                    chosen = torch.multinomial(
                        weights, options.batch_size, replacement=True, generator=random
                    )
                    images = stream.images(rows[chosen], random)
                    targets = labels[chosen].to(device).repeat_interleave(len(images) // len(chosen))
                    loss = stream.loss(head(_pooled(network, images)), targets)
                    found = loss.item()
                    optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
                    norm = nn.utils.clip_grad_norm_(parameters, 5.0).item()
                    if not math.isfinite(found) or not math.isfinite(norm):
                        raise RunError(_not_finite(stream, epoch, step, rows[chosen], images, found))
                    optimiser.step()
                    schedule.step()
                    total += found
                    advance(1)
                losses.append(total / steps)
        return network, losses, _outputs(stream, network, head)


def _not_finite(stream: _Stream, epoch: int, step: int, rows: Tensor, images: Tensor, loss: float) -> str:
    """Return the words for a step of pretraining whose loss or gradient is not finite."""
    value = f"its loss ({loss})" if not math.isfinite(loss) else f"its gradient, of the loss {loss:.4g},"
    listed = ", ".join(map(str, rows.tolist()))
    remedy = (
        "the streams are finite: lower the learning rate of the pretraining"
        if is_finite(images)
        else "the streams are not finite"
    )
    return (
        f"pretraining of the {stream.name} backbone, epoch {epoch + 1}, step {step + 1}: {value} is not "
        f"finite for the {stream.name}s of the rows {listed}; {remedy}"
    )


def _pooled(network: nn.Module, images: Tensor) -> Tensor:
    """Return the means of all four maps, concatenated `(batch, channels of all stages)`."""
    return torch.cat([stage.mean((2, 3)) for stage in network(channels_last(images))], dim=1)


@torch.inference_mode()
def _outputs(stream: _Stream, network: nn.Module, head: nn.Module) -> Tensor:
    """Return the outputs of the split `validation` `(streams, outputs)`, means over a clip's pictures."""
    network.eval()
    found = []
    for rows in torch.split(stream.labelled.rows["validation"], 8):
        outputs = head(_pooled(network, stream.images(rows, None)))
        found.append(outputs.view(len(rows), -1, stream.outputs).mean(1).cpu())
    return torch.cat(found)
