"""`--plugin my_ops.py`: a plugin that is one file."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import nasframe
from nasframe.cli import main
from nasframe.errors import PluginError, RunError
from nasframe.jobs import Trial, execute
from nasframe.plugins import PluginManager
from tests.toys import STREAMS as EXPERIMENT
from tests.toys import TOYS

CODE = '''
import torch
from nasframe import Operation, hookimpl


class Maximum(Operation):
    """The larger of both."""

    arity = 2

    def forward(self, x, y):
        return torch.maximum(x, y)


@hookimpl
def register_operations():
    return {"maximum": Maximum}
'''

TASK = TOYS / "toy_streams.py"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plugins: PluginManager) -> Iterator[Path]:
    """A working folder with two plugin files; what they import is forgotten after the test."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_ops.py").write_text(CODE, encoding="utf-8")
    shutil.copy(TASK, tmp_path)
    # other tests may have it and plugin files registered for the whole session
    there, module = plugins.module("toy_streams"), sys.modules.pop("toy_streams", None)
    if there is not None:
        plugins.unregister("toy_streams")
    others = list(plugins.files.values())
    for file in others:
        plugins.unregister(file.stem)
    monkeypatch.setattr(sys, "path", [item for item in sys.path if Path(item) != TASK.parent])
    before = set(sys.modules)
    yield tmp_path
    if "toy_streams" in plugins.names:
        plugins.unregister("toy_streams")
    if there is not None:
        plugins.register(there, "toy_streams")
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and Path(
            str(sys.modules[name].__file__)
        ).is_relative_to(tmp_path):
            del sys.modules[name]
    if module is not None:
        sys.modules["toy_streams"] = module
    for file in others:
        plugins.load_file(file)


def forget(plugins: PluginManager) -> None:
    """Forget the plugins that a new process does not know."""
    for name in list(plugins.files):
        plugins.unregister(name)
        sys.modules.pop(name, None)


SEARCH = [
    "search",
    str(EXPERIMENT),
    'space.operations=["zero", "maximum"]',
    "search.epochs=1",
    "--out",
    "run",
]
BOTH = ["--plugin", "my_ops.py", "--plugin", "toy_streams.py"]


def test_a_file_is_a_plugin_of_its_name(folder: Path, plugins: PluginManager) -> None:
    assert nasframe.load_plugin("my_ops.py") == "my_ops"
    entry = plugins.find("operation", "my_ops:maximum")
    assert str(entry) == "operation 'maximum' of plugin 'my_ops' (my_ops.py)"


def test_the_same_file_twice_is_loaded_once(folder: Path, plugins: PluginManager) -> None:
    nasframe.load_plugin("my_ops.py")
    first = plugins.load("operation", "maximum")
    nasframe.load_plugin(folder / "my_ops.py")
    assert plugins.load("operation", "maximum") is first


@pytest.mark.parametrize("place", ["before", "after", "with ="])
def test_the_option_may_stand_anywhere(folder: Path, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = {
        "before": ["--plugin", "my_ops.py", "plugins"],
        "after": ["plugins", "--plugin", "my_ops.py"],
        "with =": ["plugins", "--plugin=my_ops.py"],
    }[place]
    assert main(words) == 0
    assert "operation   maximum" in capsys.readouterr().out


def test_a_run_records_the_file_and_its_hash(folder: Path, plugins: PluginManager) -> None:
    assert main([*SEARCH, *BOTH]) == 0
    record = json.loads((folder / "run" / "run.json").read_text(encoding="utf-8"))["plugins"]["my_ops"]
    assert record["version"] is None
    assert record["file"] == str(folder / "my_ops.py")
    assert len(record["sha256"]) == 64


def test_a_run_never_loads_the_file_by_itself_and_says_what_is_missing(
    folder: Path, plugins: PluginManager, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SEARCH, *BOTH]) == 0
    assert "--plugin my_ops.py --plugin toy_streams.py" in capsys.readouterr().out.splitlines()[-1]
    forget(plugins)
    assert main(["show", "run"]) == 2
    error = capsys.readouterr().err
    assert "unknown operation 'maximum'" in error
    assert (
        f"made with the plugin 'my_ops', which is a file that is not loaded by itself; add --plugin {folder}"
        in error
    )
    assert main(["show", "run", "--plugin", "my_ops.py"]) == 0


def test_a_run_says_that_a_file_has_changed_since(
    folder: Path, plugins: PluginManager, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*SEARCH, *BOTH]) == 0
    assert "other code" not in capsys.readouterr().err
    forget(plugins)
    (folder / "my_ops.py").write_text(CODE + "# changed\n", encoding="utf-8")
    assert main([*SEARCH, *BOTH]) == 0
    assert "run: was made with other code of my_ops; what is done is kept" in capsys.readouterr().err


