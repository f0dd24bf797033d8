"""Names of nasframe that are in a plugin now are there by their old names for one release, with a warning."""

from __future__ import annotations

import importlib
import subprocess
import sys
import warnings

import pytest

import nasframe
import nasframe.estimators
from nasframe.errors import PluginError
from nasframe.former_names import FORMER_NAMES, RENAMED
from nasframe.plugins import moved_to

NAMES = [
    (module, name, plugin)
    for plugin, places in FORMER_NAMES.items()
    for module, names in places.items()
    for name in names
]


def test_the_names_of_the_laboratory_are_on_the_list() -> None:
    listed = {f"{module}.{name}" for module, name, _ in NAMES}
    assert {"nasframe.measure_estimators", "nasframe.Measurement", "nasframe.estimators.Laboratory"} <= listed
    assert len(listed) == 20


@pytest.mark.parametrize(("module", "name", "plugin"), NAMES)
def test_a_name_that_moved_into_a_plugin_warns_and_is_the_same_object(
    module: str, name: str, plugin: str
) -> None:
    old = importlib.import_module(module)
    told = f"^{module}.{name} is now {plugin}.{name}; the old name goes with the next release$"
    with pytest.warns(DeprecationWarning, match=told) as warned:
        found = getattr(old, name)
    assert found is getattr(importlib.import_module(plugin), name)
    assert [one.filename for one in warned] == [__file__]


@pytest.mark.parametrize(
    ("module", "name", "new"),
    [(module, name, new) for module, names in RENAMED.items() for name, new in names.items()],
)
def test_a_name_that_was_renamed_warns_and_is_the_same_object(module: str, name: str, new: str) -> None:
    old = importlib.import_module(module)
    told = f"^{module}.{name} is now nasframe.{new}; the old name goes with the next release$"
    with pytest.warns(DeprecationWarning, match=told) as warned:
        found = getattr(old, name)
    assert found is getattr(nasframe, new)
    assert [one.filename for one in warned] == [__file__]


def test_the_former_name_of_gradient_loops_is_on_the_list() -> None:
    assert RENAMED["nasframe"]["SearchLoop"] == "GradientLoop"
    assert "SearchLoop" not in nasframe.__all__


def test_an_import_of_a_name_that_moved_warns_where_it_stands() -> None:
    with pytest.warns(DeprecationWarning, match=r"nasframe_estimators\.Laboratory;") as warned:
        from nasframe.estimators import Laboratory
    with pytest.warns(DeprecationWarning, match=r"nasframe_estimators\.measure_estimators;") as again:
        from nasframe import measure_estimators
    assert {one.filename for one in [*warned, *again]} == {__file__}
    import nasframe_estimators

    assert Laboratory is nasframe_estimators.Laboratory
    assert measure_estimators is nasframe_estimators.measure_estimators


def test_every_name_of_the_old_page_can_be_imported_at_once() -> None:
    scope: dict[str, object] = {}
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        exec("from nasframe.estimators import *", scope)
    names = {*nasframe.estimators.__all__}
    assert names <= scope.keys()
    assert {str(one.message).split()[0].rpartition(".")[2] for one in warned} == names
    assert dir(nasframe.estimators) == nasframe.estimators.__all__


def test_importing_the_old_module_warns_of_nothing_and_imports_no_plugin() -> None:
    code = "import sys, nasframe.estimators; print({'nasframe_estimators', 'torch'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_a_name_that_moved_is_no_longer_on_the_page() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in FORMER_NAMES["nasframe_estimators"]["nasframe"]:
            assert name not in nasframe.__all__
            assert name not in dir(nasframe)


@pytest.mark.parametrize("module", ["nasframe", "nasframe.estimators"])
def test_any_other_name_is_no_attribute(module: str) -> None:
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'nothing'"):
        getattr(importlib.import_module(module), "nothing")  # noqa: B009


def test_without_the_plugin_the_old_name_says_that_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "nasframe_estimators", None)  # Python's own way to say: not there
    told = (
        "^nasframe.measure_estimators is now nasframe_estimators.measure_estimators, "
        "and the plugin 'nasframe_estimators' is not installed$"
    )
    with pytest.raises(PluginError, match=told):
        nasframe.measure_estimators  # noqa: B018


@pytest.mark.parametrize(
    "file", ["asked", "draws", "measure", "of_run", "settings", "standard", "statistics"]
)
def test_a_file_of_a_package_that_is_a_plugin_now_names_the_plugin(file: str) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module(f"nasframe.estimators.{file}")
    assert moved_to(caught.value) == "; nasframe.estimators is now the plugin nasframe_estimators"
