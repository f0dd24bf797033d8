"""No code of nasframe runs what it reads: the code itself is searched, name by name, not as text."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.code_search import Call, calls_in, modules_of, python_files

Fault = tuple[str, int, str]

ROOT = Path(__file__).parents[1]
FILES = python_files(ROOT / "nasframe", ROOT / "plugins", ROOT / "search_spaces")

MODULES = {
    "pickle": "runs code when it reads",
    "_pickle": "pickle",
    "dill": "pickle",
    "cloudpickle": "pickle",
    "joblib": "pickle",
    "shelve": "pickle",
    "dbm": "reads a format of the system",
    "marshal": "reads code",
    "code": "runs code",
    "codeop": "runs code",
    "runpy": "runs code",
    "pty": "runs a shell",
    "yaml": "its usual loader makes any object",
    "xml": "its parsers may expand what a document names",
    "lxml": "fetches what a document names",
    "plistlib": "reads a format of others",
    "subprocess": "runs programs",
    "urllib.request": "fetches",
    "http": "fetches",
    "socket": "fetches",
    "ftplib": "fetches",
    "requests": "fetches",
    "httpx": "fetches",
    "huggingface_hub": "fetches",
    "torch.hub": "fetches, and runs what it has fetched",
    "torch.package": "runs code from a file",
    "torch.jit": "runs code from a file",
}
"""Module → the reason why none of our code imports it, nor one below it."""

CALLS: dict[str, str] = {
    "eval": "runs a text",
    "exec": "runs a text",
    "compile": "makes code of a text",
    "__import__": "imports a name",
    "builtins.eval": "runs a text",
    "builtins.exec": "runs a text",
    "os.system": "runs a shell",
    "os.popen": "runs a shell",
    "os.startfile": "runs what the system thinks of",
    "tempfile.mktemp": "a name that another may take",
    "torch.hub.load": "runs what it has fetched",
    "torch.jit.load": "runs code from a file",
    "torch.export.load": "runs code from a file",
    "numpy.fromfile": "knows no bounds",
    "pandas.read_pickle": "pickle",
    ".read_pickle": "pickle",
    ".set_default_executable": "runs a program",
}
"""Call → the reason why none of our code makes it."""

CAREFUL: dict[str, tuple[Callable[[Call], bool], str]] = {
    "torch.load": (lambda call: call.says("weights_only", True), "without weights_only=True it is pickle"),
    "numpy.load": (lambda call: call.says("allow_pickle", False), "without allow_pickle=False it is pickle"),
    "importlib.import_module": (lambda call: call.has_literal_name, "a name that may come from a document"),
    "timm.create_model": (
        lambda call: call.keyword("pretrained") is None or call.says("pretrained", False),
        "timm fetches weights, or reads a pickle",
    ),
}
"""Call → the condition under which our code may make it, and the reason."""

ALLOWED: dict[tuple[str, str], str] = {
    ("nasframe/exporting/formats.py", "torch.export.load"): "a program that was just written, to compare it",
    ("nasframe/doctor/imports.py", "importlib.import_module"): "packages that our own metadata names",
    (
        "nasframe/jobs/pool.py",
        "pickle",
    ): "messages between our own processes, over pipes of theirs",
    ("nasframe/cli/completion_command.py", ".install_completion"): "the name of a shell",
    ("nasframe/cli/completion_command.py", ".generate_completion"): "the name of a shell",
    ("nasframe/jobs/worker.py", "pickle"): "the other end of the same pipes",
    (
        "nasframe/tasks/datasets/item_workers.py",
        "pickle",
    ): "items of the user's data set, between our own processes, over pipes of theirs",
    ("nasframe/jobs/worker.py", "importlib.import_module"): "modules of plugins that the command has loaded",
    (
        "nasframe/jobs/trial.py",
        "importlib.import_module",
    ): "the function of a trial, which code names",
    ("nasframe/watching/request_handler.py", "http"): "the watcher, which answers and fetches nothing",
    ("nasframe/watching/service.py", "http"): "the watcher, which answers and fetches nothing",
    ("nasframe/__init__.py", "importlib.import_module"): "the table of its own names",
    ("nasframe/former_names.py", "importlib.import_module"): "the table of names that moved",
    ("nasframe/runtime/lazy.py", "importlib.import_module"): "the table of names that a package gives",
    (
        "nasframe/plugins/registered.py",
        "importlib.import_module",
    ): "a target that a plugin registers",
    ("plugins/nasframe_audiovisual/backbones/hub.py", "huggingface_hub"): (
        "one file of safetensors that timm names, where an option asks for it"
    ),
    ("plugins/nasframe_tabular/graph_bench/reading.py", "pickle"): (
        "a table of others, of a pinned hash and a bounded size; every name in it but two is refused, and "
        "for these there are stand-ins that keep numbers"
    ),
    (
        "nasframe/runtime/machine.py",
        "subprocess",
    ): "macOS's sysctl, by its path",
    ("plugins/nasframe_tabular/wheels/fetching.py", "subprocess"): (
        "pip, which downloads a wheel of a pinned hash and installs nothing"
    ),
    (
        "plugins/nasframe_deepfake/serving/request_handler.py",
        "http",
    ): "the service, which answers and fetches nothing",
    ("plugins/nasframe_deepfake/serving/request_handler.py", "socket"): "a connection that a client opened",
    ("plugins/nasframe_deepfake/serving/client_reader.py", "socket"): "a connection that a client opened",
    ("plugins/nasframe_deepfake/serving/clip_server.py", "socket"): "the service listens",
    ("plugins/nasframe_deepfake/serving/service.py", "socket"): "the error of a name that is none",
    ("plugins/nasframe_ray/connection.py", "socket"): "a greeting to the cluster that the user names",
    (
        "plugins/nasframe_ray/surroundings.py",
        "importlib.import_module",
    ): "a plugin that the driver has imported too",
    ("plugins/nasframe_tensorboard/rasterise.py", "xml.etree.ElementTree"): (
        "our own SVG, as Graphviz has just written it; this parser fetches nothing"
    ),
}
"""File and name → the reason why it may stand there all the same."""

READS = {
    "json.load": "read_json",
    "json.loads": "read_json",
    "safetensors.safe_open": "read_tensors",
    "safetensors.torch.load_file": "read_tensors",
    "safetensors.torch.load": "read_tensors",
    "timm.models.load_state_dict": "read_tensors",
    "timm.models.load_checkpoint": "read_tensors",
    "tomllib.load": "read_text",
    ".read_text": "read_text",
    ".read_bytes": "read_bytes",
    "open": "read_bytes",
    ".open": "read_bytes",
    "io.open": "read_bytes",
    "os.open": "read_bytes",
    "os.fdopen": "read_bytes",
}
"""Call → the function of the one reading module that does it with bounds."""

READERS = ("reading", "json_documents", "tensor_files")

READING_ALLOWED: dict[tuple[str, str], str] = {
    ("nasframe/runtime/processor.py", ".read_text"): "/proc/cpuinfo",
    ("nasframe/kernel_file.py", ".read_text"): "/proc",
    ("nasframe/jobs/descendants.py", ".read_text"): "/proc",
    ("nasframe/__main__.py", "os.open"): "the null device, in place of a closed stream",
    ("nasframe/__main__.py", "os.fdopen"): "standard error, to be written",
    ("nasframe/runtime/console.py", "os.open"): "the null device, to be written",
    ("nasframe/doctor/control_group.py", ".read_text"): "/sys/fs/cgroup",
    ("nasframe/display/rendering.py", ".read_text"): "assets of the package itself",
    ("nasframe/cli/files_to_score.py", ".open"): "a list from a shell's pipe, with a bound",
    ("nasframe/exporting/document.py", "json.loads"): "a text that json.dumps has just made",
    ("nasframe/runtime/message_log.py", ".open"): "the log of a command, to be added to",
    ("nasframe/watching/lock_state.py", ".read_text"): "/proc/locks",
    ("nasframe/runtime/files.py", ".open"): "a regular file, for its hash",
    ("plugins/nasframe_audiovisual/media/container.py", ".open"): "a clip of any length, handed to FFmpeg",
    ("nasframe/tasks/stages.py", "json.loads"): "a text that json.dumps has just made",
    ("nasframe/studies/folder/opening.py", "json.loads"): "a text that json.dumps has just made",
    ("nasframe/testing/space_suite.py", "json.loads"): "a text that json.dumps has just made",
    ("nasframe/testing/suite.py", "json.loads"): "a text that json.dumps has just made",
    ("nasframe/testing/executor_suite.py", ".read_text"): "a file that the suite has just written",
    ("nasframe/testing/task_suite.py", ".read_bytes"): "a file that the suite has just written",
    ("nasframe/studies/procedure/recorded_call.py", "json.loads"): "a text that json.dumps has just made",
    ("nasframe/processes/peers.py", "json.loads"): "a text of another process of the same search",
    ("nasframe/processes/processes.py", "json.loads"): "a text of another process of the same search",
    (
        "nasframe/processes/processes.py",
        "safetensors.torch.load",
    ): "tensors of another process of the same search",
    ("nasframe/plugins/plugin_code.py", ".read_bytes"): "the code of a plugin, which has run already",
    ("nasframe/plugins/files_beside.py", ".read_bytes"): "the code of a plugin, which is about to run",
    ("plugins/nasframe_tabular/wheels/members.py", ".open"): "a member of a zip archive, which has bounds",
    (
        "nasframe/tasks/data_files/npz_arrays.py",
        ".open",
    ): "a regular file, and its members, which have bounds",
    (
        "nasframe/tasks/data_files/tensor_file_task.py",
        ".open",
    ): "the bytes of a regular file, which are hashed",
    ("nasframe/runtime/files.py", "os.open"): "to write, and to flush",
    ("nasframe/runtime/locks.py", "os.open"): "the file of a lock, of which no more than its own words count",
    ("nasframe/tasks/stages_in_use.py", "os.open"): "a file that is locked, and not read",
    ("nasframe/jobs/worker.py", ".open"): "to write",
    ("plugins/nasframe_audiovisual/storage/array_files.py", ".open"): "to write",
    (
        "plugins/nasframe_audiovisual/storage/source_fingerprint.py",
        ".open",
    ): "the bytes of a clip, which are hashed",
    ("plugins/nasframe_deepfake/serving/upload_folder.py", "os.fdopen"): "to write",
    ("plugins/nasframe_deepfake/serving/service.py", ".open"): "makes a folder",
    ("plugins/nasframe_ray/parcels.py", ".open"): "regular files on their way to another machine, in pieces",
    ("plugins/nasframe_ray/surroundings.py", ".read_bytes"): "the code of a plugin, which has run already",
    ("plugins/nasframe_tensorboard/event_log.py", ".open"): "a regular file, read record by record",
}
"""File and name → the reason why it reads without the one reading module."""


@functools.cache
def source(file: Path) -> str:
    return file.read_text(encoding="utf-8")


@functools.cache
def faults(text: str) -> list[Fault]:
    """The things that code must not do and does: the name, the line and the reason."""
    found = []
    for module, line in modules_of(text):
        for bad, why in MODULES.items():
            if module == bad or module.startswith(f"{bad}."):
                found.append((bad if bad != "xml" else module, line, why))
    for call in calls_in(text):
        if call.name in CALLS or call.name.startswith(("os.exec", "os.spawn", "os.posix_spawn")):
            found.append((call.name, call.line, CALLS.get(call.name, "runs a program")))
        condition, why = CAREFUL.get(call.name, (lambda call: True, ""))
        if not condition(call):
            found.append((call.name, call.line, why))
        shell = call.keyword("shell")
        if shell is not None and not call.says("shell", False):
            found.append((call.name, call.line, "runs a shell"))
        pickles = call.keyword("allow_pickle")
        if call.name != "numpy.load" and pickles is not None and not call.says("allow_pickle", False):
            found.append((call.name, call.line, "pickle"))
    return found


def is_of_own_class(call: Call) -> bool:
    """True for `cls.open(…)`: a class method of a class of ours."""
    place = call.node.func
    return isinstance(place, ast.Attribute) and isinstance(place.value, ast.Name) and place.value.id == "cls"


@functools.cache
def reads(text: str) -> list[Fault]:
    """The calls of code that read a file, and the function of the reading module for each."""
    found = [
        (call.name, call.line, READS[call.name])
        for call in calls_in(text)
        if call.name in READS and not is_of_own_class(call)
    ]
    overlays = [
        (node.value, node.lineno, "read_tensors")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and node.value == "pretrained_cfg_overlay"  # timm reads it
    ]
    return found + overlays


def short(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def listed(
    found: Callable[[str], list[tuple[str, int, str]]], allowed: dict[tuple[str, str], str]
) -> list[str]:
    return [
        f"{short(file)}:{line}: {name}: {why}"
        for file in FILES
        for name, line, why in found(source(file))
        if not any(short(file) == place and name.startswith(start) for place, start in allowed)
    ]


def test_no_code_runs_unpickles_or_fetches_what_it_reads() -> None:
    assert len(FILES) > 200
    assert listed(faults, ALLOWED) == []


def test_files_are_read_by_the_one_reading_module() -> None:
    own = dict.fromkeys(((f"nasframe/runtime/{name}.py", "") for name in READERS), "the reader itself")
    allowed = {**READING_ALLOWED, **own}
    assert listed(reads, allowed) == []


def test_no_exception_is_listed_that_nobody_needs() -> None:
    for look, allowed in ((faults, ALLOWED), (reads, READING_ALLOWED)):
        found = {(short(file), name) for file in FILES for name, *_ in look(source(file))}
        needless = [key for key in allowed if not any(key[0] == a and b.startswith(key[1]) for a, b in found)]
        assert needless == []


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "import pickle as p\np.loads(b'')",
        "from pickle import loads as json",
        "def later():\n    import joblib",
        "import marshal",
        "import yaml",
        "from xml.dom import minidom",
        "from lxml import etree",
        "import subprocess",
        "from urllib.request import urlopen",
        "import torch\ntorch.load('x')",
        "import torch as t\nt.load('x', weights_only=False)",
        "from torch import load as get\nget('x', weights_only=safe)",
        "from torch import load\nread = load",
        "import functools, torch\nread = functools.partial(torch.load, 'x')",
        "import torch\ntorch.hub.load('a', 'b')",
        "import numpy as np\nnp.load('x')",
        "import numpy\nnumpy.load('x', allow_pickle=True)",
        "from numpy import lib\nlib.format.read_array(f, allow_pickle=True)",
        "eval('1')",
        "sum(map(eval, ['1']))",
        "import builtins\nbuiltins.exec('1')",
        "import os\nos.system('ls')",
        "from os import popen\npopen('ls')",
        "import os\nos.execv('ls', [])",
        "import anything\nanything.run('ls', shell=True)",
        "import tempfile\ntempfile.mktemp()",
        "import importlib\nimportlib.import_module(document['module'])",
        "__import__(name)",
        "import timm\ntimm.create_model('resnet', pretrained=True)",
    ],
)
def test_the_search_finds(code: str) -> None:
    assert faults(code) != []


@pytest.mark.parametrize(
    "code",
    [
        "import torch\ntorch.load('x', weights_only=True)",
        "import numpy as np\nnp.load('x', allow_pickle=False)",
        "import importlib\nimportlib.import_module('nasframe.display')",
        "network.eval()",
        "import re\nre.compile('x')",
        "import timm\ntimm.create_model('resnet', in_chans=3)",
        "'eval(x)'  # pickle",
    ],
)
def test_the_search_does_not_find(code: str) -> None:
    assert faults(code) == []


@pytest.mark.parametrize(
    "code",
    [
        "import json\njson.loads(x)",
        "from json import load as l\nl(x)",
        "from pathlib import Path\nPath('x').read_text()",
        "open('x')",
        "from pathlib import Path\nPath('x').open('rb')",
        "path.open()",
        "import os\nos.fdopen(os.open('x', os.O_RDONLY))",
        "from safetensors.torch import load_file\nload_file('x')",
        "import timm\ntimm.create_model('a', **{'pretrained_cfg_overlay': {'file': 'x'}})",
    ],
)
def test_the_search_finds_reading(code: str) -> None:
    assert reads(code) != []


def test_a_class_method_called_open_reads_no_file() -> None:
    assert reads("class Run:\n    @classmethod\n    def existing(cls):\n        return cls.open('x')") == []
