"""The operations of the cells: sizes, what they see, their options, and the shapes that they refuse."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nasframe import Operation, OpSpec
from nasframe.errors import SpaceError
from nasframe.operations import build_operation, infer

STRIDED = (
    "nor_conv_1",
    "nor_conv_3",
    "sep_conv_3",
    "sep_conv_5",
    "dil_conv_3",
    "dil_conv_5",
    "avg_pool_3",
    "max_pool_3",
    "skip_connect",
)
WITH_NORM = [name for name in STRIDED if "conv" in name]


def made(name: str, *shapes: tuple[int, ...], **options: Any) -> Operation:
    torch.manual_seed(0)
    return build_operation(OpSpec(name, options), shapes).double()


def seen(operation: Operation, x: Tensor, position: int) -> list[int]:
    """The positions of a sequence that one position of the output depends on."""
    x.requires_grad_()
    operation.eval()(x)[..., position].sum().backward()
    assert x.grad is not None
    return [int(place) for place in x.grad.abs().sum((0, 1)).nonzero()]


@pytest.mark.parametrize("size", [(1,), (2,), (7,), (8,), (1, 1), (5, 8), (8, 5)])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("name", STRIDED)
def test_the_size_is_divided_by_the_stride_and_rounded_up(
    name: str, stride: int, size: tuple[int, ...]
) -> None:
    shape, _ = infer(OpSpec(name, {"stride": stride}), [(4, *size)])
    assert shape == (4, *(math.ceil(length / stride) for length in size))


@pytest.mark.parametrize("size", [(1,), (7,), (8,), (1, 2), (5, 8)])
def test_a_residual_reduction_halves_the_size_and_doubles_the_channels(size: tuple[int, ...]) -> None:
    shape, _ = infer(OpSpec("residual_reduction"), [(4, *size)])
    assert shape == (8, *(math.ceil(length / 2) for length in size))


@pytest.mark.parametrize(
    ("name", "places"),
    [
        ("nor_conv_1", [8]),
        ("nor_conv_3", [7, 8, 9]),
        ("sep_conv_3", [6, 7, 8, 9, 10]),
        ("sep_conv_5", [4, 5, 6, 7, 8, 9, 10, 11, 12]),
        ("dil_conv_3", [6, 8, 10]),
        ("dil_conv_5", [4, 6, 8, 10, 12]),
        ("avg_pool_3", [7, 8, 9]),
    ],
)
def test_a_position_sees_as_far_as_the_papers_say(name: str, places: list[int]) -> None:
    # every position is positive, and there are many channels: no ReLU closes one of them everywhere
    x = torch.rand(1, 32, 17, dtype=torch.float64) + 1
    assert seen(made(name, (32, 17)), x, 8) == places


@pytest.mark.parametrize("length", [8, 9])
def test_a_factorised_reduction_sees_every_position_of_its_input(length: int) -> None:
    x = torch.rand(2, 4, length, dtype=torch.float64, requires_grad=True)
    made("skip_connect", (4, length), stride=2).eval()(x).sum().backward()
    assert x.grad is not None
    assert (x.grad.abs().sum((0, 1)) > 0).all()


@pytest.mark.parametrize("length", [4, 5])
def test_the_halves_of_a_factorised_reduction_take_the_even_and_the_odd_positions(length: int) -> None:
    operation, x = made("skip_connect", (2, length), stride=2).eval(), torch.rand(1, 2, length).double()
    found = operation(x) * math.sqrt(1 + 1e-5)  # an untrained normalisation divides by this in evaluation
    odd = x[..., 1::2] if length % 2 == 0 else torch.cat([x[..., 1::2], torch.zeros(1, 2, 1)], -1)
    state = operation.state_dict()
    expected = torch.cat(
        [
            torch.einsum("oi,bil->bol", state["even.weight"][..., 0], x[..., ::2]),
            torch.einsum("oi,bil->bol", state["odd.weight"][..., 0], odd),
        ],
        1,
    )
    torch.testing.assert_close(found, expected)


def test_pooling_leaves_out_what_lies_outside() -> None:
    x = torch.full((1, 2, 5, 5), -3.0, dtype=torch.float64)
    for name in ("avg_pool_3", "max_pool_3"):
        assert torch.equal(made(name, (2, 5, 5))(x), x)


def test_the_mean_at_an_edge_is_that_of_the_positions_that_are_there() -> None:
    x = torch.tensor([[[1.0, 2.0, 6.0]]], dtype=torch.float64)
    assert made("avg_pool_3", (1, 3))(x).tolist() == [[[1.5, 3.0, 4.0]]]


def test_a_convolution_is_relu_then_convolution_then_normalisation() -> None:
    operation, x = made("nor_conv_3", (3, 6, 5), channels=4).train(), torch.randn(8, 3, 6, 5).double()
    (weight,) = (value for name, value in operation.named_parameters() if value.ndim == 4)
    expected = F.batch_norm(F.conv2d(F.relu(x), weight, padding=1), None, None, training=True)
    torch.testing.assert_close(operation(x), expected)


def test_an_image_of_one_row_is_treated_as_a_sequence() -> None:
    image, sequence = made("sep_conv_5", (3, 1, 9)).eval(), made("sep_conv_5", (3, 9)).eval()
    state = sequence.state_dict()
    for name, value in image.state_dict().items():
        # the middle row of a kernel is all that one row of an image sees
        state[name] = value[:, :, value.shape[2] // 2] if value.ndim == 4 else value
    sequence.load_state_dict(state)
    x = torch.randn(2, 3, 9).double()
    torch.testing.assert_close(image(x[:, :, None])[:, :, 0], sequence(x))


@pytest.mark.parametrize("name", [*WITH_NORM, "residual_reduction", "conv_stem"])
def test_without_affine_only_convolutions_are_trained(name: str) -> None:
    operation = made(name, (4, 6), affine=False)
    assert all(value.ndim > 1 for value in operation.parameters())
    assert any(value.ndim == 1 for value in made(name, (4, 6)).parameters())


def test_the_head_is_a_linear_layer_on_the_mean_of_all_positions() -> None:
    operation, x = made("pooled_head", (3, 4, 5), outputs=2), torch.randn(2, 3, 4, 5).double()
    expected = F.linear(x.mean((2, 3)), *operation.parameters())
    torch.testing.assert_close(operation(x), expected)


@pytest.mark.parametrize(
    "name", [*STRIDED, "residual_reduction", "conv_stem", "pooled_head", "concat_channels"]
)
@pytest.mark.parametrize("shape", [(4,), (4, 5, 6, 7)])
def test_another_shape_is_refused_in_words(name: str, shape: tuple[int, ...]) -> None:
    words = r"\(channels, height, width\) of an image or \(channels, length\) of a sequence.*found \(4,"
    with pytest.raises(SpaceError, match=words):
        made(name, shape)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("nor_conv_3", {"channels": 0}, "channels must be at least 1, found 0"),
        ("nor_conv_3", {"stride": 0}, "stride must be at least 1, found 0"),
        ("sep_conv_3", {"stride": 0}, "stride must be at least 1, found 0"),
        ("max_pool_3", {"stride": -1}, "stride must be at least 1, found -1"),
        ("skip_connect", {"stride": 3}, "stride must be 1 or 2, found 3"),
        ("skip_connect", {"channels": 5}, "passes 4 channels on, and 5 are asked for"),
        ("skip_connect", {"channels": 1, "stride": 2}, "at least 2 channels, found 1"),
        ("conv_stem", {"channels": 0}, "channels must be at least 1, found 0"),
        ("residual_reduction", {"channels": 0}, "channels must be at least 1, found 0"),
        ("pooled_head", {"outputs": 0}, "outputs must be at least 1, found 0"),
    ],
)
def test_an_option_out_of_range_is_refused_in_words(name: str, options: dict[str, int], words: str) -> None:
    with pytest.raises(SpaceError, match=words):
        made(name, (4, 8), **options)


def test_inputs_of_two_sizes_are_not_concatenated() -> None:
    with pytest.raises(SpaceError, match=r"of one size, found \(4, 8\), \(4, 9\)"):
        made("concat_channels", (4, 8), (4, 9))
