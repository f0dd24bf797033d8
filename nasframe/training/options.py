"""Options of the final training and of baselines: `[train]` and `[baselines]` of an experiment."""

from __future__ import annotations

from typing import Literal

from attrs import field, frozen, validators

__all__ = ["BaselineOptions", "TrainOptions"]


def _help(text: str) -> dict[str, str]:
    return {"help": text}


@frozen
class TrainOptions:
    """The final training of a derived network."""

    epochs: int = field(
        default=30, validator=validators.ge(1), metadata=_help("epochs; the best one is kept")
    )
    batch_size: int = field(default=64, validator=validators.ge(1), metadata=_help("examples an update"))
    learning_rate: float = field(default=1e-3, validator=validators.gt(0.0), metadata=_help("of Adam"))
    weight_decay: float = field(default=0.0, validator=validators.ge(0.0), metadata=_help("of Adam"))
    schedule: Literal["constant", "cosine"] = field(default="cosine", metadata=_help("of the learning rate"))
    clip_norm: float = field(
        default=5.0, validator=validators.ge(0.0), metadata=_help("largest gradient norm; 0 does not clip")
    )
    inherit: bool = field(
        default=False, metadata=_help("start from the supernet's weights, not from scratch")
    )


@frozen
class BaselineOptions:
    """The networks that the searched one is compared with; each is trained in the same way, by `[train]`."""

    random: int = field(
        default=0, validator=validators.ge(0), metadata=_help("architectures drawn from the same space")
    )
    task: bool = field(default=False, metadata=_help("the fixed networks that the task brings"))
