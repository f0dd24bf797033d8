"""The contract of a task: data in four splits, a loss, metrics, and the stages that prepare them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import torch
from attrs import define, field, frozen
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe.errors import DataError
from nasframe.progress import Progress

if TYPE_CHECKING:
    from nasframe.operations import Shape

__all__ = [
    "Batch",
    "Data",
    "Scores",
    "Split",
    "Splits",
    "Stage",
    "StageContext",
    "Task",
    "TensorSplit",
    "TensorTask",
]


@frozen
class Batch:
    """Inputs by name, each `(batch, *shape)`, and targets `(batch, ...)`."""

    inputs: Mapping[str, Tensor]
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same batch on `device`."""
        return Batch({name: value.to(device) for name, value in self.inputs.items()}, self.targets.to(device))


class Split(Protocol):
    """Examples that can be drawn by index."""

    @property
    def sampling_weights(self) -> Tensor | None:
        """Weight `(examples,)` with which training draws each example; None: each once an epoch."""
        ...

    @property
    def identifiers(self) -> Sequence[str]:
        """A name for each example; no two splits share one."""
        ...

    def __len__(self) -> int: ...

    def batch(self, indices: Tensor) -> Batch:
        """The examples at `indices` `(batch,)`, int64."""
        ...

    def redrawn(self, random: torch.Generator) -> Split:
        """The split as one epoch of training sees it: as it is, or with examples drawn anew.

        Their number, names and sampling weights stay. Validation and test are never redrawn.
        """
        return self


@frozen
class Splits:
    """Four disjoint splits. `test` is opened by a call, and only evaluation calls it."""

    weights: Split
    architecture: Split
    validation: Split
    test: Callable[[], Split]


@frozen
class Data:
    """What a search needs to know: the shape of each input, the number of outputs, the splits."""

    inputs: Mapping[str, Shape]
    outputs: int
    splits: Splits


@frozen
class Scores:
    """One score for each example of a split, for a task that tells two classes apart.

    Attributes:
        log_odds: `(examples,)`, log p / (1 − p) of the positive class: what ranks, for it never saturates.
        labels: `(examples,)`, 1 for the positive class and 0 for the other.
        positive, negative: what the classes are called.
        categories: a finer name for each example; empty where there is none.
        threshold: the probability from which on an example is called positive.
    """

    log_odds: Tensor
    labels: Tensor
    positive: str = "positive"
    negative: str = "negative"
    categories: Sequence[str] = ()
    threshold: float = 0.5


@define
class StageContext:
    """What a running stage gets.

    Attributes:
        out: an empty folder; it appears under its final name only if the stage ends without an error.
        earlier: folder of each stage this one comes after.
        device: where to compute.
        progress: what to report to.
    """

    out: Path
    earlier: Mapping[str, Path]
    device: torch.device
    progress: Progress


@frozen
class Stage:
    """One named step between the user's data and the splits.

    Attributes:
        name: shown to the user, unique within the task.
        inputs: everything JSON-able that the result depends on, apart from earlier stages.
        run: does the work.
        after: names of the stages whose folders it reads.
    """

    name: str
    inputs: Mapping[str, Any]
    run: Callable[[StageContext], None]
    after: Sequence[str] = ()


