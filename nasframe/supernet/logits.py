"""The packed logits of a space: one parameter for each group and list of candidates, one row a choice."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from attrs import frozen
from torch import Tensor, nn

from nasframe.errors import RunError
from nasframe.module_names import module_key
from nasframe.relaxations import Relaxation, Sample
from nasframe.space import Assignment, SearchSpace

__all__ = ["Logits", "Table"]


@frozen
class Table:
    """The rows and columns of one packed parameter."""

    key: str
    group: str
    candidates: tuple[str, ...]
    rows: tuple[str, ...]


class Logits(nn.Module):
    """Every logit of a space, on the CPU wherever the operations are.

    Args:
        space: its choices are packed.
        scale: standard deviation of the initial values; small, so that no candidate starts ahead.
    """

    def __init__(self, space: SearchSpace, scale: float = 1e-3) -> None:
        super().__init__()
        packed: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for choice in space.choices.values():
            packed.setdefault((choice.group, choice.candidates), []).append(choice.name)
        keys = _keys([group for group, _ in packed])
        self.tables: tuple[Table, ...] = tuple(
            Table(
                key=key,
                group=group,
                candidates=candidates,
                rows=tuple(rows),
            )
            for key, ((group, candidates), rows) in zip(keys, packed.items(), strict=True)
        )
        self.values = nn.ParameterDict(
            {table.key: scale * torch.randn(len(table.rows), len(table.candidates)) for table in self.tables}
        )
        self.place = {row: (table, index) for table in self.tables for index, row in enumerate(table.rows)}

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Logits:
        """Change what `to` and its like change, but for the device.

        Logits are few. On the CPU they are sampled without waiting for a device, and a generator gives the
        same samples whatever the device of the weights is.
        """
        super()._apply(lambda item: fn(item).to(item.device), recurse)  # type: ignore[no-untyped-call, unused-ignore]
        return self

    def sample(
        self, relaxation: Relaxation, progress: float = 0.0, generator: torch.Generator | None = None
    ) -> dict[str, Sample]:
        """Return one sample for each packed parameter; the relaxation is called once for each."""
        return {
            table.key: relaxation.sample(self.values[table.key], progress, generator) for table in self.tables
        }

    def probabilities(self, relaxation: Relaxation) -> dict[str, Sample]:
        """Return the relaxation's deterministic distribution, in the form of a sample."""
        return {
            table.key: Sample(relaxation.probabilities(self.values[table.key]), one_hot=False)
            for table in self.tables
        }

    def one_hot(self, assignment: Assignment) -> dict[str, Sample]:
        """Return the one-hot weights of an assignment; a choice it leaves out takes its first candidate."""
        samples = {}
        for table in self.tables:
            columns = [table.candidates.index(assignment.get(row, table.candidates[0])) for row in table.rows]
            like = self.values[table.key]
            weights = torch.zeros_like(like, requires_grad=False)
            weights[torch.arange(len(columns)), columns] = 1.0
            samples[table.key] = Sample(weights, one_hot=True)
        return samples

    def by_choice(self, samples: Mapping[str, Sample]) -> dict[str, dict[str, float]]:
        """Return choice → candidate → weight."""
        found = {}
        for table in self.tables:
            rows = samples[table.key].weights.detach().tolist()
            for name, row in zip(table.rows, rows, strict=True):
                found[name] = dict(zip(table.candidates, row, strict=True))
        return found

    def entropies(self, samples: Mapping[str, Sample]) -> dict[str, float]:
        """Return group → mean over its choices of the entropy divided by its maximum, log(candidates).

        0 is decided, 1 undecided; a choice with one candidate does not count.
        """
        parts: dict[str, list[Tensor]] = {}
        for table in self.tables:
            if len(table.candidates) > 1:
                weights = samples[table.key].weights.detach().double()
                entropy = torch.special.entr(weights).sum(-1) / math.log(len(table.candidates))
                parts.setdefault(table.group, []).append(entropy)
        return {group: float(torch.cat(values).mean()) for group, values in parts.items()}

    def rows(self) -> dict[str, list[list[str]]]:
        """Return key → [rows, candidates]: the names that a checkpoint keeps beside the tensors."""
        return {table.key: [list(table.rows), list(table.candidates)] for table in self.tables}

    def load_by_name(self, tensors: Mapping[str, Tensor], names: Mapping[str, list[list[str]]]) -> None:
        """Load logits by the names of their rows and candidates; their places may have changed since.

        Raises:
            RunError: a choice or candidate of this space has no saved logit.
        """
        saved = {
            (row, candidate): tensors[key][i, j]
            for key, (rows, candidates) in names.items()
            for i, row in enumerate(rows)
            for j, candidate in enumerate(candidates)
        }
        with torch.no_grad():
            for table in self.tables:
                for i, row in enumerate(table.rows):
                    for j, candidate in enumerate(table.candidates):
                        if (row, candidate) not in saved:
                            raise RunError(f"the saved logits hold no {row!r} → {candidate!r}")
                        self.values[table.key][i, j] = saved[row, candidate]


def _keys(groups: Sequence[str]) -> list[str]:
    """Return different names that a `ParameterDict` takes: each group, numbered where it has several."""
    keys: list[str] = []
    for place, group in enumerate(groups):
        key = module_key(group, nn.ParameterDict)
        if groups.count(group) > 1:
            key += f":{groups[:place].count(group) + 1}"
        while key in keys:  # a group may be called as another one is numbered
            key += "%"
        keys.append(key)
    return keys
