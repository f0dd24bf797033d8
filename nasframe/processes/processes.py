"""A group of several processes, over torch's collectives."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from attrs import define, field
from safetensors.torch import load, save
from torch import Tensor
from torch import distributed as dist

from nasframe.errors import ConfigurationError, RunError
from nasframe.processes.gradients import average_gradients, ranks_with_others
from nasframe.processes.group import Group, Message
from nasframe.processes.outputs import rows_of, whole_outputs
from nasframe.processes.peers import Peers
from nasframe.runtime import RandomStates, derive_seed

__all__ = ["Processes"]


@define
class Processes(Group):
    """This process among others, once torch's default group is there.

    Args:
        rank: of this process.
        count: of processes.
        place: of a GPU on this machine that is its own.
        peers: by which it hears of the others.
    """

    rank: int
    count: int
    place: int
    peers: Peers
    _together: bool = field(init=False, default=True)

    def device(self, device: torch.device) -> torch.device:
        return device if device.type == "cpu" else torch.device(device.type, self.place)

    def check_batch(self, smallest: int) -> None:
        if smallest < self.count:
            raise ConfigurationError("search.batch_size", [_too_small(smallest, self.count)])

    def check_layers(self, mixing: Sequence[str]) -> None:
        if mixing:
            raise ConfigurationError(
                "space",
                [
                    f"{mixing[0]}: normalises by the statistics of a batch, of which each of {self.count} "
                    "processes has only a part; search in one process, or without such layers"
                ],
            )

    def part(self, whole: Tensor) -> Tensor:
        if len(whole) < self.count:
            raise RunError(_too_small(len(whole), self.count))
        return whole[rows_of(self.rank, self.count, len(whole))]

    def whole(self, part: Tensor, size: int) -> Tensor:
        with self._collective():
            return whole_outputs(part, size)

    def mean_gradients(self, parameters: Sequence[Tensor]) -> None:
        with self._collective():
            others = ranks_with_others(parameters)
        if others:
            raise RunError(
                f"process {_listed(others)} of the {self.count} of this search has gradients of other "
                "parameters than process 0, so it computes another architecture"
            )
        with self._collective():
            average_gradients(parameters)

    def check_same(self, states: Mapping[str, Sequence[Tensor]], when: str) -> None:
        own = torch.frombuffer(bytearray(b"".join(map(_digest, states.values()))), dtype=torch.uint8)
        found = [torch.empty_like(own) for _ in range(self.count)]
        with self._collective():
            dist.all_gather(found, own)
        parts = [item.view(len(states), -1) for item in found]
        for place, name in enumerate(states):
            others = [
                rank for rank in range(self.count) if not torch.equal(parts[rank][place], parts[0][place])
            ]
            if others:
                raise RunError(
                    f"{when}, process {_listed(others)} of the {self.count} of this search has other {name} "
                    "than process 0"
                )

    @contextmanager
    def own_random(self) -> Iterator[None]:
        drawn = int(torch.randint(2**62, ()))  # the same number in all processes
        before = RandomStates.of_torch()
        torch.manual_seed(derive_seed(drawn, "process", self.rank))
        try:
            yield
        finally:
            before.restore()

    def from_first(self, make: Callable[[], Message]) -> Message:
        content = b""
        if self.is_first:
            value, tensors = make()
            words = json.dumps(value).encode()
            content = len(words).to_bytes(8, "big") + words + save(_plain(tensors))
        length = torch.tensor(len(content))
        with self._collective():
            dist.broadcast(length, 0)
            sent = torch.empty(int(length), dtype=torch.uint8)
            if self.is_first:
                sent = torch.frombuffer(bytearray(content), dtype=torch.uint8)
            dist.broadcast(sent, 0)
        received = sent.numpy().tobytes()
        end = 8 + int.from_bytes(received[:8], "big")
        return json.loads(received[8:end]), load(received[end:])

    def begin(self, call: Mapping[str, Any]) -> None:
        self.peers.call(call)

    def await_call(self) -> Mapping[str, Any] | None:
        """Return what the first process tells by `begin`; None where it ends without.

        Raises:
            RunError: a process has ended.
        """
        return self.peers.await_call()

    def meet(self) -> None:
        """Wait until all processes have come here."""
        with self._collective():
            dist.all_reduce(torch.zeros(1))

    def leave(self) -> None:
        if not self._together:
            return
        if self.is_first:
            self.peers.call(None)  # whoever still waits for a call has nothing to do
        self.meet()  # the first process may keep the store, and end now
        self._disconnect()

    def fail(self, error: BaseException) -> RunError | None:
        """End by an error of this process, which the others hear of while they have a part in the work.

        Returns:
            The error to say in its place; see `Peers.fail`.
        """
        return self.peers.fail(error, self._disconnect) if self._together else None

    def _disconnect(self) -> None:
        if self._together:
            self._together = False
            dist.destroy_process_group()

    @contextmanager
    def _collective(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:  # a process has closed its connection, or was silent for too long
            raise self.peers.ended(error) from error


def _too_small(examples: int, count: int) -> str:
    return (
        f"a batch holds {examples}, and {count} processes need an example each; take fewer processes, or "
        "another search.batch_size"
    )


def _digest(tensors: Sequence[Tensor]) -> bytes:
    digest = hashlib.sha256()
    for item in tensors:
        digest.update(item.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.digest()


def _plain(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors on the CPU that share no memory."""
    return {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}


def _listed(ranks: Sequence[int]) -> str:
    return ", ".join(map(str, ranks))
