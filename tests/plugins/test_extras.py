"""Plugins that need optional packages."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nasframe.errors import MissingExtraError, NasframeError
from nasframe.runtime import lazy_page, require_extra
from tests.conftest import NASFRAME
from tests.forked_programs import ForkingServer
from tests.plugins.made import install

CODE = """
from nasframe import hookimpl

NASFRAME_EXTRA = "cellar"


class Brie:
    "A soft one."


@hookimpl
def register_relaxations():
    return {"brie": Brie}


@hookimpl
def register_commands(app):
    app.command(ripen)


@hookimpl
def style_node(node, operation):
    print("STYLED")


@hookimpl
def report_sections(run):
    print("REPORTED")
    return []


def ripen():
    "Let it ripen."
    print("RIPE")
"""


def extra(*requirements: str, name: str = "cellar") -> str:
    lines = [f'Requires-Dist: {requirement}; extra == "{name}"' for requirement in requirements]
    return "\n".join([f"Provides-Extra: {name}", *lines, ""])


Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def nasframe(programs: ForkingServer) -> Command:
    """Run `nasframe WORDS…` in a folder, from which it imports too."""

    def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return programs.run([NASFRAME, *words], env={**os.environ, "PYTHONPATH": str(folder)}, cwd=folder)

    return run


MISSING = 'needs no-such-cheese>=2, which is not installed; pip install "cheese[cellar]"'


def test_a_command_of_a_plugin_that_lacks_its_extra_is_refused_before_it_runs(
    nasframe: Command, tmp_path: Path
) -> None:
    install(tmp_path, "cheese", CODE, metadata=extra("no-such-cheese>=2"))
    done = nasframe(tmp_path, "ripen")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"nasframe: plugin 'cheese' {MISSING}\n"
    assert "Let it ripen." in nasframe(tmp_path, "ripen", "--help").stdout


def test_a_name_of_a_plugin_that_lacks_its_extra_is_listed_with_the_command_that_brings_it(
    nasframe: Command,
    tmp_path: Path,
) -> None:
    install(tmp_path, "cheese", CODE, metadata=extra("no-such-cheese>=2"))
    done = nasframe(tmp_path, "plugins", "--json")
    (row,) = [row for row in json.loads(done.stdout) if row["name"] == "brie"]
    assert row["description"] == MISSING
    assert f"nasframe: not usable: plugin 'cheese' {MISSING}" in done.stderr


CALLS = {
    "style": ("manager().style('milk', 'sum')", "STYLED\n"),
    "gather": ("manager().gather('report_sections', {'run': None}, list)", "REPORTED\n"),
    "check_imports": ("manager().check_imports('report_sections', {'run': None}, list)", "REPORTED\n"),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_hook_of_a_plugin_that_lacks_its_extra_is_not_called(
    programs: ForkingServer, tmp_path: Path, call: str
) -> None:
    line, output = CALLS[call]
    code = f"from nasframe.plugins import manager; {line}"
    for requirement, printed in (("no-such-cheese>=2", ""), ("pluggy", output)):
        folder = tmp_path / printed.strip()
        folder.mkdir(exist_ok=True)
        install(folder, "cheese", CODE, metadata=extra(requirement))
        done = programs.run(["-c", code], env={**os.environ, "PYTHONPATH": str(folder)})
        assert (done.returncode, done.stdout) == (0, printed), done.stderr


def test_an_extra_is_found_however_its_name_is_written(nasframe: Command, tmp_path: Path) -> None:
    code = CODE.replace('"cellar"', '"wine_cellar"')
    install(tmp_path, "cheese", code, metadata=extra("no-such-cheese>=2", name="wine-cellar"))
    assert nasframe(tmp_path, "ripen").returncode == 2


def test_a_command_is_that_of_the_plugin_that_adds_it_wherever_its_function_is(
    nasframe: Command, tmp_path: Path
) -> None:
    code = CODE.replace("app.command(ripen)", "app.command(functools.partial(print, 'RIPE'), name='ripen')")
    install(tmp_path, "cheese", f"import functools\n{code}", metadata=extra("no-such-cheese>=2"))
    done = nasframe(tmp_path, "ripen")
    assert (done.returncode, done.stdout) == (2, "")


def test_a_plugin_whose_extra_is_installed_is_used(nasframe: Command, tmp_path: Path) -> None:
    install(tmp_path, "cheese", CODE, metadata=extra("pluggy>=1", "attrs"))
    done = nasframe(tmp_path, "ripen")
    assert (done.returncode, done.stdout) == (0, "RIPE\n"), done.stderr


def test_a_package_of_an_extra_that_is_too_old_is_named_with_the_version_that_is_here(
    nasframe: Command, tmp_path: Path
) -> None:
    install(tmp_path, "cheese", CODE, metadata=extra("pluggy>=999"))
    here = importlib.metadata.version("pluggy")
    told = f"plugin 'cheese' needs pluggy>=999 (here is {here}); pip install \"cheese[cellar]\"\n"
    assert nasframe(tmp_path, "ripen").stderr == f"nasframe: {told}"


def test_packages_that_are_absent_and_too_old_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "cheese", CODE, metadata=extra("no-such-cheese>=2", "pluggy>=999"))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError) as caught:
        require_extra("cheese[cellar]", "the shop")
    here = importlib.metadata.version("pluggy")
    assert str(caught.value) == (
        f"the shop needs no-such-cheese>=2 (not installed) and pluggy>=999 (here is {here}); "
        'pip install "cheese[cellar]"'
    )


def test_an_extra_made_of_others_needs_what_they_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = extra("cheese[cellar]", name="all") + extra("no-such-cheese", "pluggy")
    install(tmp_path, "cheese", CODE, metadata=both)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match="the shop needs no-such-cheese, which is not installed; pip"):
        require_extra("cheese[all]", "the shop")


def test_extras_that_name_each_other_in_a_circle_need_what_both_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    circle = extra("cheese[cellar]", "cheese[all]", "no-such-milk", name="all")
    install(tmp_path, "cheese", CODE, metadata=circle + extra("cheese[all]", "no-such-cheese"))
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("all", "cellar"):
        with pytest.raises(MissingExtraError, match="no-such-milk") as caught:
            require_extra(f"cheese[{name}]", "the shop")
        assert "no-such-cheese" in str(caught.value)


@pytest.mark.parametrize(
    "written", ["cheese", "cheese[]", "[cellar]", "cheese[cellar", "cheese[a,b]", "cellar]"]
)
def test_an_extra_that_is_not_written_as_pip_writes_it_is_refused(written: str) -> None:
    with pytest.raises(
        ValueError, match=r"an extra is written package\[extra\], such as nasframe\[deepfake\]; found"
    ):
        require_extra(written, "the shop")


def test_an_extra_that_nasframe_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match=r"nasframe \S+, as it is installed, has no extra 'cellar'"):
        require_extra("nasframe[cellar]", "the shop")


def test_an_extra_that_the_distribution_does_not_have_is_reported(nasframe: Command, tmp_path: Path) -> None:
    install(tmp_path, "cheese", CODE)
    done = nasframe(tmp_path, "plugins")
    said = "names 'cellar' in NASFRAME_EXTRA, and cheese 1.0, as it is installed, has no extra 'cellar'"
    assert f"left out: plugin 'cheese' {said}" in done.stderr


@pytest.mark.parametrize("written", ['("cellar",)', "3", "[]"])
def test_an_extra_that_is_no_string_is_reported_and_the_plugin_is_used(
    nasframe: Command, tmp_path: Path, written: str
) -> None:
    install(tmp_path, "cheese", CODE.replace('"cellar"', written), metadata=extra("pluggy"))
    done = nasframe(tmp_path, "ripen")
    assert (done.returncode, done.stdout) == (0, "RIPE\n"), done.stderr
    found = repr(eval(written))
    assert done.stderr == (
        f"nasframe: warning: plugin 'cheese' must name one extra in NASFRAME_EXTRA, a string, found {found}\n"
    )


def test_a_lazy_page_asks_for_its_extra_when_a_name_is_first_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "cheese", CODE, metadata=extra("no-such-cheese"))
    monkeypatch.syspath_prepend(tmp_path)
    page = lazy_page("shop", {"sqrt": "math"}, extra="cheese[cellar]")
    with pytest.raises(AttributeError):
        page("cube")
    with pytest.raises(MissingExtraError, match=r"the package 'shop' needs no-such-cheese"):
        page("sqrt")


def test_a_missing_extra_comes_from_a_worker_process_as_it_was_raised() -> None:
    error = MissingExtraError("plugin 'cheese'", MISSING)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.part, again.need) == (f"plugin 'cheese' {MISSING}", "plugin 'cheese'", MISSING)


def test_a_missing_extra_is_an_error_that_a_user_can_mend() -> None:
    assert issubclass(MissingExtraError, NasframeError)
