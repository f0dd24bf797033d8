"""Names as a document recorded them: found again, whatever plugins have come since."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasframe.errors import PluginError
from nasframe.plugins import PluginManager, RecordedNames
from tests.plugins.made import plugin, with_plugins

WRITTEN = RecordedNames({"operation": {"gate": "one"}}, {"one": "one-ops 1.2", "nasframe": "nasframe 0.1.0"})
UNRECORDED = RecordedNames()


def two_gates() -> PluginManager:
    return with_plugins(
        one=plugin(register_operations=lambda: {"gate": int}),
        two=plugin(register_operations=lambda: {"gate": float}),
    )


def test_a_recorded_name_is_that_of_its_plugin_though_another_registers_it_too() -> None:
    plugins = two_gates()
    with plugins.reading(WRITTEN):
        assert plugins.load("operation", "gate") is int
        assert plugins.load("operation", "two:gate") is float


def test_after_the_document_a_name_is_ambiguous_again() -> None:
    plugins = two_gates()
    with pytest.raises(RuntimeError), plugins.reading(WRITTEN):
        raise RuntimeError
    with pytest.raises(PluginError, match="registered by two plugins"):
        plugins.find("operation", "gate")


def test_a_name_that_no_document_recorded_is_nasframe_s_own() -> None:
    plugins = with_plugins(
        nasframe=plugin(register_operations=lambda: {"sum": int}),
        another=plugin(register_operations=lambda: {"sum": float, "gate": float}),
    )
    with plugins.reading(UNRECORDED):
        assert plugins.load("operation", "sum") is int
        assert plugins.load("operation", "gate") is float


def test_a_name_that_no_document_recorded_and_two_others_register_stays_ambiguous() -> None:
    plugins = two_gates()
    with plugins.reading(UNRECORDED), pytest.raises(PluginError, match="say one:gate or two:gate"):
        plugins.find("operation", "gate")


def test_within_a_document_a_class_has_the_name_by_which_the_document_calls_it() -> None:
    plugins = two_gates()
    assert plugins.name_of("operation", int) == "one:gate"
    with plugins.reading(WRITTEN):
        assert plugins.name_of("operation", int) == "gate"
        assert plugins.name_of("operation", float) == "two:gate"


def test_a_missing_package_is_named_with_how_to_get_it() -> None:
    plugins = with_plugins(two=plugin(register_operations=lambda: {"gate": float}))
    known = r"unknown operation 'gate': it is that of plugin 'one' \(one-ops 1.2\)"
    with (
        plugins.reading(WRITTEN),
        pytest.raises(PluginError, match=f"^{known}, which is not installed; pip install one-ops$"),
    ):
        plugins.find("operation", "gate")
    assert plugins.failed_look_ups == 1


def test_a_missing_file_is_named_with_how_to_load_it() -> None:
    names = RecordedNames({"operation": {"gate": "gated"}}, {"gated": "my folder/gated.py"})
    plugins = with_plugins()
    with (
        plugins.reading(names),
        pytest.raises(PluginError, match="not loaded by itself; add --plugin 'my folder/gated.py'$"),
    ):
        plugins.find("operation", "gate")


def test_a_missing_plugin_of_which_nothing_else_is_known_is_named() -> None:
    plugins = with_plugins()
    with (
        plugins.reading(RecordedNames({"loop": {"twice": "mine"}})),
        pytest.raises(PluginError, match="plugin 'mine', which is not here; install its package, or give"),
    ):
        plugins.find("loop", "twice")


def test_a_plugin_that_does_not_register_the_name_any_more_is_named() -> None:
    plugins = with_plugins(one=plugin(register_operations=lambda: {"gates": int}))
    with (
        plugins.reading(WRITTEN),
        pytest.raises(PluginError, match="which is here and does not register it any more"),
    ):
        plugins.find("operation", "gate")


def test_a_plugin_that_was_left_out_says_why(tmp_path: Path) -> None:
    plugins = with_plugins()
    plugins.failed["one"] = "cannot be loaded: no module named torchvision"
    with (
        plugins.reading(WRITTEN),
        pytest.raises(PluginError, match="which cannot be loaded: no module named torchvision$"),
    ):
        plugins.find("operation", "gate")


def test_packages_are_those_that_install_a_plugin_and_files_by_their_names(tmp_path: Path) -> None:
    file = tmp_path / "lonely_ops.py"
    file.write_text("import nasframe\n@nasframe.hookimpl\ndef register_loops():\n    return {}\n")
    plugins = PluginManager()
    plugins.load_entry_points()
    name = plugins.load_file(file)
    packages = plugins.packages()
    assert packages[name] == "lonely_ops.py"
    assert packages["nasframe"].startswith("nasframe ")
    assert packages["nasframe_fusion"] == packages["nasframe"]
