"""Models of many kinds as backbones: convolutional ones, transformers, some of a fixed size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nasframe.errors import DataError, RunError
from nasframe_audiovisual import (
    COLUMNS,
    Extractor,
    check_backbone,
    load_extractor,
    make_backbone,
    stage_channels,
)

CPU = torch.device("cpu")
PICTURES, SOUNDS = (48, 48), (32, COLUMNS)
KINDS = {
    "resnet": "test_resnet",
    "convnext": "test_convnext",
    "efficientnet": "test_efficientnet",
    "regnet": "regnetx_002",
    "mobilenet": "mobilenetv3_small_050",
    "channels last": "test_mambaout",
    "transformer": "test_vit",
    "windows of attention": "swin_tiny_patch4_window7_224",
    "blocks of a fixed size": "test_coatnet",
    "computed places": "mvitv2_tiny",
    "five stages": "vgg11",
}


def made(name: str, channels: int, size: tuple[int, int]) -> torch.nn.Module:
    torch.manual_seed(0)
    return make_backbone(name, channels, size=size)


@pytest.fixture(params=[*KINDS], scope="module")
def extractor(request: pytest.FixtureRequest) -> Extractor:
    name = KINDS[request.param]
    return Extractor(made(name, 3, PICTURES), made(name, 1, SOUNDS), 4, 0.0, 1.0, CPU)


def test_every_kind_gives_four_features_of_each_stream_that_do_not_change(extractor: Extractor) -> None:
    random = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (2, 3, *PICTURES, 3), generator=random, dtype=torch.uint8)
    sounds = torch.randn(2, *SOUNDS, generator=random)
    found = {**extractor.pictures(pictures), **extractor.sounds(sounds)}
    again = {**extractor.pictures(pictures), **extractor.sounds(sounds)}
    assert [*found] == ["I1", "I2", "I3", "I4", "S1", "S2", "S3", "S4"]
    for name, values in found.items():
        assert values.shape == (2, 4, extractor.channels[name])
        assert values.isfinite().all()
        assert values.equal(again[name])
    one = {**extractor.pictures(pictures[1:]), **extractor.sounds(sounds[1:])}
    for name, values in one.items():
        torch.testing.assert_close(values, found[name][1:], atol=1e-4, rtol=1e-3)


def test_the_sound_keeps_its_order_in_time(extractor: Extractor) -> None:
    sounds = torch.zeros(1, *SOUNDS)
    sounds[..., COLUMNS // 2 :] = torch.randn(
        SOUNDS[0], COLUMNS // 2, generator=torch.Generator().manual_seed(0)
    )
    first = extractor.sounds(sounds)["S1"][0]
    silent, loud = first[0] - first[1], first[0] - first[3]
    assert silent.norm() < loud.norm()


@pytest.mark.parametrize("size", [PICTURES, (64, 64)])
def test_maps_with_channels_last_pool_as_those_with_channels_first(size: tuple[int, int]) -> None:
    network = made("test_mambaout", 3, size).eval()
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        turned = network(images)
        plain = network.model(images)  # type: ignore[operator]
    assert [stage.shape[1] for stage in turned] == stage_channels(network)
    for one, other in zip(turned, plain, strict=True):
        assert other.shape[3] == one.shape[1]
        torch.testing.assert_close(one.mean((2, 3)), other.mean((1, 2)))
        torch.testing.assert_close(one.mean(2), other.mean(1).transpose(1, 2))


def test_images_that_a_model_does_not_take_are_enlarged_as_bilinear_interpolation_does() -> None:
    network = made("test_coatnet", 3, (48, 48)).eval()
    images = torch.randn(1, 3, 48, 48, generator=torch.Generator().manual_seed(0))
    larger = torch.nn.functional.interpolate(images, (64, 64), mode="bilinear", align_corners=False)
    with torch.inference_mode():
        for one, other in zip(network(images), network.model(larger), strict=True):  # type: ignore[operator]
            assert one.equal(other)


def test_images_wider_than_a_table_of_places_are_brought_to_the_size_of_the_model() -> None:
    check_backbone("mvitv2_tiny", 1, (64, 256))
    network = made("mvitv2_tiny", 1, (64, 256)).eval()
    sounds = torch.randn(1, 1, 64, 256, generator=torch.Generator().manual_seed(0))
    own = torch.nn.functional.interpolate(sounds, (224, 224), mode="bilinear", align_corners=False)
    with torch.inference_mode():
        for one, other in zip(network(sounds), network.model(own), strict=True):  # type: ignore[operator]
            assert one.equal(other)


def test_the_trial_of_a_model_with_computed_places_draws_nothing() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    check_backbone("mvitv2_tiny", 3, (96, 80))
    assert torch.get_rng_state().equal(before)


def test_a_model_that_takes_all_sizes_is_what_timm_makes() -> None:
    import timm

    torch.manual_seed(0)
    usual = timm.create_model("test_resnet", features_only=True, out_indices=(-4, -3, -2, -1), in_chans=1)
    state = made("test_resnet", 1, SOUNDS).state_dict()
    assert state.keys() == usual.state_dict().keys()
    assert all(value.equal(state[name]) for name, value in usual.state_dict().items())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("levit_128s", r"it has 3 stages, and four maps are needed; a model that can: resnet34$"),
        ("efficientvit_m0", r"it has 3 stages, and four maps are needed; a model that can: \w+$"),
        ("csatv2", r"it takes no images of 32 × 256 pixels \(.*\); a model that can: \w+$"),
    ],
)
def test_a_model_that_cannot_is_refused_in_a_sentence_with_one_that_can(name: str, reason: str) -> None:
    with pytest.raises(DataError, match=rf"^{name} cannot be a backbone: {reason}") as caught:
        check_backbone(name, 1, SOUNDS)
    check_backbone(str(caught.value).rpartition(" ")[2], 1, SOUNDS)


def test_a_name_that_is_like_none_is_answered_with_a_few() -> None:
    with pytest.raises(DataError, match=r"^unknown backbone 'hf-hub:a/b'; valid: .*resnet34$"):
        check_backbone("hf-hub:a/b")
    with pytest.raises(
        DataError, match=r"^unknown backbone 'convnext_atoo'; did you mean 'convnext_atto' or"
    ):
        check_backbone("convnext_atoo")
    with pytest.raises(DataError, match=r"^unknown weights 'resnet34\.foo' of a backbone; .*'resnet34\."):
        check_backbone("resnet34.foo")


def test_each_stream_is_loaded_with_its_own_model_and_no_other(tmp_path: Path) -> None:
    models = {"picture": ("test_coatnet", 3, PICTURES), "sound": ("test_resnet", 1, SOUNDS)}
    for stream, model in models.items():
        save_file(made(*model).state_dict(), tmp_path / f"{stream}.safetensors")
    sizes = PICTURES, SOUNDS
    loaded = load_extractor(tmp_path, "test_coatnet", 4, CPU, (0.0, 1.0), "test_resnet", sizes)
    for network, model in ((loaded.picture, models["picture"]), (loaded.sound, models["sound"])):
        own = made(*model).state_dict()
        assert all(value.equal(own[name]) for name, value in network.state_dict().items())
    with pytest.raises(RunError, match="expected the weights of test_coatnet"):
        load_extractor(tmp_path, "test_coatnet", 4, CPU, (0.0, 1.0), None, sizes)


def test_a_stem_that_would_end_the_process_is_trained() -> None:
    code = """
import torch
from nasframe_audiovisual import channels_last, make_backbone
torch.set_num_threads(1)
network = make_backbone("fastvit_t8", 3, size=(64, 64)).train()
for _ in range(6):
    maps = network(channels_last(torch.randn(8, 3, 64, 64)))
    sum(stage.mean() for stage in maps).backward()
print("trained")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "trained\n", done.stderr
