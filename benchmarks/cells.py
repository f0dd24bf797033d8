"""One search step (a weight and an architecture update) of the NAS-Bench-201 space, beside a plain one.

The plain supernet is written for this benchmark with PyTorch alone, as a cell with mixed operations usually
is: every edge evaluates all candidates and adds them up by their weights, and both updates back-propagate
through everything. It gets the parameters of nasframe's supernet, and the outputs of both are compared before
anything is timed. With grmc, both draw their weights by the same relaxation.

    python benchmarks/cells.py [cpu|cuda]
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import torch
from interleaved import report
from torch import Tensor, nn
from torch.nn import functional as F

from nasframe import Relaxation, SearchOptions, TensorTask, Update
from nasframe.relaxations import GumbelRaoMonteCarlo, Softmax
from nasframe.searching import Bilevel, Search
from nasframe_cells.nas_bench_201 import NASBench201

SIZES = {"16 channels, 1 cell a stage, 16 x 16": (16, 1, 16), "8 channels, 3 cells a stage, 8 x 8": (8, 3, 8)}
BATCH = 32
CLASSES = 10


class Conv(nn.Sequential):
    """ReLU, convolution, batch normalisation."""

    def __init__(self, channels: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(
            nn.ReLU(),
            nn.Conv2d(channels, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
        )


class MixedOperation(nn.Module):
    """All five candidates of an edge, added up by their weights."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.operations = nn.ModuleList(
            [
                Conv(channels, channels, 1),
                Conv(channels, channels, 3),
                nn.AvgPool2d(3, 1, 1, count_include_pad=False),
            ]
        )

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        values = [torch.zeros_like(x), x, *(operation(x) for operation in self.operations)]
        total: Tensor = sum(weight * value for weight, value in zip(weights, values, strict=True))  # type: ignore[assignment]
        return total


class Cell(nn.Module):
    """Four nodes, each the sum of the mixed operations on all nodes before it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.edges = nn.ModuleList(MixedOperation(channels) for _ in range(6))

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        nodes, number = [x], 0
        for target in range(1, 4):
            total = 0
            for source in range(target):
                total = total + self.edges[number](nodes[source], weights[number])
                number += 1
            nodes.append(total)  # type: ignore[arg-type]
        return nodes[-1]


class Reduction(nn.Module):
    """The residual block between two stages."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.main = nn.Sequential(Conv(channels, 2 * channels, 3, 2), Conv(2 * channels, 2 * channels, 3))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(channels, 2 * channels, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.main(x) + self.shortcut(x)
        return output


class PlainSupernet(nn.Module):
    """The NAS-Bench-201 supernet, with its logits."""

    def __init__(self, channels: int, cells: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(1e-3 * torch.randn(6, 5))
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        layers: list[nn.Module] = []
        for stage in range(3):
            if stage:
                layers.append(Reduction(channels))
                channels *= 2
            layers += [Cell(channels) for _ in range(cells)]
        self.layers = nn.ModuleList(layers)
        self.norm = nn.BatchNorm2d(channels)
        self.linear = nn.Linear(channels, CLASSES)

    def forward(self, x: Tensor, weights: Tensor) -> Tensor:
        x = self.stem(x)
        for layer in self.layers:
            x = layer(x, weights) if isinstance(layer, Cell) else layer(x)
        output: Tensor = self.linear(F.relu(self.norm(x)).mean((2, 3)))
        return output


def copy_parameters(plain: PlainSupernet, search: Search) -> None:
    """Give the plain supernet the parameters of nasframe's, in the order of the layers."""
    net, space = search.supernet, search.space

    def in_order() -> Iterator[nn.Parameter]:
        for name in space.wiring.nodes:
            if name.endswith("/1"):
                cell = name.rpartition("/")[0]
                for target in range(1, 4):
                    for source in range(target):
                        yield from net.edges[f"{cell}/{source}>{cell}/{target}:x"].parameters()  # type: ignore[union-attr]
            elif name in net.nodes and "/" not in name:
                yield from net.nodes[name].parameters()  # type: ignore[union-attr]

    given = list(in_order())
    own = [value for name, value in plain.named_parameters() if name != "logits"]
    with torch.no_grad():
        for value, other in zip(own, given, strict=True):
            value.copy_(other)
        (logits,) = net.architecture_parameters()
        plain.logits.copy_(logits)


def compare(relaxation: Relaxation, size: tuple[int, int, int], device: torch.device, title: str) -> None:
    channels, cells, side = size
    torch.manual_seed(0)
    images = torch.randn(10 * BATCH, 3, side, side)
    task = TensorTask({"image": images}, torch.arange(10 * BATCH) % CLASSES)
    data = task.data({})
    space = NASBench201(channels=channels, cells=cells).build(data.inputs, data.outputs)
    options = SearchOptions(batch_size=BATCH)
    search = Search(space, task, data, relaxation, Bilevel(), options, device=device)
    plain = PlainSupernet(channels, cells).to(device)
    copy_parameters(plain, search)
    batch = torch.arange(BATCH)
    splits = (data.splits.weights, data.splits.architecture)
    inner, outer = (split.batch(batch).to(device) for split in splits)  # as the loop gives them
    check_same_function(plain, search, images[:BATCH].to(device))

    noise = torch.Generator(device).manual_seed(0)
    weights = [value for name, value in plain.named_parameters() if name != "logits"]
    optimisers = (torch.optim.Adam(weights, 1e-3), torch.optim.Adam([plain.logits], 3e-4, (0.5, 0.999)))
    plain.train()

    def plain_step() -> None:
        for split, optimiser in zip((inner, outer), optimisers, strict=True):
            plain.zero_grad()
            drawn = relaxation.sample(plain.logits, 0.0, noise).weights
            outputs = plain(split.inputs["image"], drawn)
            F.cross_entropy(outputs, split.targets).backward()
            nn.utils.clip_grad_norm_([p for group in optimiser.param_groups for p in group["params"]], 5.0)
            optimiser.step()

    def own_step() -> None:
        search.learner.update(Update("weights", inner), 0, noise)
        search.learner.update(Update("architecture", outer), 0, noise)

    def waiting(step: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            step()
            if device.type == "cuda":
                torch.cuda.synchronize()

        return run

    report(title, {"plain PyTorch": waiting(plain_step), "nasframe": waiting(own_step)})


def check_same_function(plain: PlainSupernet, search: Search, images: Tensor) -> None:
    """Refuse to time two supernets that compute something else."""
    plain.eval(), search.supernet.eval()
    with torch.no_grad():
        expected = plain(images, plain.logits.softmax(-1))
        found = search.supernet({"image": images}, search.supernet.logits.sample(Softmax()))
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
    search.supernet.train()


def main() -> None:
    device = torch.device(sys.argv[1] if len(sys.argv) > 1 else "cpu")
    relaxations = {"softmax": Softmax(), "grmc": GumbelRaoMonteCarlo()}
    for words, size in SIZES.items():
        for name, relaxation in relaxations.items():
            where = f"{torch.get_num_threads()} threads" if device.type == "cpu" else str(device)
            compare(relaxation, size, device, f"{name}, {words}, batch {BATCH}, {where}")


if __name__ == "__main__":
    main()
