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
    accumulation_steps: int = option(
        1, help="parts in which a batch passes, their gradients added: less memory, the same mean", ge=1
    )
    bfloat16: Literal["none", "projections", "all"] = option(
        "none",
        help="matrix products of the updates in bfloat16: none, those of the projections of the inputs, or "
        "all that autocast takes; faster where the processor has it, and not the same bits",
    )
    warmup_epochs: int = option(0, help="first epochs, without architecture updates", ge=0)
    schedule: Literal["constant", "cosine"] = option(
        "cosine", help="course of the weights' learning rate: it stays, or falls to 0"
    )
    architecture_schedule: Literal["constant", "cosine"] = option(
        "constant", help="course of the logits' learning rate; cosine lets a search come to rest"
    )
    clip_norm: float = option(5.0, help="largest gradient norm; 0 does not clip", ge=0.0)
    level: float = option(
        0.5,
        help="a search has converged, and stops, where the normalised entropy of every group is at most "
        "this, and tolerance and patience are kept too",
        ge=0.0,
        le=1.0,
    )
    tolerance: float = option(
        1e-3, help="of convergence: the most that an entropy still changes in an epoch", gt=0.0
    )
    patience: int = option(
        3, help="of convergence: epochs in which the architecture has stayed the same", ge=1
    )
    candidates: int = option(
        1,
        help="architectures that the supernet scores at the end: the derived one and others around it; the "
        "loop one_shot scores the whole space where it has no more, else those that an evolution tries",
        ge=1,
        le=100_000,
    )
    finalists: int = option(
        0,
        help="best candidates, with the derived one, that are trained as they will be built, by successive "
        "halving; 0: the supernet alone chooses",
        ge=0,
    )
    finalists_drawn: int = option(
        0,
        help="finalists that are drawn uniformly, whatever their score, in case the supernet ranks badly",
        ge=0,
    )
    finalist_epochs: int = option(1, help="epochs of the first round of finalists", ge=1)
    finalist_keep: int = option(
        4, help="each round keeps one finalist of so many, and trains it so many times as long", ge=2
    )
    finalist_start: Literal["inherit", "scratch"] = option(
        "inherit", help="finalists start from the weights of the supernet, or from scratch"
    )
    size_penalty: float = option(
        0.0, help="weight of the expected parameters, in millions, in the architecture loss", ge=0.0
    )
    unselected: Literal["evaluate", "skip"] = option(
        "evaluate",
        help="operations that a one-hot sample leaves out: evaluated, so that their logits learn too, or "
        "skipped, as in GDAS",
    )
    empty_ports: Literal["allow", "redraw"] = option(
        "allow",
        help="an input of a node that no source feeds; redraw: its choices are sampled until one does",
    )

    def __attrs_post_init__(self) -> None:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs must be less than epochs ({self.epochs}), or nothing is searched; "
                f"found {self.warmup_epochs}"
            )
