"""Data sets of the deepfake task: registered by plugins, found by name or by their folders."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe import Experiment, stage_fingerprints
from nasframe.cli import main
from nasframe.errors import ConfigurationError, ContractError, DataError, PluginWarning
from nasframe.plugins import PluginManager
from nasframe.runtime import Progress
from nasframe_deepfake import CATEGORIES, Clip, Dataset, Desync, Listing
from nasframe_deepfake.preparation import prepare
from nasframe_deepfake.task import DeepfakeTask
from tests.docs.test_extending import FILES
from tests.nasframe_deepfake.conftest import write_tree
from tests.plugins.made import plugin

ROW = (
    "id1,-,-,real,A,RealVideo-RealAudio,African,men,00001.mp4,FakeAVCeleb/RealVideo-RealAudio/African/men/id1"
)


class Marked(Dataset):
    """A folder with a mark in it."""

    expects = "a file called mark"

    def recognises(self, folder: Path) -> bool:
        return (folder / "mark").exists()

    def read(self, folder: Path, desync: Desync) -> Listing:
        files = sorted(item.name for item in folder.glob("*.mp4"))
        return Listing(folder, [Clip(name, "RV-RA", "real", name, (), "", "") for name in reversed(files)])


def broken(**methods: Any) -> type[Dataset]:
    """The data set with some methods or attributes replaced."""
    return type("Broken", (Marked,), methods)


@pytest.fixture
def register(plugins: PluginManager) -> Callable[..., None]:
    def register(name: str, **datasets: Any) -> None:
        plugins.register(plugin(register_deepfake_datasets=lambda: datasets), name)

    return register


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    folder = tmp_path / "marked"
    folder.mkdir()
    for name in ("mark", "b.mp4", "a.mp4"):
        (folder / name).touch()
    return folder


def layout(dataset: str, folder: Path | None) -> str:
    return DeepfakeTask(dataset=dataset).preparation(0, folder).dataset


def test_a_folder_in_fakeavcelebs_layout_is_recognised(tmp_path: Path) -> None:
    assert layout("auto", write_tree(tmp_path / "set", [ROW])) == "fakeavceleb"


def test_synthesised_clips_are_in_fakeavcelebs_layout() -> None:
    assert layout("auto", None) == "fakeavceleb"


def test_a_registered_data_set_is_recognised_by_its_folder(
    register: Callable[..., None], marked: Path
) -> None:
    register("mine", marked=Marked)
    assert (
        layout("auto", marked) == layout("marked", marked) == layout("mine:marked", marked) == "mine:marked"
    )


def test_a_folder_that_no_data_set_recognises_is_an_error_that_says_what_each_expects(
    register: Callable[..., None], tmp_path: Path
) -> None:
    register("mine", marked=Marked)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError) as caught:
        layout("auto", tmp_path)
    assert str(caught.value) == (
        f"task.dataset: no data set recognises {tmp_path}, which holds notes.txt"
        "\n  av_deepfake1m: JSON metadata of AV-Deepfake1M (modify_type), and the folders train and val; "
        "there is no train_metadata.json and no train/"
        "\n  combined: two or more folders, or links to folders, each of a data set of its own; no folder in "
        "it is of one"
        "\n  fakeavceleb: meta_data.csv and the clips it lists; there is no meta_data.csv"
        "\n  folder: the folders real and fake, or one CSV file with the columns path, label, source; there "
        "is no real/ and no fake/, and no CSV file"
        "\n  lav_df: metadata.json or metadata.min.json of LAV-DF, and the folders train, dev, test; there "
        "is no metadata.json"
        "\n  marked: a file called mark"
        "\n  swan_df: the folders videos and audios of SWAN-DF, and those of SWAN's sites, such as "
        "IDIAP/session_01; there is no videos/320x320, audios/wav or IDIAP/session_01"
    )


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("meta_data.csv", "path,label\n", "fakeavceleb: .*; meta_data.csv has other columns"),
        (
            "my.csv",
            "path,label\n",
            "folder: .*; my.csv is no table: its columns are 'path', 'label', and not ",
        ),
        (
            "metadata.json",
            "[]",
            "lav_df: .*; the first entry of metadata.json lacks modify_video or fake_per",
        ),
        (
            "train_metadata.json",
            "[]",
            "av_deepfake1m: .*; the first entry of train_metadata.json has no modify",
        ),
        ("fake/a.mp4", "", "folder: .*; there is no real/, and no CSV file"),
        (
            "train/a.mp4",
            "",
            "av_deepfake1m: .*; there is no train_metadata.json, and no JSON with modify_type",
        ),
    ],
)
def test_where_a_folder_is_nearly_a_data_set_the_message_says_what_is_wrong_with_it(
    name: str, content: str, told: str, tmp_path: Path
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError, match=told):
        layout("auto", tmp_path)


def test_a_folder_above_the_data_is_answered_with_the_folder_that_is_meant(
    register: Callable[..., None], marked: Path
) -> None:
    register("mine", marked=Marked)
    with pytest.raises(
        DataError,
        match=f"no data set recognises {marked.parent}, which holds marked; {marked} is a folder of marked\n",
    ):
        layout("auto", marked.parent)


def test_a_folder_that_two_data_sets_recognise_is_an_error_that_names_both_and_their_plugins(
    register: Callable[..., None], marked: Path
) -> None:
    register("mine", marked=Marked)
    register("yours", signed=Marked)
    message = (
        "'marked' of plugin 'mine' and 'signed' of plugin 'yours'; say which: mine:marked or yours:signed"
    )
    with pytest.raises(DataError, match=message):
        layout("auto", marked)
    assert layout("signed", marked) == "yours:signed"


def test_a_table_with_other_columns_is_not_fakeavcelebs(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "set", [], header="path,label")
    with pytest.raises(DataError, match="no data set recognises"):
        layout("auto", folder)


def test_a_name_that_is_not_known_is_reported_with_its_key_and_the_near_ones() -> None:
    values = {"task": {"name": "deepfake", "dataset": "fakeavcelep"}, "space": {"name": "bimodal"}}
    with pytest.raises(ConfigurationError) as caught:
        Experiment.parse(values)
    assert caught.value.problems == (
        "task.dataset: unknown dataset 'fakeavcelep'; did you mean 'fakeavceleb'?",
    )


def test_a_name_that_two_plugins_have_is_ambiguous_and_the_default_stays_our_own(
    register: Callable[..., None], tmp_path: Path
) -> None:
    register("mine", marked=Marked, fakeavceleb=Marked)
    register("yours", marked=Marked)
    with pytest.raises(ValueError, match="dataset 'marked' is registered by two plugins; say mine:marked or"):
        DeepfakeTask(dataset="marked")
    assert layout("fakeavceleb", tmp_path) == "fakeavceleb"
    assert layout("mine:fakeavceleb", tmp_path) == "mine:fakeavceleb"


def test_a_hook_that_fails_is_reported_and_the_other_data_sets_are_there(
    plugins: PluginManager, tmp_path: Path
) -> None:
    def fails() -> dict[str, Any]:
        raise ValueError("no disk")

    plugins.register(plugin(register_deepfake_datasets=fails), "bad")
    with pytest.warns(PluginWarning, match="plugin 'bad' register_deepfake_datasets raised ValueError"):
        assert layout("auto", write_tree(tmp_path / "set", [ROW])) == "fakeavceleb"


def test_the_fingerprints_of_the_default_are_those_that_recorded_runs_have(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "set", [ROW])
    stage = DeepfakeTask().stages(folder, 0)[0]
    assert stage.inputs["dataset"] == "fakeavceleb"
    assert set(stage.inputs) == {
        *("version", "dataset", "desync", "window", "faces", "mels", "shares"),
        *("split_list", "seed", "source"),
    }
    values = {"task": {"name": "deepfake"}, "space": {"name": "bimodal"}}
    assert Experiment.parse(values).to_dict()["task"]["dataset"] == "fakeavceleb"


def test_auto_and_the_name_share_what_is_prepared(
    register: Callable[..., None], marked: Path, tmp_path: Path
) -> None:
    register("mine", marked=Marked)
    ours = write_tree(tmp_path / "set", [ROW])
    for folder, names in ((ours, ("fakeavceleb", "auto")), (marked, ("marked", "mine:marked", "auto"))):
        keys = [stage_fingerprints(DeepfakeTask(dataset=name).stages(folder, 0)) for name in names]
        assert all(found == keys[0] for found in keys)


def test_what_was_prepared_with_another_state_of_a_plugins_file_is_not_taken(
    tmp_path: Path, marked: Path
) -> None:
    file = tmp_path / "changing_set.py"
    code = (
        "import nasframe, tests.nasframe_deepfake.test_datasets as made\n\nclass Mine(made.Marked):\n"
        "    '''Mine.'''\n\n@nasframe.hookimpl\ndef register_deepfake_datasets():\n"
        "    return {'mine': Mine}\n"
    )
    keys = []
    for text in (code, code + "# changed\n"):
        file.write_text(text, encoding="utf-8")
        nasframe.load_plugin(file)
        keys.append(stage_fingerprints(DeepfakeTask(dataset="mine").stages(marked, 0))["prepare"])
        nasframe.manager().unregister("changing_set")
        del sys.modules["changing_set"]
    assert keys[0] != keys[1]


def test_what_was_prepared_with_another_file_beside_that_of_the_class_is_not_taken(
    plugins: PluginManager, tmp_path: Path, marked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "set_in_two_files"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import nasframe\n\n@nasframe.hookimpl\ndef register_deepfake_datasets():\n"
        "    return {'mine': 'set_in_two_files.cls:Mine'}\n",
        encoding="utf-8",
    )
    (package / "cls.py").write_text(
        "import tests.nasframe_deepfake.test_datasets as made\nfrom set_in_two_files import reader\n\n"
        "class Mine(made.Marked):\n    def read(self, folder, desync):\n"
        "        return reader.read(super(), folder, desync)\n",
        encoding="utf-8",
    )
    reader = package / "reader.py"
    reader.write_text("def read(layout, *given):\n    return layout.read(*given)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.register(importlib.import_module("set_in_two_files"), "set_in_two_files")

    def key() -> str:
        return stage_fingerprints(DeepfakeTask(dataset="mine").stages(marked, 0))["prepare"]

    first = key()
    assert key() == first
    reader.write_text(reader.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    assert key() == first  # of the code that this process runs
    importlib.reload(sys.modules["set_in_two_files"])
    assert key() != first


def test_what_was_prepared_with_another_file_outside_the_plugin_is_not_taken(
    register: Callable[..., None], marked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "set_elsewhere.py"
    code = "import tests.nasframe_deepfake.test_datasets as made\n\nclass Mine(made.Marked):\n    pass\n"
    file.write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    register("mine", mine="set_elsewhere:Mine")
    first = DeepfakeTask(dataset="mine").stages(marked, 0)[0].inputs["dataset_code"]
    file.write_text(code + "# changed\n", encoding="utf-8")
    importlib.reload(sys.modules["set_elsewhere"])
    assert DeepfakeTask(dataset="mine").stages(marked, 0)[0].inputs["dataset_code"] != first


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            broken(read=lambda self, folder, desync: []),
            r"read must return a nasframe_deepfake.Listing, found \[\]",
        ),
        (broken(read=lambda self, folder, desync: 1 / 0), "read raised ZeroDivisionError"),
        (
            broken(read=lambda self, folder, desync: Listing(folder, ["a"])),
            "a nasframe_deepfake.Clip, found 'a'",
        ),
        (
            broken(read=lambda self, folder, desync: Listing(folder, ())),
            r"clips of a listing is a list, found \(\)",
        ),
        (
            broken(read=lambda self, folder, desync: Listing(str(folder), [])),
            "the root of a listing is a pathlib.Path, found '",
        ),
        (
            broken(read=lambda self, folder, desync: Listing(folder, [], malformed=[1])),
            r"malformed of a listing holds strings, found \[1\]",
        ),
        (
            broken(read=lambda self, f, _: Listing(f, [Clip(None, "RV-RA", "real", "x", (), "", "")])),
            "path and category of a clip are strings",
        ),
        (
            broken(read=lambda self, f, _: Listing(f, [Clip("a", "RV-AR", "real", "x", (), "", "")])),
            "a: unknown category 'RV-AR'; did you mean",
        ),
        (
            broken(read=lambda self, f, _: Listing(f, [Clip("a", "RV-RA", "real", "x", (), "", "")] * 2)),
            "lists a twice",
        ),
    ],
)
def test_a_data_set_that_breaks_its_contract_is_named_with_its_plugin(
    target: Any, message: str, register: Callable[..., None], marked: Path, tmp_path: Path
) -> None:
    register("mine", marked=target)
    with pytest.raises(ContractError, match=f"dataset 'marked' of plugin 'mine'.*{message}"):
        prepare(marked, tmp_path, DeepfakeTask(dataset="auto").preparation(0, marked), 1, Progress())


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (int, "must be a subclass of nasframe_deepfake.Dataset, found <class 'int'>"),
        (broken(recognises=lambda self, folder: 1 / 0), "recognises raised ZeroDivisionError"),
        (broken(recognises=lambda self, folder: "yes"), "recognises must return True or False, found 'yes'"),
        (broken(expects=None), "lacks `expects`"),
    ],
)
def test_a_data_set_that_cannot_be_asked_is_reported_and_the_others_are_asked(
    target: Any, message: str, register: Callable[..., None], marked: Path
) -> None:
    register("mine", broken=target, marked=Marked)
    with pytest.warns(PluginWarning, match=f"dataset 'broken' of plugin 'mine'.*{message}"):
        assert layout("auto", marked) == "mine:marked"


def test_a_data_set_without_clips_is_an_error(
    register: Callable[..., None], marked: Path, tmp_path: Path
) -> None:
    register("mine", marked=broken(read=lambda self, folder, desync: Listing(folder)))
    with pytest.raises(DataError, match="marked lists no clip to use"):
        prepare(marked, tmp_path, DeepfakeTask(dataset="marked").preparation(0, marked), 1, Progress())


def test_no_data_set_can_be_called_auto(register: Callable[..., None], marked: Path) -> None:
    register("mine", auto=Marked)
    told = "'auto' asks every data set, and can be the name of none"
    with pytest.warns(PluginWarning, match=told), pytest.raises(DataError, match="no data set recognises"):
        layout("auto", marked)


def test_data_sets_are_listed_as_plugins(
    register: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    register("mine", marked=Marked)
    assert main(["plugins", "--json"]) == 0
    listed = {item["name"]: item for item in json.loads(capsys.readouterr().out) if item["kind"] == "dataset"}
    assert listed.keys() == {
        *("fakeavceleb", "folder", "lav_df", "av_deepfake1m", "swan_df", "combined", "marked")
    }
    assert listed["marked"]["description"] == "A folder with a mark in it."
    assert main(["plugins", "show", "dataset:marked"]) == 0
    assert "marked: dataset of plugin mine" in capsys.readouterr().out


def test_the_page_of_the_task_is_imported_without_torch_or_a_codec() -> None:
    code = (
        "import sys, nasframe_deepfake as page; [getattr(page, name) for name in page.__all__]; "
        "print([m for m in ('torch', 'av', 'timm', 'torchaudio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_third_partys_set_in_its_own_layout_is_prepared(
    corpus: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "by_folder.py").write_text(FILES["by_folder.py"], encoding="utf-8")
    shutil.copytree(corpus, "clips")
    Path("clips/meta_data.csv").unlink()
    command = ["deepfake", "prepare", "clips", "--workers", "1", "--plugin", "by_folder.py"]
    assert main([*command, "--out", "prepared"]) == 0
    assert "30 clips: RV-RA 12" in capsys.readouterr().out
    report = json.loads(Path("prepared/report.json").read_text())
    assert report["dataset"] == "by_folder:by_folder"
    assert set(CATEGORIES) >= {name for name, count in report["categories"].items() if count}
    assert main([*command, "--dataset", "by_folder", "--out", "named"]) == 0
    for name in ("index.csv", "splits.csv", "pictures-00000.npy", "report.json"):
        assert Path("named", name).read_bytes() == Path("prepared", name).read_bytes()


def test_the_command_that_prepares_takes_the_name_of_a_data_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["deepfake", "prepare", str(tmp_path), "--out", str(tmp_path / "out"), "--dataset"]
    assert main([*words, "fakeavcelep"]) == 2
    assert "--dataset: unknown dataset 'fakeavcelep'; did you mean 'fakeavceleb'?" in capsys.readouterr().err
    assert main([*words, "fakeavceleb"]) == 2
    assert "is empty; expected meta_data.csv and the clips it lists" in capsys.readouterr().err


def test_a_folder_of_another_layout_than_the_one_named_is_answered_with_the_option_that_reads_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("real/a.mp4", "fake/b.mp4"):
        (tmp_path / "own" / name).parent.mkdir(parents=True)
        (tmp_path / "own" / name).touch()
    with pytest.raises(DataError) as caught:
        layout("fakeavceleb", tmp_path / "own")
    assert str(caught.value).startswith(
        f"task.dataset: 'fakeavceleb' cannot read {tmp_path / 'own'}, which 'folder' can: say "
        "task.dataset=auto or task.dataset=folder\n  fakeavceleb: data folder"
    )
    words = [str(tmp_path / "own"), "--out", str(tmp_path / "out"), "--dataset", "lav_df"]
    for command in ("prepare", "audit", "preview"):
        assert main(["deepfake", command, *words]) == 2
        told = capsys.readouterr().err
        assert "--dataset: 'lav_df' cannot read" in told
        assert "say --dataset auto or --dataset folder" in told
        assert "task." not in told


def test_a_set_that_is_named_may_read_a_folder_that_it_does_not_recognise(
    register: Callable[..., None], marked: Path
) -> None:
    for name in ("real", "fake"):
        (marked / name).mkdir()
    (marked / "mark").rename(marked / "other mark")
    register("mine", marked=Marked)
    assert layout("auto", marked) == "folder"
    assert layout("marked", marked) == "mine:marked"
