"""The work of an environment that holds the core alone, the core with one extra, and all extras."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.environments import ROOT, Environment, build_wheel

OPTIONAL = (
    "torchvision",
    "torchaudio",
    "timm",
    "av",
    "torchmetrics",
    "tensorboard",
    "PIL",
    "sklearn",
    "mnist1d",
    "pytest",
)
(README_SEARCH,) = [
    block
    for block in re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
    )
    if "TensorTask" in block
]
IN_A_RUN = "import torch\ntorch.manual_seed(0)\n" + README_SEARCH.replace(
    "search(experiment)", 'search(experiment, "runs/tensors")'
)
FIND = "import importlib.util; print([name for name in {!r} if importlib.util.find_spec(name)])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def core(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """nasframe without an extra."""
    with Environment(tmp_path_factory.mktemp("core"), wheel) as made:
        yield made


def test_of_the_heavy_packages_the_core_needs_torch_alone(core: Environment) -> None:
    assert core.run("python", "-c", FIND.format(("torch", *OPTIONAL))) == "['torch']\n"


def test_the_core_alone_searches_tensors_and_shows_what_it_found(core: Environment) -> None:
    core.run("python", "-c", IN_A_RUN)
    assert (core.folder / "runs" / "tensors" / "architecture.json").is_file()
    assert "head" in core.fork("nasframe", "show", "runs/tensors")
    assert "head" in core.run("python", "-m", "nasframe", "show", "runs/tensors/architecture.json")
    assert "report.html" in core.fork("nasframe", "report", "runs/tensors")


def test_help_and_plugins_need_no_extra(core: Environment) -> None:
    for words in (["--help"], ["--version"], ["demo", "--help"], ["deepfake", "synthesize", "--help"]):
        assert "Traceback" not in core.run("nasframe", *words)
    assert "synthesize" in core.run("nasframe", "deepfake", "--help")
    assert "temperature" in core.run("nasframe", "plugins", "show", "grmc")


def test_plugins_lists_what_is_not_usable_with_what_it_needs(core: Environment) -> None:
    listed = core.fork("nasframe", "plugins")
    (row,) = [line for line in listed.splitlines() if re.match(r"task +deepfake ", line)]
    assert 'pip install "nasframe[deepfake]"' in row
    assert re.search(
        r"not usable: plugin 'nasframe_deepfake' needs .*timm>=1\.0\.26.* are not installed", listed
    )
    assert re.search(r'not usable: plugin \'nasframe_tensorboard\' .*"nasframe\[tensorboard\]"', listed)
    assert "left out" not in listed


EXPERIMENT = '[task]\nname = "deepfake"\n[space]\nname = "bimodal"\n'


@pytest.mark.parametrize(
    "words",
    [
        ("demo", "--out", "runs/new"),
        ("demo", "task.clips=30", "--out", "runs/new"),
        ("run", "mine.toml", "--out", "runs/new"),
        ("run", "mine.toml", "task.no_such_key=1", "--out", "runs/new"),
        ("search", "mine.toml", "--out", "runs/new"),
        ("compare", "mine.toml", "--relaxation", "softmax,stgs", "--out", "runs/new"),
        ("sweep", "mine.toml", "temperature=0.1,0.5", "--out", "runs/new"),
        ("tabulate", "mine.toml", "--out", "runs/new"),
        ("deepfake", "synthesize", "runs/new"),
        ("deepfake", "prepare", "clips", "--out", "runs/new"),
        ("plugins", "show", "deepfake"),
    ],
    ids=" ".join,
)
def test_what_needs_an_extra_says_so_in_one_sentence_before_any_work(
    core: Environment, words: tuple[str, ...]
) -> None:
    (core.folder / "mine.toml").write_text(EXPERIMENT, encoding="utf-8")
    (line,) = core.fork("nasframe", *words, status=2).splitlines()
    assert line.startswith("nasframe: ")
    assert "plugin 'nasframe_deepfake' needs " in line
    assert line.endswith('which are not installed; pip install "nasframe[deepfake]"')
    assert not (core.folder / "runs" / "new").exists()


def test_a_plugin_built_on_the_audiovisual_library_is_told_the_extra_too(core: Environment) -> None:
    (core.folder / "who.py").write_text("from nasframe_audiovisual import play\n", encoding="utf-8")
    (line,) = core.run("nasframe", "plugins", "--plugin", "who.py", status=2).splitlines()
    assert "who.py: cannot be imported" in line
    assert line.count('pip install "nasframe[audiovisual]"') == 1


def test_the_extra_estimators_alone_measures_gradients(wheel: Path, tmp_path: Path) -> None:
    here = Environment(tmp_path, wheel, "estimators")
    here.run("nasframe", "estimators", "--relaxation", "stgs", "--temperature", "0.5", "--draws", "200")
    assert (tmp_path / "runs" / "estimators" / "estimators.json").is_file()


def test_the_extra_tensorboard_adds_event_files_and_changes_nothing(
    core: Environment, wheel: Path, tmp_path: Path
) -> None:
    here, found = Environment(tmp_path, wheel, "tensorboard"), []
    for environment in (core, here):
        run = environment.folder / "runs" / "tensors"
        if not run.exists():
            environment.run("python", "-c", IN_A_RUN)
        architecture = json.loads((run / "architecture.json").read_text(encoding="utf-8"))
        lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        losses = [{**json.loads(line), "seconds": 0} for line in lines]
        found.append((architecture["assignment"], losses, len(list(run.glob("plugins/*/events.*")))))
    assert found[0][:2] == found[1][:2]
    assert (found[0][2], found[1][2]) == (0, 1)
    assert "nasframe_tensorboard" not in here.run("nasframe", "plugins")


def test_the_extra_testing_alone_runs_the_suite_of_a_plugin(wheel: Path, tmp_path: Path) -> None:
    here = Environment(tmp_path, wheel, "testing")
    (tmp_path / "test_softmax.py").write_text(
        "from nasframe.relaxations import Softmax\n"
        "from nasframe.testing import RelaxationSuite\n\n\n"
        "class TestSoftmax(RelaxationSuite):\n"
        "    def make(self):\n        return Softmax()\n",
        encoding="utf-8",
    )
    assert re.search(r"\d+ passed", here.run("python", "-m", "pytest", "-q", "test_softmax.py"))


def test_the_extra_deepfake_alone_goes_from_clips_to_a_verdict(wheel: Path, tmp_path: Path) -> None:
    with Environment(tmp_path, wheel, "deepfake", imported=["nasframe_deepfake.*"]) as here:
        assert here.run("python", "-c", FIND.format(("tensorboard", "PIL", "sklearn", "pytest"))) in (
            "[]\n",
            "['PIL']\n",  # torchvision brings it
        )
        here.run("nasframe", "deepfake", "synthesize", "clips", "--clips", "30", "--workers", "1")
        small = ["task.size=32", "task.picture_epochs=1", "task.sound_epochs=1", "space.channels=8"]
        small += ["search.epochs=1", "search.candidates=4", "search.finalists=2", "search.finalists_drawn=1"]
        small += ["train.epochs=1", "baselines.random=0", "baselines.task=false"]
        here.fork("nasframe", "demo", *small, "--data", "clips", "--out", "runs/small")
        clip = next((tmp_path / "clips").rglob("*.mp4"))
        scored = json.loads(here.fork("nasframe", "predict", "runs/small", str(clip), "--json"))
        assert 0 <= scored["score"] <= 1
        assert "tensorboard" in here.fork("nasframe", "plugins")


def test_the_extra_tabular_alone_makes_sequences(wheel: Path, tmp_path: Path) -> None:
    here = Environment(tmp_path, wheel, "tabular")
    code = (
        "import nasframe\n"
        "from nasframe.runtime import SILENT\n"
        "from nasframe_tabular.tasks import Mnist1D\n"
        "task = Mnist1D(sizes=(30, 20, 20, 50))\n"
        "experiment = nasframe.Experiment.of(task=task, space='bimodal')\n"
        "print(len(nasframe.prepare(experiment, None, None, SILENT).data.splits.test()))\n"
    )
    assert here.run("python", "-c", code) == "50\n"
    assert "plugin 'nasframe_tabular' needs" not in here.run("nasframe", "plugins")


def test_with_the_extra_all_nothing_is_unusable(wheel: Path, tmp_path: Path) -> None:
    here = Environment(tmp_path, wheel, "all")
    listed = here.run("nasframe", "plugins")
    assert "not usable" not in listed
    assert "left out" not in listed
    assert here.run("python", "-c", FIND.format(OPTIONAL)) == f"{[*OPTIONAL]}\n"
