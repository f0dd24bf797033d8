"""Options of a search: the section `[search]` of an experiment."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen, validators

__all__ = ["SearchOptions"]


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@frozen
class SearchOptions:
    """The length of a search, the size of its batches, and its stop rule."""

    epochs: int = field(default=30, validator=validators.ge(1), metadata=_help("most epochs"))
    min_epochs: int = field(
        default=10, validator=validators.ge(0), metadata=_help("epochs before it may stop")
    )
    batch_size: int = field(default=64, validator=validators.ge(1), metadata=_help("examples an update"))
    warmup_epochs: int = field(
        default=0, validator=validators.ge(0), metadata=_help("first epochs, without architecture updates")
    )
    schedule: Literal["constant", "cosine"] = field(
        default="cosine", metadata=_help("of the weights' learning rate")
    )
    clip_norm: float = field(
        default=5.0, validator=validators.ge(0.0), metadata=_help("largest gradient norm; 0 does not clip")
    )
    level: float = field(default=0.5, metadata=_help("stop at this normalised entropy of every group"))
    tolerance: float = field(
        default=1e-3,
        validator=validators.gt(0.0),
        metadata=_help("stop when no entropy changes more in an epoch"),
    )
    patience: int = field(
        default=3,
        validator=validators.ge(1),
        metadata=_help("epochs the architecture stays before it may stop"),
    )
    candidates: int = field(
        default=1,
        validator=validators.ge(1),
        metadata=_help(
            "architectures, the derived one and others around it, among which the supernet chooses at the end"
        ),
    )
    size_penalty: float = field(
        default=0.0,
        validator=validators.ge(0.0),
        metadata=_help("weight of the expected parameters, in millions, in the architecture loss"),
    )
    unselected: Literal["evaluate", "skip"] = field(
        default="evaluate", metadata=_help("operations that a one-hot sample leaves out; skip is GDAS")
    )

    def __attrs_post_init__(self) -> None:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs must be less than epochs ({self.epochs}), or nothing is searched; "
                f"found {self.warmup_epochs}"
            )
