"""The contract of a task: data in four splits, a loss, metrics, and the stages that prepare them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from nasframe.errors import DataError
from nasframe.plugins import manager
from nasframe.runtime import Progress
from nasframe.tasks.baseline import Baseline
from nasframe.tasks.data import Data, Split
from nasframe.tasks.exported import Exported, exported_network
from nasframe.tasks.file_scorer import FileScorer
from nasframe.tasks.fine_tuning import FineTuning
from nasframe.tasks.former_predict import former_scorer
from nasframe.tasks.other_test import OtherTest
from nasframe.tasks.scores import Scores
from nasframe.tasks.stages import Stage
from nasframe.tasks.starting_values import StartingValues

__all__ = ["Task"]


class Task(ABC):
    """The problem that a network learns. Subclasses are attrs classes; their fields are the options.

    Order of calls: `stages`, each stage run or skipped by the core; `data` with their folders; `loss`
    and `metrics` during search and training; `calibrate` on the validation split; `save`; then, maybe
    in another process, `evaluate` on the test split, `file_scorer` to score files, and `exported`.
    A task that trains frozen networks along at the end has `fine_tuning` called before `save`, `save_tuned`
    after it, and `tuned_test` before `evaluate`. `caveats` is asked after the training and after `evaluate`.
    On another data set: `other_stages`, `other_test` with their folders, and `evaluate` on what that returns.
    """

    objective: ClassVar[str] = "accuracy"
    """The metric that chooses the epoch; larger is better."""

    bounds: ClassVar[Mapping[str, tuple[float, float]]] = {"accuracy": (0.0, 1.0)}
    """Metric → its smallest and largest possible value; intervals of its mean stay within. Those of
    `threshold`, where they are there, hold for one that a user gives."""

    score_meaning: ClassVar[str] = ""
    """The meaning of the score of a file, and its direction; empty where files cannot be scored."""

    file_endings: ClassVar[tuple[str, ...]] = ()
    """Endings of the files that are scored where a user names a folder, such as `.mp4`; upper and lower case
    are the same. A file that is named itself is tried whatever its name is."""

    fine_tuning_options: ClassVar[Collection[str]] = ()
    """Options that `fine_tuning` alone reads, which comes last: a search stays done under other values."""

    @classmethod
    def starting_values(cls, source: Path | None, given: Mapping[str, Any]) -> StartingValues:
        """Return the values of an experiment on this task to start from, for `nasframe new`.

        Args:
            source: a file of the user's data; None where none was named.
            given: options of the task that the user says, as TOML holds them.

        Raises:
            DataError: nothing can be told from the source; or, as by default, no source is looked at.
        """
        if source is not None:
            raise DataError(
                f"{source}: {cls.__name__} proposes nothing from a file; leave it out, and give "
                "the data when the experiment runs, by --data"
            )
        return StartingValues()

    def stages(self, source: Path | None, seed: int) -> Sequence[Stage]:
        """Return the steps before `data`, in order. `source` is the user's data, None for the task's own."""
        return ()

    @abstractmethod
    def data(self, folders: Mapping[str, Path]) -> Data:
        """Return shapes and splits, read from the folders that the stages wrote."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss, a scalar, of raw outputs `(batch, outputs)`."""

    @abstractmethod
    def metrics(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return metrics of raw outputs: `objective` among them, none named `loss`, an undefined one NaN."""

    def calibrate(self, outputs: Tensor, targets: Tensor) -> dict[str, float]:
        """Return the numbers that are fitted on the validation split, for `evaluate` and `file_scorer`."""
        return {}

    def evaluate(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> dict[str, Any]:
        """Return the final, JSON-able metrics of raw outputs on the test split."""
        targets = split.batch(torch.arange(len(split))).targets
        return dict(self.metrics(outputs, targets))

    def scores(self, outputs: Tensor, split: Split, calibration: Mapping[str, float]) -> Scores | None:
        """Return the score of each example, for the report's curves; None where there are not two classes.

        `outputs` are raw, in the order of the split; `nasframe.evaluate` writes the scores to `scores.json`.
        """
        return None

    def caveats(self, network: nn.Module) -> Sequence[str]:
        """Return sentences on what a network cannot tell, whatever its metrics are.

        Those on the trained network of a run stand beside its metrics, such as where it reads a part of its
        inputs alone; see `nasframe.Network.inputs_read`. Before a search or a training begins, a network that
        is not trained is asked, so that a mistake is seen then; what is said of it is not shown.

        Args:
            network: in any mode; it is left as it is.
        """
        return ()

    def other_stages(self, source: Path, seed: int) -> Sequence[Stage]:
        """Return the steps before `other_test`, in order: they prepare another data set than the run's own.

        They depend on nothing that was learnt, so that runs with the same options share what they write.

        Raises:
            DataError: the task cannot be tested on other data, as by default.
        """
        raise DataError(f"{type(self).__name__} cannot be tested on another data set than its own")

    def other_test(
        self,
        folders: Mapping[str, Path],
        saved: Path,
        own: Mapping[str, Path] | None,
        device: torch.device,
        examples: Sequence[str] | None = None,
    ) -> OtherTest:
        """Return the test split of another data set, for the network of a trained run; `evaluate` follows.

        Examples that the training has seen do not belong into it.

        Args:
            folders: that `other_stages` wrote, by their names.
            saved: the folder that `save` has filled; what was learnt comes from there.
            own: the folders of the stages of the run's own data; None where they are gone.
            device: to compute on.
            examples: the names of those to test on; None for the test split that the task itself makes.

        Raises:
            DataError: there is nothing to test on.
        """
        raise DataError(f"{type(self).__name__} cannot be tested on another data set than its own")

    def baselines(self, data: Data) -> Mapping[str, Baseline | Callable[[], nn.Module]]:
        """Return networks to compare a searched one with: name → `Baseline`, or a function that makes one.

        Each is made untrained, takes the inputs by name, gives raw outputs, and is trained as the searched
        network is. The `Baseline` of one that looks at a single stream says so: a comparison shows the best
        of these.
        """
        return {}

    def save(self, folders: Mapping[str, Path], out: Path) -> None:  # noqa: B027
        """Write into `out` (a folder of the run) the files that `file_scorer`, `exported` and
        `frozen_parameters` read."""

    def fine_tuning(self, network: nn.Module, folders: Mapping[str, Path]) -> FineTuning | None:
        """Return the trained network together with those in front of it, to be trained on along with them.

        The result counts only where the validation split says that it is better. None, as by default, where
        the networks in front stay frozen.

        Args:
            network: after the final training; it learns on within the module that is returned.
            folders: of the stages.
        """
        return None

    def save_tuned(  # noqa: B027
        self, tuning: FineTuning, folders: Mapping[str, Path], out: Path, progress: Progress
    ) -> None:
        """Write the tuned networks over what `save` has just written into `out`.

        Args:
            tuning: that `fine_tuning` returned; its module is at its best epoch, on the training's device.
            folders: of the stages.
            out: a folder of the run.
            progress: to report to.
        """

    def tuned_test(self, folders: Mapping[str, Path], saved: Path, device: torch.device) -> Split | None:
        """Return the test split of the run's own data as the tuned networks in front see it.

        None, as by default, where nothing was tuned: then it is that of `data`.

        Args:
            folders: of the stages.
            saved: the folder that `save` and `save_tuned` have filled.
            device: to compute on.
        """
        return None

    def frozen_parameters(self, saved: Path) -> int:
        """Return the number of parameters of the frozen networks; `save` has filled the folder `saved`."""
        return 0

    def file_scorer(
        self, network: nn.Module, saved: Path, calibration: Mapping[str, float], device: torch.device
    ) -> FileScorer:
        """Return what scores files; all that it needs is loaded here, once.

        Args:
            network: the trained one, on the device, in evaluation mode.
            saved: the folder that `save` has filled. It is read here, and not while files are scored.
            calibration: the numbers that `calibrate` fitted; a user may have replaced `threshold`.
            device: to compute on.

        Raises:
            DataError: the task scores no files.
        """
        former = getattr(self, "predict", None)
        if callable(former):  # Compatibility: the contract of earlier versions
            return former_scorer(type(self), former, network, saved, calibration, device)
        name = manager().name_of("task", type(self)) or type(self).__name__
        raise DataError(
            f"{name} scores no files; `nasframe evaluate RUN` scores its test split, and "
            "`nasframe export` writes the network for a program of your own"
        )

    def exported(self, network: nn.Module, saved: Path, calibration: Mapping[str, float]) -> Exported:
        """Return the network as `nasframe export` writes it, with the front that the task adds.

        By default it is the network alone, from its own inputs to its raw outputs.

        Args:
            network: the trained one, on the CPU, in evaluation mode.
            saved: the folder that `save` has filled.
            calibration: the numbers that `calibrate` fitted.
        """
        return exported_network(
            network, {"score_meaning": self.score_meaning, "calibration": dict(calibration)}
        )
