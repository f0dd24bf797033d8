"""Plugins that packages install."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nasframe.plugins import manager
from nasframe.plugins.installed import installed
from tests.conftest import NASFRAME
from tests.forked_programs import ForkingServer
from tests.plugins.made import install

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def plugins_command(programs: ForkingServer) -> Command:
    """Run `nasframe plugins` where a folder is on the path."""

    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        return programs.run([NASFRAME, "plugins", *arguments], env=environment)

    return run


def test_an_installed_plugin_is_found_by_its_entry_point(tmp_path: Path) -> None:
    code = (
        "from nasframe import hookimpl\n"
        "class Brie:\n    'A soft one.'\n"
        "@hookimpl\ndef register_relaxations():\n    return {'brie': Brie}\n"
    )
    install(tmp_path, "cheese_plugin", code)
    words, environment = [NASFRAME, "plugins"], {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if "brie" in line]
    assert line.split() == ["relaxation", "brie", "cheese_plugin", "A", "soft", "one."]


def test_a_package_that_comes_or_goes_is_seen_at_the_next_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    before = [point.name for point in installed()]
    install(tmp_path, "cheese_plugin", "")
    assert [point.name for point in installed()] == sorted([*before, "cheese_plugin"])
    shutil.rmtree(tmp_path / "cheese_plugin-1.0.dist-info")
    assert [point.name for point in installed()] == before


def test_a_plugin_that_fails_at_import_is_reported_and_takes_nothing_down(
    plugins_command: Command, tmp_path: Path
) -> None:
    install(tmp_path, "rotten_plugin", "raise RuntimeError('smells')\n")
    done = plugins_command(tmp_path)
    assert done.returncode == 0
    assert "grmc" in done.stdout
    assert (
        "left out: plugin 'rotten_plugin' cannot be loaded from 'rotten_plugin': RuntimeError: smells ("
        in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_a_mistyped_hook_of_an_installed_plugin_is_reported(plugins_command: Command, tmp_path: Path) -> None:
    code = "from nasframe import hookimpl\n@hookimpl\ndef register_relaxation():\n    return {}\n"
    install(tmp_path, "typing_plugin", code)
    done = plugins_command(tmp_path)
    assert "unknown hook 'register_relaxation'; did you mean 'register_relaxations'" in done.stderr


def test_the_record_of_a_run_names_the_versions_of_plugins() -> None:
    assert manager().versions()["nasframe"]


def test_a_plugin_that_fails_at_import_says_the_line(plugins_command: Command, tmp_path: Path) -> None:
    install(tmp_path, "rotten_plugin", "x = 1\nraise RuntimeError('smells')\n")
    done = plugins_command(tmp_path)
    assert f"smells ({tmp_path / 'rotten_plugin.py'}, line 2)" in done.stderr


def test_a_plugin_that_imports_a_module_which_has_moved_is_told_where_it_is_now(
    plugins_command: Command, tmp_path: Path
) -> None:
    install(tmp_path, "older_plugin", "from nasframe.task import Task\n")
    done = plugins_command(tmp_path)
    assert "plugin 'older_plugin' cannot be loaded from 'older_plugin'" in done.stderr
    assert "; the names of nasframe.task are now imported from nasframe; docs/" in done.stderr


def test_a_plugin_that_ends_the_process_at_import_is_reported(
    plugins_command: Command, tmp_path: Path
) -> None:
    install(tmp_path, "leaving_plugin", "import sys\nsys.exit(3)\n")
    done = plugins_command(tmp_path)
    assert done.returncode == 0
    assert "left out: plugin 'leaving_plugin' cannot be loaded" in done.stderr


def test_an_installed_plugin_with_a_wrong_signature_is_left_out_with_its_file(
    plugins_command: Command, tmp_path: Path
) -> None:
    code = "from nasframe import hookimpl\n@hookimpl\ndef search_epoch(epoch, recrod):\n    pass\n"
    install(tmp_path, "wrong_plugin", code)
    done = plugins_command(tmp_path)
    assert done.returncode == 0
    (line,) = [line for line in done.stderr.splitlines() if "wrong_plugin" in line]
    assert "hook search_epoch has a wrong signature: it takes run, epoch, record" in line
    assert line.endswith("found recrod")
    assert str(tmp_path / "wrong_plugin.py") in line


def test_of_two_packages_with_one_plugin_name_the_second_is_reported(
    plugins_command: Command, tmp_path: Path
) -> None:
    code = (
        "from nasframe import hookimpl\nclass Thing:\n    'From {0}.'\n"
        "@hookimpl\ndef register_relaxations():\n    return {{'{0}': Thing}}\n"
    )
    for package in ("aaa", "bbb"):
        install(tmp_path, "cheese", code.format(package), package=package, value=f"cheese_{package}")
    done = plugins_command(tmp_path)
    assert "From aaa." in done.stdout
    assert "From bbb." not in done.stdout
    there, second = (f"{name} 1.0 ({tmp_path / f'cheese_{name}.py'})" for name in ("aaa", "bbb"))
    message = f"plugin 'cheese' is there already, from {there}; that of {second} is left out"
    assert message in done.stderr


def test_no_package_can_stand_in_for_the_core(plugins_command: Command, tmp_path: Path) -> None:
    install(tmp_path, "nasframe", "raise SystemExit('taken over')\n", package="aaa", value="impostor")
    done = plugins_command(tmp_path)
    assert "grmc" in done.stdout
    assert "that of aaa 1.0 (" in done.stderr
    assert "taken over" not in done.stderr


def test_a_broken_installed_plugin_does_not_stop_a_search_and_is_named_when_its_name_is_asked_for(
    plugins_command: Command,
    tmp_path: Path,
) -> None:
    install(tmp_path, "rotten_plugin", "raise RuntimeError('smells')\n")
    done = plugins_command(tmp_path, "show", "brie")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
