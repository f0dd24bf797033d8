"""Stage `pretrain`: each backbone learns to tell genuine from fake in its own stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import frozen
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe.runtime import Progress, forked_seed, generator, write_json, write_tensors
from nasframe_deepfake.array_files import open_rows
from nasframe_deepfake.backbones import (
    channels_last,
    make_backbone,
    normalise_pictures,
    stage_channels,
    standardise_sounds,
)
from nasframe_deepfake.clip_index import PreparedClip, read_index
from nasframe_deepfake.disk_space import DISK_BLOCK, require_space, size_on_disk
from nasframe_deepfake.metrics import auc, none_if_nan

__all__ = ["Pretraining", "bytes_needed", "pretrain", "pretraining_inputs"]

FRAMES = 4
"""Pictures of a clip in each step of training."""


@frozen
class Pretraining:
    """The options of the stage.

    Attributes:
        backbone: name of a timm model.
        pretrained: local file of weights to start from.
        picture_epochs: passes over the pictures.
        sound_epochs: passes over the sounds.
        batch_size: streams in a batch.
        learning_rate: the highest of AdamW.
        seed: of the training.
    """

    backbone: str
    pretrained: Path | None
    picture_epochs: int
    sound_epochs: int
    batch_size: int
    learning_rate: float
    seed: int


@frozen
class _Stream:
    """One kind of stream: a function from rows to images `(batch, channels, height, width)`, and labels."""

    name: str
    channels: int
    epochs: int
    images: Callable[[Tensor, torch.Generator | None], Tensor]
    rows: dict[str, Tensor]
    labels: dict[str, Tensor]


def pretrain(
    prepared: Path, out: Path, options: Pretraining, device: torch.device, progress: Progress
) -> dict[str, Any]:
    """Train both backbones on the weights split and return the report.

    Writes `picture.safetensors`, `sound.safetensors` and `report.json`, which also holds mean and deviation
    of the spectrograms. The validation AUC of each stream is reported only; nothing is chosen by it.

    Raises:
        DataError: the disk is too full.
    """
    require_space(out, bytes_needed(options.backbone), "the weights of both backbones")
    clips = read_index(prepared / "index.csv")
    pictures = torch.from_numpy(open_rows(prepared / "pictures.npy"))
    sounds = torch.from_numpy(open_rows(prepared / "sounds.npy"))
    rows, labels = _streams(clips, "sound", "fake_voice")
    mean, deviation = _spread(sounds, rows["weights"])

    def images_of_pictures(rows: Tensor, random: torch.Generator | None) -> Tensor:
        if random is None:
            return normalise_pictures(pictures[rows].flatten(0, 1)).to(device)
        chosen = torch.randint(pictures.shape[1], (len(rows), FRAMES), generator=random)
        return _vary(normalise_pictures(pictures[rows[:, None], chosen].flatten(0, 1)), random).to(device)

    def images_of_sounds(rows: Tensor, random: torch.Generator | None) -> Tensor:
        images = standardise_sounds(sounds[rows], mean, deviation)
        if random is not None:
            # Another start and another loudness: neither of them makes a voice fake.
            shift = int(torch.randint(images.shape[-1], (1,), generator=random))
            images = images.roll(shift, -1) + 0.2 * torch.randn(len(images), 1, 1, 1, generator=random)
        return images.to(device)

    streams = [
        _Stream(
            "picture",
            3,
            options.picture_epochs,
            images_of_pictures,
            *_streams(clips, "picture", "fake_picture"),
        ),
        _Stream("sound", 1, options.sound_epochs, images_of_sounds, rows, labels),
    ]
    report: dict[str, Any] = {"sound_mean": mean, "sound_deviation": deviation, "streams": {}}
    for stream in streams:
        network, losses, score = _train(stream, options, device, progress)
        write_tensors(
            out / f"{stream.name}.safetensors",
            {name: value.contiguous() for name, value in network.state_dict().items()},
        )
        report["streams"][stream.name] = {"loss": losses, "validation_auc": score}
    write_json(out / "report.json", report)
    return report


def bytes_needed(backbone: str) -> int:
    """Return the disk space for the weights of both backbones and the report."""
    with torch.device("meta"):
        networks = [make_backbone(backbone, channels) for channels in (3, 1)]
    states = [list(network.state_dict().values()) for network in networks]
    # safetensors describes every tensor in a line of its header
    return sum(size_on_disk(sum(value.nbytes + 256 for value in state)) for state in states) + 2 * DISK_BLOCK


def _streams(
    clips: Sequence[PreparedClip], row: str, label: str
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the distinct streams of each split and their labels, in the order of their rows."""
    rows, labels = {}, {}
    for split in ("weights", "validation"):
        known = {getattr(clip, row): getattr(clip, label) for clip in clips if clip.split == split}
        rows[split] = torch.tensor(sorted(known))
        labels[split] = torch.tensor([float(known[key]) for key in sorted(known)])
    return rows, labels