class Task(ABC):
    """What is learned. Subclasses are attrs classes; their fields are the options.

    Order of calls: `stages`, each stage run or skipped by the core; `data` with their folders; `loss`
    and `metrics` during search and training; `calibrate` on the validation split; `save`; then, maybe
    in another process, `evaluate` on the test split and `predict` on files.
    """

    objective: ClassVar[str] = "accuracy"
    """The metric that chooses the epoch; larger is better."""

    score_meaning: ClassVar[str] = ""
    """What a score of `predict` means, and in which direction; empty where files cannot be scored."""

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """Steps to run before `data`, in order. `source` is the user's data, None for the task's own."""
        return ()

    @abstractmethod
    def data(self, folders: Mapping[str, Path]) -> Data:
        """Shapes and splits, read from the folders that the stages wrote."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean loss, a scalar, of raw outputs `(batch, outputs)`."""

    @abstractmethod
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Metrics of raw outputs; holds `objective`. An undefined metric is NaN."""

    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """What is fitted on the validation split and used by `evaluate` and `predict`."""
        return {}

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        """The final, JSON-able metrics of raw outputs on the test split."""
        targets = split.batch(torch.arange(len(split))).targets
        return dict(self.metrics(outputs, targets))

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores | None:
        """The score of each example, for the report's curves; None where there are not two classes.

        `outputs` are raw and in the order of the split; `evaluate` stores what comes back as `scores.json`.
        """
        return None

    def baselines(self, data: Data) -> Mapping[str, Callable[[], nn.Module]]:
        """Networks to measure a searched one against: name → a function that makes one, untrained.

        Each takes the inputs by name and gives raw outputs, and is trained as the searched network is. One
        that looks at a single stream is called `… alone`, so that a comparison can show the best of them.
        """
        return {}

    def save(self, folders: Mapping[str, Path], out: Path) -> None:  # noqa: B027
        """Put into `out` (a folder of the run) what `predict` and `frozen_parameters` will need."""

    def frozen_parameters(self, saved: Path) -> int:
        """Parameters of frozen networks in front of the searched one, given the folder `save` filled."""
        return 0

    def predict(
        self,
        network: nn.Module,
        files: Sequence[Path],
        saved: Path,
        calibration: Mapping[str, float],
        device: torch.device,
    ) -> Iterator[dict[str, Any]]:
        """For each file, in order: `file` and either the result or `error`."""
        raise DataError(f"{type(self).__name__} scores no files")


@frozen
class TensorSplit(Split):
    """A split of tensors that fit in memory (or are mapped into it)."""

    inputs: Mapping[str, Tensor]
    targets: Tensor
    identifiers: Sequence[str]
    sampling_weights: Tensor | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def batch(self, indices: Tensor) -> Batch:
        return Batch({name: value[indices] for name, value in self.inputs.items()}, self.targets[indices])


def _valid_shares(_: Any, __: Any, value: Sequence[float]) -> None:
    if len(value) != 4 or min(value) <= 0:
        raise ValueError(f"fractions must be four numbers above 0, found {list(value)}")


@define
class TensorTask(Task):
    """Classification of tensors in memory: inputs by name, integer labels.

    Args:
        tensors: name → `(examples, *shape)`, floating point.
        labels: `(examples,)`, integers from 0.
        fractions: shares of the splits weights, architecture, validation, test; they need not add up to 1.
        seed: of the stratified split.
    """

    tensors: Mapping[str, Tensor] = field(factory=dict, repr=False)
    labels: Tensor = field(factory=lambda: torch.empty(0, dtype=torch.long), repr=False)
    fractions: tuple[float, float, float, float] = field(
        default=(0.4, 0.2, 0.2, 0.2), validator=_valid_shares
    )
    seed: int = 0

    def __attrs_post_init__(self) -> None:
        sizes = {name: len(value) for name, value in self.tensors.items()}
        if not sizes:
            raise DataError("no inputs: give at least one named tensor")
        if set(sizes.values()) != {len(self.labels)}:
            raise DataError(f"every input needs one row a label ({len(self.labels)}), found {sizes}")
        if len(self.labels) < 8:
            raise DataError(f"four splits need at least 8 examples, found {len(self.labels)}")

    def data(self, folders: Mapping[str, Path]) -> Data:
        parts = self._stratified()
        splits = [
            TensorSplit(
                {name: value[rows] for name, value in self.tensors.items()},
                self.labels[rows],
                [str(int(row)) for row in rows],
            )
            for rows in parts
        ]
        return Data(
            inputs={name: tuple(value.shape[1:]) for name, value in self.tensors.items()},
            outputs=int(self.labels.max()) + 1,
            splits=Splits(splits[0], splits[1], splits[2], lambda: splits[3]),
        )

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return F.cross_entropy(outputs, targets)

    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        return {"accuracy": float((outputs.argmax(-1) == targets).float().mean())}

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores | None:
        """Of label 1, where there are two labels."""
        if outputs.shape[1] != 2:
            return None
        targets = split.batch(torch.arange(len(split))).targets
        return Scores(_log_odds(outputs), targets, positive="label 1", negative="label 0")

    def _stratified(self) -> list[Tensor]:
        """Row numbers of the four splits: exact sizes, and every class spread evenly over them.

        Raises:
            DataError: a split would be empty.
        """
        random = torch.Generator().manual_seed(self.seed)
        order = torch.randperm(len(self.labels), generator=random)
        # Where each example stands within its class, 0 to 1; classes that are small begin anywhere.
        position = torch.empty(len(order))
        for label in range(int(self.labels.max()) + 1):
            members = (self.labels[order] == label).nonzero().flatten()
            start = torch.rand((), generator=random)
            position[members] = (torch.arange(len(members)) + start) / max(len(members), 1)
        order = order[torch.argsort(position, stable=True)]
        shares = torch.tensor(self.fractions, dtype=torch.float64)
        bounds = (shares.cumsum(0) / shares.sum() * len(order)).round().long().tolist()
        parts = [order[start:end] for start, end in zip([0, *bounds], bounds, strict=False)]
        if min(map(len, parts)) == 0:
            raise DataError(f"{len(order)} examples are too few for the shares {list(self.fractions)}")
        return parts


def _log_odds(outputs: Tensor) -> Tensor:
    """Of the second of two classes `(batch,)`, in double precision, from logits `(batch, 2)`."""
    logits = outputs.detach().double()
    return logits[:, 1] - logits[:, 0]
