"""Samples that leave a port empty, and what can be done about their gradients, on a small supernet.

A port is empty where every edge into it chose zero. What follows is then differentiated at zero, where a
normalisation has gain 1/√ε, so that the slope says little about the loss at any other outcome. `MECHANISMS`:

- `allow`: nothing is done;
- `clip`: the gradient of all logits is clipped together;
- `clip-rows`: that of each choice is clipped on its own;
- `differences`: for the choices that feed an empty port, the slope is the difference that their other
  candidates make to the loss;
- `redraw`: these choices are drawn again until no port is empty, as `search.empty_ports` does. The function
  is the same, but its exact gradient is that of the mean over what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nasframe import Batch, Choice, OpSpec, SearchSpace, Supernet, Task, TensorTask
from nasframe.errors import SpaceError
from nasframe.runtime import SILENT, Progress
from nasframe_estimators.functions.function import Clipping
from nasframe_estimators.functions.supernet_loss import SupernetLoss

__all__ = ["MECHANISMS", "PORT_FUNCTIONS", "PortsLoss", "functions_of_ports", "standard_ports"]

MECHANISMS = ("allow", "clip", "clip-rows", "differences", "redraw")

PORT_FUNCTIONS = tuple(f"cell-{mechanism}" for mechanism in MECHANISMS)
"""Names of the functions of the small supernet, one for each mechanism."""

_CLIP_NORM = 5.0
"""The default of `search.clip_norm`."""

_MOST = 4096
"""Most outcomes that are enumerated."""

_EDGE = ("zero", "identity")
_CHANNELS, _LENGTH, _EXAMPLES = 4, 2, 12


class PortsLoss(SupernetLoss):
    """The loss of a supernet on one batch as a function of all of its choices, under one of `MECHANISMS`.

    Args:
        supernet: in evaluation mode, with unselected="evaluate".
        task: of the loss.
        batch: of any split.
        mechanism: what is done about empty ports.
        name: shown in tables.
        progress: to report long work to.

    Raises:
        SpaceError: the choices have more than 4,096 outcomes together.
    """

    def __init__(
        self,
        supernet: Supernet,
        task: Task,
        batch: Batch,
        mechanism: str,
        name: str,
        progress: Progress = SILENT,
    ) -> None:
        choices = supernet.space.choices
        outcomes = 1
        for choice in choices.values():
            outcomes *= len(choice.candidates)
        if outcomes > _MOST:
            raise SpaceError(
                f"the choices of {supernet.space.name!r} have {outcomes:,} outcomes; {_MOST:,} are enumerated"
            )
        super().__init__(supernet, task, batch, {}, list(choices), progress)
        self.name, self.mechanism = name, mechanism
        if mechanism.startswith("clip"):
            self.clipping = Clipping(_CLIP_NORM, by_choice=mechanism == "clip-rows")
        self._empty: dict[tuple[int, ...], list[bool]] = {}

    def feeds_empty_port(self, outcomes: Tensor) -> Tensor:
        """Return the choices that feed an empty port under outcomes `(n, choices)`, bool of that shape."""
        distinct, inverse = torch.unique(outcomes, dim=0, return_inverse=True)
        found = torch.zeros_like(distinct, dtype=torch.bool)
        for place, outcome in enumerate(map(tuple, distinct.tolist())):
            if outcome not in self._empty:
                rows = self._net.redraws.rows(self._winners(outcome))
                self._empty[outcome] = [
                    row in rows.get(table.key, ()) for table in self._tables for row in range(len(table.rows))
                ]
            found[place] = torch.tensor(self._empty[outcome])
        return found[inverse]

    def drawn_again(self, outcomes: Tensor) -> Tensor:
        found = self.feeds_empty_port(outcomes)
        return found if self.mechanism == "redraw" else torch.zeros_like(found)

    def _winners(self, outcome: Sequence[int]) -> dict[str, list[int]]:
        columns = iter(outcome)
        return {table.key: [next(columns) for _ in table.rows] for table in self._tables}

    def _slope(self, weights: Sequence[Tensor], one_hot: bool) -> Tensor:
        slope = super()._slope(weights, one_hot)
        if self.mechanism != "differences" or not one_hot:
            return slope
        outcome = torch.cat([part.argmax(-1) for part in weights])
        (feeds,) = self.feeds_empty_port(outcome.unsqueeze(0))
        here = self.values(outcome.unsqueeze(0))
        first = 0
        for choice, size in enumerate(part.shape[1] for part in weights for _ in part):
            if feeds[choice]:
                others = outcome.repeat(size, 1)
                others[:, choice] = torch.arange(size)
                slope[first : first + size] = self.values(others) - here
            first += size
        return slope


def functions_of_ports(
    supernet: Supernet,
    task: Task,
    batch: Batch,
    mechanisms: Sequence[str] = MECHANISMS,
    name: str = "supernet",
    progress: Progress = SILENT,
) -> list[PortsLoss]:
    """Return a function for each mechanism; they share what they compute. See `PortsLoss`.

    The supernet may be that of any space with few choices, with any operations. An estimator on one of the
    functions is compared with the exact gradient of that function.
    """
    found = [PortsLoss(supernet, task, batch, item, f"{name}-{item}", progress) for item in mechanisms]
    slopes: dict[tuple[int, ...], Tensor] = {}
    for function in found:
        function._values, function._empty = found[0]._values, found[0]._empty
        if function.mechanism != "differences":
            function._slopes = slopes
    return found


def standard_ports(names: Sequence[str], progress: Progress = SILENT) -> list[PortsLoss]:
    """Return the functions of these names, of `PORT_FUNCTIONS`, on the small supernet.

    A cell with two nodes: 2 edges into the cell and 5 inside choose zero or identity, and two nodes choose
    among zero, sum and a gated linear unit: 1,152 outcomes. Every normalisation is a layer norm. Numbers are
    sin(1), sin(4), sin(9), … as in the standard functions.
    """
    if not names:
        return []
    supernet = Supernet(_space()).eval()
    with torch.no_grad():
        for place, (name, parameter) in enumerate(supernet.named_parameters()):
            if parameter.dim() > 1 and not name.startswith("logits."):
                parameter.copy_(_numbers(parameter.shape, 100 * place) * parameter.shape[-1] ** -0.5)
            elif name.endswith("bias"):  # scales and shares have no random first values
                parameter.zero_()
        for place, logits in enumerate(supernet.architecture_parameters()):
            logits.copy_(_numbers(logits.shape, 10 * place))
    inputs = {
        name: _numbers((_EXAMPLES, _LENGTH, _CHANNELS), 1000 * place).clone()
        for place, name in enumerate(("left", "right"), start=1)
    }
    labels = (inputs["left"].sum((1, 2)) > inputs["right"].sum((1, 2))).long()
    task = TensorTask(inputs, labels)
    batch = Batch(inputs, task.labels)
    mechanisms = [name.removeprefix("cell-") for name in names]
    return functions_of_ports(supernet, task, batch, mechanisms, "cell", progress)


def _space() -> SearchSpace:
    space = SearchSpace("cell of the laboratory")
    norm = OpSpec("layer_norm")
    inputs = [space.add_input(name, (_LENGTH, _CHANNELS)) for name in ("left", "right")]
    x = space.add_node("x", "identity")
    for name in inputs:
        space.connect(name, x, choice=Choice(f"{name}->x", _EDGE, "alpha"))
    sources = [x, inputs[1]]
    for name in ("N1", "N2"):
        choice = Choice(name, ("zero", "sum", "linear_glu"), "gamma")
        space.add_node(name, choice=choice, then=[norm], ports=("x", "y"))
        for source in sources:
            for port in ("x", "y"):
                space.connect(source, name, port, choice=Choice(f"{source}->{name}", _EDGE, "beta"))
        sources = [*sources, name]
    space.add_node("fusion", OpSpec("weighted_fusion", {"total": 2}))
    for port in (x, "N1", "N2"):
        space.connect(port, "fusion", port="x" if port == x else port)
    space.add_node("norm", norm)
    space.connect("fusion", "norm")
    space.add_node("head", OpSpec("head", {"outputs": 2}))
    space.connect("norm", "head")
    space.set_output("head")
    return space


def _numbers(shape: Sequence[int], first: int) -> Tensor:
    """Return sin((first + 1)²), sin((first + 2)²), … in a shape, float32."""
    size = torch.Size(shape)
    count = torch.arange(first + 1, first + size.numel() + 1, dtype=torch.float64)
    return torch.sin(count.square()).view(size).float()