def _vary(images: Tensor, random: torch.Generator) -> Tensor:
    """Mirror, move by up to a sixteenth, and change the light: none of these makes a picture fake."""
    count, size = len(images), images.shape[-1]
    mirrored = torch.rand(count, generator=random) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(-1), images)
    gain = 1 + 0.2 * torch.randn(count, 3, 1, 1, generator=random)
    offset = 0.3 * torch.randn(count, 3, 1, 1, generator=random)
    room = max(1, size // 16)
    padded = F.pad(images * gain + offset, (room,) * 4, mode="replicate")
    top, left = torch.randint(2 * room + 1, (2,), generator=random).tolist()
    return padded[..., top : top + size, left : left + size]


def _spread(sounds: Tensor, rows: Tensor) -> tuple[float, float]:
    """Return mean and deviation of the spectrograms in `rows`, read a few at a time."""
    total = squares = count = 0.0
    for part in torch.split(rows, 256):
        values = sounds[part].double()
        total, squares = total + float(values.sum()), squares + float(values.square().sum())
        count += values.numel()
    mean = total / count
    return mean, max(squares / count - mean**2, 0.0) ** 0.5


def _train(
    stream: _Stream, options: Pretraining, device: torch.device, progress: Progress
) -> tuple[nn.Module, list[float], float | None]:
    rows, labels = stream.rows["weights"], stream.labels["weights"]
    random = generator(options.seed, "pretrain", stream.name)
    with forked_seed(options.seed, "pretrain", stream.name):
        network = make_backbone(options.backbone, stream.channels, options.pretrained).to(device)
        head = nn.Linear(sum(stage_channels(network)), 1).to(device)
        parameters = [*network.parameters(), *head.parameters()]
        optimiser = torch.optim.AdamW(parameters, lr=options.learning_rate, weight_decay=0.01, fused=True)
        steps = max(1, -(-len(rows) // options.batch_size))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, options.learning_rate, total_steps=max(2, stream.epochs * steps)
        )
        # Genuine and fake equally often, where there are both.
        counts = torch.tensor([(labels == 0).sum(), (labels == 1).sum()]).clamp(min=1)
        weights = (1.0 / counts)[labels.long()]
        losses = []
        with progress.task(f"pretrain {stream.name}", stream.epochs * steps) as advance:
            for _ in range(stream.epochs):
                network.train()
                total = 0.0
                for _ in range(steps):
                    chosen = torch.multinomial(
                        weights, options.batch_size, replacement=True, generator=random
                    )
                    images = stream.images(rows[chosen], random)
                    targets = labels[chosen].to(device).repeat_interleave(len(images) // len(chosen))
                    outputs = head(_pooled(network, images))[:, 0]
                    loss = F.binary_cross_entropy_with_logits(outputs, targets)
                    optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    nn.utils.clip_grad_norm_(parameters, 5.0)
                    optimiser.step()
                    schedule.step()
                    total += loss.item()
                    advance(1)
                losses.append(total / steps)
        return network, losses, _validate(stream, network, head)


def _pooled(network: nn.Module, images: Tensor) -> Tensor:
    """Return the means of all four maps, concatenated. The search may use any stage, so all have to learn."""
    return torch.cat([stage.mean((2, 3)) for stage in network(channels_last(images))], dim=1)


@torch.inference_mode()
def _validate(stream: _Stream, network: nn.Module, head: nn.Module) -> float | None:
    """Return the AUC of the stream alone on the validation split; None where one class is absent."""
    network.eval()
    scores = []
    for rows in torch.split(stream.rows["validation"], 8):
        outputs = head(_pooled(network, stream.images(rows, None)))[:, 0]
        scores.append(outputs.reshape(len(rows), -1).mean(1).cpu())
    return none_if_nan(auc(torch.cat(scores), stream.labels["validation"]))


def pretraining_inputs(options: Pretraining) -> dict[str, Any]:
    """Return everything that the result depends on, as values for JSON; a file by path, size and time."""
    plain = attrs.asdict(options)
    if options.pretrained is not None:
        status = options.pretrained.stat() if options.pretrained.is_file() else None
        plain["pretrained"] = [str(options.pretrained), status and [status.st_size, status.st_mtime_ns]]
    return plain
