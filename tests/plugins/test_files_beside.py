"""A plugin file and the files beside it that it imports."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from nasframe.cli import main
from nasframe.errors import PluginError
from nasframe.jobs import Trial, execute
from nasframe.operations import OpSpec, build_operation
from nasframe.plugins import PluginManager

OPERATION = '''
from nasframe import Operation, hookimpl
{imports}

class Taken(Operation):
    """A result of a file beside it."""

    def forward(self, x):
        return {call}

@hookimpl
def register_operations():
    return {{"{name}": Taken}}
'''


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, code in files.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")


def operation(name: str, imports: str, call: str) -> str:
    return OPERATION.format(name=name, imports=imports, call=call)


@pytest.fixture
def own(plugins: PluginManager, tmp_path: Path) -> Iterator[PluginManager]:
    """The plugins of the session; those of files of the test are forgotten after it."""
    yield plugins
    for name, file in list(plugins.files.items()):
        if file.resolve().is_relative_to(tmp_path):
            plugins.unregister(name)
            sys.modules.pop(name, None)


def load_anew(own: PluginManager, file: Path) -> None:
    own.unregister(file.stem)
    sys.modules.pop(file.stem)
    own.load_file(file)


def made(name: str) -> torch.Tensor:
    output: torch.Tensor = build_operation(OpSpec(name), [(3,)])(torch.ones(2, 3))
    return output


@pytest.mark.parametrize(
    ("imports", "call"),
    [
        ("from layers_of_mine import double", "double(x)"),
        ("import layers_of_mine", "layers_of_mine.double(x)"),
        ("import layers_of_mine as layers", "layers.double(x)"),
        ("", "__import__('layers_of_mine').double(x)"),
    ],
)
def test_a_plugin_file_imports_a_file_beside_it(
    own: PluginManager, tmp_path: Path, imports: str, call: str
) -> None:
    code = operation("doubled", imports, call)
    write(tmp_path, ops_of_two=code, layers_of_mine="def double(x): return 2 * x\n")
    own.load_file(tmp_path / "ops_of_two.py")
    assert torch.equal(made("doubled"), torch.full((2, 3), 2.0))
    assert "layers_of_mine" not in sys.modules


def test_a_plugin_file_imports_a_package_beside_it_and_that_its_own_modules(
    own: PluginManager, tmp_path: Path
) -> None:
    write(tmp_path, ops_of_tree=operation("tripled", "from tree.leaf import triple", "triple(x)"))
    write(tmp_path / "tree", __init__="", leaf="from .root import three\ndef triple(x): return three * x\n")
    write(tmp_path / "tree", root="import tree.stem\nthree = tree.stem.three\n", stem="three = 3\n")
    own.load_file(tmp_path / "ops_of_tree.py")
    assert torch.equal(made("tripled"), torch.full((2, 3), 3.0))


def test_two_plugins_with_a_file_of_one_name_each_get_their_own(own: PluginManager, tmp_path: Path) -> None:
    for name, factor in (("left", 2), ("right", 5)):
        code = operation(name, "from helpers import scale", "scale(x)")
        write(tmp_path / name, **{f"ops_{name}": code, "helpers": f"def scale(x): return {factor} * x\n"})
        own.load_file(tmp_path / name / f"ops_{name}.py")
    assert made("left")[0, 0] == 2
    assert made("right")[0, 0] == 5


def test_a_file_beside_it_never_stands_in_the_place_of_an_installed_module(
    own: PluginManager, tmp_path: Path
) -> None:
    write(
        tmp_path,
        ops_beside=operation("usual", "import random, torch, colorsys, attrs", "x + random.random() * 0"),
    )
    for name in ("torch", "random", "colorsys", "attrs", "sitecustomize"):
        write(tmp_path, **{name: "raise SystemExit('hijacked')\n"})
    own.load_file(tmp_path / "ops_beside.py")
    assert made("usual")[0, 0] == 1


def test_a_file_that_has_the_name_of_an_installed_module_is_said_not_to_be_meant(
    own: PluginManager, tmp_path: Path
) -> None:
    write(tmp_path, ops_meant=operation("meant", "from random import mine", "x"), random="mine = 1\n")
    with pytest.raises(PluginError, match=r"random.py beside it is not meant: an installed module"):
        own.load_file(tmp_path / "ops_meant.py")


@pytest.mark.parametrize(
    ("imports", "hint"),
    [
        ("from . import dotted", "write the name of a file beside it without a dot, as in `import helpers`$"),
        ("from .dotted import mine", "a file beside it without a dot, as in `import helpers`$"),
        (
            "import importlib\nimportlib.import_module('dotted')",
            r"No module named 'dotted' .*; dotted.py beside it is found by `import dotted` alone$",
        ),
    ],
)
def test_an_import_that_finds_no_file_beside_it_says_how_to_write_it(
    own: PluginManager, tmp_path: Path, imports: str, hint: str
) -> None:
    write(tmp_path, ops_dotted=operation("dotted", imports, "x"), dotted="mine = 1\n")
    with pytest.raises(PluginError, match=hint):
        own.load_file(tmp_path / "ops_dotted.py")


def test_a_null_byte_in_a_file_beside_a_plugin_names_that_file(own: PluginManager, tmp_path: Path) -> None:
    write(tmp_path, ops_null=operation("null", "import null_beside", "x"), null_beside="x = 1\0\n")
    with pytest.raises(PluginError, match=r"null bytes \(null_beside.py(, line \d+)?\)$"):
        own.load_file(tmp_path / "ops_null.py")


def test_files_of_the_working_folder_are_not_imported_by_python_with_m(tmp_path: Path) -> None:
    for name in ("torch", "shlex", "attrs", "helpers"):
        write(tmp_path, **{name: "raise SystemExit('hijacked')\n"})
    done = subprocess.run(
        [sys.executable, "-m", "nasframe", "plugins", "show", "identity"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "identity: operation" in done.stdout


@pytest.mark.parametrize("late", [False, True])
def test_the_hash_of_a_plugin_includes_the_files_that_it_imports(
    own: PluginManager, tmp_path: Path, late: bool
) -> None:
    imports, call = ("", "__import__('deep').f(x)") if late else ("import deep", "deep.f(x)")
    write(tmp_path, ops_hash=operation("hashed", imports, call), other="x = 1\n")
    write(tmp_path, deep="import deeper\ndef f(x): return deeper.f(x)\n", deeper="def f(x): return x\n")
    own.load_file(tmp_path / "ops_hash.py")
    before = own.code_of("ops_hash")
    made("hashed")
    assert own.code_of("ops_hash") == before
    write(tmp_path, other="x = 2\n")
    assert own.code_of("ops_hash") == before
    write(tmp_path, deeper="def f(x): return x + 1\n")
    assert own.code_of("ops_hash") == before  # which this process runs
    load_anew(own, tmp_path / "ops_hash.py")
    assert own.code_of("ops_hash") != before


def test_a_plugin_without_a_file_beside_it_has_the_hash_of_its_file(
    own: PluginManager, tmp_path: Path
) -> None:
    code = operation("alone", "import math", "x")
    write(tmp_path, ops_alone=code, unused="x = 1\n")
    own.load_file(tmp_path / "ops_alone.py")
    digest = hashlib.sha256(f"ops_alone.py\0{len(code)}\0".encode() + code.encode())
    assert own.code_of("ops_alone") == digest.hexdigest()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("x = 1\nraise KeyError('cheese')\n", r"KeyError: 'cheese' \(.*rotten_beside\.py, line 2\)"),
        ("x = (\n", r"SyntaxError: .*\(rotten_beside\.py, line 1\)"),
        (
            "from nowhere_at_all import x\n",
            r"No module named 'nowhere_at_all' \(.*rotten_beside\.py, line 1\)",
        ),
    ],
)
def test_an_error_in_a_file_beside_a_plugin_names_that_file_and_line(
    own: PluginManager, tmp_path: Path, code: str, message: str
) -> None:
    write(tmp_path, ops_rotten=operation("rotten", "import rotten_beside", "x"), rotten_beside=code)
    with pytest.raises(PluginError, match=message):
        own.load_file(tmp_path / "ops_rotten.py")
    assert not [name for name in sys.modules if "ops_rotten" in name]
    write(tmp_path, rotten_beside="# mended, and longer than before\n")
    own.load_file(tmp_path / "ops_rotten.py")


def test_a_target_in_a_file_beside_a_plugin_is_registered_by_its_path(
    own: PluginManager, tmp_path: Path
) -> None:
    target = "from nasframe import Operation\nclass Kept(Operation):\n    def forward(self, x): return x\n"
    hook = "from nasframe import hookimpl\n@hookimpl\ndef register_operations():\n    "
    hook += 'return {"kept": "target:Kept"}\n'
    write(tmp_path, ops_target=hook, target=target)
    own.load_file(tmp_path / "ops_target.py")
    found = own.load("operation", "kept")
    assert own.name_of("operation", found) == "kept"
    before = own.code_of("ops_target")
    write(tmp_path, target=target + "# changed\n")
    load_anew(own, tmp_path / "ops_target.py")
    assert own.code_of("ops_target") != before


def test_a_class_of_a_file_beside_a_plugin_can_be_sent_to_another_process(
    own: PluginManager, tmp_path: Path
) -> None:
    write(tmp_path, ops_sent=operation("sent", "import bag", "x"), bag="class Bag:\n    size = 3\n")
    own.load_file(tmp_path / "ops_sent.py")
    bag = sys.modules["ops_sent"].bag.Bag  # type: ignore[attr-defined]
    data = pickle.dumps(bag())
    for name in [name for name in sys.modules if name.endswith(".bag")]:
        del sys.modules[name]  # as in a process that has not imported it yet
    assert pickle.loads(data).size == 3


def test_the_command_of_a_plugin_of_two_files_shows_it(
    own: PluginManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write(
        tmp_path, ops_shown=operation("shown", "from beside_shown import f", "f(x)"), beside_shown="f = abs\n"
    )
    assert main(["plugins", "show", "shown", "--plugin", "ops_shown.py"]) == 0
    assert "shown: operation of plugin ops_shown" in capsys.readouterr().out


WORK = """
from nasframe import hookimpl
from beside_worker import told

def work(folder, arguments, progress):
    import late_beside
    (folder / "done").write_text(told + late_beside.told)

@hookimpl
def register_demos():
    return {}
"""


def test_workers_import_the_files_beside_a_plugin_too(own: PluginManager, tmp_path: Path) -> None:
    write(tmp_path, ops_of_worker=WORK, beside_worker="told = 'soon'\n", late_beside="told = ' and late'\n")
    own.load_file(tmp_path / "ops_of_worker.py")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    trials = [Trial(folder.name, folder, "ops_of_worker:work") for folder in folders]
    outcomes = execute(trials, tmp_path, workers=2)
    assert [outcome.error for outcome in outcomes.values()] == ["", ""]
    assert [(folder / "done").read_text(encoding="utf-8") for folder in folders] == ["soon and late"] * 2
