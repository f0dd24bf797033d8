"""Frozen networks whose normalisation, additions and ReLU are parts of their convolutions."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor, nn

from nasframe_audiovisual import make_backbone
from nasframe_audiovisual.backbones import FusedNetwork
from nasframe_audiovisual.features.side_by_side import side_by_side

SIZE = (48, 48)
CPU = torch.device("cpu")


def made(name: str, channels: int = 3) -> nn.Module:
    """Return a frozen backbone whose statistics are those of some images, as after a training."""
    torch.manual_seed(0)
    network = make_backbone(name, channels, size=SIZE)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.2)
    with torch.no_grad():
        for _ in range(3):
            network.train()(images(channels, 8))
    return network.eval().requires_grad_(False)


def images(channels: int = 3, count: int = 3) -> Tensor:
    return torch.randn(count, channels, *SIZE, generator=torch.Generator().manual_seed(count))


def assert_same(network: nn.Module, fused: nn.Module, channels: int = 3) -> None:
    with torch.inference_mode():
        before, after = network(images(channels)), fused(images(channels))
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        assert (one - other).abs().max() < 1e-3 * one.abs().max()
        torch.testing.assert_close(other, one, atol=1e-4, rtol=1e-4)


def kinds_of_layers(network: nn.Module) -> set[type[nn.Module]]:
    return {type(module) for module in network.modules()}


@pytest.mark.parametrize("channels", [3, 1])
def test_a_resnet_gives_the_same_maps_without_batch_norm_and_relu(channels: int) -> None:
    network = made("test_resnet" if channels == 1 else "resnet18", channels)
    fused = FusedNetwork().of(network)
    assert_same(network, fused, channels)
    if fused is not network:  # where there is oneDNN
        assert nn.BatchNorm2d in kinds_of_layers(network)
        assert not {nn.BatchNorm2d, nn.ReLU, nn.Conv2d} & kinds_of_layers(fused)


@pytest.mark.parametrize("name", ["resnet26t", "resnext26ts", "test_efficientnet", "test_vit", "vgg11_bn"])
def test_other_kinds_give_the_same_maps(name: str) -> None:
    network = made(name)
    assert_same(network, FusedNetwork().of(network))


def test_a_changed_weight_and_a_changed_statistic_are_seen() -> None:
    network, holder = made("test_resnet"), FusedNetwork()
    first = holder.of(network)
    assert holder.of(network) is first
    for value in (next(network.parameters()), next(network.buffers())):
        with torch.no_grad():
            value.add_(0.1)
        assert_same(network, holder.of(network))
    tensors = {name: value * 1.1 for name, value in network.state_dict().items()}
    network.load_state_dict(tensors)
    assert_same(network, holder.of(network))


def test_in_another_thread_a_network_is_left_as_it_is() -> None:
    """To trace it there would break the passes of all other threads."""
    network, holder, found = made("test_resnet"), FusedNetwork(), list[nn.Module]()
    other = threading.Thread(target=lambda: found.append(holder.of(network)))
    other.start()
    other.join()
    assert found == [network]
    assert holder.of(network) is not network


class Mixed(nn.Module):
    """Layers of which not all may be fused."""

    def __init__(self) -> None:
        super().__init__()
        self.used_twice, self.changed = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding="same")
        self.both, self.last = nn.Conv2d(4, 4, 1, bias=False), nn.Conv2d(4, 4, 3, 2, 1, groups=2)
        self.norms = nn.ModuleList(nn.BatchNorm2d(4) for _ in range(4))

    def forward(self, images: Tensor) -> list[Tensor]:
        first = self.used_twice(images)
        second = self.norms[0](first)
        third = self.norms[1](self.changed(second))
        kept = third * 1
        fourth = self.norms[2](self.both(third))
        third.relu_()  # after its convolution has read it
        fifth = torch.relu(fourth + third)
        return [first, second, kept, self.norms[3](self.last(fifth)) + 1]


def test_what_is_used_twice_or_changed_in_place_stays_as_it_is() -> None:
    torch.manual_seed(0)
    network = Mixed()
    for _ in range(3):
        network(images(count=8))
    assert_same(network.eval(), FusedNetwork().of(network))


def test_a_network_in_training_mode_or_in_float64_is_left_alone() -> None:
    network = made("test_resnet")
    assert FusedNetwork().of(network.train()) is network
    assert FusedNetwork().of(network.eval().double()) is network


def test_images_computed_side_by_side_give_what_one_thread_gives() -> None:
    network = made("test_resnet")

    def means(some: Tensor) -> list[Tensor]:
        return [stage.mean(2) for stage in network(some)]

    before = torch.get_num_threads()
    try:
        found = []
        for threads in (1, 3):
            torch.set_num_threads(threads)
            found.append(side_by_side(means, images(count=7)))
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
