"""Options of a search: the section `[search]` of an experiment."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from nasframe.options import option

__all__ = ["SearchOptions"]


@frozen
class SearchOptions:
    """The length of a search, the size of its batches, and its stop rule."""

    epochs: int = option(30, help="most epochs", ge=1)
    min_epochs: int = option(10, help="epochs before it may stop", ge=0)
    batch_size: int = option(64, help="examples an update", ge=1)
    warmup_epochs: int = option(0, help="first epochs, without architecture updates", ge=0)
    schedule: Literal["constant", "cosine"] = option("cosine", help="of the weights' learning rate")
    clip_norm: float = option(5.0, help="largest gradient norm; 0 does not clip", ge=0.0)
    level: float = option(0.5, help="stop at this normalised entropy of every group")
    tolerance: float = option(1e-3, help="stop when no entropy changes more in an epoch", gt=0.0)
    patience: int = option(3, help="epochs the architecture stays before it may stop", ge=1)
    candidates: int = option(
        1,
        help="architectures, the derived one and others around it, "
        "among which the supernet chooses at the end",
        ge=1,
        le=100_000,
    )
    size_penalty: float = option(
        0.0, help="weight of the expected parameters, in millions, in the architecture loss", ge=0.0
    )
    unselected: Literal["evaluate", "skip"] = option(
        "evaluate", help="operations that a one-hot sample leaves out; skip is GDAS"
    )
    empty_ports: Literal["allow", "redraw"] = option(
        "allow", help="redraw: the choices that feed a port are sampled until one of its sources is there"
    )

    def __attrs_post_init__(self) -> None:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs must be less than epochs ({self.epochs}), or nothing is searched; "
                f"found {self.warmup_epochs}"
            )
