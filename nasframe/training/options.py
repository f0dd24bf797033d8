"""Options of the final training and of baselines: `[train]` and `[baselines]` of an experiment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from attrs import frozen

from nasframe.errors import MissingExtraError, PluginError
from nasframe.options import option
from nasframe.plugins import manager

__all__ = ["BaselineOptions", "TrainOptions"]


@frozen
class TrainOptions:
    """The final training of a derived network."""

    epochs: int = option(30, help="epochs; the best one is kept", ge=1)
    batch_size: int = option(64, help="examples an update", ge=1)
    learning_rate: float = option(1e-3, help="learning rate of Adam", gt=0.0)
    weight_decay: float = option(0.0, help="weight decay of Adam", ge=0.0)
    schedule: Literal["constant", "cosine"] = option(
        "cosine", help="course of the learning rate: it stays, or falls to 0"
    )
    clip_norm: float = option(5.0, help="largest gradient norm; 0 does not clip", ge=0.0)
    inherit: bool = option(False, help="start from the supernet's weights, not from scratch")


@frozen
class BaselineOptions:
    """The networks that the searched one is compared with; each is trained in the same way, by `[train]`."""

    random: int = option(0, help="architectures drawn from the same space", ge=0)
    task: bool = option(False, help="the fixed networks that the task brings")
    registered: tuple[str, ...] = option(
        (),
        help="baselines that plugins register, by their names",
        validator=lambda _, __, value: _check_registered(value),
    )


def _check_registered(names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{', '.join(map(repr, repeated))} occurs more than once")
    for name in names:
        try:
            manager().find("baseline", name).load()
        except MissingExtraError:
            raise  # no mistake of the file
        except PluginError as error:
            raise ValueError(str(error)) from error