def test_an_unfinished_search_does_not_go_on_with_other_code(
    folder: Path, plugins: PluginManager, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("nasframe.searching.gradient.engine.Search.derive", interrupted)
        patched.setattr("nasframe.searching.gradient.engine.Search._select", interrupted)
        assert main([*SEARCH, *BOTH]) == 130
    forget(plugins)
    (folder / "my_ops.py").write_text(CODE + "# changed\n", encoding="utf-8")
    capsys.readouterr()
    assert main([*SEARCH, *BOTH]) == 2
    assert (
        "the code of my_ops has changed; put that back, or begin anew with --overwrite"
        in capsys.readouterr().err
    )
    forget(plugins)
    (folder / "my_ops.py").write_text(CODE, encoding="utf-8")
    assert main([*SEARCH, *BOTH]) == 0


def test_a_file_that_is_edited_while_a_run_works_changes_nothing_of_that_run(
    folder: Path, plugins: PluginManager, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nasframe.pipeline import whole_run

    train = whole_run.train

    def edited_before(*arguments: Any, **options: Any) -> Any:
        (folder / "my_ops.py").write_text(CODE + "# changed\n", encoding="utf-8")
        return train(*arguments, **options)

    monkeypatch.setattr(whole_run, "train", edited_before)
    code = sha256(f"my_ops.py\0{len(CODE)}\0{CODE}".encode()).hexdigest()
    assert main(["run", *SEARCH[1:], "train.epochs=1", *BOTH]) == 0
    run = nasframe.Run.open("run")
    assert run.test is not None
    assert run.record["plugins"]["my_ops"]["sha256"] == code
    forget(plugins)
    capsys.readouterr()
    assert main(["run", *SEARCH[1:], "train.epochs=1", *BOTH]) == 0
    assert "run: was made with other code of my_ops; what is done is kept" in capsys.readouterr().err


def test_a_worker_that_would_run_other_code_than_the_command_is_refused(
    folder: Path, plugins: PluginManager
) -> None:
    plugins.load_files(["my_ops.py"])
    (folder / "my_ops.py").write_text(CODE + "# changed\n", encoding="utf-8")
    with pytest.raises(RunError, match="the code of my_ops has changed since this command began"):
        execute([Trial("a", folder / "a", print, None)], folder, workers=2)


def test_only_a_trial_of_a_study_is_told_of_the_study(folder: Path, plugins: PluginManager) -> None:
    runs = [nasframe.Run.create(place, "") for place in (folder / "run", folder / "study" / "trials" / "a")]
    (folder / "study" / "study.json").write_text("{}", encoding="utf-8")
    for run in runs:
        run.note(plugins={"gone": {"version": None, "sha256": None}})
    with pytest.raises(RunError, match="gone is not here; put that back, or begin anew with --overwrite$"):
        runs[0].require_same_plugins()
    with pytest.raises(
        RunError, match="or remove the folder of this trial and give the command of the study"
    ):
        runs[1].require_same_plugins()


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("gone.py", None, "gone.py: no such file"),
        ("ops.txt", CODE, "ops.txt: a plugin is a Python file whose name can be imported"),
        ("my-ops.py", CODE, "my-ops.py: a plugin is a Python file whose name can be imported"),
        ("random.py", CODE, "random.py: there is another Python module 'random'; rename the file"),
        ("nasframe_fusion.py", CODE, "there is a plugin 'nasframe_fusion' already"),
        ("rotten.py", "x = 1\nraise RuntimeError('smells')\n", "RuntimeError: smells (rotten.py, line 2)"),
        (
            "older.py",
            "from nasframe.files import write_json\n",
            "'nasframe.files' (older.py, line 1); the names of nasframe.files are now imported "
            "from nasframe.runtime; "
            "docs/changes-for-plugin-authors.md shows how",
        ),
        ("syntax.py", "def broken(:\n", "SyntaxError: invalid syntax (syntax.py, line 1)"),
        ("empty.py", "x = 1\n", "empty.py: implements no hook; mark a function such as register_operations"),
        (
            "typo.py",
            "from nasframe import hookimpl\n@hookimpl\ndef search_epoch(epohc):\n    pass\n",
            "plugin 'typo' (typo.py): hook search_epoch has a wrong signature",
        ),
    ],
)
def test_a_file_that_is_no_plugin_is_refused_in_words(
    folder: Path, plugins: PluginManager, name: str, code: str | None, message: str
) -> None:
    if code is not None:
        (folder / name).write_text(code, encoding="utf-8")
    before = plugins.names
    with pytest.raises(PluginError) as caught:
        nasframe.load_plugin(name)
    assert message in str(caught.value).replace(f"{folder}/", "")
    assert plugins.names == before
    assert (
        Path(name).stem in (*sys.stdlib_module_names, "nasframe_fusion") or Path(name).stem not in sys.modules
    )


def test_an_option_without_a_file_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--plugin"]) == 2
    assert "--plugin: needs a Python file" in capsys.readouterr().err


def test_a_mistyped_hook_in_a_file_is_reported(
    folder: Path, plugins: PluginManager, capsys: pytest.CaptureFixture[str]
) -> None:
    code = CODE + "\n\n@hookimpl\ndef search_epohc(epoch):\n    pass\n"
    (folder / "typing_ops.py").write_text(code, encoding="utf-8")
    assert main(["plugins", "--plugin", "typing_ops.py"]) == 0
    assert "unknown hook 'search_epohc'; did you mean 'search_epoch'" in capsys.readouterr().err


def test_a_command_that_imports_what_has_moved_says_where_it_is_now(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "older_command.py").write_text(
        "from nasframe import hookimpl\n"
        "def mine():\n"
        "    from nasframe.progress import make_progress\n"
        "@hookimpl\n"
        "def register_commands(app):\n"
        "    app.command(mine)\n",
        encoding="utf-8",
    )
    assert main(["mine", "--plugin", "older_command.py"]) == 2
    found = capsys.readouterr().err
    assert "No module named 'nasframe.progress'" in found
    assert "the names of nasframe.progress are now imported from nasframe.runtime" in found
